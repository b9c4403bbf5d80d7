/** Make a document: its kind and day first; what the case does not say is asked for once the service has named it. */
import { useState } from "preact/hooks";
import { Problem, type Schemas, send } from "../api/client";
import { language, wordOf, words } from "../app/language";
import { Dialog, Field } from "../ui/parts";
import { toast } from "../ui/toast";
import { Submit, useSend } from "./act";
import { DOCUMENTS } from "../api/words";
import { type PaperField, fieldsFor, paperFacts } from "./paper_facts";

const w = words({
  title: ["制作文书", "Make a document"],
  kind: ["文书种类", "Kind of document"],
  day: ["文书日期", "Its day"],
  today: ["留空为今天", "Empty: today"],
  make: ["制作", "Make it"],
  made: ["文书已制作", "The document was made"],
  missing: ["案件中没有以下内容，请填写后再次制作。", "The case does not say the following: fill it in and make it again."],
  inTheCase: ["请先在案件中登记：", "Tell it in the case first: "],
  other: ["还缺少：", "Also missing: "],
  hint: ["其余内容取自案件；文号随文书给出。", "The rest is taken from the case; the number is drawn with the document."],
  amount: ["数量", "How many"],
  choose: ["请选择", "Choose"],
  yes: ["是", "yes"],
  no: ["否", "no"],
});
const UNITS: Record<string, readonly [string, string]> = { day: ["日", "days"], working_day: ["个工作日", "working days"], month: ["个月", "months"] };
const NAMES: Record<string, readonly [string, string]> = {
  party: ["当事人", "the party"],
  parties: ["当事人", "the party"],
  officers: ["承办人", "officers in charge"],
  officers_line: ["承办人", "officers in charge"],
  categories: ["违法类别", "categories"],
  basis: ["违法类别及依据", "categories and articles"],
  opinions: ["审批意见", "approvals"],
  place: ["位置", "the place"],
  structure: ["建（构）筑物情况", "what stands there"],
  case_serial: ["案号", "the number of the case"],
  map_picture: ["位置图", "the map"],
  photographs: ["照片", "photographs"],
  measurements: ["测量结果", "measurements"],
  serial: ["文号", "the serial"],
};

function list(names: readonly string[]): string {
  return [...new Set(names.map((one) => wordOf(NAMES, one)))].join(language.value === "zh" ? "、" : ", ");
}

export function PaperForm({ id, expected, close, done }: { id: string; expected: number; close: () => void; done: () => void }) {
  const [kind, setKind] = useState("");
  const [day, setDay] = useState("");
  const [missing, setMissing] = useState<string[]>([]);
  const [held, hold] = useState<Record<string, string>>({});
  const sent = useSend();
  const wanted = fieldsFor(missing);
  const make = (event: Event): void => {
    event.preventDefault();
    sent.run(async () => {
      const order = { kind, expected, facts: paperFacts(wanted.fields, held), ...(day ? { day } : {}) };
      try {
        const paper = await send<Schemas["CaseDocumentOut"]>("POST", `/cases/${id}/documents`, order);
        toast(`${w.made} ${paper.serial}`);
        close();
        done();
      } catch (error) {
        // what is missing is asked for, and is no refusal the first time
        const named = error instanceof Problem && error.code === "document-facts-missing" ? (error.measured.missing as string[]) : [];
        const first = named.some((one) => !missing.includes(one));
        setMissing([...new Set([...missing, ...named])]);
        if (!first) throw error;
      }
    });
  };
  return (
    <Dialog title={w.title} close={close}>
      <form onSubmit={make}>
        <Field label={w.kind}>
          <select
            required
            value={kind}
            onChange={(event) => {
              setKind(event.currentTarget.value);
              setMissing([]);
            }}
          >
            <option value="">{w.choose}</option>
            {Object.keys(DOCUMENTS).map((one) => (
              <option key={one} value={one}>
                {wordOf(DOCUMENTS, one)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={w.day} hint={w.today}>
          <input type="date" value={day} onInput={(event) => setDay(event.currentTarget.value)} />
        </Field>
        <p class="note">{w.hint}</p>
        {missing.length > 0 ? <p class="work-wrong" role="status">{w.missing}</p> : null}
        {wanted.inTheCase.length > 0 ? <p class="work-alarm">{w.inTheCase}{list(wanted.inTheCase)}</p> : null}
        {wanted.other.length > 0 ? <p class="work-alarm">{w.other}{list(wanted.other)}</p> : null}
        {wanted.fields.map((one) => (
          <PaperInput key={one.path} field={one} text={held[one.path] ?? ""} change={(text) => hold({ ...held, [one.path]: text })} />
        ))}
        <Submit sent={sent} title={w.make} />
      </form>
    </Dialog>
  );
}

function PaperInput({ field, text, change }: { field: PaperField; text: string; change: (text: string) => void }) {
  const title = field.title[language.value === "zh" ? 0 : 1];
  const take = (event: { currentTarget: { value: string } }): void => change(event.currentTarget.value);
  if (field.kind === "term") return <Term title={title} text={text} change={change} />;
  if (field.kind === "choice" || field.kind === "yes") {
    const choices = field.choices?.map(([name, told]) => [name, wordOf({ told }, "told")] as const) ?? [["true", w.yes] as const, ["false", w.no] as const];
    return (
      <Field label={title}>
        <select value={text} onChange={take}>
          <option value="">{w.choose}</option>
          {choices.map(([name, told]) => (
            <option key={name} value={name}>
              {told}
            </option>
          ))}
        </select>
      </Field>
    );
  }
  if (field.kind === "long" || field.kind === "lines" || field.kind === "pairs") {
    return (
      <Field label={title}>
        <textarea rows={3} value={text} onInput={take} />
      </Field>
    );
  }
  const input =
    field.kind === "day" ? <input type="date" value={text} onInput={take} /> : field.kind === "moment" ? <input type="datetime-local" value={text} onInput={take} /> : <input type="text" value={text} onInput={take} />;
  return <Field label={title}>{input}</Field>;
}

function Term({ title, text, change }: { title: string; text: string; change: (text: string) => void }) {
  const [amount = "", unit = "day"] = text.split(" ");
  return (
    <fieldset class="work-many">
      <legend>{title}</legend>
      <input type="number" min="1" max="999" aria-label={`${title}: ${w.amount}`} value={amount} onInput={(event) => change(`${event.currentTarget.value} ${unit}`)} />
      <select aria-label={title} value={unit} onChange={(event) => change(`${amount} ${event.currentTarget.value}`)}>
        {Object.keys(UNITS).map((one) => (
          <option key={one} value={one}>
            {wordOf(UNITS, one)}
          </option>
        ))}
      </select>
    </fieldset>
  );
}
