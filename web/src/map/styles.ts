/** How things are drawn: outlines that stand out on imagery, by colour and by line for those who see no colours. */
import type { FeatureLike } from "ol/Feature";
import PointGeometry from "ol/geom/Point";
import { Circle, Fill, Stroke, Style, Text } from "ol/style";

export const COLOURS = {
  suspected: "#ff453a",
  permitted: "#34c759",
  existing: "#4aa3ff",
  unassessed: "#ffd60a",
} as const;

const CLEAR = new Fill({ color: "rgba(255,255,255,0.01)" });

function line(color: string, width: number, dash?: number[]): Style[] {
  return [
    new Style({ fill: CLEAR, stroke: new Stroke({ color: "rgba(0,0,0,.55)", width: width + 2 }) }),
    new Style({ stroke: new Stroke({ color, width, ...(dash ? { lineDash: dash } : {}) }) }),
  ];
}

const FINDINGS: Record<string, Style[]> = Object.fromEntries(
  Object.entries(COLOURS).map(([name, color]) => [name, line(color, 2, name === "suspected" ? undefined : [6, 4])]),
);
const DISMISSED = line("#9aa5b1", 1.5, [2, 4]);
const CHOSEN = line("#ff9f0a", 4);
const DOT = new Map<string, Style>();

function dot(color: string): Style {
  let style = DOT.get(color);
  if (style === undefined) {
    style = new Style({
      image: new Circle({ radius: 4, fill: new Fill({ color }), stroke: new Stroke({ color: "#000a", width: 1 }) }),
      geometry: (feature) => {
        const extent = feature.getGeometry()?.getExtent();
        if (!extent) return undefined;
        return new PointGeometry([((extent[0] ?? 0) + (extent[2] ?? 0)) / 2, ((extent[1] ?? 0) + (extent[3] ?? 0)) / 2]);
      },
    });
    DOT.set(color, style);
  }
  return style;
}

/** What is not stored yet, and frames of what is. */
export const SKETCHED = [
  new Style({ stroke: new Stroke({ color: "rgba(0,0,0,.55)", width: 4 }), image: new Circle({ radius: 5, fill: new Fill({ color: "#ff9f0a" }), stroke: new Stroke({ color: "#000a", width: 1 }) }) }),
  new Style({ fill: new Fill({ color: "rgba(255,159,10,.18)" }), stroke: new Stroke({ color: "#ff9f0a", width: 2 }) }),
];
export const FRAME = new Style({ stroke: new Stroke({ color: "#fff", width: 1.5, lineDash: [6, 5] }) });

/** A corner that the keyboard moves. */
export const CORNER = new Style({ image: new Circle({ radius: 7, fill: new Fill({ color: "#fff" }), stroke: new Stroke({ color: "#0b57d0", width: 3 }) }) });

/** Metres a pixel in web mercator from where on outlines are too small to be seen. */
const UNIT = 1;

/** Findings of a scan (null: of all); far away they are dots, which are cheap and can be seen. */
export function findingStyle(chosen: () => string | null, scan: string | null) {
  return (feature: FeatureLike, resolution: number): Style | Style[] => {
    if (scan !== null && feature.get("scan_id") !== scan) return [];
    if (feature.getId() === chosen() || feature.get("id") === chosen()) return CHOSEN;
    const status = String(feature.get("status"));
    if (feature.get("judged") === false) return resolution > 4 * UNIT ? [] : DISMISSED;
    const color = COLOURS[status as keyof typeof COLOURS] ?? COLOURS.unassessed;
    return resolution > 4 * UNIT ? dot(color) : (FINDINGS[status] ?? DISMISSED);
  };
}

const LINES: Record<string, Style> = {
  parcels: new Style({ stroke: new Stroke({ color: "#ffe08a", width: 1 }) }),
  permits: new Style({ stroke: new Stroke({ color: "#5ee08a", width: 1.5, lineDash: [8, 4] }) }),
  zones: new Style({ stroke: new Stroke({ color: "#d58bff", width: 1.5 }), fill: new Fill({ color: "rgba(190,120,255,.08)" }) }),
  buildings: new Style({ stroke: new Stroke({ color: "#9ad7ff", width: 1 }) }),
  areas: new Style({ stroke: new Stroke({ color: "#ffffff", width: 2, lineDash: [10, 6] }) }),
  patches: new Style({ stroke: new Stroke({ color: "#ff9ad5", width: 2 }) }),
  structures: new Style({ stroke: new Stroke({ color: "#ffb86b", width: 2 }) }),
  leads: new Style({ stroke: new Stroke({ color: "#ff7ac6", width: 2 }), image: new Circle({ radius: 5, fill: new Fill({ color: "#ff7ac6" }), stroke: new Stroke({ color: "#000a", width: 1 }) }) }),
  cases: new Style({ stroke: new Stroke({ color: "#ff5e00", width: 3 }), image: new Circle({ radius: 6, fill: new Fill({ color: "#ff5e00" }), stroke: new Stroke({ color: "#000a", width: 1 }) }) }),
  coverage: new Style({ fill: new Fill({ color: "rgba(47,158,85,.25)" }), stroke: new Stroke({ color: "rgba(47,158,85,.6)", width: 1 }) }),
  blind_spots: new Style({ fill: new Fill({ color: "rgba(220,38,38,.32)" }), stroke: new Stroke({ color: "rgba(220,38,38,.8)", width: 1 }) }),
};

/** The style of a collection that is no findings. */
export function lineStyle(name: string): Style {
  return LINES[name] ?? new Style({ stroke: new Stroke({ color: "#fff", width: 1.5 }) });
}

/** An outline that somebody draws or measures. */
export const DRAWN = [
  new Style({ fill: new Fill({ color: "rgba(255,159,10,.15)" }), stroke: new Stroke({ color: "#000a", width: 5 }) }),
  new Style({ stroke: new Stroke({ color: "#ff9f0a", width: 3 }), image: new Circle({ radius: 6, fill: new Fill({ color: "#ff9f0a" }), stroke: new Stroke({ color: "#000", width: 1 }) }) }),
];

/** A label beside what is measured. */
export function label(text: string): Style {
  return new Style({ text: new Text({ text, font: '600 13px "Noto Sans CJK SC", "Microsoft YaHei", sans-serif', fill: new Fill({ color: "#fff" }), stroke: new Stroke({ color: "#000", width: 4 }), overflow: true, offsetY: -14 }) });
}
