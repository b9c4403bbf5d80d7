/** Verdicts over HTTP. */
import { api, ask, send } from "../api/client";
import type { Verdict } from "./agree";
import type { Told } from "./sitting";

export async function verdictsOf(finding: string): Promise<Verdict[]> {
  return (await ask(api.GET("/findings/{finding_id}/verdicts", { params: { path: { finding_id: finding } } }))).verdicts;
}

export function judge(finding: string, told: Told, by: string): Promise<Verdict> {
  return send<Verdict>("POST", `/findings/${encodeURIComponent(finding)}/verdicts`, {
    verdict: told.verdict,
    judged_by: by,
    ...(told.reason ? { reason: told.reason } : {}),
    ...(told.note.trim() ? { note: told.note.trim() } : {}),
    ...(told.verdict && told.outline ? { outline: told.outline } : {}),
    ...(told.purpose ? { purpose: told.purpose } : {}),
  });
}
