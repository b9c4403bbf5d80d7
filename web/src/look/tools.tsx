/** What officers do on the map besides looking: measure, and copy coordinates. */
import type OlMap from "ol/Map";
import { unByKey } from "ol/Observable";
import type { LineString, Polygon } from "ol/geom";
import Draw from "ol/interaction/Draw";
import VectorLayer from "ol/layer/Vector";
import { transform } from "ol/proj";
import VectorSource from "ol/source/Vector";
import { useEffect, useMemo, useState } from "preact/hooks";
import { area, number } from "../app/format";
import { told } from "../app/language";
import { href } from "../app/router";
import { may } from "../app/session";
import { gaussKrueger, toGcj02 } from "../map/coordinates";
import { type Point, geodesicArea, geodesicLength } from "../map/measure";
import { DRAWN, label } from "../map/styles";
import { toast } from "../ui/toast";
import { w } from "./words";

type Kind = "none" | "length" | "area";

function lonlat(points: number[][], projection: string): Point[] {
  return points.map((point) => transform(point, projection, "EPSG:4326") as [number, number]);
}

function measured(geometry: LineString | Polygon, projection: string): string {
  if (geometry.getType() === "Polygon") return area(geodesicArea((geometry as Polygon).getCoordinates().map((ring) => lonlat(ring, projection))));
  const metres = geodesicLength(lonlat((geometry as LineString).getCoordinates(), projection));
  return metres < 1_000 ? `${number(metres, 1)} m` : `${number(metres / 1_000, 3)} km`;
}

/** Lengths and areas on the ellipsoid, drawn on the map. */
export function Measure({ map }: { map: OlMap | null }) {
  const [kind, setKind] = useState<Kind>("none");
  const [last, setLast] = useState("");
  const source = useMemo(() => new VectorSource(), []);
  useEffect(() => {
    if (!map) return undefined;
    const projection = map.getView().getProjection().getCode();
    const layer = new VectorLayer({
      source,
      zIndex: 900,
      style: (feature) => [...DRAWN, label(measured(feature.getGeometry() as LineString | Polygon, projection))],
    });
    layer.setMap(map);
    return () => layer.setMap(null);
  }, [map, source]);
  useEffect(() => {
    if (!map || kind === "none") return undefined;
    const projection = map.getView().getProjection().getCode();
    const draw = new Draw({ source, type: kind === "area" ? "Polygon" : "LineString", style: DRAWN });
    draw.on("drawend", (event) => {
      setLast(measured(event.feature.getGeometry() as LineString | Polygon, projection));
    });
    map.addInteraction(draw);
    return () => {
      map.removeInteraction(draw);
    };
  }, [map, kind, source]);
  const clear = (): void => {
    source.clear();
    setKind("none");
    setLast("");
  };
  return (
    <div class="look-tool" role="group" aria-label={w.measure}>
      <span>{w.measure}</span>
      <button type="button" aria-pressed={kind === "length"} onClick={() => setKind(kind === "length" ? "none" : "length")}>
        {w.length}
      </button>
      <button type="button" aria-pressed={kind === "area"} onClick={() => setKind(kind === "area" ? "none" : "area")}>
        {w.area}
      </button>
      <button type="button" onClick={clear}>
        {w.clear}
      </button>
      <output aria-live="polite">{last || (kind === "none" ? "" : w.hint)}</output>
    </div>
  );
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // without HTTPS browsers give no clipboard to scripts
    const box = document.createElement("textarea");
    box.value = text;
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
  toast(`${w.copied}: ${text}`);
}

/** The coordinates of the place that was clicked last, each to be copied. */
export function Coordinates({ map }: { map: OlMap | null }) {
  const [at, setAt] = useState<Point | null>(null);
  useEffect(() => {
    if (!map) return undefined;
    const key = map.on("singleclick", (event) => {
      setAt(transform(event.coordinate, map.getView().getProjection(), "EPSG:4326") as [number, number]);
    });
    return () => unByKey(key);
  }, [map]);
  if (at === null) return <p class="note">{w.clickPlace}</p>;
  const [lon, lat] = at;
  const plane = gaussKrueger(lon, lat);
  const shown = toGcj02(lon, lat);
  const rows: [string, string][] = [
    ["CGCS2000", `${lon.toFixed(6)}, ${lat.toFixed(6)}`],
    [`${w.belt} ${plane.number} (EPSG:${plane.epsg})`, `X ${plane.x.toFixed(2)}, Y ${plane.y.toFixed(2)}`],
    [w.gcj, `${shown[0].toFixed(6)}, ${shown[1].toFixed(6)}`],
  ];
  return (
    <>
      <dl class="look-place">
        {rows.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{text}</code>
              <button type="button" class="plain" aria-label={`${told("复制", "Copy")} ${name}`} onClick={() => void copy(text)}>
                ⧉
              </button>
            </dd>
          </div>
        ))}
      </dl>
      {may("leads") ? <a href={href("leads", { record: `${lon.toFixed(6)},${lat.toFixed(6)}` })}>{w.record}</a> : null}
    </>
  );
}

export { copy };
