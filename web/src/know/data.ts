/** What is asked of the service about a structure. */
import { type Schemas, api, ask } from "../api/client";
import { type Feature, item, items } from "../api/features";
import type { FullFinding } from "../judge/load";
import { each } from "../app/each";

export interface Grown {
  on: string;
  area_m2: number;
  height_m: number | null;
  finding_id: string;
}

export interface Structure {
  state: string;
  status: string;
  first_seen: string;
  last_absent: string | null;
  last_seen: string;
  gone_on: string | null;
  area_m2: number;
  height_m: number | null;
  merged_into: string | null;
  split_from: string | null;
  rebuilt_of: string | null;
  growth: Grown[];
  finding_ids: string[];
}

export interface Life {
  structure: Feature<Structure>;
  seen: number;
  usable: number;
  unknown: number;
  looks: Schemas["LookOut"][];
  /** Those that the caller may see, the earliest first. */
  findings: Feature<FullFinding>[];
}

const AT_ONCE = 4;

export async function lifeOf(id: string): Promise<Life> {
  const told = await ask(api.GET("/structures/{structure_id}", { params: { path: { structure_id: id } } }));
  const structure = told.structure as unknown as Feature<Structure>;
  const asked = await each(structure.properties.finding_ids, (one) => item<FullFinding>("findings", one).catch(() => null), AT_ONCE);
  const findings = asked.filter((one) => one !== null);
  findings.sort((a, b) => Date.parse(a.properties.after_acquired_at) - Date.parse(b.properties.after_acquired_at));
  return { structure, seen: told.seen, usable: told.usable_looks, unknown: told.unknown_looks, looks: told.looks, findings };
}

export interface CaseRow {
  serial: string;
  state: string;
  outcome: string | null;
  opened_at: string;
  closed_at: string | null;
  due_at: string | null;
}

export interface LeadRow {
  state: string;
  verdict: number;
  verdict_title: string;
  verdict_zh: string;
  sources: string[];
  changed_at: string;
}

const MOST = 100;

export async function casesOf(structure: string): Promise<Feature<CaseRow>[]> {
  return (await items<CaseRow>("cases", { structure_id: structure, sortby: "-opened_at", limit: MOST })).features;
}

export async function leadsOf(structure: string): Promise<Feature<LeadRow>[]> {
  return (await items<LeadRow>("leads", { structure_id: structure, limit: MOST })).features;
}
