/** Two dates of one place on a small map: swipe, blink or one of them, with an outline over both. */
import Feature from "ol/Feature";
import type OlMap from "ol/Map";
import { unByKey } from "ol/Observable";
import GeoJsonFormat from "ol/format/GeoJSON";
import type Geometry from "ol/geom/Geometry";
import PointGeometry from "ol/geom/Point";
import Modify from "ol/interaction/Modify";
import Snap from "ol/interaction/Snap";
import VectorLayer from "ol/layer/Vector";
import { fromLonLat } from "ol/proj";
import VectorSource from "ol/source/Vector";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { GeoJSON } from "../api/features";
import { words } from "../app/language";
import { Choice } from "../ui/parts";
import { Compare, type Mode } from "./compare";
import { type Date_, collection, evidence } from "./layers";
import { type Bounds, showBounds, viewOf } from "./stage";
import { CORNER, DRAWN, lineStyle } from "./styles";

const w = words({
  mode: ["查看方式", "Way of looking"],
  before: ["前期", "Before"],
  after: ["后期", "After"],
  swipe: ["卷帘", "Swipe"],
  blink: ["闪烁", "Blink"],
});

export interface PairProps {
  /** Scenes of the two dates; null: none. Where the scan is told, its dates are shown as they lie on each other. */
  before: string | null;
  after: string | null;
  scan?: string | null;
  /** Whether what the scan's detector says of every pixel lies over the dates. */
  scores?: boolean;
  /** What is shown at first: west, south, east, north. */
  bbox: Bounds;
  outline: GeoJSON | null;
  /** Whether the outline can be changed, and what it snaps to. */
  edit?: boolean;
  snapTo?: readonly GeoJSON[];
  /** A corner that is chosen, longitude and latitude. */
  corner?: readonly [number, number] | null;
  changed?: (outline: GeoJSON) => void;
  label: string;
  beforeTitle?: string;
  afterTitle?: string;
}

const FORMAT = new GeoJsonFormat({ dataProjection: "EPSG:4326", featureProjection: "EPSG:3857" });
const USUAL_PX = [540, 420];
const CONTEXT_PX = 0.000_9;

function dateOf(props: PairProps, side: "before" | "after"): Date_ | null {
  const scene = props[side];
  if (scene === null) return null;
  return props.scan ? { scan: props.scan, side } : { scene };
}

/** A box that shows what lies around a small building too. */
function roomy([west, south, east, north]: Bounds): Bounds {
  const wide = Math.max(CONTEXT_PX - (east - west), 0.6 * (east - west)) / 2;
  const high = Math.max(0.7 * CONTEXT_PX - (north - south), 0.6 * (north - south)) / 2;
  return [west - wide, south - high, east + wide, north + high];
}

export function PairMap(props: PairProps) {
  const [mode, setMode] = useState<Mode>(props.before && props.after ? "swipe" : props.after ? "after" : "before");
  const [share, setShare] = useState(0.5);
  const [map, setMap] = useState<OlMap | null>(null);
  const view = useMemo(() => {
    const made = viewOf("3857");
    // near enough before its size is known: no tile of the whole country is asked for
    showBounds(made, roomy(props.bbox), 10, 21, USUAL_PX);
    return made;
  }, []);
  const source = useMemo(() => new VectorSource(), []);
  const near = useMemo(() => new VectorSource(), []);
  const chosen = useMemo(() => new VectorSource(), []);
  const latest = useRef(props);
  latest.current = props;
  const key = JSON.stringify(props.outline);

  useEffect(() => {
    source.clear();
    const outline = latest.current.outline;
    if (outline) source.addFeature(new Feature(FORMAT.readGeometry(outline) as Geometry));
  }, [key, source]);

  useEffect(() => {
    near.clear();
    near.addFeatures((latest.current.snapTo ?? []).map((shape) => new Feature(FORMAT.readGeometry(shape) as Geometry)));
  }, [props.snapTo, near]);

  const corner = props.corner?.join(",") ?? "";
  useEffect(() => {
    chosen.clear();
    const at = latest.current.corner;
    if (at) chosen.addFeature(new Feature(new PointGeometry(fromLonLat([...at]))));
  }, [corner, chosen]);

  useEffect(() => {
    if (!map) return undefined;
    showBounds(view, roomy(props.bbox), 10);
    // all that is in sight of this place is drawn: for measures, and for tests
    const key = map.once("rendercomplete", () => map.getTargetElement()?.setAttribute("data-drawn", ""));
    return () => unByKey(key);
  }, [map, view, props.bbox.join(",")]);

  useEffect(() => {
    if (!map || !props.edit) return undefined;
    const modify = new Modify({ source });
    modify.on("modifyend", () => {
      const geometry = source.getFeatures()[0]?.getGeometry();
      if (geometry) latest.current.changed?.(FORMAT.writeGeometryObject(geometry, { decimals: 8 }) as unknown as GeoJSON);
    });
    // the last one is asked first: corners of others go before one's own
    const all = [modify, new Snap({ source, pixelTolerance: 9 }), new Snap({ source: near, pixelTolerance: 9 })];
    for (const one of all) map.addInteraction(one);
    return () => {
      for (const one of all) map.removeInteraction(one);
    };
  }, [map, props.edit, source, near]);

  const offered: (readonly [Mode, string])[] = [["swipe", w.swipe], ["blink", w.blink], ["before", w.before], ["after", w.after]];
  const modes = offered.filter(([name]) => (name === "before" ? props.before : name === "after" ? props.after : props.before && props.after));
  return (
    <div class="pairmap" role="group" aria-label={props.label}>
      {modes.length > 1 ? <Choice label={w.mode} value={mode} choose={setMode} options={modes} /> : null}
      <Compare
        before={dateOf(props, "before")}
        after={dateOf(props, "after")}
        beforeTitle={props.beforeTitle ?? w.before}
        afterTitle={props.afterTitle ?? w.after}
        mode={mode}
        share={share}
        setShare={setShare}
        system="3857"
        view={view}
        layersKey={props.edit ? "edit" : "look"}
        above={() => [...(props.scores && props.scan ? [evidence(props.scan, "3857")] : []), ...(props.edit ? [collection("parcels", "3857", lineStyle("parcels"))] : []), new VectorLayer({ source, style: DRAWN }), new VectorLayer({ source: chosen, style: CORNER })]}
        ready={(made) => {
          // before the first frame: else the whole world is asked for
          showBounds(view, roomy(latest.current.bbox), 10);
          setMap(made);
        }}
      />
    </div>
  );
}
