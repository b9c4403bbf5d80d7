/** Uploads of this page: three at once, each in portions, each to be paused, gone on with and cancelled. */
import { signal } from "@preact/signals";
import type { Problem, Schemas } from "../api/client";
import { session } from "../app/session";
import { checksum, problemIn, requested } from "./line";
import { forget, keep, keptOf } from "./memory";
import { Speed, TUS, fingerprint, idOf, metadataHeader, pauseBefore, portion, safeName, worthAnotherTry } from "./protocol";

export type Upload = Schemas["UploadOut"];
export type State = "waiting" | "sending" | "broken" | "paused" | "lost" | "checking" | "stored" | "refused" | "failed";

export interface Transfer {
  key: number;
  mark: string;
  name: string;
  size: number;
  /** Null after a reload, until the same file is chosen again. */
  file: File | null;
  sides: File[];
  metadata: Record<string, string | undefined>;
  id: string | null;
  state: State;
  /** Bytes that are there, and those on their way. */
  offset: number;
  speed: number | null;
  problem: Problem | null;
  /** What the service tells of it once it is whole. */
  outcome: Upload | null;
}

const AT_ONCE = 3;
const DRAWN_MS = 200;
const PATIENCE_WITH_CHECKSUMS = 5;

export const transfers = signal<readonly Transfer[]>([]);
const followed = new Set<number>();
const running = new Map<number, AbortController>();
let last = 0;

function me(): string {
  return session.value?.id ?? "";
}

function change(key: number, told: Partial<Transfer>): void {
  transfers.value = transfers.value.map((one) => (one.key === key ? { ...one, ...told } : one));
}

function found(key: number): Transfer | undefined {
  return transfers.value.find((one) => one.key === key);
}

function drop(key: number): void {
  transfers.value = transfers.value.filter((one) => one.key !== key);
}

/** A pause that ends early when the line is back, or when it was stopped. */
function rest(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      removeEventListener("online", end);
      stop.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    addEventListener("online", end);
    stop.addEventListener("abort", end);
  });
}

class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
  }
}

class Gone extends Error {}

/** An answer of the service, however often the line breaks before it comes; null where it was stopped. */
async function patiently(key: number, stop: AbortSignal, method: "POST" | "HEAD", path: string, headers: Record<string, string>) {
  for (let tries = 1; !stop.aborted; tries += 1) {
    const reply = await requested({ method, path, headers: { ...TUS, ...headers }, stop });
    if (stop.aborted) return null;
    if (reply.status >= 200 && reply.status < 300) {
      change(key, { state: "sending" });
      return reply;
    }
    if (reply.status === 404 || reply.status === 410) throw new Gone();
    if (!worthAnotherTry(reply.status)) throw new Refused(problemIn(reply));
    change(key, { state: "broken", speed: null });
    await rest(pauseBefore(tries), stop);
  }
  return null;
}

async function begun(one: Transfer, stop: AbortSignal): Promise<string | null> {
  const sides = one.sides.map((side) => side.name).join("/");
  const told = metadataHeader({ filename: one.name, ...one.metadata, sidecars: sides });
  const reply = await patiently(one.key, stop, "POST", "/uploads", { "Upload-Length": String(one.size), "Upload-Metadata": told });
  if (reply === null) return null;
  const id = idOf(reply.header("Location"));
  if (id === null) throw new Refused(problemIn(reply));
  change(one.key, { id });
  keep(localStorage, { id, mark: one.mark, name: one.name, size: one.size, person: me(), begun: new Date().toISOString() });
  return id;
}

