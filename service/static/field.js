// The field check: the officer's cases and what they fill in, kept on the phone and sent when there is a line.
// Plain modules, nothing from elsewhere; written so that Chrome 80 and WebViews of that age run it.
import { photoLine, showForm } from "./field-form.js";
import { bearing, follow, newId, position, way } from "./field-sense.js";
import { check as readCheck, checksOf, editCheck, everyCheck, forget, forgetOld, keep, kept, photosOf, putCheck } from "./field-store.js";
import { Later, SignedOut, get, leave, sendAll, session } from "./field-sync.js";
import { h, problem, put } from "./field-view.js";
import { chinese, moment, size, t, titled } from "./field-words.js";

const $ = (id) => document.getElementById(id);
const FIRST_WAIT_MS = 2000, LONGEST_WAIT_MS = 300000, REFRESH_MS = 300000, LOW_BYTES = 50 * 1048576;
const DIRECTIONS = ["north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"];
const state = {
  person: null, word: null, list: null, checks: [], others: 0, signedIn: null, may: true, line: null, sending: false,
  last: "", tries: 0, timer: 0, nextAt: 0, all: null, storage: null, persisted: false, waiting: null, failure: "", form: "", again: false,
};

// --- what is shown

function line() {
  const waits = state.checks.filter((one) => one.status === "waiting").length;
  let text = state.line === false ? t("offline") : t("online");
  if (state.sending && waits) text = t("sending");
  else if (waits) text += ` · ${t("waits", { n: waits })}`;
  if (waits && state.last) text += ` · ${state.last}`;
  $("line").textContent = text;
  $("line").className = state.line === false ? "off" : "";
}

function bars() {
  const sign = () => h("a", { href: "sign-in?next=/field" }, t("sign_in"));
  const made = [];
  if (!window.isSecureContext) made.push(bar("bad", t("no_secure")));
  if (state.failure) made.push(bar("bad", state.failure));
  if (state.waiting) made.push(bar("", t("update"), h("button", { id: "update", type: "button", onclick: update }, t("update_now"))));
  if (state.signedIn === false) made.push(bar("bad", t("signed_out"), state.checks.some(unsent) ? t("signed_out_keeps") : "", sign()));
  if (!state.may) made.push(bar("bad", t("no_right")));
  if (!state.person && state.signedIn === null) made.push(bar("", t("unknown_person"), sign()));
  if (state.others) made.push(bar("", t("other_waits", { n: state.others })));
  if (state.storage && state.storage.free < LOW_BYTES) made.push(bar("bad", t("storage_low")));
  put($("bars"), made);
}
const bar = (kind, ...parts) => h("p", { className: `bar ${kind}` }, ...parts);
const unsent = (one) => one.status !== "sent";

function tabs() {
  const here = location.hash, open = state.checks.filter(unsent).length;
  const tab = (hash, text) => h("a", { href: hash, className: here === hash || (hash === "#/" && here === "") ? "on" : "" }, text);
  put($("tabs"), [tab("#/", t("cases")), tab("#/outbox", open ? `${t("outbox")} ${open}` : t("outbox"))]);
}

function foot() {
  const parts = [];
  if (state.person) {
    parts.push(h("p", {}, state.person.name, " ", h("button", { id: "leave", type: "button", onclick: signOut }, t("sign_out"))));
  }
  if (state.storage) {
    const told = t("storage", { used: size(state.storage.used), free: size(state.storage.free) });
    parts.push(h("p", {}, told, " ", t(state.persisted ? "storage_kept" : "storage_may_go")));
  }
  const alone = window.matchMedia("(display-mode: standalone)").matches;
  if (!alone) parts.push(h("p", {}, t("install")));
  put($("foot"), parts);
}

function frame() { line(); bars(); tabs(); foot(); }

async function show() {
  await load();
  frame();
  const [, kind, id] = location.hash.split("/"), home = $("main");
  const form = kind === "check" ? id : "";
  // the form is not drawn anew under the fingers of who fills it in
  if (form && form === state.form) return;
  state.form = form;
  if (!state.person) put(home, []);
  else if (form && state.list) await showForm(home, form, state.list, state.person, hooks(form));
  else if (kind === "case") await showCase(home, id);
  else if (kind === "outbox") await showOutbox(home);
  else showCases(home);
}

function hooks(id) {
  const back = async () => {
    const one = await readCheck(id);
    location.hash = one ? `#/case/${one.case_id}` : "#/outbox";
    if (!one) show();
  };
  return { back, failed, measured: measure, done: () => { location.hash = "#/outbox"; state.tries = 0; round(); } };
}

