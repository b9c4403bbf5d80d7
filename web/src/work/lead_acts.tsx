/** What may be done with a lead: judged, made a case, split, merged, noted. */
import { useState } from "preact/hooks";
import { type Schemas, send } from "../api/client";
import { item, items } from "../api/features";
import { day, number } from "../app/format";
import { wordOf, words } from "../app/language";
import { go, href } from "../app/router";
import { may } from "../app/session";
import { useAsked } from "../app/use";
import { type Near, boxAround, nearest } from "../map/near";
import { middleOf } from "../map/places";
import { Await, Dialog, Empty, Field, Panel } from "../ui/parts";
import { toast } from "../ui/toast";
import { Submit, focusWrong, useSend } from "./act";
import { FactFields } from "./fact_fields";
import { type Held, type Wrong, factsOf, inBeijing } from "./fact_form";
import { LeadVerdict } from "./lead_verdict";
import { LEAD_STATES, type LeadProps, sourceWord } from "./lead_words";
import { OPENING } from "./open_case";

type Lead = Schemas["LeadOut"];
type Act = "verdict" | "case" | "split" | "merge" | "note";

const w = words({
  title: ["处理", "What to do"],
  verdict: ["核查结论", "Judge it"],
  again: ["更正结论", "Judge it anew"],
  case: ["转为案件", "Make it a case"],
  split: ["拆分", "Split"],
  merge: ["合并", "Merge"],
  note: ["备注", "Note"],
  reason: ["理由", "Why"],
  done: ["已记录", "Recorded"],
  text: ["备注内容", "What there is to say"],
  leave: ["转出的上报", "Reports that leave"],
  leaveWrong: ["请至少选一项，且至少留下一项。", "Choose at least one, and leave at least one."],
  others: ["并入本线索的线索", "Leads that become part of it"],
  chooseOne: ["请至少选一条。", "Choose at least one."],
  within: ["查找范围", "Look within"],
  none: ["此范围内没有其他线索。", "There is no other lead within it."],
  first: ["首次发现", "first seen"],
  opened: ["案件已受理：", "The case was opened: "],
  joined: ["已并入在办案件：", "It went to the open case: "],
  at: ["受理时间（北京时间）", "When it was opened (Beijing time)"],
  now: ["留空为现在", "Empty: now"],
  caseHint: ["位置和发现时间取自线索。", "Its place and when it was discovered are those of the lead."],
  needsUnlawful: ["判为“违法”后可转为案件。", "A lead judged unlawful becomes a case."],
});

export function LeadActs({ lead, done }: { lead: Lead; done: () => void }) {
  const [act, setAct] = useState<Act | null>(null);
  const form = { lead, close: () => setAct(null), done };
  const ready = lead.verdict === 2 && lead.state !== "case";
  return (
    <Panel title={w.title}>
      <div class="row">
        {may("judge") ? (
          <button type="button" class={lead.verdict === 0 ? "main" : ""} onClick={() => setAct("verdict")}>
            {lead.verdict === 0 ? w.verdict : w.again}
          </button>
        ) : null}
        {may("cases") && ready ? (
          <button type="button" class="main" onClick={() => setAct("case")}>
            {w.case}
          </button>
        ) : null}
        {may("leads") ? (
          <>
            {lead.reports.length > 1 ? (
              <button type="button" onClick={() => setAct("split")}>
                {w.split}
              </button>
            ) : null}
            <button type="button" onClick={() => setAct("merge")}>
              {w.merge}
            </button>
            <button type="button" onClick={() => setAct("note")}>
              {w.note}
            </button>
          </>
        ) : null}
      </div>
      {lead.verdict === 0 && may("cases") ? <p class="note">{w.needsUnlawful}</p> : null}
      {act === "verdict" ? <LeadVerdict {...form} /> : null}
      {act === "case" ? <MakeCase {...form} /> : null}
      {act === "split" ? <Split {...form} /> : null}
      {act === "merge" ? <Merge {...form} /> : null}
      {act === "note" ? <NoteIt {...form} /> : null}
    </Panel>
  );
}

