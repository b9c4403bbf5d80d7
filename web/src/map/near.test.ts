import { expect, test } from "vitest";
import type { Feature } from "../api/features";
import { boxAround, nearest } from "./near";

const point = (id: string, lon: number, lat: number): Feature => ({ type: "Feature", id, geometry: { type: "Point", coordinates: [lon, lat] }, properties: {} });

test("the nearest stands first, and what lies beyond is left out", () => {
  // a metre of latitude is 1 / 111,320 degrees
  const found = nearest([point("far", 114.5, 36.6 + 150 / 111_320), point("beyond", 114.5, 36.6 + 300 / 111_320), point("here", 114.5, 36.6)], [114.5, 36.6], 200);
  expect(found.map(({ one }) => one.id)).toEqual(["here", "far"]);
  expect(found[1]?.metres).toBeCloseTo(150, -1);
});

test("an outline that a place lies in is no metre away", () => {
  const shape = { type: "Polygon", coordinates: [[[114.49, 36.59], [114.51, 36.59], [114.51, 36.61], [114.49, 36.59]]] };
  expect(nearest([{ ...point("a", 0, 0), geometry: shape }], [114.5, 36.6], 1)[0]?.metres).toBe(0);
});

test("a box is as wide as it is high on the ground", () => {
  const [west, south, east, north] = boxAround([114.5, 60], 1_000);
  expect((east - west) / (north - south)).toBeCloseTo(2, 5);
});
