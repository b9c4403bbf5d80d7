import { expect, test } from "vitest";
import { bytes, day, minute, number } from "./format";

test("times are those of Beijing", () => {
  expect(day("2024-09-18T17:30:00+00:00")).toBe("2024-09-19");
  expect(minute("2024-09-18T02:30:00+00:00")).toBe("2024-09-18 10:30");
  expect(day("2024-09-18")).toBe("2024-09-18");
});

test("figures are read by people", () => {
  expect(number(1234.5, 1)).toBe("1,234.5");
  expect(number(null)).toBe("-");
  expect(bytes(3_960_000_000)).toBe("4.0 GB");
});
