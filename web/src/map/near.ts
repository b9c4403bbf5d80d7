/** What lies around a place, the nearest first. */
import type { Feature, GeoJSON } from "../api/features";
import { geodesicLength } from "./measure";
import { boundsOf } from "./places";

export interface Near<P> {
  one: Feature<P>;
  metres: number;
}

const METRE = 1 / 111_320;

/** West, south, east, north of a box that holds all within metres. */
export function boxAround([lon, lat]: readonly [number, number], metres: number): [number, number, number, number] {
  const north = metres * METRE;
  const east = north / Math.cos((lat * Math.PI) / 180);
  return [lon - east, lat - north, lon + east, lat + north];
}

/** Those within metres of a place, by the nearest point of their boxes. */
export function nearest<P>(features: readonly Feature<P>[], at: readonly [number, number], within: number): Near<P>[] {
  return features
    .map((one) => ({ one, metres: away(one.geometry, at) }))
    .filter(({ metres }) => metres <= within)
    .sort((a, b) => a.metres - b.metres || (a.one.id < b.one.id ? -1 : 1));
}

function away(shape: GeoJSON | null, [lon, lat]: readonly [number, number]): number {
  const box = boundsOf(shape);
  if (box === null) return Infinity;
  return geodesicLength([
    [lon, lat],
    [Math.min(Math.max(lon, box[0]), box[2]), Math.min(Math.max(lat, box[1]), box[3])],
  ]);
}
