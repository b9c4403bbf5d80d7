/** The findings of a structure: pictures in a row, then each with measures, reasons, verdicts and why it is assessed so. */
import { useState } from "preact/hooks";
import { type Schemas, api, ask, root } from "../api/client";
import type { Feature } from "../api/features";
import { day, number, percent } from "../app/format";
import { language, told, wordOf } from "../app/language";
import { href } from "../app/router";
import { may } from "../app/session";
import { useAsked } from "../app/use";
import { ErrorBar, Marks, Measures, ReasonList } from "../judge/facts";
import { type FullFinding, chipOf } from "../judge/load";
import { Said } from "../judge/said";
import { CHANGE, CUES } from "../app/terms";
import { verdictsOf } from "../judge/verdicts";
import { Await, Empty, Facts, Mark, Panel } from "../ui/parts";
import { EvidenceMap } from "./evidence";
import { Explanation } from "./explain";
import { DETECTOR, GATE, TIER, w } from "./words";

type Finding = FullFinding & { tier?: string };

export function Timeline({ findings }: { findings: readonly Feature<FullFinding>[] }) {
  if (findings.length === 0) return null;
  return (
    <Panel title={w.timeline}>
      <ol class="know-timeline" tabIndex={0} aria-label={w.timeline}>
        {findings.map((one) => (
          <li key={one.id}>
            <a href={`#finding-${one.id}`} onClick={(event) => {
              // the hash is the address of the view
              event.preventDefault();
              const card = document.getElementById(`finding-${one.id}`);
              card?.scrollIntoView({ block: "start" });
              card?.focus({ preventScroll: true });
            }}>
              <img src={chipOf(one.id)} alt={w.chip} loading="lazy" />
              <span>
                {day(one.properties.before_acquired_at)} – {day(one.properties.after_acquired_at)}
              </span>
            </a>
            <Mark tone="info">{wordOf(CHANGE, one.properties.change)}</Mark> {number(one.properties.area_m2, 0)} m²
          </li>
        ))}
      </ol>
    </Panel>
  );
}

export function FindingCards({ findings, round }: { findings: readonly Feature<FullFinding>[]; round: number }) {
  if (findings.length === 0) {
    return (
      <Panel title={w.findings}>
        <Empty>{w.noFindings}</Empty>
      </Panel>
    );
  }
  return (
    <>
      {[...findings].reverse().map((one) => (
        <FindingCard key={one.id} finding={one} round={round} />
      ))}
    </>
  );
}

function FindingCard({ finding, round }: { finding: Feature<Finding>; round: number }) {
  const it = finding.properties;
  const [open, setOpen] = useState(false);
  return (
    <section id={`finding-${finding.id}`} tabIndex={-1} class="panel know-finding" aria-labelledby={`title-${finding.id}`}>
      <header>
        <h2 id={`title-${finding.id}`}>
          {day(it.after_acquired_at)} · {wordOf(CHANGE, it.change)} <code>{finding.id}</code>
        </h2>
        <div class="actions row">
          {may("judge") ? (
            <a class="button" href={href("judge", { finding: finding.id })}>
              {w.judge}
            </a>
          ) : null}
          <a class="button" href={href("look", { finding: finding.id, scan: it.scan_id })}>
            {w.map}
          </a>
          {may("export") ? (
            <a class="button" href={`${root}/findings/${encodeURIComponent(finding.id)}/dossier.pdf?language=${language.value}`}>
              {w.dossier}
            </a>
          ) : null}
        </div>
      </header>
      <Marks it={it} />
      <div class="know-parts">
        <div>
          <Measures it={it} />
        </div>
        <div>
          <h3>{w.reasons}</h3>
          <ReasonList reasons={it.reasons ?? []} />
          <h3>{w.verdicts}</h3>
          <Verdicts id={finding.id} round={round} />
        </div>
        <div>
          <h3>{w.confidenceWhy}</h3>
          <Confidence it={it} />
        </div>
      </div>
      <EvidenceMap finding={finding} />
      <details class="know-explain" onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{w.explainOpen}</summary>
        {open ? <Explanation finding={finding.id} /> : null}
      </details>
    </section>
  );
}

function Verdicts({ id, round }: { id: string; round: number }) {
  const asked = useAsked(`${id} ${round}`, () => verdictsOf(id));
  return (
    <Await asked={asked}>
      {(verdicts) =>
        verdicts.length === 0 ? (
          <p class="note">{w.noVerdicts}</p>
        ) : (
          <ul class="list">
            {[...verdicts].reverse().map((one, at) => (
              <li key={one.id}>
                <Said verdict={one} counts={at === 0} />
              </li>
            ))}
          </ul>
        )
      }
    </Await>
  );
}

interface Check {
  code: string;
  outcome: string;
  message: string;
  message_zh?: string;
}

interface Provenance {
  alignment?: { residual_median_m?: number | null } | null;
  admissibility?: { outcome?: string; checks?: Check[] } | null;
}

type Scan = Pick<Schemas["ScanOut"], "options" | "provenance">;

function Confidence({ it }: { it: Finding }) {
  const asked = useAsked(it.scan_id, () => ask(api.GET("/scans/{scan_id}", { params: { path: { scan_id: it.scan_id } } })));
  const cues = it.cues ?? [];
  return (
    <>
      <p>
        {percent(it.confidence)} · {wordOf(TIER, it.tier)}
        <ErrorBar value={it.confidence} error={null} most={1} />
      </p>
      <p class="note">{w.confidenceLead}</p>
      <p class="row">
        {w.cues}: {cues.length === 0 ? <Mark tone="good">{w.noCues}</Mark> : cues.map((cue) => <Mark key={cue} tone="warn">{wordOf(CUES, cue)}</Mark>)}
      </p>
      <Await asked={asked}>{(scan) => <PairTold scan={scan} />}</Await>
    </>
  );
}

function PairTold({ scan }: { scan: Scan }) {
  const provenance = scan.provenance as Provenance;
  const detector = String((scan.options as { detector?: unknown }).detector ?? "").split("+")[0] ?? "";
  const gate = provenance.admissibility;
  const warned = (gate?.checks ?? []).filter((one) => one.outcome === "warned" || one.outcome === "overridden");
  const residual = provenance.alignment?.residual_median_m;
  return (
    <>
      <Facts
        rows={[
          [w.detector, wordOf(DETECTOR, detector)],
          [w.residual, residual === null || residual === undefined ? "-" : `${number(residual, 2)} m`],
        ]}
      />
      {gate?.outcome ? <p class="note">{wordOf(GATE, gate.outcome)}</p> : null}
      {warned.length > 0 ? (
        <ul class="note">
          {warned.map((one) => (
            <li key={one.code}>{told(one.message_zh, one.message)}</li>
          ))}
        </ul>
      ) : null}
    </>
  );
}