interface Form {
  lead: Lead;
  close: () => void;
  done: () => void;
}

function NoteIt({ lead, close, done }: Form) {
  const [text, setText] = useState("");
  const sent = useSend();
  const add = (event: Event): void => {
    event.preventDefault();
    sent.run(async () => {
      await send("POST", `/leads/${lead.id}/notes`, { text });
      toast(w.done);
      close();
      done();
    });
  };
  return (
    <Dialog title={w.note} close={close}>
      <form onSubmit={add}>
        <Field label={w.text}>
          <textarea rows={3} required maxLength={2_000} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        </Field>
        <Submit sent={sent} title={w.note} />
      </form>
    </Dialog>
  );
}

function Split({ lead, close, done }: Form) {
  const [chosen, choose] = useState<string[]>([]);
  const [reason, setReason] = useState("");
  const [wrong, setWrong] = useState(false);
  const sent = useSend();
  const split = (event: Event): void => {
    event.preventDefault();
    const bad = chosen.length === 0 || chosen.length === lead.reports.length;
    setWrong(bad);
    if (bad) return;
    sent.run(async () => {
      const made = await send<Lead>("POST", `/leads/${lead.id}/split`, { reports: chosen, reason, expected: lead.number });
      toast(w.done);
      close();
      done();
      go(href(["lead", made.id]));
    });
  };
  return (
    <Dialog title={w.split} close={close}>
      <form onSubmit={split}>
        <Boxes
          title={w.leave}
          chosen={chosen}
          choose={(ids) => {
            choose(ids);
            setWrong(false);
          }}
          options={lead.reports.map((one) => [one.id, `${sourceWord(one.source)} ${day(one.seen_at)} ${one.text.slice(0, 40)}`] as const)}
          {...(wrong ? { wrong: w.leaveWrong } : {})}
        />
        <Why value={reason} change={setReason} />
        <Submit sent={sent} title={w.split} />
      </form>
    </Dialog>
  );
}

/** How far around others are looked for, m: reports of one building differ by metres, those of a bad address by a village. */
const WITHIN_M = [200, 1_000, 5_000] as const;

/** Leads that may yet be joined with one, within metres of its middle. */
async function neighbours(id: string, within: number): Promise<Near<LeadProps>[]> {
  const at = middleOf((await item<LeadProps>("leads", id)).geometry);
  if (at === null) return [];
  const found = await items<LeadProps>("leads", { limit: 200, bbox: boxAround(at, within).join(","), filter: "state = 'open' OR state = 'judged'" });
  return nearest(found.features, at, within).filter(({ one }) => one.id !== id);
}

function Merge({ lead, close, done }: Form) {
  const [within, setWithin] = useState<number>(WITHIN_M[0]);
  const asked = useAsked(`merge-leads ${within}`, () => neighbours(lead.id, within));
  const [chosen, choose] = useState<string[]>([]);
  const [reason, setReason] = useState("");
  const [wrong, setWrong] = useState(false);
  const sent = useSend();
  const merge = (event: Event): void => {
    event.preventDefault();
    setWrong(chosen.length === 0);
    if (chosen.length === 0) return;
    sent.run(async () => {
      await send("POST", `/leads/${lead.id}/merge`, { leads: chosen, reason, expected: lead.number });
      toast(w.done);
      close();
      done();
    });
  };
  return (
    <Dialog title={w.merge} close={close}>
      <Field label={w.within}>
        <select
          value={within}
          onChange={(event) => {
            choose([]);
            setWithin(Number(event.currentTarget.value));
          }}
        >
          {WITHIN_M.map((metres) => (
            <option key={metres} value={metres}>
              {number(metres)} m
            </option>
          ))}
        </select>
      </Field>
      <Await asked={asked}>
        {(others) =>
          others.length === 0 ? (
            <Empty>{w.none}</Empty>
          ) : (
            <form onSubmit={merge}>
              <Boxes
                title={w.others}
                chosen={chosen}
                choose={(ids) => {
                  choose(ids);
                  setWrong(false);
                }}
                options={others.map(({ one, metres }) => [one.id, `${number(metres)} m · ${one.properties.sources.map(sourceWord).join("、")} · ${w.first} ${day(one.properties.first_seen)} · ${wordOf(LEAD_STATES, one.properties.state)} · ${one.id.replace(/^lead-/, "")}`] as const)}
                {...(wrong ? { wrong: w.chooseOne } : {})}
              />
              <Why value={reason} change={setReason} />
              <Submit sent={sent} title={w.merge} />
            </form>
          )
        }
      </Await>
    </Dialog>
  );
}