/** The small files of a raster that the service still waits for: which those are it tells once the raster is whole. */
async function sendSides(one: Transfer, id: string, stop: AbortSignal): Promise<boolean> {
  if (one.sides.length === 0) return true;
  const reply = await requested({ method: "GET", path: `/uploads/${id}`, stop });
  const awaited = reply.status === 200 ? ((JSON.parse(reply.body) as Upload).awaited_sidecars ?? []) : [];
  for (const side of one.sides.filter((file) => awaited.includes(file.name) || awaited.includes(safeName(file.name)))) {
    const told = metadataHeader({ filename: side.name, sidecar_of: id });
    const made = await patiently(one.key, stop, "POST", "/uploads", { "Upload-Length": String(side.size), "Upload-Metadata": told });
    const place = idOf(made?.header("Location") ?? null);
    if (place === null || !(await sendBytes({ key: one.key, id: place, file: side, size: side.size, quiet: true }, stop))) return false;
  }
  return !stop.aborted;
}

interface Bytes {
  key: number;
  id: string;
  file: File;
  size: number;
  /** A side file: its bytes are not those of the bar. */
  quiet?: boolean;
}

/** Every byte that is not there yet. Only one portion is in memory at a time. */
async function sendBytes({ key, id, file, size, quiet = false }: Bytes, stop: AbortSignal): Promise<boolean> {
  const speed = new Speed();
  const path = `/uploads/${id}`;
  let offset = -1;
  let failures = 0;
  let drawn = 0;
  while (!stop.aborted) {
    if (offset < 0) {
      const reply = await patiently(key, stop, "HEAD", path, {});
      if (reply === null) return false;
      offset = Number(reply.header("Upload-Offset") ?? 0);
      speed.clear();
      if (!quiet) change(key, { offset });
    }
    if (offset >= size) return true;
    const [from, to] = portion(offset, size);
    const body = await file.slice(from, to).arrayBuffer();
    const sum = await checksum(body);
    const headers = { ...TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(from), ...(sum ? { "Upload-Checksum": sum } : {}) };
    const sent = (bytes: number): void => {
      const now = performance.now();
      // browsers tell of it fifty times a second; drawing that often would cost an old machine more than sending
      if (quiet || now - drawn < DRAWN_MS) return;
      drawn = now;
      speed.note(from + bytes, now);
      change(key, { offset: Math.min(from + bytes, to), speed: speed.perSecond() });
    };
    const reply = await requested({ method: "PATCH", path, headers, body, sent, stop });
    if (stop.aborted) return false;
    if (reply.status === 204) {
      offset = Number(reply.header("Upload-Offset") ?? to);
      failures = 0;
      if (!quiet) change(key, { state: "sending", offset });
      continue;
    }
    if (reply.status === 404 || reply.status === 410) throw new Gone();
    failures += 1;
    const hopeless = reply.status === 460 && failures >= PATIENCE_WITH_CHECKSUMS;
    if (!worthAnotherTry(reply.status) || hopeless) throw new Refused(problemIn(reply));
    offset = -1;
    if (!quiet) change(key, { state: "broken", speed: null });
    await rest(pauseBefore(failures), stop);
  }
  return false;
}

async function sent(key: number, stop: AbortSignal): Promise<boolean> {
  const one = found(key);
  if (!one?.file) return false;
  const id = one.id ?? (await begun(one, stop));
  if (id === null) return false;
  return (await sendBytes({ key, id, file: one.file, size: one.size }, stop)) && (await sendSides(one, id, stop));
}

async function run(key: number): Promise<void> {
  const stop = new AbortController();
  running.set(key, stop);
  change(key, { state: "sending", problem: null });
  try {
    const whole = await sent(key, stop.signal);
    if (whole) {
      change(key, { state: "checking", speed: null });
      void follow(key);
    }
  } catch (error) {
    const one = found(key);
    if (error instanceof Gone && one?.id) {
      // removed in the meantime: its bytes are gone, the file is still here
      forget(localStorage, one.id);
      change(key, { id: null, offset: 0, state: "waiting" });
    } else if (error instanceof Refused) {
      change(key, { state: "failed", problem: error.problem, speed: null });
    } else {
      // the browser cannot read the file any more: it was moved or changed
      change(key, { state: "lost", file: null, speed: null });
    }
  } finally {
    running.delete(key);
    pump();
  }
}

