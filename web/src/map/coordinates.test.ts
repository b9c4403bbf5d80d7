import { expect, test } from "vitest";
import { gaussKrueger, toGcj02 } from "./coordinates";
import { geodesicArea, geodesicLength } from "./measure";

test("Gauss-Krüger agrees with PROJ to the millimetre", () => {
  // pyproj 3.7, EPSG:4490 to 4526 and 4527
  const here = gaussKrueger(113.646546, 36.722874);
  expect([here.number, here.epsg]).toEqual([38, 4526]);
  expect(here.y).toBeCloseTo(38468424.60154553, 3);
  expect(here.x).toBeCloseTo(4065815.139921352, 3);
  const beijing = gaussKrueger(116.3913, 39.9075);
  expect(beijing.y).toBeCloseTo(39447950.51474117, 3);
  expect(beijing.x).toBeCloseTo(4419435.789722395, 3);
});

test("GCJ-02 is that of the service, and abroad nothing moves", () => {
  const [lon, lat] = toGcj02(113.646546, 36.722874);
  expect(lon).toBeCloseTo(113.6528333, 7);
  expect(lat).toBeCloseTo(36.72296508, 7);
  expect(toGcj02(4.36, 52.01)).toEqual([4.36, 52.01]);
});

test("areas and lengths are those of the ellipsoid", () => {
  const box: [number, number][] = [[113.64, 36.72], [113.65, 36.72], [113.65, 36.73], [113.64, 36.73], [113.64, 36.72]];
  // pyproj.Geod(a=6378137, rf=298.257222101)
  expect(geodesicArea([box])).toBeCloseTo(991330.637, 2);
  expect(geodesicLength(box)).toBeCloseTo(4006.074, 2);
  // a hole is none of the area
  const hole: [number, number][] = [[113.642, 36.722], [113.642, 36.724], [113.644, 36.724], [113.644, 36.722], [113.642, 36.722]];
  expect(geodesicArea([box, hole])).toBeLessThan(991330 - 39000);
});
