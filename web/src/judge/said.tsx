/** Verdicts in words: what, by whom, when. */
import { minute } from "../app/format";
import { wordOf } from "../app/language";
import { useAsked } from "../app/use";
import { Await, Mark } from "../ui/parts";
import type { Verdict } from "./agree";
import { CUES } from "../app/terms";
import { verdictsOf } from "./verdicts";
import { w } from "./words";

export function verdictText(told: { verdict: boolean; reason: string | null }): string {
  return told.verdict ? w.right : `${w.dismissed}${wordOf(CUES, told.reason)}`;
}

export function Said({ verdict, counts }: { verdict: Verdict; counts?: boolean }) {
  return (
    <>
      <span class="row">
        <Mark tone={verdict.verdict ? "good" : "plain"}>{verdictText(verdict)}</Mark>
        {counts ? <Mark tone="info">{w.counts}</Mark> : null}
      </span>
      <small>
        {verdict.judged_by} · {minute(verdict.judged_at)}
        {verdict.outline ? ` · ${w.withOutline}` : ""}
      </small>
      {verdict.note ? <p class="note">{verdict.note}</p> : null}
    </>
  );
}

/** All that was said of a finding, the one that counts first. */
export function History({ id, round }: { id: string; round: string }) {
  const asked = useAsked(`${id} ${round}`, async () => ({ id, verdicts: await verdictsOf(id) }));
  return (
    <Await asked={asked}>
      {(found) =>
        found.id !== id || found.verdicts.length === 0 ? null : (
          <section class="judge-history">
            <h3>{w.history}</h3>
            <ul class="list">
              {[...found.verdicts].reverse().map((one, at) => (
                <li key={one.id}>
                  <Said verdict={one} counts={at === 0} />
                </li>
              ))}
            </ul>
          </section>
        )
      }
    </Await>
  );
}
