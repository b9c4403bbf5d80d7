/** Layers of the map: imagery of dates, vector tiles of collections, and base maps where the bureau has a key. */
import MVT from "ol/format/MVT";
import type BaseLayer from "ol/layer/Base";
import TileLayer from "ol/layer/Tile";
import VectorTileLayer from "ol/layer/VectorTile";
import VectorTileSource from "ol/source/VectorTile";
import XYZ from "ol/source/XYZ";
import type { StyleLike } from "ol/style/Style";
import { root } from "../api/client";
import { type System, codeOf, gridOf, schemeOf } from "./systems";

/** Where a date is drawn: a scene as it is, or a side of a scan, where the dates lie on each other. */
export type Date_ = { scene: string } | { scan: string; side: "before" | "after" };

/** Imagery of a date. */
export function imagery(date: Date_, system: System): TileLayer<XYZ> {
  const where = "scene" in date ? `scenes/${encodeURIComponent(date.scene)}` : `scans/${encodeURIComponent(date.scan)}`;
  const side = "scene" in date ? "" : `/${date.side}`;
  return new TileLayer({
    preload: 1,
    source: new XYZ({
      projection: codeOf(system),
      tileGrid: gridOf(system),
      url: `${root}/${where}/tiles${side}/${schemeOf(system)}/{z}/{x}/{y}.webp`,
      transition: 0,
    }),
  });
}

/** The mask of a scene: what of it shows the ground. */
export function mask(scene: string, system: System): TileLayer<XYZ> {
  return new TileLayer({
    opacity: 0.55,
    source: new XYZ({ projection: codeOf(system), tileGrid: gridOf(system), url: `${root}/scenes/${encodeURIComponent(scene)}/mask/tiles/${schemeOf(system)}/{z}/{x}/{y}.png` }),
  });
}

/** The shift field of a scan. */
export function shift(scan: string, system: System): TileLayer<XYZ> {
  return new TileLayer({
    opacity: 0.7,
    source: new XYZ({ projection: codeOf(system), tileGrid: gridOf(system), url: `${root}/scans/${encodeURIComponent(scan)}/shift/tiles/${schemeOf(system)}/{z}/{x}/{y}.png` }),
  });
}

/** What the detector of a scan says of every pixel; nothing is judged from afar. */
export function evidence(scan: string, system: System): TileLayer<XYZ> {
  return new TileLayer({
    opacity: 0.8,
    minZoom: 15,
    source: new XYZ({ projection: codeOf(system), tileGrid: gridOf(system), url: `${root}/scans/${encodeURIComponent(scan)}/evidence/tiles/${schemeOf(system)}/{z}/{x}/{y}.png` }),
  });
}

const CADASTRE = new Set(["parcels", "permits", "zones", "buildings", "areas", "patches"]);

/** Vector tiles of a collection; those of layers end at level 16 and are drawn larger beyond it. */
export function collection(name: string, system: System, style: StyleLike): VectorTileLayer {
  const cadastre = CADASTRE.has(name);
  return new VectorTileLayer({
    // what is drawn once stays a picture while the map moves: 200,000 parcels on an office PC
    renderMode: "hybrid",
    renderBuffer: 24,
    declutter: false,
    updateWhileAnimating: false,
    updateWhileInteracting: false,
    minZoom: cadastre && name !== "areas" && name !== "zones" ? 13 : 0,
    style,
    properties: { collection: name },
    source: new VectorTileSource({
      format: new MVT({ idProperty: "id" }),
      projection: codeOf(system),
      tileGrid: gridOf(system, cadastre ? 16 : 18, cadastre ? 10 : 1, 512),
      url: `${root}/collections/${name}/tiles/${schemeOf(system)}/{z}/{x}/{y}.mvt`,
      transition: 0,
    }),
  });
}

/** Tianditu's key, where the bureau has one. */
export const tiandituKey = document.querySelector<HTMLMetaElement>('meta[name="tianditu"]')?.content ?? "";

/** A base map of Tianditu: `vec` or `img` with its names. */
export function tianditu(kind: "vec" | "img", system: System): BaseLayer[] {
  const set = system === "3857" ? "w" : "c";
  return [kind, kind === "vec" ? "cva" : "cia"].map(
    (layer) =>
      new TileLayer({
        source: new XYZ({
          projection: codeOf(system),
          tileGrid: gridOf(system, 18),
          url: `https://t{0-7}.tianditu.gov.cn/DataServer?T=${layer}_${set}&x={x}&y={y}&l={z}&tk=${encodeURIComponent(tiandituKey)}`,
        }),
      }),
  );
}
