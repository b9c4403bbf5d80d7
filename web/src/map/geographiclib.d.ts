/** What is used of GeographicLib's geodesics, which bring no types. */
declare module "geographiclib-geodesic" {
  interface PolygonArea {
    AddPoint(lat: number, lon: number): void;
    Compute(reverse: boolean, sign: boolean): { number: number; perimeter: number; area?: number };
  }
  interface Ellipsoid {
    Polygon(polyline: boolean): PolygonArea;
  }
  export const Geodesic: { Geodesic: new (axis: number, flattening: number) => Ellipsoid };
}
