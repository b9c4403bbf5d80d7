/** Fields of a form for the facts of an event: each by its form, labelled, with what is wrong beside it. */
import { language, wordOf, words } from "../app/language";
import { Field } from "../ui/parts";
import { CATEGORIES } from "../api/words";
import { categoryWords, officers, personName } from "./common";
import { type Fact, type Held, type Why, type Wrong, shapeOf } from "./fact_form";
import { PlaceMap } from "./place_map";
import { CHOICES, FACTS } from "../api/words";

const w = words({
  choose: ["请选择", "Choose"],
  yes: ["是", "yes"],
  no: ["否", "no"],
  lines: ["每行一项", "One in a line"],
  geometry: ["填入本案范围后可在图上移动角点；也可粘贴 GeoJSON 面（经纬度）", "Take the place of the case and move its corners on the map, or paste a GeoJSON polygon"],
  wholePlace: ["填入本案范围", "Take the place of the case"],
  nobody: ["没有可选人员", "Nobody to choose"],
  optional: ["选填", "optional"],
});
const WHY: Record<Why, readonly [string, string]> = {
  missing: ["必填", "needed"],
  number: ["请填不小于 0 的数", "a number from 0"],
  count: ["请填 1 至 10000 的整数", "a whole number from 1 to 10000"],
  day: ["请填日期", "a day"],
  moment: ["请填时间", "a time"],
  geometry: ["请填 GeoJSON 面", "a GeoJSON polygon"],
};

/** The level of approval that settings name where a bureau says nothing; its own have words of its own. */
const LEVELS: Record<string, readonly [string, string]> = { chief: ["负责人", "chief"] };

function choiceWord(name: string): string {
  return wordOf(name in CHOICES ? CHOICES : LEVELS, name);
}

/** What is offered for a fact whose name alone says what it may be: a document, a file, a party. */
export type Offers = Readonly<Record<string, readonly (readonly [value: string, title: string])[]>>;

export function factTitle(name: string): string {
  return name in FACTS ? wordOf(FACTS, name) : name;
}

interface Props {
  facts: readonly Fact[];
  held: Held;
  change: (name: string, value: string | string[]) => void;
  wrong: readonly Wrong[];
  offers?: Offers;
  place?: string;
}

export function FactFields({ facts, held, change, wrong, offers = {}, place }: Props) {
  return (
    <>
      {facts.map((fact) => {
        const faulty = wrong.find((one) => one.name === fact.name);
        return <One key={fact.name} fact={fact} value={held[fact.name]} change={(value) => change(fact.name, value)} fault={faulty?.why} offered={offers[fact.name]} place={place} />;
      })}
    </>
  );
}

interface OneProps {
  fact: Fact;
  value: string | string[] | undefined;
  change: (value: string | string[]) => void;
  fault: Why | undefined;
  offered: Offers[string] | undefined;
  place: string | undefined;
}

function One({ fact, value, change, fault, offered, place }: OneProps) {
  const title = `${factTitle(fact.name)}${fact.needed ? " *" : `（${w.optional}）`}`;
  const shown = language.value === "en" ? title.replace("（", " (").replace("）", ")") : title;
  const hint = fault === undefined ? undefined : wordOf(WHY, fault);
  if (fact.form === "people" || fact.name === "categories") {
    return <Many fact={fact} title={shown} value={Array.isArray(value) ? value : []} change={change} hint={hint} />;
  }
  const text = typeof value === "string" ? value : "";
  const invalid = fault !== undefined;
  const [outline, about] = fact.form === "geometry" ? [shapeOf(text), shapeOf(place ?? "")] : [];
  return (
    <>
      <Field label={shown} {...(fact.form === "ids" ? { hint: w.lines } : fact.form === "geometry" ? { hint: w.geometry } : {})}>
        <Control fact={fact} text={text} change={change} invalid={invalid} offered={offered} />
      </Field>
      {hint ? <p class="work-wrong work-under">{hint}</p> : null}
      {fact.form === "geometry" && place ? (
        <p>
          <button type="button" onClick={() => change(place)}>
            {w.wholePlace}
          </button>
        </p>
      ) : null}
      {outline && about ? <PlaceMap outline={outline} about={about} changed={(moved) => change(JSON.stringify(moved))} /> : null}
    </>
  );
}

const SHORT = new Set(["to", "where", "by_unit", "approved_by", "by_government", "court", "order", "chair", "level", "witness", "source", "by_whom", "document"]);

function Control({ fact, text, change, invalid, offered }: { fact: Fact; text: string; change: (value: string) => void; invalid: boolean; offered: Offers[string] | undefined }) {
  const common = { "aria-invalid": invalid, "aria-required": fact.needed, value: text };
  const take = (event: { currentTarget: { value: string } }): void => change(event.currentTarget.value);
  const options = offered ?? (fact.choices.length > 0 ? fact.choices.map((one) => [one, choiceWord(one)] as const) : undefined);
  if (options !== undefined || fact.form === "truth") {
    const told = options ?? [["true", w.yes] as const, ["false", w.no] as const];
    return (
      <select {...common} onChange={take}>
        <option value="">{w.choose}</option>
        {told.map(([name, title]) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </select>
    );
  }
  if (fact.form === "day") return <input type="date" {...common} onInput={take} />;
  if (fact.form === "moment") return <input type="datetime-local" {...common} onInput={take} />;
  if (fact.form === "number") return <input type="number" min="0" step="any" inputMode="decimal" {...common} onInput={take} />;
  if (fact.form === "count") return <input type="number" min="1" max="10000" step="1" inputMode="numeric" {...common} onInput={take} />;
  if (fact.form === "text" && SHORT.has(fact.name)) return <input type="text" maxLength={10_000} {...common} onInput={take} />;
  return <textarea rows={fact.form === "text" ? 3 : 2} maxLength={fact.form === "text" ? 10_000 : 1_000_000} {...common} onInput={take} />;
}

/** Several of a list, as boxes: officers, categories. */
function Many({ fact, title, value, change, hint }: { fact: Fact; title: string; value: string[]; change: (value: string[]) => void; hint: string | undefined }) {
  const offered = fact.name === "categories" ? Object.keys(CATEGORIES).map((name) => [name, categoryWords([name])] as const) : officers.value.map((one) => [one.id, personName(one.id)] as const);
  return (
    <fieldset class={`work-many ${hint ? "work-many-wrong" : ""}`}>
      <legend>{title}</legend>
      {offered.length === 0 ? <small>{w.nobody}</small> : null}
      {offered.map(([id, name]) => (
        <label key={id}>
          <input type="checkbox" checked={value.includes(id)} onChange={(event) => change(event.currentTarget.checked ? [...value, id] : value.filter((one) => one !== id))} /> {name}
        </label>
      ))}
      {hint ? <small class="work-wrong">{hint}</small> : null}
    </fieldset>
  );
}
