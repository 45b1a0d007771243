/** A point of the earth in degrees. */
export type Point = { readonly latitude: number; readonly longitude: number };

/** The mean radius of the earth in metres (IUGG). */
export const earthRadiusMetres = 6_371_008.8;

/** The great-circle distance of two points in metres, by haversine. (SE-03) */
export function distanceMetres(a: Point, b: Point): number {
  const halfLatitude = radians(b.latitude - a.latitude) / 2;
  const halfLongitude = radians(b.longitude - a.longitude) / 2;
  const h =
    Math.sin(halfLatitude) ** 2 +
    Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * Math.sin(halfLongitude) ** 2;
  // Rounding may carry antipodes beyond 1, where there is no arc sine.
  return 2 * earthRadiusMetres * Math.asin(Math.sqrt(Math.min(1, h)));
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;
