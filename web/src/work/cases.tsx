/** The cases: a list or a board by state, filters that are links, the figures of the ledger on top. */
import { useState } from "preact/hooks";
import { type Collection, type Feature, items } from "../api/features";
import { minute, relative } from "../app/format";
import { language, told, wordOf, words } from "../app/language";
import { CASES, useLive } from "../app/live";
import { href } from "../app/router";
import { may } from "../app/session";
import { useAsked } from "../app/use";
import type { ViewProps } from "../app/views";
import { Await, Empty, Mark, Table } from "../ui/parts";
import { STATES, categoryWords, stateWord, termWord } from "./common";
import { CHOICES } from "../api/words";
import { Filter } from "./filter";
import { Ledger } from "./ledger";
import { OpenCase } from "./open_case";
import { columnsOf, orderCases } from "./order";

export interface CaseProps {
  serial: string;
  state: string;
  path: string;
  stage: string;
  categories: string[];
  outcome: string | null;
  unit: string | null;
  opened_at: string;
  closed_at: string | null;
  due_at: string | null;
  due_term?: string | null;
  due_term_zh?: string | null;
  overdue: string[];
}
type Case = Feature<CaseProps>;

const w = words({
  title: ["案件", "Cases"],
  view: ["显示", "Show as"],
  list: ["列表", "list"],
  board: ["看板", "board"],
  which: ["范围", "Which"],
  open: ["在办", "open"],
  all: ["全部", "all"],
  overdue: ["逾期", "overdue"],
  state: ["状态", "State"],
  path: ["路径", "Path"],
  any: ["不限", "any"],
  make: ["手工受理案件", "Open a case by hand"],
  none: ["没有符合条件的案件。", "No such cases."],
  more: ["件以外还有案件未显示，请缩小范围。", "are shown; there are more: narrow the filters."],
  shown: ["共", "Cases:"],
  serial: ["案号", "Case"],
  categories: ["违法类别", "Categories"],
  due: ["下一期限", "Next term"],
  unit: ["承办单位", "Unit"],
  opened: ["受理", "Opened"],
  nothing: ["无待办期限", "nothing is due"],
  boardLabel: ["案件看板", "Board of cases"],
});
const MOST = 1000;

export default function View({ place }: ViewProps) {
  const query = Object.fromEntries(place.query.entries());
  const asked = useAsked(`cases/${place.query.get("path")}/${place.query.get("all")}/${place.query.get("state")}`, () => load(query));
  useLive(CASES, asked.reload);
  const [making, make] = useState(false);
  return (
    <>
      <div class="work-bar">
        <h1>{w.title}</h1>
        {may("cases") ? (
          <button type="button" class="main" onClick={() => make(true)}>
            {w.make}
          </button>
        ) : null}
      </div>
      <Ledger />
      <Filters query={query} found={asked.value} />
      <Await asked={asked}>{(found) => <Shown found={found} query={query} />}</Await>
      {making ? <OpenCase close={() => make(false)} /> : null}
    </>
  );
}

function load(query: Record<string, string>): Promise<Collection<CaseProps>> {
  const open = query.all !== "1" && query.state !== "closed";
  return items<CaseProps>("cases", {
    limit: MOST,
    skipGeometry: "true",
    sortby: "due_at",
    path: query.path,
    ...(open ? { filter: "closed_at IS NULL" } : {}),
  });
}

function Filters({ query, found }: { query: Record<string, string>; found: Collection<CaseProps> | undefined }) {
  const here = new Set((found?.features ?? []).map((one) => one.properties.state));
  if (query.state) here.add(query.state);
  const states = STATES.filter((state) => here.has(state));
  return (
    <div class="work-bar">
      <Filter view="cases" query={query} name="view" label={w.view} options={[["", w.list], ["board", w.board]]} />
      <Filter view="cases" query={query} name="all" label={w.which} options={[["", w.open], ["1", w.all]]} />
      <Filter view="cases" query={query} name="overdue" options={[["1", w.overdue]]} toggles />
      <Filter view="cases" query={query} name="path" label={w.path} options={[["", w.any], ...["fast", "slow", "village", "land"].map((one) => [one, wordOf(CHOICES, one)] as const)]} />
      {states.length > 1 ? <Filter view="cases" query={query} name="state" label={w.state} options={[["", w.any], ...states.map((one) => [one, stateWord(one)] as const)]} /> : null}
    </div>
  );
}

function Shown({ found, query }: { found: Collection<CaseProps>; query: Record<string, string> }) {
  const wanted = found.features.filter((one) => (!query.state || one.properties.state === query.state) && (query.overdue !== "1" || one.properties.overdue.length > 0));
  const cases = orderCases(wanted);
  const cut = (found.numberMatched ?? 0) > found.features.length;
  return (
    <>
      <p class="note" role="status">
        {w.shown} {cases.length} {cut ? `(${found.features.length}) ${w.more}` : ""}
      </p>
      {cases.length === 0 ? <Empty>{w.none}</Empty> : query.view === "board" ? <Board cases={cases} /> : <Listed cases={cases} />}
    </>
  );
}

function Next({ one }: { one: CaseProps }) {
  if (one.overdue.length > 0) {
    return (
      <>
        <Mark tone="bad">{w.overdue}</Mark> {one.overdue.map(termWord).join(language.value === "zh" ? "、" : ", ")}
      </>
    );
  }
  if (!one.due_at) return <span class="note">{w.nothing}</span>;
  const term = told(one.due_term_zh, one.due_term);
  return (
    <>
      {term ? `${term} ` : ""}
      <time dateTime={one.due_at} title={minute(one.due_at)}>
        {relative(one.due_at)}
      </time>
    </>
  );
}

function Listed({ cases }: { cases: Case[] }) {
  return (
    <Table
      label={w.title}
      rows={cases}
      id={(one) => one.id}
      link={(one) => href(["case", one.id])}
      columns={[
        { title: w.serial, cell: (one) => <span class="work-serial">{one.properties.serial}</span> },
        { title: w.state, cell: (one) => <Mark tone={one.properties.state === "closed" ? "good" : "info"}>{stateWord(one.properties.state)}</Mark> },
        { title: w.due, cell: (one) => <Next one={one.properties} /> },
        { title: w.categories, cell: (one) => categoryWords(one.properties.categories) },
        { title: w.path, cell: (one) => wordOf(CHOICES, one.properties.path) },
        { title: w.unit, cell: (one) => one.properties.unit ?? "-" },
        { title: w.opened, cell: (one) => <span title={minute(one.properties.opened_at)}>{relative(one.properties.opened_at)}</span> },
      ]}
    />
  );
}

function Board({ cases }: { cases: Case[] }) {
  return (
    <div class="work-board" tabIndex={0} role="region" aria-label={w.boardLabel}>
      {columnsOf(cases, STATES).map(([state, here]) => (
        <section key={state} aria-label={stateWord(state)}>
          <h2>
            {stateWord(state)} <span class="note">{here.length}</span>
          </h2>
          <ul>
            {here.map((one) => (
              <li key={one.id}>
                <a class={`work-card ${one.properties.overdue.length > 0 ? "late" : ""}`} href={href(["case", one.id])}>
                  <b>{one.properties.serial}</b> <small>{wordOf(CHOICES, one.properties.path)}</small>
                  <p>{categoryWords(one.properties.categories)}</p>
                  <p>
                    <Next one={one.properties} />
                  </p>
                </a>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
