/** The main figures of the ledger of cases, each with its definition, and the ledger to take along. */
import { type Schemas, getJson, root } from "../api/client";
import { area, number, percent } from "../app/format";
import { language, told, words } from "../app/language";
import { may } from "../app/session";
import { useAsked } from "../app/use";
import { Await } from "../ui/parts";

type Figure = Schemas["service__schemas__case_figures__FigureOut"];

const w = words({
  definitions: ["指标口径与其他指标", "Definitions and the other figures"],
  of: ["共", "of"],
  hours: ["小时", "h"],
  days: ["天", "days"],
  interval: ["95% 区间", "95 % interval"],
  xlsx: ["台账 Excel", "Ledger, Excel"],
  pdf: ["台账 PDF", "Ledger, PDF"],
  label: ["台账指标", "Figures of the ledger"],
});
const MAIN = ["closure_rate", "clear_rate", "overdue_rate", "stop_rate", "days_to_decision", "freed_area"];

export function figureText(one: Figure): string {
  if (one.value === null) return "-";
  if (one.unit === "share") return percent(one.value);
  if (one.unit === "m2") return area(one.value);
  const unit = one.unit === "hours" ? w.hours : one.unit === "days" ? w.days : "";
  return `${number(one.value, one.unit === "days" ? 1 : 0)} ${unit}`.trim();
}

export function Ledger() {
  const asked = useAsked("ledger", () => getJson<Schemas["CaseLedgerOut"]>("/cases/ledger"));
  return (
    <Await asked={asked}>
      {(found) => {
        const main = MAIN.map((name) => found.figures.find((one) => one.name === name)).filter((one): one is Figure => one !== undefined);
        return (
          <section aria-label={w.label}>
            <div class="figures work-figures">
              {main.map((one) => (
                <div key={one.name} class={`figure ${one.name === "overdue_rate" && (one.value ?? 0) > 0 ? "bad" : ""}`} title={told(one.definition_zh, one.definition)}>
                  <b>{figureText(one)}</b>
                  {told(one.title_zh, one.title)}
                  {one.of !== null ? (
                    <small>
                      {" "}
                      {one.count}/{one.of}
                    </small>
                  ) : null}
                </div>
              ))}
            </div>
            <div class="work-bar">
              <details>
                <summary>{w.definitions}</summary>
                <dl class="work-definitions">
                  {found.figures.map((one) => (
                    <div key={one.name}>
                      <dt>
                        {told(one.title_zh, one.title)}: {figureText(one)}
                        {one.of !== null ? ` (${one.count}/${one.of})` : ""}
                        {one.low !== null && one.high !== null ? <small> {w.interval} {percent(one.low)} - {percent(one.high)}</small> : null}
                      </dt>
                      <dd>{told(one.definition_zh, one.definition)}</dd>
                    </div>
                  ))}
                </dl>
              </details>
              {may("export") ? (
                <span class="row">
                  <a class="button" href={`${root}/cases/ledger.xlsx?language=${language.value}`} download>
                    {w.xlsx}
                  </a>
                  <a class="button" href={`${root}/cases/ledger.pdf?language=${language.value}`} download>
                    {w.pdf}
                  </a>
                </span>
              ) : null}
            </div>
          </section>
        );
      }}
    </Await>
  );
}
