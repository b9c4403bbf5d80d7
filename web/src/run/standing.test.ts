import { expect, test } from "vitest";
import { type Span, standing, today } from "./standing";

const book = (version: string, since: string | null, until: string | null = null): Span => ({ name: `a+${version}`, id: "a", version, since, until, fault: null });

test("of the versions that hold on a day the one that began last counts", () => {
  const books = [book("1", null), book("2", "2026-01-01"), book("3", "2026-05-01"), { ...book("4", "2026-01-02"), id: "b" }];
  expect(books.map((one) => standing(one, books, "2026-04-30"))).toEqual(["behind", "now", "later", "now"]);
  expect(books.map((one) => standing(one, books, "2026-05-01"))).toEqual(["behind", "behind", "now", "now"]);
});

test("one that has ended, or cannot be read, counts no more", () => {
  const ended = book("1", "2025-01-01", "2025-12-31");
  const broken = { ...book("2", null), fault: "it was changed" };
  expect(standing(ended, [ended, broken], "2025-12-31")).toBe("now");
  expect(standing(ended, [ended, broken], "2026-01-01")).toBe("over");
  expect(standing(broken, [ended, broken], "2026-01-01")).toBe("unusable");
});

test("today is the day in Beijing", () => {
  expect(today(new Date("2026-04-30T16:30:00Z"))).toBe("2026-05-01");
});
