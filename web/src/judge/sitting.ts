/** A sitting: the findings in their order, what was said of each, and where one is. Pure: every step gives a new one. */

export interface Told {
  verdict: boolean;
  reason: string | null;
  note: string;
  outline: unknown;
  purpose: string | null;
}

export interface Entry {
  id: string;
  /** Why it is looked at, as the queue says; null: it was called by its address. */
  purpose: string | null;
  why: string;
  state: "open" | "sending" | "judged" | "refused";
  /** What was said last in this sitting; it stays where it was refused, so that nothing is typed twice. */
  told: Told | null;
  /** Id of the stored verdict. */
  verdict: string | null;
  error: Error | null;
  /** It was judged, its verdict was taken back, and it stands in front again. */
  again: boolean;
}

export interface Sitting {
  entries: readonly Entry[];
  at: string | null;
  /** Ids in the order in which they were judged; the last is undone first. */
  given: readonly string[];
  /** When verdicts were given, ms. */
  times: readonly number[];
}

export interface Row {
  id: string;
  purpose: string | null;
  why: string;
}

export const NOTHING: Sitting = { entries: [], at: null, given: [], times: [] };

const entryOf = (row: Row): Entry => ({ ...row, state: "open", told: null, verdict: null, error: null, again: false });

export function find(sitting: Sitting, id: string | null): Entry | undefined {
  return sitting.entries.find((entry) => entry.id === id);
}

/** Begin with a queue; `first` is put in front, whether the queue holds it or not. */
export function begin(rows: readonly Row[], first: string | null): Sitting {
  const wanted = first === null ? [] : [rows.find((row) => row.id === first) ?? { id: first, purpose: null, why: "" }];
  const entries = [...wanted, ...rows.filter((row) => row.id !== first)].map(entryOf);
  return { ...NOTHING, entries, at: entries[0]?.id ?? null };
}

/** Another queue, or the next batch: what was said in this sitting stays in front of it. */
export function renew(old: Sitting, rows: readonly Row[], first: string | null): Sitting {
  const kept = old.entries.filter((entry) => entry.state !== "open" && entry.id !== first);
  const fresh = begin(rows.filter((row) => !kept.some((entry) => entry.id === row.id)), first);
  const at = fresh.at ?? kept.find((entry) => entry.state === "refused")?.id ?? null;
  return { entries: [...kept, ...fresh.entries], at, given: old.given.filter((id) => kept.some((entry) => entry.id === id)), times: old.times };
}

/** Bring a finding in front of what is shown now, and show it. */
export function call(sitting: Sitting, id: string): Sitting {
  if (find(sitting, id)) return { ...sitting, at: id };
  const place = Math.max(0, sitting.entries.findIndex((entry) => entry.id === sitting.at));
  const entries = [...sitting.entries.slice(0, place), entryOf({ id, purpose: null, why: "" }), ...sitting.entries.slice(place)];
  return { ...sitting, entries, at: id };
}

/** Those that wait and that somebody else may judge meanwhile. */
export function waiting(sitting: Sitting): string[] {
  return sitting.entries.filter((e) => e.state === "open" && !e.again && e.id !== sitting.at && e.purpose !== null).map((e) => e.id);
}

/** What others have judged meanwhile leaves, but not what one has judged or looks at. */
export function without(sitting: Sitting, judged: ReadonlySet<string>): Sitting {
  const leaving = new Set(waiting(sitting).filter((id) => judged.has(id)));
  return leaving.size === 0 ? sitting : { ...sitting, entries: sitting.entries.filter((entry) => !leaving.has(entry.id)) };
}

function change(sitting: Sitting, id: string, to: Partial<Entry>): Sitting {
  return { ...sitting, entries: sitting.entries.map((entry) => (entry.id === id ? { ...entry, ...to } : entry)) };
}

/** What comes after the present one: what was refused first, then the next open one, then open ones before it. */
export function following(sitting: Sitting): string | null {
  const place = sitting.entries.findIndex((entry) => entry.id === sitting.at);
  const round = [...sitting.entries.slice(place + 1), ...sitting.entries.slice(0, Math.max(0, place))];
  const refused = round.find((entry) => entry.state === "refused");
  return (refused ?? round.find((entry) => entry.state === "open"))?.id ?? null;
}

/** Those that come next, for their pictures to be fetched. */
export function upcoming(sitting: Sitting, count: number): string[] {
  const out: string[] = [];
  let seen = sitting;
  while (out.length < count) {
    const next = following(seen);
    if (next === null || out.includes(next) || next === sitting.at) break;
    out.push(next);
    seen = { ...change(seen, next, { state: "judged" }), at: next };
  }
  return out;
}

/** A verdict on the present one is on its way, and the next is shown. */
export function give(sitting: Sitting, told: Told, now: number): Sitting {
  const id = sitting.at;
  if (id === null) return sitting;
  const sent = change(sitting, id, { state: "sending", told, error: null, again: false });
  return { ...sent, at: following(sent), given: [...sitting.given.filter((one) => one !== id), id], times: [...sitting.times, now] };
}

export function stored(sitting: Sitting, id: string, verdict: string): Sitting {
  return change(sitting, id, { state: "judged", verdict });
}

/** A refused verdict comes back: it is the next, or shown where nothing else is. */
export function refused(sitting: Sitting, id: string, error: Error): Sitting {
  const back = change(sitting, id, { state: "refused", error });
  return { ...back, at: back.at ?? id, given: back.given.filter((one) => one !== id), times: back.times.slice(0, -1) };
}

/** One verdict less: its finding is shown again, to be judged anew (`again`), or with the verdict that counts now. What was typed stays. */
export function undone(sitting: Sitting, id: string, again: boolean): Sitting {
  const shown = change(sitting, id, { state: again ? "open" : "judged", verdict: null, error: null, again });
  return { ...shown, at: id, given: shown.given.filter((one) => one !== id), times: shown.times.slice(0, -1) };
}

/** One step in the order of the list, judged or not. */
export function step(sitting: Sitting, by: 1 | -1): Sitting {
  const place = sitting.entries.findIndex((entry) => entry.id === sitting.at);
  const from = place < 0 ? sitting.entries.length : place;
  const next = sitting.entries[from + by];
  return next ? { ...sitting, at: next.id } : sitting;
}

export interface Progress {
  judged: number;
  left: number;
  refused: number;
  /** Verdicts in a minute over the last ten minutes at most; null with fewer than two. */
  pace: number | null;
}

const TEN_MINUTES = 600_000;

export function progress(sitting: Sitting, now: number): Progress {
  const recent = sitting.times.filter((time) => now - time <= TEN_MINUTES);
  const first = recent[0];
  const minutes = first === undefined ? 0 : (now - first) / 60_000;
  return {
    judged: sitting.times.length,
    left: sitting.entries.filter((entry) => entry.state === "open" || entry.state === "refused").length,
    refused: sitting.entries.filter((entry) => entry.state === "refused").length,
    pace: recent.length > 1 && minutes > 0.05 ? (recent.length - 1) / minutes : null,
  };
}
