/** Two dates of one place: by swipe, blink, side by side with linked cursors, opacity, or one of them. */
import type OlMap from "ol/Map";
import type View from "ol/View";
import type BaseLayer from "ol/layer/Base";
import { unByKey } from "ol/Observable";
import type RenderEvent from "ol/render/Event";
import { getRenderPixel } from "ol/render";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { words } from "../app/language";
import { type Date_, imagery } from "./layers";
import { showLayers, stage } from "./stage";
import type { System } from "./systems";

export type Mode = "swipe" | "blink" | "side" | "opacity" | "before" | "after";

const w = words({
  map: ["地图：方向键移动，加减号缩放", "Map: arrow keys move it, plus and minus zoom"],
  edge: ["卷帘位置", "Place of the swipe"],
});

export interface CompareProps {
  before: Date_ | null;
  after: Date_ | null;
  /** What stands over the pictures for the dates. */
  beforeTitle: string;
  afterTitle: string;
  mode: Mode;
  /** Share of the width that the earlier date has in a swipe, or opacity of the later one, 0 to 1. */
  share: number;
  setShare: (share: number) => void;
  system: System;
  view: View;
  /** Layers below and above the pictures; made anew for the second map of the two side by side. */
  below?: () => BaseLayer[];
  above: () => BaseLayer[];
  /** Changes whenever `below` or `above` give other layers. */
  layersKey: string;
  ready?: (map: OlMap) => void;
}

const BLINK_MS = 800;

export function Compare(props: CompareProps) {
  const { before, after, mode, share, system, view, layersKey } = props;
  const first = useRef<HTMLDivElement>(null);
  const second = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<OlMap | null>(null);
  const [other, setOther] = useState<OlMap | null>(null);
  const [late, setLate] = useState(false);
  const latest = useRef(props);
  latest.current = props;
  const side = mode === "side";
  const dates = useMemo(
    () => ({ before: before && imagery(before, system), after: after && imagery(after, system), far: after && imagery(after, system) }),
    [JSON.stringify([before, after]), system],
  );
  const main = useMemo(() => ({ below: latest.current.below?.() ?? [], above: latest.current.above() }), [layersKey, system]);
  const twin = useMemo(() => (side ? { below: latest.current.below?.() ?? [], above: latest.current.above() } : null), [layersKey, system, side]);

  useEffect(() => {
    if (!first.current) return undefined;
    const made = stage(first.current, { view, system, label: w.map });
    setMap(made);
    latest.current.ready?.(made);
    return () => {
      made.setTarget();
      setMap(null);
    };
  }, [view, system]);

  useEffect(() => {
    if (!side || !second.current) return undefined;
    const made = stage(second.current, { view, system, label: w.map });
    setOther(made);
    return () => {
      made.setTarget();
      setOther(null);
    };
  }, [side, view, system]);

  useEffect(() => {
    if (!map) return;
    const shown = [dates.before, dates.after].filter((layer) => layer !== null);
    showLayers(map, [...main.below, ...shown, ...main.above]);
    // for measures of how long it takes until everything that is in sight is drawn
    if (shown.length > 0) map.once("rendercomplete", () => performance.mark("map-shown"));
  }, [map, dates, main]);

  useEffect(() => {
    if (!other || !twin) return;
    showLayers(other, [...twin.below, ...(dates.far ? [dates.far] : []), ...twin.above]);
  }, [other, dates, twin]);

  useEffect(() => {
    if (mode !== "blink") return undefined;
    const timer = setInterval(() => setLate((old) => !old), BLINK_MS);
    return () => clearInterval(timer);
  }, [mode]);

  useEffect(() => {
    dates.before?.setVisible(mode !== "after" && !(mode === "blink" && late));
    dates.after?.setVisible(mode !== "before" && !side && !(mode === "blink" && !late));
    dates.after?.setOpacity(mode === "opacity" ? share : 1);
    map?.render();
  }, [dates, mode, share, late, side, map]);

  useEffect(() => {
    const layer = dates.after;
    if (!layer || !map || mode !== "swipe") return undefined;
    const clip = layer.on("prerender", (event: RenderEvent) => {
      const context = event.context as CanvasRenderingContext2D;
      const [width = 0, height = 0] = map.getSize() ?? [];
      const x = width * latest.current.share;
      const corners = [[x, 0], [width, 0], [width, height], [x, height]].map((pixel) => getRenderPixel(event, pixel));
      context.save();
      context.beginPath();
      corners.forEach(([left = 0, top = 0], at) => (at === 0 ? context.moveTo(left, top) : context.lineTo(left, top)));
      context.closePath();
      context.clip();
    });
    const free = layer.on("postrender", (event: RenderEvent) => (event.context as CanvasRenderingContext2D).restore());
    map.render();
    return () => unByKey([clip, free]);
  }, [dates, map, mode]);

  return (
    <div class={`compare ${side ? "two" : ""}`}>
      <div class="stage" ref={first}>
        {mode === "after" || (mode === "blink" && late) ? null : <span class="map-stamp left">{props.beforeTitle}</span>}
        {mode === "before" || side || (mode === "blink" && !late) ? null : <span class="map-stamp right">{props.afterTitle}</span>}
        {mode === "swipe" ? <Edge share={share} move={props.setShare} /> : null}
        {side && map && other ? <Cursor of={other} on={map} /> : null}
      </div>
      {side ? (
        <div class="stage" ref={second}>
          <span class="map-stamp right">{props.afterTitle}</span>
          {map && other ? <Cursor of={map} on={other} /> : null}
        </div>
      ) : null}
    </div>
  );
}

/** The edge of the swipe: dragged, or moved by the arrow keys. */
function Edge({ share, move }: { share: number; move: (share: number) => void }) {
  const held = useRef(false);
  const drag = (event: PointerEvent): void => {
    const box = (event.currentTarget as HTMLElement).parentElement?.getBoundingClientRect();
    if (held.current && box) move(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
  };
  return (
    <div
      class="map-edge"
      role="slider"
      tabIndex={0}
      aria-label={w.edge}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(100 * share)}
      style={{ left: `${100 * share}%` }}
      onPointerDown={(event) => {
        held.current = true;
        event.currentTarget.setPointerCapture(event.pointerId);
        event.stopPropagation();
      }}
      onPointerMove={drag}
      onPointerUp={() => {
        held.current = false;
      }}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -0.02, ArrowRight: 0.02, Home: -1, End: 1 }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        move(Math.min(1, Math.max(0, share + step)));
      }}
    />
  );
}

/** Where the pointer stands on the other map. */
function Cursor({ of, on }: { of: OlMap; on: OlMap }) {
  const [at, setAt] = useState<number[] | null>(null);
  useEffect(() => {
    const moved = of.on("pointermove", (event) => setAt(on.getPixelFromCoordinate(event.coordinate)));
    const left = (): void => setAt(null);
    of.getViewport()?.addEventListener("pointerleave", left);
    return () => {
      unByKey(moved);
      of.getViewport()?.removeEventListener("pointerleave", left);
    };
  }, [of, on]);
  return at ? <span class="map-cursor" style={{ left: `${at[0] ?? 0}px`, top: `${at[1] ?? 0}px` }} /> : null;
}
