/** Which version of a rulebook counts: of those that hold on a day the one that began last, as the service takes it. */
export interface Span {
  name: string;
  id: string;
  version: string;
  since: string | null;
  until: string | null;
  fault: string | null;
}

export type Standing = "now" | "later" | "over" | "behind" | "unusable";

/** What an administrator means by today: the day in Beijing. */
export function today(now: Date = new Date()): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short" }).format(now);
}

/** How a version stands among those of its id: `behind` holds on the day, but a later one counts. */
export function standing(book: Span, books: readonly Span[], day: string): Standing {
  if (book.fault !== null) return "unusable";
  if (book.since !== null && book.since > day) return "later";
  if (book.until !== null && book.until < day) return "over";
  const rank = (one: Span): string => `${one.since ?? "0000-00-00"}|${one.version}`;
  const holding = books.filter((one) => one.id === book.id && one.fault === null && (one.since ?? "") <= day && (one.until ?? "9999") >= day);
  return holding.every((one) => rank(one) <= rank(book)) ? "now" : "behind";
}
