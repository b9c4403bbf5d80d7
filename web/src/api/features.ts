/** Features of the collections: findings, structures, leads, cases, scenes, layers. */
import { getJson } from "./client";

export interface Feature<P = Record<string, unknown>> {
  type: "Feature";
  id: string;
  geometry: GeoJSON | null;
  properties: P;
  bbox?: number[];
}

export interface GeoJSON {
  type: string;
  coordinates: unknown;
}

export interface Collection<P = Record<string, unknown>> {
  type: "FeatureCollection";
  features: Feature<P>[];
  numberMatched?: number;
  numberReturned?: number;
  links?: { rel: string; href: string }[];
}

export interface Reason {
  code: string;
  certainty: "certain" | "possible" | "within_error";
  message: string;
  message_zh: string;
  article?: string | null;
  severity?: string | null;
}

export interface Finding {
  scan_id: string;
  status: "suspected" | "permitted" | "existing" | "unassessed";
  change: "appeared" | "disappeared" | "altered";
  confidence: number;
  area_m2: number;
  area_error_m2: number | null;
  stage: string;
  priority: number | null;
  judged: boolean | null;
  judged_reason: string | null;
  suppressed_by: string | null;
  structure_id: string | null;
  before_acquired_at: string;
  after_acquired_at: string;
  reasons: Reason[] | null;
  cues: unknown;
  flags: string[];
  parcel_ids: string[];
  permit_ids: string[];
  outline_error_m: number | null;
  height_gain_m: number | null;
}

export interface SceneFacts {
  acquired_at: string;
  file_name: string;
  gsd_m: number;
  crs: string;
  bands: string[];
  dtype: string;
  width: number;
  height: number;
  usable_share: number | null;
  size_bytes: number;
  secrecy: string;
  created_at: string;
}

export type Scene = Feature<SceneFacts>;

export type Query = Record<string, string | number | undefined>;

/** A page of a collection. */
export function items<P = Record<string, unknown>>(collection: string, query: Query = {}): Promise<Collection<P>> {
  return getJson<Collection<P>>(`/collections/${collection}/items`, query);
}

/** One feature of a collection. */
export function item<P = Record<string, unknown>>(collection: string, id: string): Promise<Feature<P>> {
  return getJson<Feature<P>>(`/collections/${collection}/items/${encodeURIComponent(id)}`);
}

/** Scenes, the latest first. */
export async function allScenes(): Promise<Scene[]> {
  return (await items<SceneFacts>("scenes", { sortby: "-acquired_at", limit: 500 })).features;
}
