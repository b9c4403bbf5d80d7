import { expect, test } from "vitest";
import { addCorner, allCorners, cornersOf, metresBetween, moveCorner, polygonOf, removeCorner, snapCorner } from "./outline";

const square = { type: "Polygon", coordinates: [[[114, 36], [114.001, 36], [114.001, 36.001], [114, 36.001], [114, 36]]] };

test("a corner goes by metres, and the ring stays closed", () => {
  const moved = moveCorner(square, 0, 0.1, -1);
  const ring = (moved.coordinates as number[][][])[0] ?? [];
  expect(ring[0]).toEqual(ring[4]);
  expect(metresBetween(cornersOf(moved)[0] ?? [0, 0], [114, 36])).toBeCloseTo(Math.hypot(0.1, 1), 2);
  expect(cornersOf(moved).slice(1)).toEqual(cornersOf(square).slice(1));
});

test("corners come and go, three stay", () => {
  const more = addCorner(square, 3);
  expect(cornersOf(more)[4]).toEqual([114, 36.0005]);
  expect(cornersOf(removeCorner(more, 4))).toEqual(cornersOf(square));
  const three = removeCorner(square, 1);
  expect(cornersOf(three)).toHaveLength(3);
  expect(removeCorner(three, 0)).toBe(three);
});

test("a corner is set on the nearest that is near enough", () => {
  const targets = allCorners([{ type: "MultiPolygon", coordinates: [[[[114.00002, 36], [114.5, 36], [114.00001, 36.00001], [114.00002, 36]]]] }]);
  expect(cornersOf(snapCorner(square, 0, targets, 5) ?? square)[0]).toEqual([114.00001, 36.00001]);
  expect(snapCorner(square, 2, targets, 5)).toBeNull();
});

test("of several pieces the largest is corrected", () => {
  const small = [[[0, 0], [0.0001, 0], [0, 0.0001], [0, 0]]];
  expect(polygonOf({ type: "MultiPolygon", coordinates: [small, square.coordinates] })).toEqual(square);
  expect(polygonOf(null)).toBeNull();
});
