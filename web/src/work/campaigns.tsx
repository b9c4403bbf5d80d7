/** Campaigns: from what stood open on a day down to zero. */
import { useState } from "preact/hooks";
import { type Schemas, getJson } from "../api/client";
import { area, day, minute, number, percent } from "../app/format";
import { told, wordOf, words } from "../app/language";
import { href } from "../app/router";
import { may } from "../app/session";
import { useAsked } from "../app/use";
import type { ViewProps } from "../app/views";
import { Await, Empty, Mark, Panel, Table } from "../ui/parts";
import { BeginCampaign } from "./begin_campaign";
import { BurnChart } from "./burn_chart";
import "./common";

type State = Schemas["CampaignStateOut"];
type Figure = Schemas["service__schemas__campaigns__FigureOut"];

const w = words({
  title: ["专项行动", "Campaigns"],
  begin: ["新建专项行动", "Begin a campaign"],
  none: ["还没有专项行动。", "No campaign was begun yet."],
  list: ["专项列表", "All campaigns"],
  name: ["名称", "Name"],
  asOf: ["基准日", "Baseline of"],
  baseline: ["底数", "Baseline"],
  source: ["底数来源", "Baseline from"],
  created: ["建立", "Begun"],
  today: ["截至", "as of"],
  burn: ["销账进度", "Burn-down to zero"],
  villages: ["分村情况", "By village"],
  village: ["村居", "Village"],
  all: ["全部", "everywhere"],
  definitions: ["指标口径", "Definitions"],
  targets: ["目标", "Targets"],
  most: ["至多未销账", "Open at most"],
  by: ["期限", "By"],
  open: ["未销账", "Open"],
  state: ["状态", "State"],
  aDay: ["每天须办结", "Must end a day"],
  noTargets: ["没有设目标。", "No targets."],
  mu: ["亩", "mu"],
});
const SOURCES: Record<string, readonly [string, string]> = { structures: ["系统内疑似违法建筑", "suspected structures on file"], survey: ["普查台账", "a survey"] };
const STATES: Record<string, readonly [string, string]> = { reached: ["已达成", "reached"], missed: ["未达成", "missed"], running: ["进行中", "running"] };
const TONE: Record<string, "good" | "bad" | "info"> = { reached: "good", missed: "bad", running: "info" };

export default function View({ place }: ViewProps) {
  const id = place.path[1];
  return id ? <One key={id} id={id} /> : <List />;
}

function List() {
  const asked = useAsked("campaigns", () => getJson<Schemas["CampaignList"]>("/campaigns", { limit: 200 }));
  const [beginning, begin] = useState(false);
  return (
    <>
      <div class="work-bar">
        <h1>{w.title}</h1>
        {may("cases") ? (
          <button type="button" class="main" onClick={() => begin(true)}>
            {w.begin}
          </button>
        ) : null}
      </div>
      <Await asked={asked}>
        {({ campaigns }) =>
          campaigns.length === 0 ? (
            <Empty>{w.none}</Empty>
          ) : (
            <Table
              label={w.title}
              rows={campaigns}
              id={(one) => one.id}
              link={(one) => href(["campaigns", one.id])}
              columns={[
                { title: w.name, cell: (one) => one.name },
                { title: w.asOf, cell: (one) => day(one.as_of) },
                { title: w.baseline, number: true, cell: (one) => number(one.baseline) },
                { title: w.source, cell: (one) => wordOf(SOURCES, one.source) },
                { title: w.created, cell: (one) => minute(one.created_at) },
              ]}
            />
          )
        }
      </Await>
      {beginning ? <BeginCampaign close={() => begin(false)} /> : null}
    </>
  );
}

function One({ id }: { id: string }) {
  const asked = useAsked(`campaign/${id}`, () => getJson<State>(`/campaigns/${encodeURIComponent(id)}`));
  return (
    <>
      <p class="screen">
        <a href={href("campaigns")}>← {w.list}</a>
      </p>
      <Await asked={asked}>{(found) => <Shown found={found} />}</Await>
    </>
  );
}

function text(one: Figure): string {
  if (one.value === null) return "-";
  if (one.unit === "share") return percent(one.value, 1);
  if (one.unit === "m2") return area(one.value);
  return one.unit === "mu" ? `${number(one.value, 2)} ${w.mu}` : number(one.value);
}

function Shown({ found }: { found: State }) {
  const whole = found.villages.find((one) => one.village === "")?.figures ?? [];
  const shown = whole.filter((one) => one.name !== "freed_mu");
  return (
    <>
      <div class="work-bar">
        <h1>{found.name}</h1>
        <span class="note">
          {w.asOf} {day(found.as_of)} · {wordOf(SOURCES, found.source)} · {w.today} {day(found.today)}
        </span>
      </div>
      <div class="figures work-figures">
        {shown.map((one) => (
          <div key={one.name} class={`figure ${one.name === "rebuilt" && (one.value ?? 0) > 0 ? "bad" : ""}`} title={told(one.definition_zh, one.definition)}>
            <b>{text(one)}</b>
            {told(one.title_zh, one.title)}
          </div>
        ))}
      </div>
      <div class="work-split">
        <Panel title={w.burn}>
          <BurnChart days={found.burn_down} targets={found.targets} today={found.today} />
        </Panel>
        <Targets found={found} />
      </div>
      <Panel title={w.villages} class="work-below">
        <Table
          label={w.villages}
          rows={[...found.villages].sort((a, b) => a.village.localeCompare(b.village))}
          id={(one) => one.village}
          columns={[
            { title: w.village, cell: (one) => one.village || w.all },
            ...shown.map((figure) => ({
              title: told(figure.title_zh, figure.title),
              number: true,
              cell: (one: State["villages"][number]) => {
                const here = one.figures.find((other) => other.name === figure.name);
                return here ? text(here) : "-";
              },
            })),
          ]}
        />
        <details>
          <summary>{w.definitions}</summary>
          <dl class="work-definitions">
            {whole.map((one) => (
              <div key={one.name}>
                <dt>{told(one.title_zh, one.title)}</dt>
                <dd>{told(one.definition_zh, one.definition)}</dd>
              </div>
            ))}
          </dl>
        </details>
      </Panel>
    </>
  );
}

function Targets({ found }: { found: State }) {
  return (
    <Panel title={w.targets}>
      {found.targets.length === 0 ? (
        <Empty>{w.noTargets}</Empty>
      ) : (
        <Table
          label={w.targets}
          rows={found.targets}
          id={(one) => `${one.village} ${one.by}`}
          columns={[
            { title: w.village, cell: (one) => one.village || w.all },
            { title: w.most, number: true, cell: (one) => one.open_at_most },
            { title: w.by, cell: (one) => day(one.by) },
            { title: w.open, number: true, cell: (one) => one.open },
            { title: w.state, cell: (one) => <Mark tone={TONE[one.state] ?? "info"}>{wordOf(STATES, one.state)}</Mark> },
            { title: w.aDay, number: true, cell: (one) => (one.state === "running" ? number(one.a_day, 2) : "-") },
          ]}
        />
      )}
    </Panel>
  );
}
