/** What the map shows, as its address tells it: a link shows what its sender saw. */
import { href } from "../app/router";
import type { Mode } from "../map/compare";
import type { System } from "../map/systems";

export const MODES: readonly Mode[] = ["swipe", "blink", "side", "opacity", "before", "after"];
export const COLLECTIONS = ["findings", "structures", "leads", "cases", "parcels", "permits", "zones", "buildings", "areas", "patches", "coverage", "blind_spots"] as const;
/** Layers that are pictures of the scan or of its later date. */
export const EXTRA = ["scores", "mask", "shift"] as const;
export type CollectionName = (typeof COLLECTIONS)[number];

export interface LookState {
  scan: string | null;
  before: string | null;
  after: string | null;
  mode: Mode;
  /** Longitude, latitude, level; null: all of the pair. */
  at: readonly [number, number, number] | null;
  layers: readonly CollectionName[];
  extra: readonly string[];
  finding: string | null;
  system: System;
  base: "none" | "vec" | "img";
  status: string;
}

function numbers(text: string | null): readonly [number, number, number] | null {
  const [lon, lat, zoom] = (text ?? "").split(",").map(Number);
  const good = [lon, lat, zoom].every((value) => value !== undefined && Number.isFinite(value)) && !text?.startsWith(",");
  return good ? [lon as number, lat as number, zoom as number] : null;
}

export function readState(query: URLSearchParams): LookState {
  const mode = query.get("mode") as Mode | null;
  const names = (query.get("layers") ?? "findings").split(",");
  return {
    scan: query.get("scan"),
    before: query.get("before"),
    after: query.get("after"),
    mode: mode !== null && MODES.includes(mode) ? mode : "swipe",
    at: numbers(query.get("at")) ?? numbers(`${query.get("lon") ?? ""},${query.get("lat") ?? ""},18`),
    layers: COLLECTIONS.filter((name) => names.includes(name)),
    extra: EXTRA.filter((name) => names.includes(name)),
    finding: query.get("finding"),
    system: query.get("crs") === "4490" ? "4490" : "3857",
    base: (["vec", "img"] as const).find((kind) => kind === query.get("base")) ?? "none",
    status: query.get("status") ?? "",
  };
}

export function addressOf(state: LookState): string {
  const layers = [...state.layers, ...state.extra].join(",");
  return href("look", {
    scan: state.scan,
    before: state.scan ? null : state.before,
    after: state.scan ? null : state.after,
    mode: state.mode === "swipe" ? null : state.mode,
    at: state.at ? `${state.at[0].toFixed(6)},${state.at[1].toFixed(6)},${state.at[2].toFixed(2)}` : null,
    layers: layers === "findings" ? null : layers || "none",
    finding: state.finding,
    crs: state.system === "3857" ? null : state.system,
    base: state.base === "none" ? null : state.base,
    status: state.status,
  });
}
