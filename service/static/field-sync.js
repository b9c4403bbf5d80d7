// Sending what waits: photographs first, each under a key of its own, then what happened, with the number of the last
// event that the officer knew. Whatever is cut off in the middle is begun again, and nothing arrives twice:
// a file under a key that is there already is answered, not stored; an event is only taken in its very place, and
// before one is sent again the history of the case is read for it.
import { bytesOf, sha256 } from "./field-sense.js";
import { check as readCheck, checksOf, editCheck, editPhoto, photosOf, settle } from "./field-store.js";
import { t } from "./field-words.js";

const FILE_MS = 180000, ASK_MS = 30000, TURNS = 5;
// what may pass by itself; 401 is asked apart
const PASSING = [408, 423, 425, 429];

/** There is no line now, or the server cannot answer: later. */
export class Later extends Error {
  constructor(message, afterMs) { super(message); this.afterMs = afterMs || 0; }
}
/** Nobody has signed in. */
export class SignedOut extends Error {}
/** The server says no, and says why. */
class Refused extends Error {
  constructor(problem) { super(problem.detail || problem.title || ""); this.problem = problem; }
}

async function ask(path, options, ms) {
  const stop = new AbortController(), timer = setTimeout(() => stop.abort(), ms || ASK_MS);
  let answer, body = null;
  try {
    answer = await fetch(path, Object.assign({ signal: stop.signal, credentials: "same-origin", cache: "no-store" }, options));
    if (answer.status !== 204) body = await answer.json();
  } catch (error) {
    throw new Later(t("no_line"));
  } finally {
    clearTimeout(timer);
  }
  if (answer.ok) return { status: answer.status, body };
  const problem = body || { title: String(answer.status), status: answer.status };
  if (answer.status === 401) throw new SignedOut();
  if (problem.code === "csrf" || PASSING.includes(answer.status) || answer.status >= 500) {
    const wait = Number(answer.headers.get("Retry-After")) * 1000;
    throw new Later(t("server_said", { status: answer.status, detail: problem.title_zh || problem.title || "" }), wait);
  }
  throw new Refused(problem);
}

export const get = async (path) => (await ask(path)).body;

/** Who has signed in, with the word that every change carries. */
export const session = () => get("session");

/** Sign out at the server. */
export const leave = (who) => ask("session", { method: "DELETE", headers: { "X-CSRF-Token": who.csrf_token } });

/** What the phone keeps of a refusal. */
function problemOf(error) {
  const told = error.problem, measured = told.measured || {};
  const zh = measured.messages_zh || (measured.message_zh ? [measured.message_zh] : []);
  return {
    title: told.title || "", title_zh: told.title_zh || told.title || "", detail: told.detail || "",
    messages_zh: zh, remedy: told.remedy || "", detail_zh: told.detail_zh || "", remedy_zh: told.remedy_zh || "", articles: measured.articles || [],
  };
}

const plain = (value) => {
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === "object") {
    return Object.keys(value).sort().filter((key) => value[key] !== null && value[key] !== "").map((key) => [key, plain(value[key])]);
  }
  return typeof value === "string" ? value.trim() : value;
};
const same = (a, b) => JSON.stringify(plain(a)) === JSON.stringify(plain(b));

/** Send all that waits of a person, in order; `changed` is called whenever something moved. */
export async function sendAll(who, changed) {
  for (const { id } of await checksOf(who.id)) {
    const check = await readCheck(id);
    if (!check || check.status !== "waiting") continue;
    await sendCheck(who, check, changed);
    await changed();
  }
}

async function sendCheck(who, check, changed) {
  const here = `cases/${encodeURIComponent(check.case_id)}`;
  let at = "photo";
  try {
    for (const photo of await photosOf(check.id)) {
      if (photo.status !== "sent") {
        at = photo;
        await sendPhoto(who, here, photo);
        await changed();
      }
    }
    at = "event";
    for (let k = 0; k < check.events.length; k += 1) {
      if (!check.events[k].number && !(await sendEvent(who, here, check, k))) return;
    }
  } catch (error) {
    if (!(error instanceof Refused)) {
      if (error instanceof Later) await editCheck(check.id, { last: error.message });
      throw error;
    }
    if (at.id) await editPhoto(at.id, { status: "refused", problem: problemOf(error) });
    await editCheck(check.id, { status: "refused", problem: problemOf(error) });
    return;
  }
  await settle(check.id, { status: "sent", sent_at: new Date().toISOString(), events: check.events, problem: null, last: "" });
}

