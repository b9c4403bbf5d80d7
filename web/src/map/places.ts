/** Places of features, as far as lists and links need them. */
import type { GeoJSON } from "../api/features";

function points(told: unknown, found: [number, number][]): void {
  if (!Array.isArray(told)) return;
  if (typeof told[0] === "number" && typeof told[1] === "number") found.push([told[0], told[1]]);
  else for (const one of told) points(one, found);
}

/** West, south, east, north. */
export function boundsOf(geometry: GeoJSON | null | undefined): [number, number, number, number] | null {
  if (!geometry) return null;
  const found: [number, number][] = [];
  points(geometry.coordinates, found);
  if (found.length === 0) return null;
  const [lon, lat] = [found.map((one) => one[0]), found.map((one) => one[1])];
  return [Math.min(...lon), Math.min(...lat), Math.max(...lon), Math.max(...lat)];
}

/** The middle of its box: where a link to the map leads. */
export function middleOf(geometry: GeoJSON | null | undefined): [number, number] | null {
  const box = boundsOf(geometry);
  return box === null ? null : [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
}

/** The box around a feature, wider than it is: what a small map shows at first. */
export function around(geometry: GeoJSON | null | undefined, wider = 1): [number, number, number, number] | null {
  const box = boundsOf(geometry);
  if (box === null) return null;
  const [across, up] = [Math.max(box[2] - box[0], 0.0003) * wider, Math.max(box[3] - box[1], 0.0003) * wider];
  return [box[0] - across, box[1] - up, box[2] + across, box[3] + up];
}
