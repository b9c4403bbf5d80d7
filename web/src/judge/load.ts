/** Findings and their pictures, fetched before they are looked at. */
import { signal } from "@preact/signals";
import { root } from "../api/client";
import { type Feature, type Finding, type GeoJSON, type Reason, item } from "../api/features";
import { scenesOf } from "../api/scans";

export interface FullReason extends Reason {
  basis?: string | null;
  measured?: { fact: string; value: number; error: number; limit: number; unit: string } | null;
  parcel_id?: string;
  permit_id?: string;
}

export interface FullFinding extends Omit<Finding, "reasons" | "cues"> {
  reasons: FullReason[] | null;
  cues: string[] | null;
  severity: string | null;
  consequence: string | null;
  authority: string | null;
  storeys: number | null;
}

export interface Loaded {
  finding: Feature<FullFinding>;
  /** Scenes of the two dates; null where the scan cannot be seen. */
  before: string | null;
  after: string | null;
}

/** What was fetched by id, or why it was not. */
export const known = signal<ReadonlyMap<string, Loaded | Error>>(new Map());

const asked = new Set<string>();

export function chipOf(id: string): string {
  return `${root}/findings/${encodeURIComponent(id)}/chip.png`;
}

function keep(id: string, value: Loaded | Error): void {
  known.value = new Map(known.value).set(id, value);
}

/** Fetch a finding and its picture, once. */
export async function want(id: string): Promise<void> {
  if (asked.has(id)) return;
  asked.add(id);
  new Image().src = chipOf(id);
  try {
    const finding = await item<FullFinding>("findings", id);
    const scenes = await scenesOf(finding.properties.scan_id);
    keep(id, { finding, before: scenes?.before ?? null, after: scenes?.after ?? null });
  } catch (error) {
    asked.delete(id);
    keep(id, error instanceof Error ? error : new Error(String(error)));
  }
}

/** What is kept of a finding says what it said before its verdict. */
export function forget(id: string): void {
  asked.delete(id);
  void want(id);
}

/** The box of a shape: west, south, east, north. */
export function boundsOf(shape: GeoJSON | null): [number, number, number, number] {
  let box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  const walk = (part: unknown): void => {
    if (!Array.isArray(part)) return;
    const [x, y] = part as unknown[];
    if (typeof x === "number" && typeof y === "number") box = [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x), Math.max(box[3], y)];
    else part.forEach(walk);
  };
  walk(shape?.coordinates);
  return box;
}