function failed(error) {
  const full = error && error.name === "QuotaExceededError";
  state.failure = t(full ? "storage_full" : "not_kept", { detail: (error && error.message) || "" });
  bars();
  window.scrollTo(0, 0);
}

async function load() {
  const person = state.person ? state.person.id : "";
  const every = await everyCheck();
  state.others = every.filter((one) => one.person !== person && unsent(one)).length;
  state.checks = person ? await checksOf(person) : [];
}

// --- the list

function place(one) {
  const here = position();
  if (!here) return t("no_position");
  const { metres, degrees } = way([here.lon, here.lat], one.point);
  if (metres <= here.accuracy_m) return t("here", { m: Math.round(here.accuracy_m) });
  const distance = metres < 1000 ? t("metres", { n: Math.round(metres) }) : t("km", { n: (metres / 1000).toFixed(metres < 10000 ? 1 : 0) });
  return t("away", { distance, direction: t(DIRECTIONS[Math.round(degrees / 45) % 8]) });
}

function term(one) {
  if (!one.term) return h("span", { className: "note" }, t("no_term"));
  const over = one.term.overdue || new Date(one.term.due_at) < new Date();
  const sure = one.term.provisional ? `（${t("provisional")}）` : "";
  const text = `${titled(one.term)} · ${t(over ? "overdue" : "due", { at: moment(one.term.due_at) })}${sure}`;
  return h("span", { className: over ? "late" : "" }, text);
}

const stageOf = (one) => {
  const fact = state.list.form.facts.find((fact) => fact.name === "stage");
  const word = fact && fact.choices.find((choice) => choice.name === one.stage);
  return word ? titled(word) : one.stage;
};
const stateOf = (one) => (chinese ? one.state_zh : one.state);

function showCases(home) {
  if (!state.list) { put(home, [h("p", { className: "note" }, t("no_list"))]); return; }
  const own = state.list.cases.filter((one) => one.mine);
  const all = state.all === null ? !own.length : state.all;
  const pick = (value, text) => h("button", { type: "button", className: all === value ? "on" : "", onclick: () => { state.all = value; showCases(home); } }, text);
  const cards = (all ? state.list.cases : own).map((one) => {
    const open = state.checks.filter((check) => check.case_id === one.id && unsent(check));
    return h("a", { className: "card", href: `#/case/${one.id}` },
      h("b", {}, one.serial), ` ${stateOf(one)} · ${stageOf(one)}`,
      ...open.map((check) => h("span", { className: `mark ${check.status}` }, t(check.status))),
      h("br", {}), term(one), h("br", {}),
      h("span", { className: "away" }, place(one)), one.unit ? h("span", { className: "note" }, ` · ${one.unit}`) : null);
  });
  put(home, [
    h("div", { className: "pick" }, pick(false, `${t("mine")} ${own.length}`), pick(true, `${t("all")} ${state.list.cases.length}`)),
    ...(cards.length ? cards : [h("p", { className: "note" }, t("none"))]),
    state.list.left_out ? h("p", { className: "note" }, t("left_out", { n: state.list.left_out })) : null,
    h("p", { className: "note" }, t("as_of", { at: moment(state.list.fetched_at) })),
  ]);
}

// --- one case

async function showCase(home, id) {
  const one = state.list && state.list.cases.find((found) => found.id === id);
  const mine = state.checks.filter((check) => check.case_id === id);
  if (!one && !mine.length) { location.hash = "#/"; return; }
  const draft = mine.find((check) => check.status === "draft");
  const begin = async () => { const made = await newCheck(one).catch(failed); if (made) location.hash = `#/check/${made}`; };
  const facts = !one ? [] : [
    h("dl", {},
      h("dt", {}, t("state")), h("dd", {}, `${stateOf(one)} · ${stageOf(one)}`),
      h("dt", {}, t("term")), h("dd", {}, term(one), one.term ? h("small", {}, ` ${chinese ? one.term.source_zh : one.term.source}`) : null),
      h("dt", {}, t("place")), h("dd", {}, `${place(one)} · ${one.point[1].toFixed(6)}, ${one.point[0].toFixed(6)}`),
      one.unit ? h("dt", {}, t("unit")) : null, one.unit ? h("dd", {}, one.unit) : null),
    draft ? h("a", { className: "button main", href: `#/check/${draft.id}` }, t("go_on"))
      : one.may ? h("button", { type: "button", id: "begin", className: "main", onclick: begin }, t("start"))
        : h("p", { className: "note" }, t("may_not")),
  ];
  const cards = [];
  for (const check of mine.slice().reverse()) cards.push(await checkCard(check));
  put(home, [h("h2", {}, one ? one.serial : mine[0].serial), ...facts, ...cards, h("p", {}, h("a", { href: "#/" }, t("back")))]);
}

