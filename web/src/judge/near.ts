/** What an outline may snap to: parcels and other findings around it. */
import { type GeoJSON, items } from "../api/features";
import { useAsked } from "../app/use";
import { boundsOf } from "./load";

const AROUND = 0.000_6;
const MOST = 200;

/** What is asked of each: its shape, and of its words one that tells of nobody. */
const ASKED = { parcels: "parcel_id", findings: "change" } as const;

async function around(collection: keyof typeof ASKED, box: string, but: string): Promise<GeoJSON[]> {
  const page = await items(collection, { bbox: box, limit: MOST, properties: ASKED[collection] });
  return page.features.flatMap((one) => (one.geometry && one.id !== but ? [one.geometry] : []));
}

const NONE: readonly GeoJSON[] = [];

/** Their shapes, read where an outline is being changed; without a layer of parcels there are none. */
export function useNear(id: string, shape: GeoJSON | null, on: boolean): readonly GeoJSON[] {
  const asked = useAsked(on ? id : "", async () => {
    if (!on || shape === null) return { id: "", shapes: NONE };
    const [west, south, east, north] = boundsOf(shape);
    const box = [west - AROUND, south - AROUND, east + AROUND, north + AROUND].map((x) => x.toFixed(7)).join(",");
    const found = await Promise.all((["parcels", "findings"] as const).map((name) => around(name, box, id).catch((): GeoJSON[] => [])));
    return { id, shapes: found.flat() };
  });
  return on && asked.value?.id === id ? asked.value.shapes : NONE;
}
