/** The corners of an outline, in longitude and latitude: chosen, moved by metres, added, removed, snapped. Pure. */
import type { GeoJSON } from "../api/features";

export type Corner = readonly [lon: number, lat: number];

const METRES = 111_320;
/** The service keeps eight decimals: a millimetre. */
const round = (degrees: number): number => Math.round(degrees * 1e8) / 1e8;
const eastOf = (lat: number): number => METRES * Math.cos((lat * Math.PI) / 180);

function ringsOf(shape: GeoJSON | null): Corner[][] {
  if (shape?.type === "Polygon") return shape.coordinates as Corner[][];
  if (shape?.type !== "MultiPolygon") return [];
  // an outline is corrected in one piece: the largest
  const parts = shape.coordinates as Corner[][][];
  return [...parts].sort((a, b) => extent(b[0] ?? []) - extent(a[0] ?? []))[0] ?? [];
}

/** Twice the area of a ring, in square degrees: to compare sizes alone. */
function extent(ring: readonly Corner[]): number {
  return Math.abs(ring.reduce((sum, [x, y], at) => {
    const [nextX, nextY] = ring[(at + 1) % ring.length] ?? [x, y];
    return sum + x * nextY - nextX * y;
  }, 0));
}

/** One polygon of a shape; null where it has none. */
export function polygonOf(shape: GeoJSON | null): GeoJSON | null {
  const rings = ringsOf(shape);
  return rings.length === 0 ? null : { type: "Polygon", coordinates: rings };
}

/** The corners of the outer ring, the closing one left out. */
export function cornersOf(shape: GeoJSON | null): Corner[] {
  return (ringsOf(shape)[0] ?? []).slice(0, -1);
}

function withCorners(shape: GeoJSON, corners: readonly Corner[]): GeoJSON {
  const first = corners[0];
  const inner = ringsOf(shape).slice(1);
  return { type: "Polygon", coordinates: [first ? [...corners, first] : [], ...inner] };
}

export function moveCorner(shape: GeoJSON, at: number, east_m: number, north_m: number): GeoJSON {
  const moved = cornersOf(shape).map(([lon, lat], place): Corner => (place === at ? [round(lon + east_m / eastOf(lat)), round(lat + north_m / METRES)] : [lon, lat]));
  return withCorners(shape, moved);
}

/** A corner in the middle of the edge behind another; it comes right after it. */
export function addCorner(shape: GeoJSON, at: number): GeoJSON {
  const corners = cornersOf(shape);
  const one = corners[at];
  const two = corners[(at + 1) % corners.length];
  if (!one || !two) return shape;
  const middle: Corner = [round((one[0] + two[0]) / 2), round((one[1] + two[1]) / 2)];
  return withCorners(shape, [...corners.slice(0, at + 1), middle, ...corners.slice(at + 1)]);
}

/** One corner less; a triangle stays one. */
export function removeCorner(shape: GeoJSON, at: number): GeoJSON {
  const corners = cornersOf(shape);
  return corners.length <= 3 ? shape : withCorners(shape, corners.filter((_, place) => place !== at));
}

export function metresBetween(one: Corner, two: Corner): number {
  return Math.hypot((one[0] - two[0]) * eastOf(one[1]), (one[1] - two[1]) * METRES);
}

/** Every corner of some shapes. */
export function allCorners(shapes: readonly GeoJSON[]): Corner[] {
  const found: Corner[] = [];
  const walk = (part: unknown): void => {
    if (!Array.isArray(part)) return;
    const [x, y] = part as unknown[];
    if (typeof x === "number" && typeof y === "number") found.push([x, y]);
    else part.forEach(walk);
  };
  for (const shape of shapes) walk(shape.coordinates);
  return found;
}

/** Set a corner on the nearest of some others; null where none is near enough. */
export function snapCorner(shape: GeoJSON, at: number, targets: readonly Corner[], within_m: number): GeoJSON | null {
  const own = cornersOf(shape)[at];
  if (!own) return null;
  let nearest: Corner | null = null;
  let least = within_m;
  for (const one of targets) {
    const away = metresBetween(own, one);
    if (away <= least) [nearest, least] = [one, away];
  }
  const to = nearest;
  return to === null ? null : withCorners(shape, cornersOf(shape).map((corner, place) => (place === at ? [to[0], to[1]] : corner)));
}