async function newCheck(one) {
  const now = new Date().toISOString(), id = newId();
  const officers = state.list.officers.some((officer) => officer.id === state.person.id) ? [state.person.id] : [];
  await putCheck({
    id, person: state.person.id, case_id: one.id, serial: one.serial, made_at: now, at: now, status: "draft", base: one.number,
    expected: one.number, facts: { officers }, notes: "", events: [], problem: null, since: [], last: "", sent_at: "",
  });
  return id;
}

async function showOutbox(home) {
  const cards = [];
  for (const check of state.checks.slice().sort((a, b) => unsent(b) - unsent(a))) cards.push(await checkCard(check, true));
  const waits = state.checks.some((one) => one.status === "waiting");
  put(home, [
    waits ? h("button", { type: "button", id: "send", className: "main", onclick: () => { state.tries = 0; round(); } }, t("send_now")) : null,
    ...(cards.length ? cards : [h("p", { className: "note" }, t("outbox_empty"))]),
  ]);
}

async function checkCard(check, named) {
  const photos = await photosOf(check.id), number = check.events.map((one) => one.number).filter(Boolean);
  const doubts = photos.map((one) => [one, one.doubts.filter((doubt) => doubt.severity !== "note")]).filter(([, found]) => found.length);
  const back = async (members) => { await editCheck(check.id, members).catch(failed); };
  const correct = () => alone(async () => { await back({ status: "draft" }); location.hash = `#/check/${check.id}`; });
  const again = async () => { await back({ status: "waiting", expected: check.seen, since: [] }); state.tries = 0; round(); };
  return h("section", { className: "check", id: `check-${check.id}` },
    h("p", {}, h("span", { className: `mark ${check.status}` }, t(check.status)), " ",
      named ? h("a", { href: `#/case/${check.case_id}` }, check.serial) : null, ` ${moment(check.at)}`,
      check.sent_at ? ` · ${t("sent_at", { at: moment(check.sent_at) })}` : "", number.length ? ` · ${t("event_no", { n: number.join(", ") })}` : ""),
    check.facts.result ? h("p", {}, check.facts.result) : null,
    problem(check.problem),
    check.status === "waiting" && check.last ? h("p", { className: "note" }, check.last) : null,
    check.status === "conflict" ? conflict(check, again) : null,
    photos.length ? h("ul", {}, ...photos.map((one) => h("li", {}, h("span", { className: `mark ${one.status}` }, t(`photo_${one.status}`)), ` ${photoLine(one)}`))) : null,
    doubts.length ? h("details", {}, h("summary", {}, t("doubts")), h("ul", {}, ...doubts.map(([, found]) => h("li", {}, found.map((doubt) => (chinese ? doubt.sentence_zh : doubt.sentence)).join(" "))))) : null,
    check.status === "draft" ? h("a", { className: "button", href: `#/check/${check.id}` }, t("go_on")) : null,
    ["refused", "conflict"].includes(check.status) ? h("button", { type: "button", className: "correct", onclick: correct }, t("correct")) : null,
    check.status === "waiting" && !state.sending ? h("button", { type: "button", onclick: correct }, t("take_back")) : null);
}

function conflict(check, again) {
  const names = new Map(state.list ? state.list.officers.map((one) => [one.id, one.display_name]) : []);
  return h("div", { className: "bad" }, h("p", {}, t("conflict_told")),
    h("ul", {}, ...check.since.map((one) => h("li", {}, `${one.number} ${titled(one)} · ${moment(one.at)} · ${t("by")} ${names.get(one.by) || one.by}`))),
    h("button", { type: "button", className: "main again", onclick: again }, t("send_again")));
}

// --- the line

