/** Coordinates as officers need them: CGCS2000 in degrees, its Gauss-Krüger belts, and what Chinese web maps show. */

const AXIS = 6378137;
/** Flattening of CGCS2000. */
const FLAT = 1 / 298.257222101;

/** The 3-degree belt of a longitude: number and central meridian, degrees. */
export function belt(lon: number): { number: number; meridian: number } {
  const number = Math.round(lon / 3);
  return { number, meridian: 3 * number };
}

/**
 * Gauss-Krüger of the 3-degree belt, zone-coded (EPSG:4513 to 4533): north (X) and east (Y), m.
 * Krüger's series to the fourth order (Karney, Transverse Mercator with an accuracy of a few nanometers, 2011, eq. 35).
 */
export function gaussKrueger(lon: number, lat: number): { x: number; y: number; epsg: number; number: number } {
  const { number, meridian } = belt(lon);
  const n = FLAT / (2 - FLAT);
  const radius = (AXIS / (1 + n)) * (1 + n ** 2 / 4 + n ** 4 / 64);
  const alpha = [
    n / 2 - (2 / 3) * n ** 2 + (5 / 16) * n ** 3 + (41 / 180) * n ** 4,
    (13 / 48) * n ** 2 - (3 / 5) * n ** 3 + (557 / 1440) * n ** 4,
    (61 / 240) * n ** 3 - (103 / 140) * n ** 4,
    (49561 / 161280) * n ** 4,
  ];
  const e = Math.sqrt(FLAT * (2 - FLAT));
  const phi = (lat * Math.PI) / 180;
  const lambda = ((lon - meridian) * Math.PI) / 180;
  const t = Math.sinh(Math.atanh(Math.sin(phi)) - e * Math.atanh(e * Math.sin(phi)));
  const xi = Math.atan2(t, Math.cos(lambda));
  const eta = Math.atanh(Math.sin(lambda) / Math.sqrt(1 + t * t));
  let north = xi;
  let east = eta;
  alpha.forEach((a, at) => {
    const k = 2 * (at + 1);
    north += a * Math.sin(k * xi) * Math.cosh(k * eta);
    east += a * Math.cos(k * xi) * Math.sinh(k * eta);
  });
  return { x: radius * north, y: number * 1_000_000 + 500_000 + radius * east, epsg: 4513 + number - 25, number };
}

const E2 = 0.006693421622965943;
const GCJ_AXIS = 6378245;

/** A longitude and latitude as GCJ-02 shows it: for copying into a web map, never kept. The same formula as the service's. */
export function toGcj02(lon: number, lat: number): [number, number] {
  if (lon < 72.004 || lon > 137.8347 || lat < 0.8293 || lat > 55.8271) return [lon, lat];
  const { sin, cos, sqrt, abs, PI } = Math;
  const u = lon - 105;
  const v = lat - 35;
  const root = sqrt(abs(u));
  const common = ((20 * sin(6 * u * PI) + 20 * sin(2 * u * PI)) * 2) / 3;
  let dy = -100 + 2 * u + 3 * v + 0.2 * v * v + 0.1 * u * v + 0.2 * root + common;
  dy += ((20 * sin(v * PI) + 40 * sin((v / 3) * PI)) * 2) / 3;
  dy += ((160 * sin((v / 12) * PI) + 320 * sin((v * PI) / 30)) * 2) / 3;
  let dx = 300 + u + 2 * v + 0.1 * u * u + 0.1 * u * v + 0.1 * root + common;
  dx += ((20 * sin(u * PI) + 40 * sin((u / 3) * PI)) * 2) / 3;
  dx += ((150 * sin((u / 12) * PI) + 300 * sin((u / 30) * PI)) * 2) / 3;
  const angle = (lat * PI) / 180;
  const flat = 1 - E2 * sin(angle) ** 2;
  const north = (dy * 180) / (((GCJ_AXIS * (1 - E2)) / (flat * sqrt(flat))) * PI);
  const east = (dx * 180) / ((GCJ_AXIS / sqrt(flat)) * cos(angle) * PI);
  return [lon + east, lat + north];
}
