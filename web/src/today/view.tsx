/** Today: what is new since one last looked, what is due, what is overdue, where nobody can see, and last night. */
import { useEffect } from "preact/hooks";
import { type Schemas, api, ask, root } from "../api/client";
import { type Feature, type Finding, items } from "../api/features";
import { covers, groundOf } from "../app/ground";
import { minute, number, percent, relative } from "../app/format";
import { told, wordOf, words } from "../app/language";
import { CASES, useLive } from "../app/live";
import { href } from "../app/router";
import { everywhere, may, session } from "../app/session";
import { CHANGE } from "../app/terms";
import { useAsked } from "../app/use";
import { Await, Empty, Mark, Panel } from "../ui/parts";
import { FirstSteps } from "./first";
import { lastLook, noteLook } from "./since";
import "./today.css";

const w = words({
  hello: ["今日", "Today"],
  since: ["自上次查看", "Since your last look"],
  first: ["首次查看：近七天", "Your first look: the last seven days"],
  fresh: ["新发现", "New findings"],
  unjudged: ["待核查的疑似图斑", "Suspected findings to be judged"],
  noFresh: ["没有新的疑似图斑。", "No new suspected finding."],
  all: ["全部", "All of them"],
  due: ["即将到期", "Due"],
  overdue: ["已逾期", "Overdue"],
  noDue: ["七日内没有到期事项。", "Nothing is due within seven days."],
  noOverdue: ["没有逾期案件。", "No case is overdue."],
  blind: ["盲区", "Blind spots"],
  night: ["昨夜扫描", "Last night"],
  noNight: ["还没有夜间扫描。", "There was no night yet."],
  report: ["晨报", "Morning report"],
  leads: ["待核线索", "Open leads"],
  openCases: ["在办案件", "Open cases"],
  seen: ["按期看清", "Seen in time"],
  noGround: ["导入行政区划或影像后开始统计。", "Told once areas or scenes are stored."],
  tasking: ["查看覆盖", "Coverage"],
  alarms: ["报警", "Alarms"],
  noAlarms: ["没有待确认的报警。", "No alarm waits for you."],
  know: ["知悉", "I know"],
  judge: ["开始核查", "Begin to judge"],
  km2: ["平方公里", "km²"],
});

interface Case {
  serial: string;
  state_zh: string;
  state: string;
  due_at: string | null;
  overdue: string[];
  closed_at: string | null;
}

/** How many suspected findings the scans have brought since a moment. */
async function suspectedSince(at: string): Promise<number> {
  const { scans } = await ask(api.GET("/scans", { params: { query: { limit: 100 } } }));
  return scans.filter((scan) => Date.parse(scan.created_at) > Date.parse(at)).reduce((sum, scan) => sum + (scan.counts.suspected ?? 0), 0);
}

const FRESH = 8;
const WEEK_MS = 7 * 24 * 3_600_000;

async function openCases(): Promise<Feature<Case>[]> {
  const page = await items<Case>("cases", { limit: 1_000 });
  return page.features.filter((one) => one.properties.closed_at === null);
}

export default function View() {
  const since = lastLook(session.value?.id ?? "");
  const fresh = useAsked("fresh", () => items<Finding>("findings", { status: "suspected", filter: "judged IS NULL", sortby: "-priority", limit: FRESH }));
  const came = useAsked("came", () => suspectedSince(since.at));
  const cases = useAsked("cases", openCases);
  const leads = useAsked("leads", async () => (may("leads") ? (await items("leads", { state: "open", limit: 1 })).numberMatched ?? 0 : null));
  const ground = useAsked("ground", groundOf);
  const coverage = useAsked("coverage", async () => (covers(await groundOf()) ? ask(api.GET("/coverage")) : null));
  useLive(["finding.appeared", "finding.judged", "scan.completed"], () => {
    fresh.reload();
    came.reload();
  });
  useLive(["scene.stored", "scan.completed"], ground.reload);
  useLive(CASES, cases.reload);
  useEffect(() => noteLook(session.value?.id ?? ""), []);
  const now = Date.now();
  const open = cases.value ?? [];
  const overdue = open.filter((one) => one.properties.overdue.length > 0);
  const due = open
    .filter((one) => one.properties.due_at !== null && new Date(one.properties.due_at).getTime() < now + WEEK_MS && one.properties.overdue.length === 0)
    .sort((a, b) => (a.properties.due_at ?? "").localeCompare(b.properties.due_at ?? ""));
  return (
    <>
      <h1>
        {w.hello} <small>{since.first ? w.first : `${w.since} ${minute(since.at)}`}</small>
      </h1>
      <div class="figures">
        <Figure title={w.fresh} value={number(came.value)} to={href("judge")} />
        {leads.value === null ? null : <Figure title={w.leads} value={number(leads.value)} to={href("leads")} />}
        <Figure title={w.openCases} value={number(cases.value?.length)} to={href("cases")} />
        <Figure title={w.overdue} value={number(cases.value && overdue.length)} to={href("cases", { overdue: 1 })} bad={overdue.length > 0} />
        <Figure title={w.seen} value={percent(coverage.value?.all.seen_share, 1)} to={href("coverage")} />
      </div>
      {ground.value?.scans === 0 ? <FirstSteps ground={ground.value} /> : null}
      <div class="today-columns">
        <Panel title={w.unjudged} actions={may("judge") ? <a class="button main" href={href("judge")}>{w.judge}</a> : <a href={href("look", { status: "suspected" })}>{w.all}</a>}>
          <Await asked={fresh}>{(page) => <Fresh findings={page.features} />}</Await>
        </Panel>
        <div>
        <Panel title={w.overdue}>
          <Await asked={cases}>{() => <CaseList cases={overdue} none={w.noOverdue} />}</Await>
        </Panel>
        <Panel title={w.due}>
          <Await asked={cases}>{() => <CaseList cases={due} none={w.noDue} />}</Await>
        </Panel>
        <Alarms />
        <Panel title={w.blind} actions={<a href={href("coverage")}>{w.tasking}</a>}>
          <Await asked={coverage}>
            {(found) => found === null ? <Empty>{w.noGround}</Empty> : (
              <>
                <p>{told(found.sentence_zh, found.sentence)}</p>
                <p class="note">
                  {number(found.all.seen_km2, 2)} / {number(found.all.area_km2, 2)} {w.km2}
                </p>
              </>
            )}
          </Await>
        </Panel>
        {everywhere() ? <Night /> : null}
        </div>
      </div>
    </>
  );
}

