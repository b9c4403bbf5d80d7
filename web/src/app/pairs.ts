/** Which two scenes to compare: the latest with the latest before it that shows common ground. */
import type { Scene } from "../api/features";

type Sight = Pick<Scene, "id"> & { bbox?: number[]; properties: Pick<Scene["properties"], "acquired_at"> };

/** Share of the smaller box that both cover. */
export function common(one: readonly number[] | undefined, other: readonly number[] | undefined): number {
  if (one?.length !== 4 || other?.length !== 4) return 0;
  const [a0, a1, a2, a3] = one as [number, number, number, number];
  const [b0, b1, b2, b3] = other as [number, number, number, number];
  const width = Math.min(a2, b2) - Math.max(a0, b0);
  const height = Math.min(a3, b3) - Math.max(a1, b1);
  const smaller = Math.min((a2 - a0) * (a3 - a1), (b2 - b0) * (b3 - b1));
  return width <= 0 || height <= 0 || smaller <= 0 ? 0 : (width * height) / smaller;
}

/** The gate refuses pairs with less in common. */
const LEAST = 0.05;

/** Scenes that one of them can be compared with: earlier, of common ground; the latest first. */
export function earlier<S extends Sight>(scenes: readonly S[], after: S): S[] {
  return scenes
    .filter((scene) => scene.id !== after.id && scene.properties.acquired_at < after.properties.acquired_at && common(scene.bbox, after.bbox) >= LEAST)
    .sort((one, other) => other.properties.acquired_at.localeCompare(one.properties.acquired_at));
}

export function newestPair<S extends Sight>(scenes: readonly S[]): { before: S; after: S } | null {
  const latest = [...scenes].sort((one, other) => other.properties.acquired_at.localeCompare(one.properties.acquired_at));
  for (const after of latest) {
    const before = earlier(latest, after)[0];
    if (before) return { before, after };
  }
  return null;
}
