/** Lengths and areas on the ellipsoid of CGCS2000 (Karney, Algorithms for geodesics, 2013), as the service measures. */
import { Geodesic } from "geographiclib-geodesic";

export type Point = readonly [lon: number, lat: number];

const CGCS2000 = new Geodesic.Geodesic(6378137, 1 / 298.257222101);

function ring(points: readonly Point[], closed: boolean): { number: number; perimeter: number; area?: number } {
  const polygon = CGCS2000.Polygon(!closed);
  for (const [lon, lat] of points) polygon.AddPoint(lat, lon);
  return polygon.Compute(false, true);
}

/** Length of a line of lon-lat points, m. */
export function geodesicLength(points: readonly Point[]): number {
  return points.length < 2 ? 0 : ring(points, false).perimeter;
}

/** Area of a polygon in lon-lat, its first ring without the others, m². */
export function geodesicArea(rings: readonly (readonly Point[])[]): number {
  const [outer, ...holes] = rings.map((points) => Math.abs(ring(points.slice(0, -1), true).area ?? 0));
  return (outer ?? 0) - holes.reduce((sum, hole) => sum + hole, 0);
}
