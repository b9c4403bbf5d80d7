/** The pile of a second look: what waits, in one request and without a word of the first; what two have looked at. */
import { signal } from "@preact/signals";
import { type Schemas, api, ask } from "../api/client";
import type { Feature } from "../api/features";
import type { Agreement, Pair } from "./agree";
import { type FullFinding, type Loaded, chipOf } from "./load";

type Row = Schemas["SecondLook"];

export interface Page {
  rows: Row[];
  next: string | null;
  /** How many wait in all. */
  matched: number;
}

export const PAGE = 60;

/** The cursor in the address of the next page. */
export function cursorOf(links: readonly { rel: string; href: string }[] | undefined): string | null {
  const next = links?.find((link) => link.rel === "next");
  return next ? new URL(next.href, "http://host").searchParams.get("cursor") : null;
}

export async function lookPage(state: "waiting" | "differing" | "agreed", cursor: string | null): Promise<Page> {
  const query = { state, limit: PAGE, ...(cursor === null ? {} : { cursor }) };
  const page = await ask(api.GET("/second-looks", { params: { query } }));
  return { rows: page.rows, next: cursorOf(page.links as { rel: string; href: string }[]), matched: page.numberMatched ?? page.rows.length };
}

/** Findings of the pile as their scans left them: never those that the desk keeps, which tell what was said. */
export const blind = signal<ReadonlyMap<string, Loaded>>(new Map());

export function keepBlind(rows: readonly Row[]): void {
  const all = new Map(blind.value);
  for (const row of rows) {
    if (row.finding) all.set(row.finding_id, { finding: row.finding as unknown as Feature<FullFinding>, before: row.before_scene, after: row.after_scene });
  }
  blind.value = all;
}

const drawn = new Set<string>();

/** Have the picture of a finding before it is looked at. */
export function fetchChip(id: string): void {
  if (drawn.has(id)) return;
  drawn.add(id);
  new Image().src = chipOf(id);
}

export interface Compared {
  id: string;
  pair: Pair;
}

/** Of two piles of pairs the newer word on each finding, the latest first. */
export function newest(mine: readonly Compared[], told: readonly Compared[]): Compared[] {
  const known = new Set(mine.map((one) => one.id));
  return [...mine, ...told.filter((one) => !known.has(one.id))];
}

export function ofResult(all: readonly Compared[], agreed: boolean): Compared[] {
  return all.filter((one) => (one.pair.result === "same") === agreed);
}

/** The next that waits behind one, else the first that waits; null: none but itself. */
export function nextOf(ids: readonly string[], waits: (id: string) => boolean, at: string): string | null {
  const place = ids.indexOf(at);
  const round = [...ids.slice(place + 1), ...ids.slice(0, Math.max(0, place))];
  return round.find((id) => id !== at && waits(id)) ?? null;
}

export const TONES: Readonly<Record<Agreement, "good" | "warn" | "bad">> = { same: "good", other_reason: "warn", disagree: "bad" };
