/** Outlines that are not stored yet, on the newest pictures and among what is on file. */
import Feature from "ol/Feature";
import GeoJsonFormat from "ol/format/GeoJSON";
import type Geometry from "ol/geom/Geometry";
import { fromExtent } from "ol/geom/Polygon";
import VectorLayer from "ol/layer/Vector";
import { transformExtent } from "ol/proj";
import VectorSource from "ol/source/Vector";
import { useEffect, useRef } from "preact/hooks";
import type { GeoJSON } from "../api/features";
import { words } from "../app/language";
import { useAsked } from "../app/use";
import { type Under, groundLayers, underMap } from "./under";
import { type Bounds, showBounds, showLayers, stage, viewOf } from "./stage";
import { FRAME, SKETCHED } from "./styles";

const w = words({ map: ["地图：方向键移动，加减号缩放", "Map: arrow keys move it, plus and minus zoom"] });
const FORMAT = new GeoJsonFormat({ dataProjection: "EPSG:4326", featureProjection: "EPSG:3857" });
/** Web mercator ends here; what lies beyond has wrong coordinates anyway, and is drawn at the edge. */
const POLE = 85;

interface Props {
  outlines: readonly GeoJSON[];
  bbox: Bounds;
  /** Boxes of what is on file: a file that lies elsewhere shows at once. */
  others: readonly Bounds[];
  label: string;
}

export function OutlineMap(props: Props) {
  const asked = useAsked("under-map", underMap);
  return asked.value ? <Drawn {...props} under={asked.value} /> : null;
}

function Drawn({ outlines, bbox, others, label, under }: Props & { under: Under }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!box.current) return undefined;
    const view = viewOf("3857");
    const all = [bbox, ...others].map(onEarth);
    showBounds(view, [Math.min(...all.map((one) => one[0])), Math.min(...all.map((one) => one[1])), Math.max(...all.map((one) => one[2])), Math.max(...all.map((one) => one[3]))], 20, 19, [540, 320]);
    const map = stage(box.current, { view, system: "3857", label: w.map });
    const framed = others.map((one) => new Feature(fromExtent(transformExtent([...onEarth(one)], "EPSG:4326", "EPSG:3857"))));
    const drawn = outlines.map((one) => new Feature(FORMAT.readGeometry(one) as Geometry));
    showLayers(map, [
      ...groundLayers(under),
      new VectorLayer({ source: new VectorSource({ features: framed }), style: FRAME }),
      new VectorLayer({ source: new VectorSource({ features: drawn }), style: SKETCHED }),
    ]);
    const target = box.current;
    map.once("rendercomplete", () => target.setAttribute("data-drawn", ""));
    return () => map.setTarget();
  }, [outlines, under, bbox.join(","), JSON.stringify(others)]);
  return (
    <div class="outlinemap" role="group" aria-label={label}>
      <div class="stage" ref={box} />
    </div>
  );
}

function onEarth([west, south, east, north]: Bounds): Bounds {
  const within = (value: number): number => Math.max(-POLE, Math.min(POLE, value));
  return [west, within(south), east, within(north)];
}
