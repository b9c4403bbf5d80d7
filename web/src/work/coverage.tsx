/** Coverage: what was seen in time, what was not and why, what needs a flight, and how much is missed. */
import { useState } from "preact/hooks";
import { type Schemas, getJson } from "../api/client";
import { day, number, percent } from "../app/format";
import { covers, groundOf } from "../app/ground";
import { told, wordOf, words } from "../app/language";
import { useLive } from "../app/live";
import { href } from "../app/router";
import { everywhere } from "../app/session";
import { useAsked } from "../app/use";
import type { ViewProps } from "../app/views";
import { Await, Empty, Panel, Table, Tabs } from "../ui/parts";
import { Audits } from "./audits";
import "./common";
import { PlaceAsked } from "./coverage_at";
import { REASONS } from "./coverage_words";
import { Tasking } from "./tasking";

type Summary = Schemas["SummaryOut"];
type Figures = Schemas["service__schemas__coverage__FiguresOut"];

const w = words({
  title: ["覆盖", "Coverage"],
  seen: ["按期看清", "seen in time"],
  seenDef: ["规定周期内有可用影像看清至少九成的单元面积", "ground of cells of which usable imagery showed at least nine tenths within their period"],
  area: ["责任区", "area of responsibility"],
  areaDef: ["行政区图层的面积；没有行政区图层时为影像覆盖范围", "area of the administrative areas; without them what scenes cover"],
  blind: ["未按期看清", "not seen in time"],
  blindDef: ["责任区减去按期看清的面积，按原因划分", "the area less what was seen in time, parted by reason"],
  never: ["从未看清", "never seen"],
  neverDef: ["未按期看清中从未有影像看清过的面积", "of what was not seen in time, what no imagery ever showed"],
  asOf: ["截至", "As of"],
  byArea: ["分区情况", "By administrative area"],
  name: ["行政区", "Area"],
  share: ["按期看清比例", "Seen in time"],
  why: ["未看清原因", "Why not"],
  definitions: ["指标口径", "Definitions"],
  parts: ["覆盖视图", "Parts of coverage"],
  noGround: ["还没有行政区划，也没有影像：导入后开始统计。", "Neither areas nor scenes are stored: coverage is told once they are."],
  figures: ["覆盖指标", "Figures"],
  tasks: ["补飞任务", "What needs a flight"],
  place: ["查某处", "Ask of a place"],
  audits: ["漏检抽查", "Recall audits"],
  day: ["日期", "Day"],
  unmasked: ["景影像没有可用性掩膜，不计入覆盖。", "scenes have no mask; nobody knows what they show."],
  unnamed: ["未命名", "unnamed"],
});
const km2 = (value: number): string => `${number(value, value < 10 ? 2 : 1)} km²`;

export default function View({ place }: ViewProps) {
  const show = place.query.get("show") ?? "";
  const asOf = place.query.get("as_of") ?? "";
  const tabs: [string, string][] = [["", w.figures], ["tasks", w.tasks], ["place", w.place]];
  if (everywhere()) tabs.push(["audits", w.audits]);
  return (
    <>
      <h1>{w.title}</h1>
      <Tabs label={w.parts} chosen={show} tabs={tabs.map(([name, title]) => ({ name, title, to: href("coverage", { show: name, as_of: asOf }) }))} />
      {show === "tasks" ? <Tasking asOf={asOf} /> : null}
      {show === "place" ? <PlaceAsked query={place.query} /> : null}
      {show === "audits" && everywhere() ? <Audits /> : null}
      {show === "" ? <Ledger asOf={asOf} /> : null}
    </>
  );
}

function Ledger({ asOf }: { asOf: string }) {
  const asked = useAsked(`coverage/${asOf}`, async () => (covers(await groundOf()) ? getJson<Summary>("/coverage", { as_of: asOf }) : null));
  useLive(["scene.stored"], asked.reload, 5_000);
  const [held, hold] = useState(asOf);
  return (
    <>
      <form
        class="work-bar"
        onSubmit={(event) => {
          event.preventDefault();
          location.hash = href("coverage", { as_of: held });
        }}
      >
        <label>
          {w.day} <input type="date" value={held} onInput={(event) => hold(event.currentTarget.value)} />
        </label>
        <button type="submit">{w.asOf}</button>
      </form>
      <Await asked={asked}>{(found) => (found === null ? <Empty>{w.noGround}</Empty> : <Shown found={found} />)}</Await>
    </>
  );
}

function whyOf(figures: Figures): string {
  const reasons = Object.entries(figures.blind_km2).filter(([, value]) => value > 0);
  return reasons.map(([reason, value]) => `${wordOf(REASONS, reason)} ${km2(value)}`).join(", ") || "-";
}

function Shown({ found }: { found: Summary }) {
  const all = found.all;
  const blind = Object.values(all.blind_km2).reduce((sum, value) => sum + value, 0);
  const figures: [string, string, string, boolean][] = [
    [w.seen, percent(all.seen_share, 1), w.seenDef, all.seen_share < 0.9],
    [w.area, km2(all.area_km2), w.areaDef, false],
    [w.blind, km2(blind), w.blindDef, false],
    [w.never, km2(all.never_km2), w.neverDef, all.never_km2 > 0],
  ];
  return (
    <>
      <p>{told(found.sentence_zh, found.sentence)}</p>
      <div class="figures work-figures">
        {figures.map(([title, value, definition, bad]) => (
          <div key={title} class={`figure ${bad ? "bad" : ""}`} title={definition}>
            <b>{value}</b>
            {title}
          </div>
        ))}
      </div>
      <details class="work-fold">
        <summary>{w.definitions}</summary>
        <dl class="work-definitions">
          {figures.map(([title, , definition]) => (
            <div key={title}>
              <dt>{title}</dt>
              <dd>{definition}</dd>
            </div>
          ))}
        </dl>
      </details>
      {found.without_mask.length > 0 ? (
        <p class="work-alarm">
          {found.without_mask.length} {w.unmasked}
        </p>
      ) : null}
      <Panel title={w.byArea}>
        <p class="note">
          {w.asOf} {day(found.as_of)}
        </p>
        <Table
          label={w.byArea}
          rows={found.areas}
          id={(one) => one.id ?? one.name ?? ""}
          columns={[
            { title: w.name, cell: (one) => one.name ?? one.id ?? w.unnamed },
            { title: w.area, number: true, cell: (one) => km2(one.figures.area_km2) },
            { title: w.share, number: true, cell: (one) => percent(one.figures.seen_share, 1) },
            { title: w.blind, number: true, cell: (one) => km2(one.figures.area_km2 - one.figures.seen_km2) },
            { title: w.never, number: true, cell: (one) => km2(one.figures.never_km2) },
            { title: w.why, cell: (one) => whyOf(one.figures) },
          ]}
        />
      </Panel>
    </>
  );
}
