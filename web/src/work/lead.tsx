/** One lead: what was told of it and seen, its history, and what may be done with it. */
import { type Schemas, getJson, root } from "../api/client";
import { PROOFS, VERDICTS } from "../api/words";
import { type Feature, type Finding, item } from "../api/features";
import { scenesOf } from "../api/scans";
import { area, day, minute, number, percent } from "../app/format";
import { language, told, wordOf, words } from "../app/language";
import { useLive } from "../app/live";
import { href } from "../app/router";
import { may } from "../app/session";
import { useAsked } from "../app/use";
import type { ViewProps } from "../app/views";
import { PairMap } from "../map/pair";
import { Await, Empty, Facts, Mark, Panel } from "../ui/parts";
import { personName, useOfficers } from "./common";
import { LeadActs } from "./lead_acts";
import { LEAD_STATES, type LeadProps, STAGES, sourceWord } from "./lead_words";
import { Reporter } from "./reporter";
import { around, middleOf } from "../map/places";

type Lead = Schemas["LeadOut"];

const w = words({
  none: ["请从线索列表选择线索。", "Choose a lead from the queue."],
  list: ["线索列表", "All leads"],
  lead: ["线索", "Lead"],
  priority: ["优先级", "Priority"],
  first: ["首次发现", "First seen"],
  last: ["最近发现", "Last seen"],
  sources: ["来源", "Told by"],
  verdict: ["结论", "Verdict"],
  ground: ["依据", "Ground"],
  structure: ["建筑", "Structure"],
  structureOpen: ["历次影像与变化", "What was seen of it over time"],
  follows: ["接续线索", "Follows"],
  followsOpen: ["此前已处理的线索", "the settled lead"],
  case: ["案件", "Case"],
  caseOpen: ["查看案件", "see the case"],
  place: ["位置", "Place"],
  map: ["在地图上看", "On the map"],
  reports: ["上报", "Reports"],
  history: ["经过", "History"],
  number: ["来源编号", "Number at the source"],
  seen: ["发现时间", "Seen"],
  received: ["接收时间", "Received"],
  text: ["内容", "What was told"],
  address: ["地址", "Address"],
  parcel: ["宗地", "Parcel"],
  stage: ["阶段", "Stage"],
  accuracy: ["定位误差", "Accuracy"],
  confidence: ["置信度", "Confidence"],
  size: ["面积", "Area"],
  finding: ["查看影像发现", "See the finding"],
  photo: ["照片", "Photograph"],
  pair: ["前后影像", "Before and after"],
  anonymous: ["匿名", "anonymous"],
});

export default function View({ place }: ViewProps) {
  const id = place.path[1];
  if (!id) {
    return (
      <Empty>
        <a href={href("leads")}>{w.none}</a>
      </Empty>
    );
  }
  return <One key={id} id={id} />;
}

function One({ id }: { id: string }) {
  useOfficers();
  const asked = useAsked(`lead/${id}`, () => getJson<Lead>(`/leads/${id}`));
  const feature = useAsked(`lead-feature/${id}`, () => item<LeadProps>("leads", id));
  useLive(["finding.judged", "scan.completed"], asked.reload, 3_000);
  return (
    <>
      <p class="screen">
        <a href={href("leads")}>← {w.list}</a>
      </p>
      <Await asked={asked}>{(lead) => <Shown lead={lead} feature={feature.value} reload={asked.reload} />}</Await>
    </>
  );
}

function Shown({ lead, feature, reload }: { lead: Lead; feature: Feature<LeadProps> | undefined; reload: () => void }) {
  return (
    <>
      <Head lead={lead} feature={feature} />
      <div class="work-split">
        <div>
          {feature ? <Pair feature={feature} /> : null}
          <Reports lead={lead} />
        </div>
        <div>
          {may("leads") || may("judge") || may("cases") ? <LeadActs lead={lead} done={reload} /> : null}
          <History lead={lead} />
        </div>
      </div>
    </>
  );
}

function Head({ lead, feature }: { lead: Lead; feature: Feature<LeadProps> | undefined }) {
  const at = middleOf(feature?.geometry);
  const rows: [string, preact.ComponentChildren][] = [
    [w.sources, lead.sources.map(sourceWord).join(language.value === "zh" ? "、" : ", ")],
    [w.priority, number(lead.priority, 2)],
    [w.first, minute(lead.first_seen)],
    [w.last, minute(lead.last_seen)],
  ];
  if (lead.structure_id) rows.push([w.structure, <a href={href(["know", lead.structure_id])}>{w.structureOpen}</a>]);
  if (lead.follows) rows.push([w.follows, <a href={href(["lead", lead.follows])}>{w.followsOpen}</a>]);
  if (lead.case_id) rows.push([w.case, <a href={href(["case", lead.case_id])}>{w.caseOpen}</a>]);
  if (at) rows.push([w.place, <>{at[1].toFixed(6)}, {at[0].toFixed(6)} <a href={href("look", { lon: at[0].toFixed(6), lat: at[1].toFixed(6) })}>{w.map}</a></>]);
  return (
    <section class="panel work-head">
      <header>
        <h1>
          {w.lead} <small>{lead.id.replace(/^lead-/, "")}</small>
        </h1>
        <div class="row">
          <Mark tone={lead.state === "open" ? "info" : "plain"}>{wordOf(LEAD_STATES, lead.state)}</Mark>
          {lead.verdict > 0 ? <Mark tone={lead.verdict === 2 ? "bad" : "good"}>{told(lead.verdict_zh, lead.verdict_title)}</Mark> : null}
        </div>
      </header>
      <Facts rows={rows} />
    </section>
  );
}

