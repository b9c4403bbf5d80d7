/** What comes first in lists of cases and terms. */

const CLOCK_STATES = ["overdue", "breached", "running", "paused", "met_late", "lapsed", "met", "cancelled"];

/** Terms: overdue first, then what runs, the nearest end first. */
export function orderClocks<T extends { state: string; due_at: string }>(clocks: readonly T[]): T[] {
  const place = (one: T): number => {
    const at = CLOCK_STATES.indexOf(one.state);
    return at < 0 ? CLOCK_STATES.length : at;
  };
  return [...clocks].sort((a, b) => place(a) - place(b) || a.due_at.localeCompare(b.due_at));
}

export interface Due {
  serial: string;
  overdue: readonly string[];
  due_at: string | null;
}

/** Cases: those with an overdue term first, the most of them first, then by the next term; what waits for nothing last. */
export function orderCases<T extends { properties: Due }>(cases: readonly T[]): T[] {
  return [...cases].sort((a, b) => {
    const [one, other] = [a.properties, b.properties];
    if (one.overdue.length !== other.overdue.length) return other.overdue.length - one.overdue.length;
    if (one.due_at !== other.due_at) return one.due_at === null ? 1 : other.due_at === null ? -1 : one.due_at.localeCompare(other.due_at);
    return one.serial.localeCompare(other.serial);
  });
}

/** Cases by state in the order of the procedure; states without a case are left out. */
export function columnsOf<T extends { properties: { state: string } }>(cases: readonly T[], states: readonly string[]): [state: string, cases: T[]][] {
  const found = new Map<string, T[]>();
  for (const one of cases) found.set(one.properties.state, [...(found.get(one.properties.state) ?? []), one]);
  const place = (state: string): number => {
    const at = states.indexOf(state);
    return at < 0 ? states.length : at;
  };
  return [...found.entries()].sort((a, b) => place(a[0]) - place(b[0]));
}
