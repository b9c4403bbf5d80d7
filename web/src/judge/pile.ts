/** Findings that were judged, with all that was said of each: who waits for a second look, who was looked at twice. */
import { type Feature, items } from "../api/features";
import { type Agreement, type Standing, type Verdict, agreement, standing } from "./agree";
import type { FullFinding } from "./load";
import { verdictsOf } from "./verdicts";

export interface Judged {
  id: string;
  verdicts: readonly Verdict[];
}

export interface Page {
  judged: Judged[];
  next: string | null;
  matched: number;
}

const PAGE = 50;
const AT_ONCE = 4;

/** The cursor in the address of the next page. */
export function cursorOf(links: readonly { rel: string; href: string }[] | undefined): string | null {
  const next = links?.find((link) => link.rel === "next");
  return next ? new URL(next.href, "http://host").searchParams.get("cursor") : null;
}

/** Do something with each, a few at once: the service has others to answer. */
export async function each<T, R>(all: readonly T[], act: (one: T) => Promise<R>, at_once: number = AT_ONCE): Promise<R[]> {
  const out: R[] = [];
  let at = 0;
  const run = async (): Promise<void> => {
    while (at < all.length) {
      const place = at;
      at += 1;
      out[place] = await act(all[place] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(at_once, all.length) }, run));
  return out;
}

export async function judgedPage(cursor: string | null): Promise<Page> {
  const page = await items<FullFinding>("findings", { filter: "judged IS NOT NULL", "filter-lang": "cql2-text", sortby: "-priority", limit: PAGE, cursor: cursor ?? undefined });
  const judged = await each(page.features, async (one: Feature<FullFinding>) => ({ id: one.id, verdicts: await verdictsOf(one.id) }));
  return { judged, next: cursorOf(page.links), matched: page.numberMatched ?? judged.length };
}

export interface Compared extends Judged {
  first: Verdict;
  second: Verdict;
  result: Agreement;
}

export interface Pile {
  /** Judged by one other person alone. */
  waiting: Judged[];
  /** Judged by two; those who disagree first. */
  compared: Compared[];
}

const GRAVITY: Record<Agreement, number> = { disagree: 0, other_reason: 1, same: 2 };

export function waits(told: Standing, me: string): boolean {
  return told.first !== null && told.first.judged_by !== me && told.second === null;
}

export function pileOf(judged: readonly Judged[], me: string): Pile {
  const waiting: Judged[] = [];
  const compared: Compared[] = [];
  for (const one of judged) {
    const told = standing(one.verdicts, me);
    if (waits(told, me)) waiting.push(one);
    if (told.first && told.second) compared.push({ ...one, first: told.first, second: told.second, result: agreement(told.first, told.second) });
  }
  compared.sort((a, b) => GRAVITY[a.result] - GRAVITY[b.result]);
  return { waiting, compared };
}