function MakeCase({ lead, close, done }: Form) {
  const reported = reportedOf(lead);
  // what the reports tell need not be told again; what none of them tells is needed
  const facts = OPENING.map((fact) => ({ ...fact, needed: fact.name === "path" || (fact.name === "stage" && !reported.stage) || (fact.name === "categories" && reported.categories.length === 0) }));
  const [held, hold] = useState<Held>({ categories: reported.categories, stage: reported.stage });
  const [at, setAt] = useState("");
  const [wrong, setWrong] = useState<Wrong[]>([]);
  const sent = useSend();
  const open = (event: Event): void => {
    event.preventDefault();
    const read = factsOf(facts, held);
    setWrong(read.wrong);
    if (read.wrong.length > 0) {
      focusWrong(event.currentTarget as HTMLFormElement);
      return;
    }
    sent.run(async () => {
      const made = await send<Schemas["LeadCaseOut"]>("POST", `/leads/${lead.id}/case`, { facts: read.facts, expected: lead.number, ...(at ? { at: inBeijing(at) } : {}) });
      toast(`${made.new ? w.opened : w.joined}${made.serial}`);
      close();
      done();
      go(href(["case", made.case_id]));
    });
  };
  return (
    <Dialog title={w.case} close={close}>
      <form onSubmit={open}>
        <p class="note">{w.caseHint}</p>
        <FactFields facts={facts} held={held} wrong={wrong} change={(name, value) => hold({ ...held, [name]: value })} />
        <Field label={w.at} hint={w.now}>
          <input type="datetime-local" value={at} onInput={(event) => setAt(event.currentTarget.value)} />
        </Field>
        <Submit sent={sent} title={w.case} />
      </form>
    </Dialog>
  );
}

/** What the reports of a lead tell of its case. */
function reportedOf(lead: Lead): { stage: string; categories: string[] } {
  const stages = lead.reports.map((one) => one.stage).filter((one): one is string => one !== null);
  const last = stages[stages.length - 1];
  const categories = lead.reports.flatMap((one) => (Array.isArray(one.facts.categories) ? one.facts.categories.map(String) : []));
  return { stage: last === undefined ? "" : last === "finished" ? "finished" : "under_construction", categories: [...new Set(categories)] };
}

export function Why({ value, change }: { value: string; change: (value: string) => void }) {
  return (
    <Field label={w.reason}>
      <textarea rows={2} required maxLength={2_000} value={value} onInput={(event) => change(event.currentTarget.value)} />
    </Field>
  );
}

function Boxes({ title, options, chosen, choose, wrong }: { title: string; options: readonly (readonly [string, string])[]; chosen: string[]; choose: (chosen: string[]) => void; wrong?: string }) {
  return (
    <fieldset class="work-many work-tall">
      <legend>{title}</legend>
      <ul class="list">
        {options.map(([id, name]) => (
          <li key={id}>
            <label>
              <input type="checkbox" checked={chosen.includes(id)} onChange={(event) => choose(event.currentTarget.checked ? [...chosen, id] : chosen.filter((one) => one !== id))} /> {name}
            </label>
          </li>
        ))}
      </ul>
      {wrong ? <small class="work-wrong">{wrong}</small> : null}
    </fieldset>
  );
}
