/** Where a case stands, in a few facts. */
import type { Schemas } from "../api/client";
import type { GeoJSON } from "../api/features";
import { minute, relative } from "../app/format";
import { told, wordOf, words } from "../app/language";
import { href } from "../app/router";
import { Facts, Mark } from "../ui/parts";
import { REGIONS } from "../api/words";
import { categoryWords, personName, stateWord, termWord } from "./common";
import { CHOICES } from "../api/words";
import { middleOf } from "../map/places";

const w = words({
  case: ["案件", "Case"],
  state: ["状态", "State"],
  path: ["办理路径", "Path"],
  stage: ["建设阶段", "Stage"],
  categories: ["违法类别", "Categories"],
  outcome: ["处理结果", "Outcome"],
  handlers: ["承办人", "In charge"],
  unit: ["派遣单位", "Dispatched to"],
  opened: ["受理", "Opened"],
  due: ["下一期限", "Next term"],
  closed: ["结案", "Closed"],
  structure: ["建筑", "Structure"],
  history: ["历次影像与变化", "What was seen of it over time"],
  place: ["位置", "Place"],
  map: ["在地图上看", "On the map"],
  overdue: ["逾期", "Overdue"],
  defects: ["程序瑕疵", "Defects of the procedure"],
  none: ["未定", "none yet"],
});
const REGION: Record<string, readonly [string, string]> = {
  site: ["制止", "Stop"],
  seal: ["查封", "Seal"],
  goods: ["登记保存", "Goods"],
  party: ["当事人", "Party"],
  legal: ["法制审核", "Legal review"],
  statement: ["陈述申辩", "Statement"],
  hearing: ["听证", "Hearing"],
  appraisal: ["鉴定", "Appraisal"],
  announcement: ["公告", "Announcement"],
  review: ["复议", "Review"],
  suit: ["诉讼", "Suit"],
  court: ["法院", "Court"],
  hold: ["暂缓", "Hold"],
  filing: ["立案审批", "Filing"],
  penalty: ["处罚审批", "Penalty"],
  closure: ["结案审批", "Closing"],
  dispatch: ["派遣", "Dispatch"],
  land: ["土地利用", "Land"],
};

export function CaseHead({ found, names, place }: { found: Schemas["CaseOut"]; names: Readonly<Record<string, string>>; place: GeoJSON | null }) {
  const at = middleOf(place);
  const rows: [string, preact.ComponentChildren][] = [
    [w.categories, categoryWords(found.categories)],
    [w.path, `${wordOf(CHOICES, found.path)} · ${wordOf(CHOICES, found.stage)}`],
    [w.handlers, found.handlers.map((one) => personName(one, names)).join("、") || w.none],
    [w.opened, minute(found.opened_at)],
  ];
  if (found.due_at) rows.push([w.due, <>{minute(found.due_at)} <span class="note">{relative(found.due_at)}</span></>]);
  if (found.outcome) rows.push([w.outcome, wordOf(CHOICES, found.outcome)]);
  if (found.closed_at) rows.push([w.closed, minute(found.closed_at)]);
  if (found.unit) rows.push([w.unit, found.unit]);
  if (found.structure_id) rows.push([w.structure, <a href={href(["know", found.structure_id])}>{w.history}</a>]);
  if (at) rows.push([w.place, <>{at[1].toFixed(6)}, {at[0].toFixed(6)} <a href={href("look", { lon: at[0].toFixed(6), lat: at[1].toFixed(6) })}>{w.map}</a></>]);
  return (
    <section class="panel work-head">
      <header>
        <h1>
          {w.case} {found.serial}
        </h1>
        <div class="row">
          <Mark tone={found.state === "closed" ? "good" : "info"}>{stateWord(found.state)}</Mark>
          <Regions found={found} />
        </div>
      </header>
      {found.overdue.length > 0 ? (
        <p class="work-alarm">
          <b>{w.overdue}:</b> {found.overdue.map(termWord).join("、")}
        </p>
      ) : null}
      {found.defects.length > 0 ? (
        <p class="work-alarm">
          <a href={href(["case", found.id], { tab: "events" })}>
            {w.defects} ({found.defects.length})
          </a>
          : {found.defects.flatMap((one) => one.refused.map((no) => told(no.message_zh, no.message))).join(" ")}
        </p>
      ) : null}
      <Facts rows={rows} />
    </section>
  );
}

/** The regions beside the procedure that are not where every case begins. */
function Regions({ found }: { found: Schemas["CaseOut"] }) {
  return (
    <>
      {Object.entries(REGION).map(([region, title]) => {
        const states = REGIONS[region] ?? {};
        const state = found.regions[region];
        return state === undefined || state === Object.keys(states)[0] ? null : (
          <Mark key={region} tone={region === "seal" || region === "hold" || region === "court" || state === "defied" ? "warn" : "plain"}>
            {wordOf({ title }, "title")}: {wordOf(states, state)}
          </Mark>
        );
      })}
    </>
  );
}
