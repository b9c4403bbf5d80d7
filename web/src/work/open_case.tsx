/** Open a case by hand: from leads on file, at their place. */
import { useState } from "preact/hooks";
import { type Schemas, getJson, send } from "../api/client";
import { item, items } from "../api/features";
import { day } from "../app/format";
import { told, words } from "../app/language";
import { go, href } from "../app/router";
import { useAsked } from "../app/use";
import { Await, Dialog, Empty, Field } from "../ui/parts";
import { toast } from "../ui/toast";
import { Submit, focusWrong, useSend } from "./act";
import { FactFields } from "./fact_fields";
import { type Fact, type Held, type Wrong, factsOf, inBeijing } from "./fact_form";
import { type LeadProps, sourceWord } from "./lead_words";

const w = words({
  title: ["手工受理案件", "Open a case by hand"],
  lead: ["线索", "Lead"],
  leadHint: ["案件取该线索的位置。判为违法的线索可在线索页直接转为案件。", "The case takes the place of the lead. A lead judged unlawful becomes a case on its own page."],
  none: ["没有可用的线索，请先登记线索。", "There is no lead: record a report first."],
  at: ["受理时间（北京时间）", "When it was opened (Beijing time)"],
  now: ["留空为现在", "Empty: now"],
  send: ["受理", "Open the case"],
  sent: ["案件已受理：", "The case was opened: "],
  choose: ["请选择", "Choose"],
  first: ["首次发现", "first seen"],
});
const fact = (name: string, form: string, needed = true, choices: string[] = []): Fact => ({ name, form, needed, choices });
export const OPENING: Fact[] = [
  fact("path", "choice", true, ["fast", "slow", "village", "land"]),
  fact("stage", "choice", true, ["under_construction", "finished"]),
  fact("categories", "ids"),
  fact("discovered_on", "moment", false),
  fact("complaint", "truth", false),
  fact("act_ended_on", "day", false),
  fact("endangers", "truth", false),
];

export function OpenCase({ close }: { close: () => void }) {
  const leads = useAsked("open-case-leads", () => items<LeadProps>("leads", { limit: 500, skipGeometry: "true", sortby: "-priority", filter: "state = 'open' OR state = 'judged'" }));
  return (
    <Dialog title={w.title} close={close}>
      <Await asked={leads}>
        {(found) =>
          found.features.length === 0 ? <Empty>{w.none}</Empty> : <Form leads={found.features.map((one) => [one.id, `${sourceWord(one.properties.source)} · ${w.first} ${day(one.properties.first_seen)} · ${told(one.properties.verdict_zh, one.properties.verdict_title)}`] as const)} close={close} />
        }
      </Await>
    </Dialog>
  );
}

function Form({ leads, close }: { leads: (readonly [string, string])[]; close: () => void }) {
  const [lead, setLead] = useState("");
  const [held, hold] = useState<Held>({ categories: ["no_permit"] });
  const [at, setAt] = useState("");
  const [wrong, setWrong] = useState<Wrong[]>([]);
  const sent = useSend();
  const open = (event: Event): void => {
    event.preventDefault();
    const read = factsOf(OPENING, held);
    setWrong(read.wrong);
    if (read.wrong.length > 0) {
      focusWrong(event.currentTarget as HTMLFormElement);
      return;
    }
    sent.run(async () => {
      const [place, full] = await Promise.all([item("leads", lead), getJson<Schemas["LeadOut"]>(`/leads/${lead}`)]);
      const facts = { ...read.facts, lead_ids: [lead], ...(full.structure_id ? { structure_id: full.structure_id } : {}) };
      const made = await send<Schemas["CaseOut"]>("POST", "/cases", { facts, geometry: place.geometry, ...(at ? { at: inBeijing(at) } : {}) });
      toast(`${w.sent}${made.serial}`);
      close();
      go(href(["case", made.id]));
    });
  };
  return (
    <form onSubmit={open}>
      <Field label={`${w.lead} *`} hint={w.leadHint}>
        <select required value={lead} onChange={(event) => setLead(event.currentTarget.value)}>
          <option value="">{w.choose}</option>
          {leads.map(([id, title]) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        </select>
      </Field>
      <FactFields facts={OPENING} held={held} wrong={wrong} change={(name, value) => hold({ ...held, [name]: value })} />
      <Field label={w.at} hint={w.now}>
        <input type="datetime-local" value={at} onInput={(event) => setAt(event.currentTarget.value)} />
      </Field>
      <Submit sent={sent} title={w.send} />
    </form>
  );
}