function pump(): void {
  for (const one of transfers.value) {
    if (running.size >= AT_ONCE) return;
    if (one.state === "waiting" && one.file && !running.has(one.key)) void run(one.key);
  }
}

/** What becomes of an upload that is whole: looked at until it is stored or refused. */
async function follow(key: number): Promise<void> {
  if (followed.has(key)) return;
  followed.add(key);
  try {
    await followOn(key);
  } finally {
    followed.delete(key);
  }
}

async function followOn(key: number): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const one = found(key);
    // while bytes of it are sent again, the sender tells how it stands
    if (!one?.id || one.state === "waiting" || one.state === "sending") return;
    const reply = await requested({ method: "GET", path: `/uploads/${one.id}` });
    if (found(key)?.state === "sending") return;
    if (reply.status === 404 || reply.status === 410) {
      forget(localStorage, one.id);
      drop(key);
      return;
    }
    if (reply.status === 200) {
      const outcome = JSON.parse(reply.body) as Upload;
      if (outcome.state === "receiving") {
        change(key, { outcome, offset: outcome.offset ?? 0, state: one.file ? "paused" : "lost" });
        return;
      }
      const ended = outcome.state === "stored" || outcome.state === "refused";
      change(key, { outcome, offset: one.size, speed: null, state: ended ? (outcome.state as State) : "checking" });
      if (ended) {
        forget(localStorage, one.id);
        return;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, tries < 20 ? 700 : 2_500));
  }
}

function added(told: Omit<Transfer, "key" | "speed" | "problem" | "outcome">): Transfer {
  last += 1;
  const one: Transfer = { key: last, speed: null, problem: null, outcome: null, ...told };
  transfers.value = [...transfers.value, one];
  return one;
}

/** Take a file on; it begins when fewer than three are under way. */
export function begin(file: File, sides: File[], metadata: Record<string, string | undefined>): void {
  added({ mark: fingerprint(file), name: file.name, size: file.size, file, sides, metadata, id: null, state: "waiting", offset: 0 });
  pump();
}

/** Whether an upload can go on only with a file that somebody chooses: its own, or one beside it. */
function needsFile(one: Transfer): boolean {
  return one.state === "lost" || (one.state === "checking" && (one.outcome?.awaited_sidecars ?? []).length > 0);
}

/** The unfinished upload of a file, if one waits for it: it goes on by itself. */
export function goOnWith(file: File, sides: File[]): boolean {
  const one = transfers.value.find((other) => needsFile(other) && other.mark === fingerprint(file));
  if (one === undefined) return false;
  change(one.key, { file, sides, state: "waiting" });
  pump();
  return true;
}

export function pause(key: number): void {
  change(key, { state: "paused", speed: null });
  running.get(key)?.abort();
}

export function goOn(key: number): void {
  const one = found(key);
  if (one === undefined) return;
  change(key, { state: "waiting", problem: null });
  pump();
}

/** Stop an upload and remove what came of it. */
export function cancel(key: number): void {
  const one = found(key);
  running.get(key)?.abort();
  drop(key);
  if (!one?.id) return;
  forget(localStorage, one.id);
  void requested({ method: "DELETE", path: `/uploads/${one.id}`, headers: { ...TUS } });
}

/** Take an ended one off the list. */
export function dismiss(key: number): void {
  drop(key);
}

/** What was unfinished when the page was left. */
export function restore(): void {
  for (const kept of keptOf(localStorage, me())) {
    if (transfers.value.some((one) => one.id === kept.id)) continue;
    const one = added({ mark: kept.mark, name: kept.name, size: kept.size, file: null, sides: [], metadata: {}, id: kept.id, state: "checking", offset: 0 });
    void follow(one.key);
  }
}

addEventListener("beforeunload", (event) => {
  if (transfers.value.some((one) => ["waiting", "sending", "broken"].includes(one.state))) event.preventDefault();
});
