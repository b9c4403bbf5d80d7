/** What leads are called: sources, states, verdicts. */
import { wordOf } from "../app/language";

export interface LeadProps {
  state: string;
  verdict: number;
  verdict_title: string;
  verdict_zh: string;
  ground_zh: string | null;
  priority: number;
  source: string;
  sources: string[];
  reports: number;
  independent_sources: number;
  stage: string | null;
  rebuilt: boolean;
  structure_id: string | null;
  finding_ids: string[];
  case_id: string | null;
  first_seen: string;
  last_seen: string;
}

export const SOURCES: Record<string, readonly [string, string]> = {
  scan: ["影像图斑", "imagery"],
  patrol: ["日常巡查", "patrol"],
  hotline: ["12345热线", "12345 hotline"],
  camera: ["视频监控", "camera"],
  drone: ["无人机", "drone"],
  bureau: ["其他部门图斑", "another bureau"],
  expiry: ["临时许可到期", "permit ran out"],
  rebuilding: ["原址复建", "rebuilding"],
};
/** What people send; the others come by themselves. */
export const SENT = ["patrol", "hotline", "camera", "drone", "bureau"] as const;
export const LEAD_STATES: Record<string, readonly [string, string]> = {
  open: ["待核查", "open"],
  judged: ["已核查", "judged"],
  case: ["已转案件", "with a case"],
  dismissed: ["已排除", "dismissed"],
};
export const STAGES: Record<string, readonly [string, string]> = {
  earthworks: ["推堆土", "earthworks"],
  foundation: ["基础", "foundation"],
  under_construction: ["在建", "under construction"],
  finished: ["建成", "finished"],
};

export function sourceWord(source: string): string {
  return wordOf(SOURCES, source);
}
