/** The facts of an event as people read them. */
import { minute, number } from "../app/format";
import { language, wordOf, words } from "../app/language";
import { href } from "../app/router";
import { DOCUMENTS } from "../api/words";
import { categoryWords, personName, termWord } from "./common";
import { factTitle } from "./fact_fields";
import { CHOICES } from "../api/words";

const w = words({
  yes: ["是", "yes"],
  no: ["否", "no"],
  outline: ["图形（面）", "an outline"],
  lead: ["查看线索", "see the lead"],
  structure: ["查看建筑", "see the structure"],
  chief: ["负责人", "chief"],
});
export const FILE_KINDS: Record<string, readonly [string, string]> = {
  photo: ["照片", "photograph"],
  recording: ["录音", "recording"],
  video: ["录像", "video"],
  paper: ["书面材料", "paper"],
  receipt: ["回证", "receipt"],
  other: ["其他", "other"],
  package: ["证据包", "evidence package"],
};
/** What is there for machines alone. */
const HIDDEN = new Set(["sha256", "evidence_id", "party_id", "document_id", "objection_id"]);

type Names = Readonly<Record<string, string>>;

/** The facts of an event; of a correction those that it changes. */
export function FactsTold({ facts, names }: { facts: Readonly<Record<string, unknown>>; names: Names }) {
  const { facts: changed, ...rest } = facts;
  const all = typeof changed === "object" && changed !== null && !Array.isArray(changed) ? { ...rest, ...(changed as Record<string, unknown>) } : facts;
  const shown = Object.entries(all).filter(([name, value]) => !HIDDEN.has(name) && value !== null && value !== "" && value !== "-");
  if (shown.length === 0) return null;
  return (
    <dl class="work-told">
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt>{factTitle(name)}</dt>
          <dd>{valueTold(name, value, names)}</dd>
        </div>
      ))}
    </dl>
  );
}

function valueTold(name: string, value: unknown, names: Names): preact.ComponentChildren {
  if (typeof value === "boolean") return value ? w.yes : w.no;
  if (typeof value === "number") return number(value, Number.isInteger(value) ? 0 : 2);
  if (Array.isArray(value)) return listTold(name, value.map(String), names);
  if (typeof value === "object" && value !== null) return w.outline;
  const text = String(value);
  if (name === "kind") return text in DOCUMENTS ? wordOf(DOCUMENTS, text) : wordOf(FILE_KINDS, text);
  if (name === "structure_id") return <a href={href(["know", text])}>{w.structure}</a>;
  if (name === "clock") return termWord(text);
  if (name === "level" && text === "chief") return w.chief;
  if (/^\d{4}-\d{2}-\d{2}T/.test(text)) return minute(text);
  return text in CHOICES ? wordOf(CHOICES, text) : text;
}

function listTold(name: string, value: string[], names: Names): preact.ComponentChildren {
  if (name === "categories") return categoryWords(value);
  if (name === "officers" || name === "handlers") return value.map((one) => personName(one, names)).join(language.value === "zh" ? "、" : ", ");
  if (name === "lead_ids") {
    return value.map((one, at) => (
      <>
        {at > 0 ? ", " : ""}
        <a href={href(["lead", one])}>
          {w.lead}
          {value.length > 1 ? ` ${at + 1}` : ""}
        </a>
      </>
    ));
  }
  return value.map((one) => (one in CHOICES ? wordOf(CHOICES, one) : one)).join(language.value === "zh" ? "、" : ", ");
}
