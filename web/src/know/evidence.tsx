/** The evidence map of a finding: what the detector said of every pixel around it, over both dates. */
import { useState } from "preact/hooks";
import type { Feature } from "../api/features";
import { scenesOf } from "../api/scans";
import { day } from "../app/format";
import { useAsked } from "../app/use";
import type { FullFinding } from "../judge/load";
import { PairMap } from "../map/pair";
import { around } from "../map/places";
import { w } from "./words";

export function EvidenceMap({ finding }: { finding: Feature<FullFinding> }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="know-explain" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{w.evidenceOpen}</summary>
      {open ? <Shown finding={finding} /> : null}
    </details>
  );
}

function Shown({ finding }: { finding: Feature<FullFinding> }) {
  const it = finding.properties;
  const scenes = useAsked(`scenes ${it.scan_id}`, () => scenesOf(it.scan_id));
  const box = around(finding.geometry);
  if (scenes.loading || !scenes.value || box === null) return null;
  return (
    <>
      <div class="know-evidence">
        <PairMap
          before={scenes.value.before}
          after={scenes.value.after}
          scan={it.scan_id}
          scores
          bbox={box}
          outline={finding.geometry}
          label={w.evidenceOpen}
          beforeTitle={day(it.before_acquired_at)}
          afterTitle={day(it.after_acquired_at)}
        />
      </div>
      <p class="note">{w.evidenceLead}</p>
    </>
  );
}
