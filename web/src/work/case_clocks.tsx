/** The terms of a case: what is overdue first, then what runs, each with its arithmetic folded. */
import { type Schemas, getJson } from "../api/client";
import { day, minute, relative } from "../app/format";
import { language, told, wordOf, words } from "../app/language";
import { useAsked } from "../app/use";
import { Await, Empty, Mark, Panel } from "../ui/parts";
import { orderClocks } from "./order";

type Clock = Schemas["CaseClockOut"];

const w = words({
  title: ["期限", "Terms"],
  none: ["没有期限。", "No terms."],
  steps: ["计算过程", "The arithmetic"],
  due: ["届满", "ends"],
  began: ["起算", "from"],
  provisional: ["暂定：节假日安排尚未公布", "provisional: the holidays are not published yet"],
  paused: ["不计入", "not counted"],
  since: ["自", "since"],
  done: ["已了结的期限", "Terms that are over"],
});
const STATES: Record<string, readonly [string, string]> = {
  running: ["进行中", "running"],
  paused: ["暂停", "paused"],
  met: ["已办", "met"],
  met_late: ["逾期办结", "met late"],
  overdue: ["逾期", "overdue"],
  lapsed: ["已届满", "over"],
  breached: ["违反", "breached"],
  cancelled: ["已取消", "cancelled"],
};
const WHOSE: Record<string, readonly [string, string]> = {
  bureau: ["本机关办理", "the bureau must act"],
  authority: ["其他机关办理", "another authority must act"],
  party_duty: ["当事人义务", "the party must act"],
  party: ["当事人权利", "a right of the party"],
  bar: ["此前不得办理", "not allowed before"],
};
const MARKS: Record<string, readonly [string, string]> = {
  reading: ["按我们的理解，请核对", "our reading: check"],
  "our reading": ["按我们的理解，请核对", "our reading: check"],
  "memory, check": ["未核对原文，请核对", "from memory: check"],
  setting: ["本机关设定，非法定", "a setting of the bureau, not law"],
};
const TONE: Record<string, "good" | "warn" | "bad" | "info" | "plain"> = { overdue: "bad", breached: "bad", running: "info", paused: "warn", met: "good", met_late: "warn" };
const OPEN = new Set(["overdue", "running", "paused", "breached"]);

export function CaseClocks({ id, version }: { id: string; version: string }) {
  const asked = useAsked(`clocks/${id}/${version}`, () => getJson<Schemas["CaseClocksOut"]>(`/cases/${id}/clocks`));
  return (
    <Panel title={w.title}>
      <Await asked={asked}>
        {(found) => {
          const clocks = orderClocks(found.clocks);
          const open = clocks.filter((one) => OPEN.has(one.state));
          const over = clocks.filter((one) => !OPEN.has(one.state));
          return (
            <>
              {open.length === 0 ? <Empty>{w.none}</Empty> : <List clocks={open} />}
              {over.length > 0 ? (
                <details>
                  <summary>
                    {w.done} ({over.length})
                  </summary>
                  <List clocks={over} />
                </details>
              ) : null}
            </>
          );
        }}
      </Await>
    </Panel>
  );
}

function List({ clocks }: { clocks: Clock[] }) {
  return (
    <ul class="list work-clocks">
      {clocks.map((one) => (
        <OneClock key={one.key} clock={one} />
      ))}
    </ul>
  );
}

function OneClock({ clock }: { clock: Clock }) {
  const runs = clock.state === "running" || clock.state === "overdue";
  return (
    <li class={clock.state === "overdue" ? "work-overdue" : ""}>
      <div class="row">
        <b>{told(clock.title_zh, clock.title)}</b>
        <Mark tone={TONE[clock.state] ?? "plain"}>{wordOf(STATES, clock.state)}</Mark>
        <small>{wordOf(WHOSE, clock.whose)}</small>
      </div>
      <p>
        {language.value === "zh" ? `${day(clock.started_on)} ${w.began}` : `${w.began} ${day(clock.started_on)}`} → {language.value === "zh" ? "" : `${w.due} `}
        <time dateTime={clock.due_at}>{minute(clock.due_at)}</time> {language.value === "zh" ? w.due : ""}
        {runs ? <span class="note"> · {relative(clock.due_at)}</span> : null}
      </p>
      <small>{told(clock.source_zh, clock.source)}</small>
      {clock.provisional ? <p class="note">{w.provisional}</p> : null}
      {clock.marks.map((mark) => (
        <p key={mark} class="note">
          {mark in MARKS ? wordOf(MARKS, mark) : mark}
        </p>
      ))}
      {clock.pauses.map((one) => (
        <p key={one.since} class="note">
          {w.paused}: {told(one.why_zh, one.why)}, {minute(one.since)} - {one.until ? minute(one.until) : "…"}
        </p>
      ))}
      <details>
        <summary>{w.steps}</summary>
        <ol>
          {clock.steps.map((step, at) => (
            <li key={at}>{language.value === "zh" ? step.zh : step.en}</li>
          ))}
        </ol>
      </details>
    </li>
  );
}