async function round() {
  clearTimeout(state.timer);
  // what is queued while another round ends is sent right behind it
  if (state.sending) { state.again = true; return; }
  Object.assign(state, { sending: true, again: false });
  line();
  try {
    await alone(exchange);
    Object.assign(state, { tries: 0, last: "" });
    plan(REFRESH_MS);
  } catch (error) {
    if (error instanceof SignedOut) { state.line = true; state.signedIn = false; plan(REFRESH_MS); }
    else {
      if (!(error instanceof Later)) failed(error);
      if (state.line !== true || error.message === t("no_line")) state.line = false;
      state.last = error.message;
      const wait = Math.max(error.afterMs || 0, Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** state.tries));
      state.tries += 1;
      plan(wait);
    }
  } finally {
    state.sending = false;
  }
  await measure();
  await show();
  if (state.again && !state.tries) round();
}

// one tab at a time: what is taken back is not on its way; without locks the server still stores nothing twice
async function alone(work) {
  if (navigator.locks) await navigator.locks.request("kancha-field", { ifAvailable: true }, (lock) => (lock ? work() : null));
  else await work();
}

function plan(ms) {
  // not all phones of a bureau at the same moment
  state.timer = setTimeout(round, ms * (0.85 + 0.3 * Math.random()));
}

async function exchange() {
  let who = await session();
  state.line = true;
  if (await kept("leaving") === who.id) {
    await leave(who);
    await forget("leaving");
    throw new SignedOut();
  }
  await forget("leaving");
  if (!state.person || state.person.id !== who.id) await enter(who);
  Object.assign(state, { signedIn: true, may: who.permissions.includes("cases"), word: who.csrf_token });
  if (!state.may) return;
  await fetchList(who);
  await load();
  if (state.checks.some((one) => one.status === "waiting")) {
    await sendAll(who, async () => { if (location.hash.includes("/outbox") || location.hash.includes("/case/")) await show(); });
    await fetchList(who);
  }
}

async function enter(who) {
  state.person = { id: who.id, name: who.name };
  await keep("person", state.person);
  state.list = await kept(`list:${who.id}`);
  state.form = "";
  await load();
  if (location.hash.includes("/check/")) {
    const open = await readCheck(location.hash.split("/")[2]);
    if (!open || open.person !== who.id) location.hash = "#/";
  }
}

async function fetchList(who) {
  const told = await get("field/cases");
  told.fetched_at = new Date().toISOString();
  await keep(`list:${who.id}`, told);
  state.list = told;
}

async function signOut() {
  const waits = state.checks.filter(unsent).length, who = state.person;
  if (!confirm(t("sign_out_ask", { n: waits }))) return;
  // without a line the server is told as soon as there is one
  await keep("leaving", who.id);
  await forget("person");
  await forget(`list:${who.id}`);
  Object.assign(state, { person: null, list: null, form: "" });
  try { await leave({ csrf_token: state.word }); await forget("leaving"); } catch (error) { state.last = ""; }
  state.signedIn = false;
  location.hash = "#/";
  await show();
}

// --- the phone

async function measure() {
  if (navigator.storage && navigator.storage.estimate) {
    const told = await navigator.storage.estimate();
    state.storage = { used: told.usage, free: Math.max(0, told.quota - told.usage) };
    state.persisted = Boolean(navigator.storage.persisted && await navigator.storage.persisted());
  }
  foot();
  bars();
}

async function worker() {
  if (!("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker.register("field-worker.js", { scope: "field" });
  const see = () => { state.waiting = navigator.serviceWorker.controller ? registration.waiting : null; bars(); };
  registration.addEventListener("updatefound", () => {
    const coming = registration.installing;
    if (coming) coming.addEventListener("statechange", see);
  });
  see();
}

// the officer says when: what is filled in is kept already, letter by letter
function update() {
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
  state.waiting.postMessage("take over");
}

async function begin() {
  document.documentElement.lang = chinese ? "zh-CN" : "en";
  $("title").textContent = document.title = t("title");
  if (!navigator.onLine) state.line = false;
  worker().catch(() => {});
  try {
    await forgetOld(Date.now());
    state.person = await kept("person");
    if (state.person) state.list = await kept(`list:${state.person.id}`);
  } catch (error) {
    put($("main"), [h("p", { className: "bar bad" }, t("no_db"))]);
    return;
  }
  window.addEventListener("hashchange", () => { state.failure = ""; window.scrollTo(0, 0); show(); });
  window.addEventListener("online", () => { state.tries = 0; round(); });
  window.addEventListener("offline", () => { state.line = false; frame(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) round(); });
  await show();
  follow(() => { if (!location.hash.includes("/check/")) show(); });
  bearing();
  if (navigator.storage && navigator.storage.persist) navigator.storage.persist().then(measure, () => {});
  await round();
}

begin();
