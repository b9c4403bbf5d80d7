/** What is known of a finding: measures with their errors, reasons, flags, papers. */
import { root } from "../api/client";
import type { Feature } from "../api/features";
import { area, day, number, percent } from "../app/format";
import { language, told, wordOf } from "../app/language";
import { href } from "../app/router";
import { may } from "../app/session";
import { Facts, Mark } from "../ui/parts";
import type { FullFinding, FullReason } from "./load";
import { AUTHORITY, CERTAINTY, CHANGE, CONSEQUENCE, CUES, FLAGS, SEVERITY, STAGE, STATUS, basisInEnglish } from "../app/terms";
import { w } from "./words";

/** A measure on a line, with its error as a whisker; the text beside it says the same. */
export function ErrorBar({ value, error, most }: { value: number; error: number | null; most: number }) {
  const share = (x: number): string => `${(100 * Math.min(1, Math.max(0, x / most))).toFixed(1)}%`;
  const low = value - (error ?? 0);
  return (
    <span class="judge-bar" aria-hidden="true">
      <span class="fill" style={{ width: share(value) }} />
      {error ? <span class="whisker" style={{ left: share(low), width: `calc(${share(value + error)} - ${share(low)})` }} /> : null}
    </span>
  );
}

function unitOf(unit: string): string {
  return { m2: " m²", m: " m", share: "" }[unit] ?? ` ${unit}`;
}

export function ReasonList({ reasons }: { reasons: readonly FullReason[] }) {
  if (reasons.length === 0) return <p class="note">{w.noReasons}</p>;
  return (
    <ul class="list judge-reasons">
      {reasons.map((one) => (
        <li key={one.code + one.message}>
          {told(one.message_zh, one.message)}
          <div class="row">
            <Mark tone={one.certainty === "certain" ? "bad" : one.certainty === "possible" ? "warn" : "plain"}>{wordOf(CERTAINTY, one.certainty)}</Mark>
            {one.severity ? <small>{wordOf(SEVERITY, one.severity)}</small> : null}
            {one.basis ? <small>{language.value === "zh" ? one.basis : basisInEnglish(one.basis)}</small> : null}
            {one.measured ? (
              <small>
                {w.measured} {number(one.measured.value, 1)} ± {number(one.measured.error, 1)}
                {unitOf(one.measured.unit)}
                {one.measured.limit > 0 ? `${told("，", ", ")}${w.limit} ${number(one.measured.limit, 1)}${unitOf(one.measured.unit)}` : null}
              </small>
            ) : null}
          </div>
        </li>
      ))}
    </ul>
  );
}

export function Measures({ it }: { it: FullFinding }) {
  const error = it.area_error_m2;
  return (
    <Facts
      rows={[
        [
          w.size,
          <>
            {area(it.area_m2)}
            {error === null ? null : ` ± ${number(error, 1)} m²`}
            <ErrorBar value={it.area_m2} error={error} most={1.15 * (it.area_m2 + (error ?? 0))} />
          </>,
        ],
        [
          w.confidence,
          <>
            {percent(it.confidence)}
            <ErrorBar value={it.confidence} error={null} most={1} />
          </>,
        ],
        [w.outlineError, it.outline_error_m === null ? "-" : `± ${number(it.outline_error_m, 2)} m`],
        ...(it.height_gain_m === null ? [] : ([[w.height, `${number(it.height_gain_m, 1)} m`]] as const)),
        [w.dates, `${day(it.before_acquired_at)} – ${day(it.after_acquired_at)}`],
        [w.stage, wordOf(STAGE, it.stage)],
        [w.severity, wordOf(SEVERITY, it.severity)],
        [w.consequence, wordOf(CONSEQUENCE, it.consequence)],
        [w.authority, wordOf(AUTHORITY, it.authority)],
        [w.parcels, it.parcel_ids.join(", ") || w.none],
        [w.permits, it.permit_ids.join(", ") || w.none],
      ]}
    />
  );
}

export function Marks({ it }: { it: FullFinding }) {
  return (
    <p class="row">
      <Mark tone={it.status === "suspected" ? "bad" : "plain"}>{wordOf(STATUS, it.status)}</Mark>
      <Mark tone="info">{wordOf(CHANGE, it.change)}</Mark>
      {it.flags.map((flag) => (
        <Mark key={flag} tone="warn">
          {wordOf(FLAGS, flag)}
        </Mark>
      ))}
      {(it.cues ?? []).map((cue) => (
        <Mark key={cue}>
          {w.cues}: {wordOf(CUES, cue)}
        </Mark>
      ))}
    </p>
  );
}

/** Everything beside the pictures. Blind: nothing that leads to what others have said. */
export function FindingFacts({ finding, blind }: { finding: Feature<FullFinding>; blind?: boolean }) {
  const it = finding.properties;
  return (
    <>
      <Marks it={it} />
      <Measures it={it} />
      <h3>{w.reasons}</h3>
      <ReasonList reasons={it.reasons ?? []} />
      {blind ? null : (
        <p class="row judge-links">
          {it.structure_id ? <a href={href(["know", it.structure_id])}>{w.structure}</a> : null}
          <a href={href("look", { finding: finding.id, scan: it.scan_id })}>{w.map}</a>
          {may("export") ? <a href={`${root}/findings/${encodeURIComponent(finding.id)}/dossier.pdf?language=${language.value}`}>{w.dossier}</a> : null}
        </p>
      )}
    </>
  );
}
