import { expect, test } from "vitest";
import { dayNumber, scales, steps, ticks } from "./burn";

const box = { left: 0, top: 0, width: 100, height: 50 };

test("days are counted whole, over the end of a month too", () => {
  expect(dayNumber("2026-03-01") - dayNumber("2026-02-27")).toBe(2);
});

test("the line goes by steps and on to the last day", () => {
  const { x, y } = scales(["2026-01-01", "2026-01-11"], 10, box);
  expect(steps([["2026-01-01", 10], ["2026-01-06", 5]], "2026-01-11", x, y)).toBe("M0.0 0.0H50.0V25.0H100.0");
  expect(steps([], "2026-01-11", x, y)).toBe("");
});

test("one day and nothing open make no division by zero", () => {
  const { x, y } = scales(["2026-01-01"], 0, box);
  expect([x("2026-01-01"), y(0)]).toEqual([0, 50]);
});

test("ticks are whole and few", () => {
  expect(ticks(3)).toEqual([0, 1, 2, 3]);
  expect(ticks(40)).toEqual([0, 10, 20, 30, 40]);
  expect(ticks(0)).toEqual([0]);
});
