/** The two systems of the map: web mercator, and degrees in CGCS2000 as Tianditu's matrix set `c`. */
import { Projection, addCoordinateTransforms, addProjection, get } from "ol/proj";
import { fromLonLat, toLonLat } from "ol/proj";
import TileGrid from "ol/tilegrid/TileGrid";

export type System = "3857" | "4490";

let known = false;

/** Make EPSG:4490 known: degrees, drawn with longitude to the east whatever the order of its axes is. */
export function knowSystems(): void {
  if (known) return;
  known = true;
  const degrees = new Projection({ code: "EPSG:4490", units: "degrees", extent: [-180, -90, 180, 90], worldExtent: [-180, -90, 180, 90] });
  addProjection(degrees);
  const same = (values: number[]): number[] => [...values];
  // both are longitude and latitude to within what a map shows
  addCoordinateTransforms("EPSG:4326", degrees, same, same);
  const mercator = get("EPSG:3857");
  if (mercator) addCoordinateTransforms(degrees, mercator, (values) => fromLonLat(values), (values) => toLonLat(values));
}

export const codeOf = (system: System): string => `EPSG:${system}`;
export const schemeOf = (system: System): string => (system === "3857" ? "WebMercatorQuad" : "CGCS2000Quad");

const LEVELS = 23;

/** The grid of tiles of a system, up to a level. */
export function gridOf(system: System, deepest: number = LEVELS, first = 0, size = 256): TileGrid {
  const widest = system === "3857" ? (2 * Math.PI * 6378137) / size : 360 / size;
  const side = Math.PI * 6378137;
  return new TileGrid({
    origin: system === "3857" ? [-side, side] : [-180, 90],
    resolutions: Array.from({ length: deepest + 1 }, (_, z) => widest / 2 ** z),
    minZoom: Math.max(first, system === "3857" ? 0 : 1),
    tileSize: size,
  });
}
