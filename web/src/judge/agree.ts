/** What verdicts of a finding say together: who said what, what an undo gives back, whether two people agree. */
import type { Schemas } from "../api/client";
import type { Told } from "./sitting";

export type Verdict = Schemas["VerdictOut"];

/** Begins the note of a verdict that gives back the one before: it is nobody's own judgement. */
export const GIVEN_BACK = "撤回误判，恢复此前结论";

export type Undo =
  /** There was one before: say it again. */
  | { kind: "again"; before: Verdict }
  /** It was the first: nothing can be given back. */
  | { kind: "first" }
  /** Somebody has judged it since; theirs counts already. */
  | { kind: "overruled"; by: Verdict };

/** What undoing a verdict means; verdicts are never deleted, the last one counts. */
export function undoOf(verdicts: readonly Verdict[], id: string): Undo {
  const place = verdicts.findIndex((one) => one.id === id);
  const last = verdicts[verdicts.length - 1];
  if (last !== undefined && last.id !== id && place >= 0) return { kind: "overruled", by: last };
  const before = place > 0 ? verdicts[place - 1] : undefined;
  return before ? { kind: "again", before } : { kind: "first" };
}

/** The one before, to be said again: by whoever undoes, with whose it was. */
export function givenBack(before: Verdict, when: string, me: string): Told {
  const old = before.note ? `；${before.note}` : "";
  // one's own is simply said again
  const note = before.judged_by === me ? (before.note ?? "") : `${GIVEN_BACK}（${before.judged_by}，${when}）${old}`;
  return {
    verdict: before.verdict,
    reason: before.reason,
    outline: before.outline,
    purpose: before.purpose,
    note,
  };
}

export interface Standing {
  /** The latest of the first who judged it. */
  first: Verdict | null;
  /** The latest of the next who judged it, for their own. */
  second: Verdict | null;
  /** Mine, whichever it is. */
  mine: Verdict | null;
}

/** The first two people who judged a finding, each by the latest that they said themselves. */
export function standing(verdicts: readonly Verdict[], me: string): Standing {
  const latest = new Map<string, Verdict | null>();
  for (const one of verdicts) {
    // giving back takes one's own verdict away: whoever undid has said nothing
    if (one.note?.startsWith(GIVEN_BACK)) latest.delete(one.judged_by);
    else latest.set(one.judged_by, one);
  }
  const [first = null, second = null] = [...latest.values()];
  return { first, second, mine: latest.get(me) ?? null };
}

export type Agreement = "same" | "other_reason" | "disagree";

export function agreement(one: Verdict, other: Verdict): Agreement {
  if (one.verdict !== other.verdict) return "disagree";
  return one.reason === other.reason ? "same" : "other_reason";
}