const lost = (detail) => new Refused({ title: detail, title_zh: detail, detail: "" });

async function sendPhoto(who, here, photo) {
  let bytes;
  try {
    bytes = await bytesOf(photo.blob);
  } catch (error) {
    throw lost(t("lost_photo"));
  }
  if (await sha256(bytes) !== photo.sha256) throw lost(t("lost_photo"));
  const form = new FormData();
  const told = {
    kind: "photo", key: photo.id, taken_at: photo.taken_at, from_camera: String(photo.from_camera), note: photo.note,
    phone_clock: new Date().toISOString(),
  };
  if (photo.position) Object.assign(told, { lon: photo.position.lon, lat: photo.position.lat, accuracy_m: photo.position.accuracy_m });
  if (photo.bearing_deg !== null) told.bearing_deg = photo.bearing_deg.toFixed(1);
  for (const name of Object.keys(told)) if (told[name] !== "" && told[name] !== null) form.append(name, told[name]);
  form.append("file", new Blob([bytes], { type: photo.blob.type }), photo.name);
  const { body } = await ask(`${here}/files`, { method: "POST", body: form, headers: { "X-CSRF-Token": who.csrf_token } }, FILE_MS);
  if (body.sha256 !== photo.sha256) throw lost(t("other_file"));
  await editPhoto(photo.id, { status: "sent", file_id: body.id, doubts: body.doubts, problem: null });
}

/** Send one event of a check; false where the case went on by what the officer does not know. */
async function sendEvent(who, here, check, k) {
  const event = check.events[k];
  for (let turn = 0; turn < TURNS; turn += 1) {
    const { events } = await get(`${here}/events`);
    const own = await ownOf(who, check);
    const mine = events.find((one) => one.number > check.base && one.event === event.event && one.by === who.id
      && Date.parse(one.at) === Date.parse(event.at) && same(one.facts, event.facts) && !own.numbers.has(one.number));
    if (mine) return note(check, k, mine.number);
    const since = events.filter((one) => one.number > check.expected && !own.numbers.has(one.number)
      && !(one.event === "evidence_added" && own.files.has(one.facts.evidence_id)));
    const last = events.length ? events[events.length - 1].number : 0;
    if (since.length) {
      const told = since.map(({ number, event: kind, title, title_zh, at, by }) => ({ number, event: kind, title, title_zh, at, by }));
      await editCheck(check.id, { status: "conflict", since: told, seen: last, events: check.events });
      return false;
    }
    const body = JSON.stringify({ event: event.event, facts: event.facts, at: event.at, expected: last });
    const headers = { "X-CSRF-Token": who.csrf_token, "Content-Type": "application/json" };
    try {
      await ask(`${here}/events`, { method: "POST", body, headers });
      return note(check, k, last + 1);
    } catch (error) {
      // somebody else told something in between: look again
      if (!(error instanceof Refused) || error.problem.code !== "case-behind") throw error;
    }
  }
  throw new Later(t("conflict"));
}

async function note(check, k, number) {
  check.events[k].number = number;
  await editCheck(check.id, { events: check.events });
  return true;
}

/** What this phone itself added to a case: files by id, events by number. */
async function ownOf(who, check) {
  const files = new Set(), numbers = new Set();
  for (const one of await checksOf(who.id)) {
    if (one.case_id !== check.case_id) continue;
    for (const event of one.id === check.id ? check.events : one.events) if (event.number) numbers.add(event.number);
    for (const photo of await photosOf(one.id)) if (photo.file_id) files.add(photo.file_id);
  }
  return { files, numbers };
}
