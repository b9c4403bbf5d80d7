// The form of a check: what the server's form asks for, and photographs. Every letter is kept at once.
import { bearing, bytesOf, locate, newId, sha256 } from "./field-sense.js";
import { check as readCheck, editPhoto, photosOf, putCheck, putPhoto, removeCheck, removePhoto } from "./field-store.js";
import { h, problem, put } from "./field-view.js";
import { moment, size, t, titled } from "./field-words.js";

const CAMERA_MS = 300000, LOCATE_MS = 12000, MANY = 12, MOST_NAMES = 8;
let shown = [];

/** Show the form of a check. `hooks`: kept(list), tell(text), done(), back(). */
export async function showForm(home, id, list, who, hooks) {
  const draft = await readCheck(id);
  if (!draft || draft.person !== who.id || draft.status !== "draft") { hooks.back(); return; }
  const fault = h("p", { className: "bad", role: "alert" });
  const save = (members) => {
    Object.assign(draft, members);
    // what is queued is nobody's to change; a field that reports late says nothing new
    return draft.status === "draft" ? putCheck(draft).catch(hooks.failed) : null;
  };
  const sealed = draft.events.some((one) => one.number);
  const photos = h("div", { className: "photos" });
  const fields = sealed ? [] : list.form.facts.map((fact) => field(fact, draft, list, save));
  put(home, [
    h("h2", {}, `${titled(list.form)} · ${draft.serial}`),
    problem(draft.problem),
    h("p", { className: "note" }, list.form.articles.length ? `${t("two")}` : ""),
    sealed ? null : row(t("at"), moments(draft, save), true),
    ...fields,
    h("h3", {}, t("photos")),
    photos,
    buttons(draft, photos, hooks),
    row(t("notes"), area(draft.notes, (value) => save({ notes: value }))),
    fault,
    h("button", { className: "main", id: "finish", type: "button", onclick: () => finish(draft, list, fault, hooks) }, t("finish")),
    h("p", { className: "note" }, t("kept")),
    h("div", { className: "pair" },
      h("button", { type: "button", onclick: hooks.back }, t("back")),
      sealed ? null : h("button", { type: "button", className: "danger", onclick: () => discard(id, hooks) }, t("discard"))),
  ]);
  await showPhotos(photos, id, hooks);
}

function row(title, control, needed) {
  return h("label", { className: "row" }, h("span", {}, title, needed ? h("b", {}, " *") : null), control);
}

function area(value, keep) {
  return h("textarea", { rows: 3, maxLength: 5000, value: value || "", oninput: (event) => keep(event.target.value) });
}

const local = (iso) => { const at = new Date(iso); return new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16); };

function moments(draft, save) {
  return h("input", {
    type: "datetime-local", name: "at", value: local(draft.at), max: local(new Date(Date.now() + 60000)),
    onchange: (event) => { const at = new Date(event.target.value); if (!isNaN(at)) save({ at: at.toISOString() }); },
  });
}

function field(fact, draft, list, save) {
  const set = (value) => save({ facts: Object.assign({}, draft.facts, { [fact.name]: value }) });
  const now = draft.facts[fact.name];
  if (fact.form === "people") return people(fact, now || [], list.officers, set);
  if (fact.form === "choice") {
    const options = fact.choices.map((one) => h("option", { value: one.name }, titled(one)));
    const control = h("select", { name: fact.name, onchange: (event) => set(event.target.value) }, h("option", { value: "" }, t("choose")), ...options);
    control.value = now || "";
    return row(titled(fact), control, fact.needed);
  }
  if (fact.form === "number" || fact.form === "count") {
    const read = (event) => set(event.target.value === "" ? null : Number(event.target.value));
    const told = { type: "number", inputMode: "decimal", min: "0", step: fact.form === "count" ? "1" : "any", name: fact.name, oninput: read };
    return row(titled(fact), h("input", Object.assign(told, { value: now === undefined || now === null ? "" : String(now) })), fact.needed);
  }
  if (fact.form === "truth") {
    return row(titled(fact), h("input", { type: "checkbox", checked: now === true, onchange: (event) => set(event.target.checked) }), fact.needed);
  }
  if (fact.form === "day") return row(titled(fact), h("input", { type: "date", value: now || "", onchange: (event) => set(event.target.value) }), fact.needed);
  if (fact.form !== "text") return null;
  const control = area(now, set);
  control.name = fact.name;
  return row(titled(fact), control, fact.needed);
}

function people(fact, chosen, officers, set) {
  const box = h("div", { className: "people" }), many = officers.length > MANY;
  let wanted = "";
  const fill = () => {
    const fits = (one) => chosen.includes(one.id) || (wanted ? one.display_name.includes(wanted) : !many);
    put(box, officers.filter(fits).slice(0, many ? MOST_NAMES + chosen.length : officers.length).map((one) => h("label", { className: "tick" },
      h("input", { type: "checkbox", value: one.id, checked: chosen.includes(one.id), onchange: (event) => {
        chosen = event.target.checked ? chosen.concat(one.id) : chosen.filter((id) => id !== one.id);
        set(chosen);
      } }), one.display_name)));
  };
  fill();
  const find = many ? h("input", { type: "search", placeholder: t("find"), oninput: (event) => { wanted = event.target.value.trim(); fill(); } }) : null;
  return h("fieldset", { className: "row" }, h("legend", {}, titled(fact), h("b", {}, " *")), find, box);
}

