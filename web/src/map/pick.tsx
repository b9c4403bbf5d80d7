/** A place is chosen on the newest pictures: by a press, or by the middle of the map for those who use no mouse. */
import Feature from "ol/Feature";
import type OlMap from "ol/Map";
import { unByKey } from "ol/Observable";
import PointGeometry from "ol/geom/Point";
import VectorLayer from "ol/layer/Vector";
import { fromLonLat, toLonLat } from "ol/proj";
import VectorSource from "ol/source/Vector";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { words } from "../app/language";
import { useAsked } from "../app/use";
import { type Under, groundLayers, underMap } from "./under";
import type { Point } from "./measure";
import { type Bounds, showBounds, showLayers, stage, viewOf } from "./stage";
import { CORNER } from "./styles";

const w = words({
  map: ["地图：点击选位置；方向键移动，加减号缩放", "Map: press where it is; arrow keys move it, plus and minus zoom"],
  middle: ["取地图中心", "Take the middle of the map"],
  here: ["取本机位置", "Take where I am"],
  notHere: ["本机没有给出位置，请在地图上点选。", "This device tells no place: press it on the map."],
});

const CLOSE = 18;
const COUNTRY: Bounds = [73, 18, 135, 54];

interface Props {
  at: Point | null;
  /** The place, and how well it is known where the device says so, m. */
  pick: (at: Point, accuracy?: number) => void;
}

export function PickMap({ at, pick }: Props) {
  const asked = useAsked("under-map", underMap);
  return asked.value ? <Picked under={asked.value} at={at} pick={pick} /> : null;
}

function Picked({ under, at, pick }: Props & { under: Under }) {
  const box = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<OlMap | null>(null);
  const [lost, setLost] = useState(false);
  const mark = useMemo(() => new VectorSource(), []);
  const latest = useRef({ at, pick });
  latest.current = { at, pick };

  useEffect(() => {
    if (!box.current) return undefined;
    const view = viewOf("3857");
    const start = latest.current.at;
    if (start) {
      view.setCenter(fromLonLat([...start]));
      view.setZoom(CLOSE);
    } else showBounds(view, (under.scenes[0]?.bbox as Bounds | undefined) ?? COUNTRY, 10, 21, [540, 320]);
    const made = stage(box.current, { view, system: "3857", label: w.map });
    showLayers(made, [...groundLayers(under), new VectorLayer({ source: mark, style: CORNER })]);
    const key = made.on("singleclick", (event) => {
      latest.current.pick(toLonLat(event.coordinate) as [number, number]);
    });
    setMap(made);
    return () => {
      unByKey(key);
      made.setTarget();
    };
  }, [under, mark]);

  useEffect(() => {
    mark.clear();
    if (at) mark.addFeature(new Feature(new PointGeometry(fromLonLat([...at]))));
  }, [at?.join(","), mark]);

  const middle = (): void => {
    const center = map?.getView().getCenter();
    if (center) pick(toLonLat(center) as [number, number]);
  };
  const here = (): void => {
    setLost(false);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        map?.getView().setCenter(fromLonLat([coords.longitude, coords.latitude]));
        map?.getView().setZoom(CLOSE);
        pick([coords.longitude, coords.latitude], coords.accuracy);
      },
      () => setLost(true),
      { enableHighAccuracy: true, timeout: 20_000 },
    );
  };
  return (
    <>
      <div class="pickmap">
        <div class="stage" ref={box} />
        <span class="map-middle" aria-hidden="true" />
      </div>
      <div class="row">
        <button type="button" onClick={middle}>
          {w.middle}
        </button>
        {isSecureContext && "geolocation" in navigator ? (
          <button type="button" onClick={here}>
            {w.here}
          </button>
        ) : null}
      </div>
      {lost ? <p class="note" role="status">{w.notHere}</p> : null}
    </>
  );
}