function Figure({ title, value, to, bad = false }: { title: string; value: string; to: string; bad?: boolean }) {
  return (
    <a class={`figure ${bad ? "bad" : ""}`} href={to}>
      <b>{value}</b>
      {title}
    </a>
  );
}

function Fresh({ findings }: { findings: Feature<Finding>[] }) {
  if (findings.length === 0) return <Empty>{w.noFresh}</Empty>;
  return (
    <ul class="today-chips">
      {findings.map((finding) => (
        <li key={finding.id}>
          <a href={href(may("judge") ? "judge" : "look", { finding: finding.id })}>
            <img src={`${root}/findings/${encodeURIComponent(finding.id)}/chip.png`} alt="" loading="lazy" />
            <span>
              {wordOf(CHANGE, finding.properties.change)} · {number(finding.properties.area_m2)} m² · {percent(finding.properties.confidence)}
            </span>
            <small>{told(finding.properties.reasons?.[0]?.message_zh, finding.properties.reasons?.[0]?.message)}</small>
          </a>
        </li>
      ))}
    </ul>
  );
}

function CaseList({ cases, none }: { cases: Feature<Case>[]; none: string }) {
  if (cases.length === 0) return <Empty>{none}</Empty>;
  return (
    <ul class="list">
      {cases.slice(0, 12).map(({ id, properties: it }) => (
        <li key={id}>
          <a href={href(["case", id])}>{it.serial}</a> <Mark tone={it.overdue.length ? "bad" : "warn"}>{it.due_at ? relative(it.due_at) : told("逾期", "overdue")}</Mark>
          <br />
          <small>
            {told(it.state_zh, it.state)}
            {it.due_at ? ` · ${minute(it.due_at)}` : ""}
          </small>
        </li>
      ))}
    </ul>
  );
}

type Alarm = Schemas["AlarmOut"];

function Alarms() {
  const asked = useAsked("alarms", async () => (await ask(api.GET("/alarms", { params: { query: { open: true, limit: 8 } } }))).alarms as Alarm[]);
  useLive(["alarm.raised"], asked.reload);
  const know = async (alarm: Alarm): Promise<void> => {
    await ask(api.POST("/alarms/{alarm_id}/acknowledgement", { params: { path: { alarm_id: alarm.id } } }));
    asked.reload();
  };
  return (
    <Panel title={w.alarms}>
      <Await asked={asked}>
        {(alarms) =>
          alarms.length === 0 ? (
            <Empty>{w.noAlarms}</Empty>
          ) : (
            <ul class="list">
              {alarms.map((alarm) => (
                <li key={alarm.id} class="row">
                  <a href={href("look", { finding: alarm.finding_id })}>{minute(alarm.raised_at)}</a>
                  <button type="button" onClick={() => void know(alarm)}>
                    {w.know}
                  </button>
                </li>
              ))}
            </ul>
          )
        }
      </Await>
    </Panel>
  );
}

function Night() {
  const asked = useAsked("night", async () => (await ask(api.GET("/nights", { params: { query: { limit: 1 } } }))).nights);
  return (
    <Panel title={w.night}>
      <Await asked={asked}>
        {(nights) => {
          const last = nights[0];
          if (last === undefined) return <Empty>{w.noNight}</Empty>;
          return (
            <p>
              {minute(last.finished_at ?? last.started_at)} <a href={`${root}/nights/${encodeURIComponent(last.id)}/report?f=html`}>{w.report}</a>
            </p>
          );
        }}
      </Await>
    </Panel>
  );
}
