import { day } from "../app/format";

/** A day that is never broken at its hyphens. */
export function Day({ on }: { on: string | null | undefined }) {
  return <span class="know-day">{day(on)}</span>;
}
