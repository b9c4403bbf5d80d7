/** The decided cases most like one: so that like is treated alike. */
import { type Schemas, getJson } from "../api/client";
import { area, number } from "../app/format";
import { wordOf, words } from "../app/language";
import { href } from "../app/router";
import { useAsked } from "../app/use";
import { Await, Empty, Mark, Panel, Table } from "../ui/parts";
import { categoryWords } from "./common";
import { CHOICES } from "../api/words";

const w = words({
  title: ["同类已决案件", "Decided cases most like it"],
  none: ["还没有同类别、同路径、同阶段的已决案件。", "No case of its category, path and stage was decided yet."],
  note: ["同类别、同路径、同建设阶段，面积相近者在前。", "Of its category, path and stage, the nearest in size first."],
  this: ["本案", "This case"],
  serial: ["案号", "Case"],
  category: ["类别", "Category"],
  size: ["面积", "Area"],
  village: ["村居", "Village"],
  outcome: ["处理结果", "Outcome"],
  fine: ["罚款（元）", "Fine, yuan"],
  decision: ["受理至决定（天）", "Days to decision"],
  end: ["受理至结案（天）", "Days to end"],
  rules: ["规则版本", "Rules"],
  hardship: ["困难暂缓", "hardship"],
});

export function CaseAlike({ id }: { id: string }) {
  const asked = useAsked(`alike/${id}`, () => getJson<Schemas["ComparableOut"]>(`/cases/${id}/comparable`));
  return (
    <Panel title={w.title}>
      <p class="note">{w.note}</p>
      <Await asked={asked}>
        {(found) => (
          <>
            {found.alike.length === 0 ? <Empty>{w.none}</Empty> : null}
            <Table
              label={w.title}
              rows={[found.case, ...found.alike]}
              id={(one) => one.case_id}
              link={(one) => href(["case", one.case_id])}
              columns={[
                { title: w.serial, cell: (one) => (one.case_id === id ? `${one.serial} (${w.this})` : one.serial) },
                { title: w.category, cell: (one) => categoryWords([one.category]) },
                { title: w.size, number: true, cell: (one) => area(one.area_m2) },
                { title: w.village, cell: (one) => one.village || "-" },
                { title: w.outcome, cell: (one) => <>{wordOf(CHOICES, one.outcome)} {one.hardship ? <Mark tone="warn">{w.hardship}</Mark> : null}</> },
                { title: w.fine, number: true, cell: (one) => number(one.fine_yuan) },
                { title: w.decision, number: true, cell: (one) => number(one.days_to_decision) },
                { title: w.end, number: true, cell: (one) => number(one.days_to_end) },
                { title: w.rules, cell: (one) => one.rulebook || "-" },
              ]}
            />
          </>
        )}
      </Await>
    </Panel>
  );
}