// --- photographs

function buttons(draft, home, hooks) {
  const camera = h("input", { type: "file", id: "camera", accept: "image/*", hidden: true });
  camera.setAttribute("capture", "environment");
  const album = h("input", { type: "file", id: "album", accept: "image/*", multiple: true, hidden: true });
  let aimed = null;
  camera.onclick = () => { aimed = bearing(); };
  const take = (input, direct) => async () => {
    const files = Array.from(input.files);
    for (const file of files) await addPhoto(draft, file, direct ? { bearing: aimed === null ? bearing() : aimed } : null, home, hooks);
    input.value = "";
  };
  camera.onchange = take(camera, true);
  album.onchange = take(album, false);
  return h("div", { className: "pair" },
    h("label", { className: "button main" }, t("take"), camera),
    h("label", { className: "button" }, t("from_files"), album));
}

async function addPhoto(draft, file, direct, home, hooks) {
  const now = Date.now(), id = newId();
  // the browser cannot say that a file is fresh from the camera; one that was written just now is taken for it
  const fresh = direct !== null && Math.abs(now - file.lastModified) < CAMERA_MS;
  try {
    const bytes = await bytesOf(file);
    await putPhoto({
      id, check: draft.id, person: draft.person, made_at: new Date(now).toISOString(), name: file.name || "photo.jpg",
      // a copy of the bytes as they came: the file of the camera may be gone when there is a line
      blob: new Blob([bytes], { type: file.type || "image/jpeg" }), sha256: await sha256(bytes), size: file.size,
      taken_at: fresh ? new Date(Math.min(now, file.lastModified)).toISOString() : null, from_camera: fresh,
      position: null, locating: fresh, bearing_deg: fresh ? direct.bearing : null, note: "", status: "kept", file_id: null, doubts: [], problem: null,
    });
  } catch (error) { hooks.failed(error); return; }
  await showPhotos(home, draft.id, hooks);
  if (fresh) {
    const position = await locate(LOCATE_MS);
    await editPhoto(id, { position, locating: false }).catch(hooks.failed);
    if (home.isConnected) await showPhotos(home, draft.id, hooks);
  }
  hooks.measured();
}

async function showPhotos(home, id, hooks) {
  const photos = await photosOf(id);
  shown.forEach((url) => URL.revokeObjectURL(url));
  shown = [];
  put(home, photos.map((one) => card(one, () => showPhotos(home, id, hooks), hooks)));
}

/** What is known of a photograph, in a line. */
export function photoLine(one) {
  const where = one.position ? t("position_of", { m: Math.round(one.position.accuracy_m) }) : t(one.locating ? "position_waits" : "no_position");
  const looks = one.bearing_deg === null ? t("no_bearing") : t("bearing_of", { deg: Math.round(one.bearing_deg) });
  return t("photo_of", { at: moment(one.taken_at || one.made_at), position: where, bearing: looks });
}

function card(one, again, hooks) {
  const picture = h("img", { alt: one.name });
  if (one.blob) { picture.src = URL.createObjectURL(one.blob); shown.push(picture.src); }
  const sent = one.status === "sent";
  const remove = async () => {
    if (!confirm(t("remove_ask"))) return;
    await removePhoto(one.id).catch(hooks.failed);
    await again();
    hooks.measured();
  };
  const note = h("input", { type: "text", maxLength: 500, placeholder: t("photo_note"), value: one.note, disabled: sent, oninput: (event) => editPhoto(one.id, { note: event.target.value }).catch(hooks.failed) });
  return h("figure", {}, picture, h("figcaption", {},
    h("span", { className: `mark ${one.status}` }, t(`photo_${one.status}`)), ` ${photoLine(one)} · ${size(one.size)}`,
    problem(one.problem), note,
    sent ? null : h("button", { type: "button", className: "danger", onclick: remove }, t("remove"))));
}

// --- done

async function finish(draft, list, fault, hooks) {
  const told = {}, missing = [];
  for (const fact of list.form.facts) {
    const value = draft.facts[fact.name];
    const empty = value === undefined || value === null || (typeof value === "string" && !value.trim()) || (Array.isArray(value) && !value.length);
    if (!empty) told[fact.name] = typeof value === "string" ? value.trim() : value;
    if (empty && fact.needed) missing.push(titled(fact));
    else if (fact.form === "people" && value.length < 2) missing.push(t("two"));
  }
  const sealed = draft.events.filter((one) => one.number);
  if (missing.length && !sealed.length) { fault.textContent = t("missing", { names: missing.join("、") }); return; }
  const events = sealed.length ? sealed : [{ event: list.form.event, facts: told, at: draft.at, number: null }];
  const text = draft.notes.trim();
  if (text && !sealed.some((one) => one.event === "noted")) events.push({ event: "noted", facts: { text }, at: draft.at, number: null });
  try {
    Object.assign(draft, { events, status: "waiting", problem: null, last: "" });
    await putCheck(draft);
  } catch (error) { draft.status = "draft"; hooks.failed(error); return; }
  hooks.done();
}

async function discard(id, hooks) {
  if (!confirm(t("discard_ask"))) return;
  await removeCheck(id).catch(hooks.failed);
  hooks.measured();
  hooks.back();
}
