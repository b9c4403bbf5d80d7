/** The outline by the keyboard: one corner is chosen, moved, added, removed, set on the corner of a parcel. */
import { useState } from "preact/hooks";
import type { GeoJSON } from "../api/features";
import { number } from "../app/format";
import { type Corner, addCorner, allCorners, cornersOf, moveCorner, removeCorner, snapCorner } from "./outline";
import { w } from "./words";

const STEP_M = 0.1;
const LONG_STEP_M = 1;
const SNAP_M = 5;
const ARROWS: Readonly<Record<string, readonly [east: number, north: number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export interface CornersProps {
  outline: GeoJSON;
  /** The chosen corner. */
  at: number;
  near: readonly GeoJSON[];
  choose: (at: number) => void;
  changed: (outline: GeoJSON) => void;
}

function placeOf(corner: Corner | undefined): string {
  return corner ? `${corner[0].toFixed(7)}, ${corner[1].toFixed(7)}` : "";
}

export function Corners({ outline, at, near, choose, changed }: CornersProps) {
  const [said, setSaid] = useState("");
  const corners = cornersOf(outline);
  const go = (by: number): void => {
    setSaid("");
    choose((at + by + corners.length) % corners.length);
  };
  const move = (arrow: readonly [number, number], long: boolean): void => {
    const step = long ? LONG_STEP_M : STEP_M;
    setSaid(`${w.moved} ${number(step, 1)} m`);
    changed(moveCorner(outline, at, arrow[0] * step, arrow[1] * step));
  };
  const add = (): void => {
    setSaid(w.added);
    changed(addCorner(outline, at));
    choose(at + 1);
  };
  const remove = (): void => {
    if (corners.length <= 3) return setSaid(w.threeStay);
    setSaid(w.removed);
    changed(removeCorner(outline, at));
    choose(Math.min(at, corners.length - 2));
  };
  const snap = (): void => {
    const snapped = snapCorner(outline, at, allCorners(near), SNAP_M);
    setSaid(snapped ? w.snapped : w.nothingNear);
    if (snapped) changed(snapped);
  };
  const heard = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const arrow = ARROWS[event.key];
    const act = { PageDown: () => go(1), PageUp: () => go(-1), Insert: add, "+": add, Delete: remove, Backspace: remove, Enter: snap }[event.key];
    if (!arrow && !act) return;
    event.preventDefault();
    event.stopPropagation();
    if (arrow) move(arrow, event.shiftKey);
    else act?.();
  };
  return (
    <div class="judge-corners">
      <div class="judge-corner" role="application" tabIndex={0} aria-label={w.corners} aria-describedby="judge-corner-keys" onKeyDown={heard}>
        {w.corner} <b>{at + 1}</b> / {corners.length} <small>{placeOf(corners[at])}</small>
      </div>
      <p class="visually-hidden" role="status">
        {said ? `${said}. ` : ""}
        {w.corner} {at + 1} / {corners.length}: {placeOf(corners[at])}
      </p>
      <div class="row">
        <button type="button" onClick={() => go(-1)} aria-label={w.cornerBefore} title={w.cornerBefore}>
          ‹
        </button>
        <button type="button" onClick={() => go(1)} aria-label={w.cornerAfter} title={w.cornerAfter}>
          ›
        </button>
        <button type="button" onClick={add}>
          {w.add}
        </button>
        <button type="button" onClick={remove} disabled={corners.length <= 3}>
          {w.remove}
        </button>
        <button type="button" onClick={snap}>
          {w.snap}
        </button>
      </div>
      <small id="judge-corner-keys">{w.cornerKeys}</small>
    </div>
  );
}
