import { expect, test } from "vitest";
import { curveOf, roundStep } from "./curve";

const box = { left: 0, right: 100, top: 0, bottom: 100 };

test("time goes to the right, the measure upwards", () => {
  const curve = curveOf(
    [
      { on: "2024-12-31", value: 200, error: 20, kind: "seen" },
      { on: "2024-01-01", value: 0, error: null, kind: "absent" },
      { on: "2024-07-01", value: 100, error: 10, kind: "seen" },
    ],
    box,
  );
  expect(curve?.points.map((one) => Math.round(one.x))).toEqual([0, 50, 100]);
  expect(curve?.points.map((one) => Math.round(one.y))).toEqual([100, 67, 33]);
  expect(curve?.points[2]?.high).toBeLessThan(33);
  expect(curve?.ticks.map((one) => one.value)).toEqual([0, 100, 200, 300]);
});

test("nothing gives no curve, one point lies in the middle", () => {
  expect(curveOf([], box)).toBeNull();
  expect(curveOf([{ on: "2024-01-01", value: 5, error: null, kind: "seen" }], box)?.points[0]?.x).toBe(50);
});

test("steps are round", () => {
  expect(roundStep(220, 4)).toBe(100);
  expect(roundStep(8, 4)).toBe(2);
  expect(roundStep(0.9, 4)).toBeCloseTo(0.25);
});
