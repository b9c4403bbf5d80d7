/** When somebody looked last, on this machine: the visit before this one. */

const WEEK_MS = 7 * 24 * 3_600_000;
const SITTING_MS = 30 * 60_000;

interface Kept {
  /** Begin of this sitting, and of the one before. */
  here: string;
  before: string | null;
}

function read(person: string): Kept | null {
  try {
    return JSON.parse(localStorage.getItem(`kancha.look.${person}`) ?? "null") as Kept | null;
  } catch {
    return null;
  }
}

/** Since when something is new to somebody; a look within half an hour belongs to the same sitting. */
export function sinceOf(kept: Kept | null, now: number): { at: string; first: boolean } {
  const week = new Date(now - WEEK_MS).toISOString();
  if (kept === null) return { at: week, first: true };
  if (now - Date.parse(kept.here) > SITTING_MS) return { at: kept.here, first: false };
  return kept.before === null ? { at: week, first: true } : { at: kept.before, first: false };
}

export function nextKept(kept: Kept | null, now: number): Kept {
  const here = new Date(now).toISOString();
  if (kept === null) return { here, before: null };
  return now - Date.parse(kept.here) > SITTING_MS ? { here, before: kept.here } : kept;
}

export function lastLook(person: string): { at: string; first: boolean } {
  return sinceOf(read(person), Date.now());
}

export function noteLook(person: string): void {
  try {
    localStorage.setItem(`kancha.look.${person}`, JSON.stringify(nextKept(read(person), Date.now())));
  } catch {
    // a browser that keeps nothing shows the last seven days
  }
}
