/** The findings in sight, what is to be looked at first first; and what is known of the chosen one. */
import { root } from "../api/client";
import { type Feature, type Finding, item, items } from "../api/features";
import { area, minute, number, percent } from "../app/format";
import { told, wordOf } from "../app/language";
import { href } from "../app/router";
import { may } from "../app/session";
import { CERTAINTY, CHANGE, STATUS } from "../app/terms";
import { useAsked } from "../app/use";
import { COLOURS } from "../map/styles";
import { Await, Empty, Facts, Mark } from "../ui/parts";
import { w } from "./words";

const MOST = 100;

export interface ListProps {
  scan: string | null;
  bbox: string | null;
  status: string;
  chosen: string | null;
  choose: (finding: Feature<Finding>) => void;
  round: number;
}

export function FindingList({ scan, bbox, status, chosen, choose, round }: ListProps) {
  const asked = useAsked(`${scan} ${bbox} ${status} ${round}`, () =>
    items<Finding>("findings", { scan_id: scan ?? undefined, status: status || undefined, bbox: bbox ?? undefined, sortby: "-priority", limit: MOST }),
  );
  return (
    <Await asked={asked}>
      {(page) =>
        page.features.length === 0 ? (
          <Empty>{w.noFindings}</Empty>
        ) : (
          <>
            {page.numberMatched !== undefined && page.numberMatched > MOST ? (
              <p class="note">
                {w.more} {MOST} / {number(page.numberMatched)}
              </p>
            ) : null}
            <ol class="look-list">
              {page.features.map((finding) => (
                <li key={finding.id}>
                  <button type="button" class={finding.id === chosen ? "chosen" : ""} aria-pressed={finding.id === chosen} onClick={() => choose(finding)}>
                    <span class="look-dot" style={{ background: COLOURS[finding.properties.status] }} />
                    <span>
                      {wordOf(STATUS, finding.properties.status)} · {wordOf(CHANGE, finding.properties.change)}
                      <small>{number(finding.properties.area_m2)} m²</small>
                    </span>
                    <small>{percent(finding.properties.confidence)}</small>
                  </button>
                </li>
              ))}
            </ol>
          </>
        )
      }
    </Await>
  );
}

/** What is known of a finding, with its errors. */
export function FindingDetail({ id }: { id: string }) {
  const asked = useAsked(id, () => item<Finding>("findings", id));
  return (
    <Await asked={asked}>
      {({ properties: it }) => (
        <>
          <p class="row">
            <Mark tone={it.status === "suspected" ? "bad" : "plain"}>{wordOf(STATUS, it.status)}</Mark>
            {it.judged === null || it.judged === undefined ? null : <Mark tone={it.judged ? "good" : "plain"}>{it.judged ? told("已核实", "judged right") : told("已排除", "dismissed")}</Mark>}
            <code>{id}</code>
          </p>
          <img class="look-chip" src={`${root}/findings/${encodeURIComponent(id)}/chip.png`} alt={told("前后期影像对照", "Before and after, side by side")} loading="lazy" />
          <Facts
            rows={[
              [w.change, wordOf(CHANGE, it.change)],
              [w.size, it.area_error_m2 === null ? area(it.area_m2) : `${area(it.area_m2)} ± ${number(it.area_error_m2)} m²`],
              [w.confidence, percent(it.confidence)],
              [w.dates, `${minute(it.before_acquired_at)} – ${minute(it.after_acquired_at)}`],
              [w.parcels, it.parcel_ids?.join(", ") || "-"],
              [w.permits, it.permit_ids?.join(", ") || "-"],
            ]}
          />
          <h3>{w.reasons}</h3>
          <ul class="list">
            {(it.reasons ?? []).map((reason) => (
              <li key={reason.code + reason.message}>
                {told(reason.message_zh, reason.message)} <Mark>{wordOf(CERTAINTY, reason.certainty)}</Mark>
              </li>
            ))}
          </ul>
          <p class="row">
            {may("judge") ? (
              <a class="button main" href={href("judge", { finding: id })}>
                {w.judge}
              </a>
            ) : null}
            {it.structure_id ? (
              <a class="button" href={href(["know", it.structure_id])}>
                {w.structure}
              </a>
            ) : null}
            {may("export") ? (
              <a class="button" href={`${root}/findings/${encodeURIComponent(id)}/dossier.pdf`}>
                {w.dossier}
              </a>
            ) : null}
          </p>
        </>
      )}
    </Await>
  );
}
