/** The two dates that are looked at: those of a scan as they lie on each other, or any two scenes as they are. */
import type { Schemas } from "../api/client";
import type { Scene } from "../api/features";
import { day } from "../app/format";
import { newestPair } from "../app/pairs";
import type { Date_ } from "../map/layers";
import type { Bounds } from "../map/stage";
import { Field } from "../ui/parts";
import { inputOf } from "./facts";
import type { LookState } from "./state";
import { w } from "./words";

export type Scan = Schemas["ScanOut"];
export type Side = "before" | "after";

export interface Shown {
  scan: Scan | undefined;
  /** Where no scan is shown: the scenes themselves. */
  scenes: Record<Side, Scene | undefined>;
  date: (side: Side) => Date_ | null;
  day: (side: Side) => string;
  /** The scene of a date, by id. */
  scene: (side: Side) => string | null;
  bounds: Bounds | undefined;
}

/** Whether an address names scenes and no scan. */
export function isFree(state: LookState): boolean {
  return state.scan === null && (state.before !== null || state.after !== null);
}

export function shownOf(scans: readonly Scan[], scenes: readonly Scene[], state: LookState, own: string | null): Shown {
  const free = isFree(state) || scans.length === 0;
  const scan = free ? undefined : (scans.find((one) => one.id === (state.scan ?? own)) ?? scans[0]);
  const find = (id: string | null): Scene | undefined => scenes.find((one) => one.id === id);
  const usual = free && !isFree(state) ? newestPair(scenes) : null;
  const of = { before: find(state.before) ?? usual?.before, after: find(state.after) ?? usual?.after ?? (isFree(state) ? undefined : scenes[0]) };
  return {
    scan,
    scenes: of,
    date: (side) => (scan ? { scan: scan.id, side } : of[side] ? { scene: of[side].id } : null),
    day: (side) => day(scan ? inputOf(scan, side)?.acquired_at : of[side]?.properties.acquired_at),
    scene: (side) => (scan ? scan[`${side}_scene`] : (of[side]?.id ?? null)),
    bounds: (scan?.bbox ?? (of.after ?? of.before)?.bbox) as Bounds | undefined,
  };
}

/** Any two scenes are chosen, also such as nobody compared yet. */
export function FreePair({ scenes, shown, choose }: { scenes: readonly Scene[]; shown: Shown; choose: (side: Side, id: string | null) => void }) {
  const select = (side: Side, title: string) => (
    <Field label={title}>
      <select value={shown.scenes[side]?.id ?? ""} onChange={(event) => choose(side, event.currentTarget.value || null)}>
        <option value="">{w.noScene}</option>
        {scenes.map((one) => (
          <option key={one.id} value={one.id}>
            {day(one.properties.acquired_at)} · {one.properties.file_name}
          </option>
        ))}
      </select>
    </Field>
  );
  return (
    <>
      {select("before", w.before)}
      {select("after", w.after)}
      <p class="note">{w.freeNote}</p>
    </>
  );
}
