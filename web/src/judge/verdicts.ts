/** Verdicts over HTTP: who judges is who has signed in. */
import { type Schemas, api, ask, send } from "../api/client";
import type { Verdict } from "./agree";
import type { Told } from "./sitting";

export type Judged = Schemas["Judged"];

export async function verdictsOf(finding: string): Promise<Verdict[]> {
  return (await ask(api.GET("/findings/{finding_id}/verdicts", { params: { path: { finding_id: finding } } }))).verdicts;
}

export function judge(finding: string, told: Told): Promise<Judged> {
  return send<Judged>("POST", `/findings/${encodeURIComponent(finding)}/verdicts`, {
    verdict: told.verdict,
    ...(told.reason ? { reason: told.reason } : {}),
    ...(told.note.trim() ? { note: told.note.trim() } : {}),
    ...(told.verdict && told.outline ? { outline: told.outline } : {}),
    ...(told.purpose ? { purpose: told.purpose } : {}),
  });
}

/** Take back one's own; the verdict that counts now, null where the finding is open again. */
export async function withdraw(finding: string, verdict: string): Promise<Verdict | null> {
  const path = { finding_id: finding, verdict_id: verdict };
  return (await ask(api.DELETE("/findings/{finding_id}/verdicts/{verdict_id}", { params: { path } }))).counts;
}
