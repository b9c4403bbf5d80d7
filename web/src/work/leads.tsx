/** The queue of leads, the first by priority; what is told by hand or by the file; reports that wait for a place. */
import { useState } from "preact/hooks";
import { type Schemas, getJson, root } from "../api/client";
import { VERDICTS } from "../api/words";
import type { Feature } from "../api/features";
import { area, day, number } from "../app/format";
import { language, told, wordOf, words } from "../app/language";
import { useLive } from "../app/live";
import { href, replace } from "../app/router";
import { may } from "../app/session";
import { useAsked } from "../app/use";
import type { ViewProps } from "../app/views";
import type { Point } from "../map/measure";
import { Await, Empty, Mark, Table, Tabs } from "../ui/parts";
import "./common";
import { Filter } from "./filter";
import { LEAD_STATES, type LeadProps, SOURCES, STAGES, sourceWord } from "./lead_words";
import { sizeOf } from "./place_map";
import { ReportFile } from "./report_file";
import { ReportForm } from "./report_form";
import { Unplaced } from "./unplaced";

const w = words({
  title: ["线索", "Leads"],
  record: ["登记线索", "Record a report"],
  file: ["批量导入", "Bring a file"],
  state: ["状态", "State"],
  source: ["来源", "Source"],
  verdict: ["结论", "Verdict"],
  any: ["不限", "any"],
  none: ["没有符合条件的线索。", "No such leads."],
  shown: ["共", "Leads:"],
  more: ["仅显示前", "only the first"],
  priority: ["优先级", "Priority"],
  sources: ["来源", "Told by"],
  stage: ["阶段", "Stage"],
  first: ["首次发现", "First seen"],
  last: ["最近发现", "Last seen"],
  reports: ["上报", "Reports"],
  open: ["查看", "Open"],
  rebuilt: ["原址复建", "rebuilt"],
  list: ["线索列表", "Queue"],
  unplaced: ["待定位的上报", "Reports without a place"],
  size: ["面积", "Area"],
  parts: ["线索视图", "Parts of the leads"],
});
type Dialogs = "record" | "file" | null;

export default function View({ place }: ViewProps) {
  const query = Object.fromEntries(place.query.entries());
  // a place of the map that somebody saw something at
  const at = placeOf(query.record);
  const [open, setOpen] = useState<Dialogs>(at && may("leads") ? "record" : null);
  const closed = (): void => {
    setOpen(null);
    if (at) replace(href("leads"));
  };
  const [round, setRound] = useState(0);
  const done = (): void => setRound((n) => n + 1);
  const waits = query.show === "unplaced";
  return (
    <>
      <div class="work-bar">
        <h1>{w.title}</h1>
        {may("leads") ? (
          <>
            <button type="button" class="main" onClick={() => setOpen("record")}>
              {w.record}
            </button>
            <button type="button" onClick={() => setOpen("file")}>
              {w.file}
            </button>
          </>
        ) : null}
      </div>
      <Tabs
        label={w.parts}
        chosen={waits ? "unplaced" : "list"}
        tabs={[
          { name: "list", title: w.list, to: href("leads") },
          { name: "unplaced", title: w.unplaced, to: href("leads", { show: "unplaced" }) },
        ]}
      />
      {waits ? <Unplaced round={round} /> : <Queue query={query} round={round} />}
      {open === "record" ? <ReportForm close={closed} done={done} {...(at ? { at } : {})} /> : null}
      {open === "file" ? <ReportFile close={() => setOpen(null)} done={done} /> : null}
    </>
  );
}

function placeOf(told: string | undefined): Point | null {
  const found = /^(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)$/.exec(told ?? "");
  return found ? [Number(found[1]), Number(found[2])] : null;
}

function Queue({ query, round }: { query: Record<string, string>; round: number }) {
  const asked = useAsked(`leads/${query.state}/${query.source}/${query.verdict}/${round}`, () =>
    getJson<Schemas["LeadQueueOut"]>("/leads", { limit: 200, state: query.state || (query.verdict ? undefined : "open"), source: query.source, verdict: query.verdict }),
  );
  useLive(["finding.appeared", "finding.judged", "scan.completed"], asked.reload, 3_000);
  const any = ["", w.any] as const;
  const options = (table: Record<string, readonly [string, string]>): (readonly [string, string])[] => Object.keys(table).map((one) => [one, wordOf(table, one)] as const);
  return (
    <>
      <div class="work-bar">
        <Filter view="leads" query={query} name="state" label={w.state} options={options(LEAD_STATES).map(([value, title]) => [value === "open" ? "" : value, title] as const)} />
        <Filter view="leads" query={query} name="source" label={w.source} options={[any, ...options(SOURCES)]} />
        <Filter view="leads" query={query} name="verdict" label={w.verdict} options={[any, ...options(VERDICTS)]} />
      </div>
      <Await asked={asked}>{(found) => <Listed found={found} />}</Await>
    </>
  );
}

function Listed({ found }: { found: Schemas["LeadQueueOut"] }) {
  const leads = found.features as unknown as Feature<LeadProps>[];
  if (leads.length === 0) return <Empty>{w.none}</Empty>;
  const all = found.numberMatched ?? leads.length;
  return (
    <>
      <p class="note" role="status">
        {w.shown} {all}
        {all > leads.length ? ` (${w.more} ${leads.length})` : ""}
      </p>
      <Table
        label={w.title}
        rows={leads}
        id={(one) => one.id}
        link={(one) => href(["lead", one.id])}
        columns={[
          { title: w.sources, cell: (one) => <Chip one={one} /> },
          { title: w.state, cell: (one) => <State one={one.properties} /> },
          { title: w.priority, number: true, cell: (one) => number(one.properties.priority, 2) },
          { title: w.size, number: true, cell: (one) => area(sizeOf(one.geometry)) },
          { title: w.stage, cell: (one) => <>{wordOf(STAGES, one.properties.stage)} {one.properties.rebuilt ? <Mark tone="bad">{w.rebuilt}</Mark> : null}</> },
          { title: w.reports, number: true, cell: (one) => one.properties.reports },
          { title: w.first, cell: (one) => day(one.properties.first_seen) },
          { title: w.last, cell: (one) => day(one.properties.last_seen) },
        ]}
      />
    </>
  );
}

/** Who told it, and the two dates of its newest finding: rows are told apart by what is to be seen. */
function Chip({ one }: { one: Feature<LeadProps> }) {
  const finding = one.properties.finding_ids.at(-1);
  return (
    <span class="work-chip">
      {finding ? <img src={`${root}/findings/${encodeURIComponent(finding)}/chip.png`} alt="" loading="lazy" /> : null}
      {one.properties.sources.map(sourceWord).join(language.value === "zh" ? "、" : ", ")}
    </span>
  );
}

function State({ one }: { one: LeadProps }) {
  return (
    <>
      <Mark tone={one.state === "open" ? "info" : "plain"}>{wordOf(LEAD_STATES, one.state)}</Mark>
      {one.verdict > 0 ? <> {told(one.verdict_zh, one.verdict_title)}</> : null}
    </>
  );
}
