/** What later imagery showed of a case, and what became of the land. */
import { type Schemas, getJson, send } from "../api/client";
import { area, day, minute, percent } from "../app/format";
import { language, told, wordOf, words } from "../app/language";
import { may } from "../app/session";
import { useAsked } from "../app/use";
import { Await, Empty, Mark, Panel, Table } from "../ui/parts";
import { toast } from "../ui/toast";
import { Refused, useSend } from "./act";
import { CHOICES } from "../api/words";
import type { CaseEvent } from "./offers";

type Look = Schemas["CaseLookOut"];

const w = words({
  title: ["影像核验", "What later imagery showed"],
  look: ["立即核验", "Look now"],
  looking: ["正在核验…", "Looking…"],
  looked: ["核验完成", "Looked"],
  none: ["还没有后续影像显示该处。", "No later imagery has shown the place."],
  unwatched: ["本案的结果不能由影像核验。", "Imagery cannot tell the end of this case."],
  overdue: ["拆除已报告，到期未见核验：请补充现场核验。", "A demolition was reported and nothing proved it in time: proof from the field is due."],
  confidence: ["置信度", "confidence"],
  told: ["记入第", "told as event"],
  toldEnd: ["项", ""],
  gone: ["已拆", "gone"],
  green: ["绿化", "green"],
  of: ["共", "of"],
  reuse: ["土地利用", "Reuse of the land"],
  noReuse: ["没有土地利用计划。", "No reuse is planned."],
  when: ["日期", "Day"],
  what: ["事项", "What"],
  purpose: ["用途", "Purpose"],
  size: ["面积", "Area"],
  error: ["误差", "Error"],
  share: ["与计划相比", "Of the plan"],
});
const EFFECTS: Record<string, readonly [string, string]> = {
  proved: ["已核验", "proves the end"],
  reopened: ["退回办理", "brings the case back"],
  rebuilding: ["发现重建", "rebuilding"],
  noted: ["已记录", "noted"],
  measured: ["已核测", "measured"],
  kept: ["仅留存", "only kept"],
};
const TONE: Record<string, "good" | "warn" | "bad" | "info" | "plain"> = { gone: "good", green: "good", partly_gone: "warn", covered: "warn", refilled: "warn", still_there: "bad" };

export function CaseProof({ id, version, events, done }: { id: string; version: string; events: readonly CaseEvent[]; done: () => void }) {
  const asked = useAsked(`proof/${id}/${version}`, () => getJson<Schemas["CaseProofOut"]>(`/cases/${id}/proof`));
  const sent = useSend();
  const look = (): void =>
    sent.run(async () => {
      await send("POST", `/cases/${id}/proof`);
      toast(w.looked);
      done();
    });
  return (
    <>
      <Panel
        title={w.title}
        actions={
          may("cases") ? (
            <button type="button" disabled={sent.busy} onClick={look}>
              {sent.busy ? w.looking : w.look}
            </button>
          ) : null
        }
      >
        {sent.error ? <Refused error={sent.error} /> : null}
        <Await asked={asked}>
          {(proof) => (
            <>
              {proof.overdue ? <p class="work-alarm">{w.overdue}</p> : null}
              {proof.watched ? null : <p class="note">{w.unwatched}</p>}
              {proof.looks.length === 0 ? <Empty>{w.none}</Empty> : <Looks looks={proof.looks} />}
            </>
          )}
        </Await>
      </Panel>
      <Reuse events={events} />
    </>
  );
}

function Looks({ looks }: { looks: Look[] }) {
  return (
    <ul class="list">
      {[...looks].reverse().map((one) => {
        const facts = one.told as { reasons?: string[]; reasons_zh?: string[]; gone_m2?: number; gone_error_m2?: number; green_m2?: number; error_m2?: number; area_m2?: number };
        const reasons = (language.value === "zh" ? facts.reasons_zh : facts.reasons) ?? [];
        return (
          <li key={`${one.scene_id} ${one.kind}`}>
            <div class="row">
              <time dateTime={one.shown_at}>{minute(one.shown_at)}</time>
              <Mark tone={TONE[one.seen] ?? "plain"}>{told(one.seen_zh, one.seen_en)}</Mark>
              <span>
                {w.confidence} {percent(one.confidence)}
              </span>
              <Mark>{wordOf(EFFECTS, one.effect)}</Mark>
              {one.event !== null ? (
                <small>
                  {w.told} {one.event} {w.toldEnd}
                </small>
              ) : null}
            </div>
            {reasons.map((text) => (
              <p key={text}>{text}</p>
            ))}
            {typeof facts.gone_m2 === "number" ? (
              <p>
                {w.gone} {area(facts.gone_m2)} ± {area(facts.gone_error_m2)}, {w.of} {area(facts.area_m2)}
              </p>
            ) : null}
            {typeof facts.green_m2 === "number" ? (
              <p>
                {w.green} {area(facts.green_m2)} ± {area(facts.error_m2)}
              </p>
            ) : null}
            {one.why ? <p class="note">{told(one.why_zh, one.why)}</p> : null}
          </li>
        );
      })}
    </ul>
  );
}

const DATED = ["done_on", "measured_on", "due_on"];

function Reuse({ events }: { events: readonly CaseEvent[] }) {
  const rows = events.filter((one) => one.event.startsWith("reuse_"));
  const size = (one: CaseEvent): number | null => (typeof one.facts.area_m2 === "number" ? one.facts.area_m2 : null);
  const plan = rows.filter((one) => one.event === "reuse_planned").map(size).pop() ?? null;
  return (
    <Panel title={w.reuse}>
      {rows.length === 0 ? (
        <Empty>{w.noReuse}</Empty>
      ) : (
        <Table
          label={w.reuse}
          rows={rows}
          id={(one) => String(one.number)}
          columns={[
            { title: w.what, cell: (one) => told(one.title_zh, one.title) },
            { title: w.when, cell: (one) => day(String(one.facts[DATED.find((name) => name in one.facts) ?? ""] ?? one.at)) },
            { title: w.purpose, cell: (one) => wordOf(CHOICES, String(one.facts.purpose)) },
            { title: w.size, number: true, cell: (one) => area(size(one)) },
            { title: w.error, number: true, cell: (one) => (typeof one.facts.error_m2 === "number" ? `± ${area(one.facts.error_m2)}` : "-") },
            { title: w.share, number: true, cell: (one) => (plan && one.event !== "reuse_planned" ? percent((size(one) ?? 0) / plan) : "-") },
          ]}
        />
      )}
    </Panel>
  );
}
