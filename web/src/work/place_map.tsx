/** A place on the newest picture of it, or on the newest two: to be looked at, or its corners moved. */
import { type GeoJSON, type SceneFacts, items } from "../api/features";
import { area, day } from "../app/format";
import { words } from "../app/language";
import { useAsked } from "../app/use";
import { type Point, geodesicArea } from "../map/measure";
import { PairMap } from "../map/pair";
import { around, boundsOf } from "../map/places";

const w = words({ title: ["位置", "The place"], newest: ["最近影像", "Newest picture"], size: ["范围面积", "Its area"] });

/** Area of a polygon or several, m²; null: no polygon. */
export function sizeOf(shape: GeoJSON | null | undefined): number | null {
  if (shape?.type === "Polygon") return geodesicArea(shape.coordinates as Point[][]);
  if (shape?.type === "MultiPolygon") return (shape.coordinates as Point[][][]).reduce((sum, rings) => sum + geodesicArea(rings), 0);
  return null;
}

interface Props {
  outline: GeoJSON;
  /** What the map goes to at first and does not leave while the outline is changed; else the outline. */
  about?: GeoJSON;
  changed?: (outline: GeoJSON) => void;
  /** Whether the picture before the newest lies beside it: to see what is new. */
  both?: boolean;
}

export function PlaceMap({ outline, about = outline, changed, both = false }: Props) {
  const box = around(about);
  const bbox = boundsOf(about)?.join(",");
  const scenes = useAsked(`newest/${bbox}`, async () => (bbox ? (await items<SceneFacts>("scenes", { bbox, sortby: "-acquired_at", limit: both ? 2 : 1 })).features : []));
  if (box === null || scenes.loading) return null;
  const [newest, earlier] = scenes.value ?? [];
  return (
    <>
      <div class="work-pair">
        <PairMap
          before={earlier?.id ?? null}
          after={newest?.id ?? null}
          bbox={box}
          outline={outline}
          edit={changed !== undefined}
          {...(changed ? { changed } : {})}
          label={w.title}
          beforeTitle={day(earlier?.properties.acquired_at)}
          afterTitle={`${w.newest} ${day(newest?.properties.acquired_at)}`}
        />
      </div>
      <p class="note">
        {w.size} {area(sizeOf(outline))}
      </p>
    </>
  );
}