/** The two dates of its newest finding. */
function Pair({ feature }: { feature: Feature<LeadProps> }) {
  const finding = feature.properties.finding_ids[feature.properties.finding_ids.length - 1];
  const asked = useAsked(`lead-finding/${finding}`, async () => {
    if (!finding) return null;
    const shown = await item<Finding>("findings", finding);
    return { shown, scenes: await scenesOf(shown.properties.scan_id) };
  });
  const box = around(asked.value?.shown.geometry ?? null);
  if (!asked.value || box === null) return null;
  const { shown, scenes } = asked.value;
  return (
    <Panel title={w.pair}>
      <div class="work-pair">
        <PairMap
          before={scenes?.before ?? null}
          after={scenes?.after ?? null}
          scan={scenes ? shown.properties.scan_id : null}
          bbox={box}
          outline={shown.geometry}
          label={w.pair}
          beforeTitle={day(shown.properties.before_acquired_at)}
          afterTitle={day(shown.properties.after_acquired_at)}
        />
      </div>
    </Panel>
  );
}

function Reports({ lead }: { lead: Lead }) {
  return (
    <Panel title={`${w.reports} (${lead.reports.length})`}>
      <ul class="list">
        {lead.reports.map((one) => (
          <li key={one.id}>
            <ReportShown one={one} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

export function ReportShown({ one }: { one: Schemas["ReportOut"] }) {
  const facts = one.facts as { finding_id?: string; confidence?: number; area_m2?: number };
  const rows: [string, preact.ComponentChildren][] = [];
  if (one.text) rows.push([w.text, one.text]);
  if (one.address) rows.push([w.address, one.address]);
  if (one.parcel_id) rows.push([w.parcel, one.parcel_id]);
  if (one.stage) rows.push([w.stage, wordOf(STAGES, one.stage)]);
  if (typeof facts.area_m2 === "number") rows.push([w.size, area(facts.area_m2)]);
  if (typeof facts.confidence === "number") rows.push([w.confidence, percent(facts.confidence)]);
  if (!facts.finding_id && !one.number.startsWith("report-")) rows.push([w.number, one.number]);
  if (one.accuracy_m !== null) rows.push([w.accuracy, `${number(one.accuracy_m, one.accuracy_m < 10 ? 1 : 0)} m`]);
  return (
    <>
      <div class="row">
        <b>{sourceWord(one.source)}</b>
        {one.origin ? <span>{one.origin}</span> : null}
        <span>
          {w.seen} {minute(one.seen_at)}
        </span>
        {one.anonymous ? <Mark>{w.anonymous}</Mark> : null}
        {facts.finding_id ? <a href={href("judge", { finding: facts.finding_id })}>{w.finding}</a> : null}
      </div>
      <Facts rows={rows} />
      {one.photos.length > 0 ? (
        <p class="work-photos">
          {one.photos.map((photo, at) => (
            <a key={photo.sha256} class="work-thumb" href={`${root}/reports/${one.id}/photos/${photo.sha256}`} download>
              <img src={`${root}/reports/${one.id}/photos/${photo.sha256}`} alt={`${w.photo} ${at + 1}: ${photo.name}`} loading="lazy" />
            </a>
          ))}
        </p>
      ) : null}
      <small>
        {w.received} {minute(one.received_at)} · {personName(one.received_by)}
      </small>
      {one.reporter_kept && may("personal") ? <Reporter id={one.id} /> : null}
    </>
  );
}

interface EventFacts {
  text?: string;
  reason?: string;
  ground?: string;
  verdict?: number;
  proofs?: { kind: string; number?: string }[];
}

function History({ lead }: { lead: Lead }) {
  return (
    <Panel title={w.history}>
      <ol class="list">
        {[...lead.events].reverse().map((one) => {
          const facts = one.facts as EventFacts;
          const said = [facts.text, facts.reason].filter(Boolean).join(" ");
          return (
            <li key={`${one.lead_id} ${one.number}`}>
              <div class="row">
                <b>{told(one.title_zh, one.title)}</b>
                <time dateTime={one.at}>{minute(one.at)}</time>
                <span>{personName(one.by)}</span>
              </div>
              {facts.verdict ? (
                <p>
                  {wordOf(VERDICTS, String(facts.verdict))}
                  {(facts.proofs ?? []).map((proof, at) => (
                    <small key={at}>
                      {" "}
                      · {wordOf(PROOFS, proof.kind)} {proof.number ?? ""}
                    </small>
                  ))}
                </p>
              ) : null}
              {said ? <p>{said}</p> : null}
            </li>
          );
        })}
      </ol>
    </Panel>
  );
}
