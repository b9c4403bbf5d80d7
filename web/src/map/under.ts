/** What lies under a small map: the newest pictures of the ground, and the base map where the bureau has one. */
import type BaseLayer from "ol/layer/Base";
import { fromLonLat } from "ol/proj";
import { type Scene, type SceneFacts, items } from "../api/features";
import { groundOf } from "../app/ground";
import { collection, imagery, tianditu, tiandituKey } from "./layers";
import { lineStyle } from "./styles";

/** A district is seldom one file. */
const SCENES = 12;

export interface Under {
  /** The newest first. */
  scenes: readonly Scene[];
  /** Whether there are parcels on file: tiles of what is not there are not asked for. */
  parcels: boolean;
}

export async function underMap(): Promise<Under> {
  const [{ features }, { layers }] = await Promise.all([items<SceneFacts>("scenes", { sortby: "-acquired_at", limit: SCENES }), groundOf()]);
  return { scenes: features, parcels: layers.has("parcels") };
}

/** Pictures, the newest above the others and nothing asked for beyond them; then the parcels. */
export function groundLayers({ scenes, parcels }: Under): BaseLayer[] {
  const pictures = [...scenes].reverse().map((one) => {
    const layer = imagery({ scene: one.id }, "3857");
    if (one.bbox) layer.setExtent([...fromLonLat(one.bbox.slice(0, 2)), ...fromLonLat(one.bbox.slice(2, 4))]);
    return layer;
  });
  return [...(tiandituKey ? tianditu("img", "3857") : []), ...pictures, ...(parcels ? [collection("parcels", "3857", lineStyle("parcels"))] : [])];
}
