import { expect, test } from "vitest";
import { nextKept, sinceOf } from "./since";

const NOON = Date.parse("2026-11-27T04:00:00Z");
const HOUR = 3_600_000;

test("the first look shows a week, a later one what came since the sitting before", () => {
  expect(sinceOf(null, NOON)).toEqual({ at: "2026-11-20T04:00:00.000Z", first: true });
  const morning = nextKept(null, NOON);
  // ten minutes later it is the same sitting
  expect(sinceOf(nextKept(morning, NOON + HOUR / 6), NOON + HOUR / 6).first).toBe(true);
  const evening = nextKept(morning, NOON + 5 * HOUR);
  expect(sinceOf(morning, NOON + 5 * HOUR)).toEqual({ at: morning.here, first: false });
  expect(sinceOf(evening, NOON + 5 * HOUR + 60_000)).toEqual({ at: morning.here, first: false });
});
