/** Files for others: the ledger, patches of the national form, everything as one package. */
import { useState } from "preact/hooks";
import { type Schemas, send } from "../api/client";
import { wordOf, words } from "../app/language";
import { STATUS } from "../app/terms";
import { go, href } from "../app/router";
import type { ViewProps } from "../app/views";
import { Choice, Field, Panel, Trouble } from "../ui/parts";
import { toast } from "../ui/toast";
import { Jobs } from "./jobs";

const w = words({
  title: ["导出", "Export"],
  what: ["导出什么", "What"],
  ledger: ["线索台账 (XLSX)", "Ledger (XLSX)"],
  patches: ["图斑（国家格式）", "Patches (national form)"],
  package: ["全部数据 (GeoPackage)", "Everything (GeoPackage)"],
  ledgerNote: ["每条发现一行，另有按村汇总；台账语言可选。", "A row for each finding, a summary by village."],
  patchesNote: ["疑似违法图斑，字段同 JCTB 表；已排除的不导出。", "Suspected findings with the fields of the table JCTB; dismissed ones are left out."],
  packageNote: ["发现、建筑、最新图层、影像范围、比对与核查结论，含样式，QGIS 可直接打开。", "Findings, structures, newest layers, footprints, scans and verdicts, with styles for QGIS."],
  scan: ["仅限比对编号（可空）", "Of this scan alone (may be empty)"],
  statuses: ["状态", "Statuses"],
  language: ["台账语言", "Its language"],
  zh: ["中文", "Chinese"],
  en: ["英文", "English"],
  dismissed: ["包括核查后排除的", "Also those that were judged wrong"],
  format: ["文件格式", "Form"],
  county: ["县级代码（6 位）", "County code (6 digits)"],
  countyName: ["县级名称", "County name"],
  crs: ["坐标系", "System"],
  letters: ["编号字母", "Letters of the number"],
  serial: ["起始流水号", "First serial"],
  order: ["开始导出", "Order it"],
  ordered: ["已提交，完成后在下方下载。", "Ordered; fetch it below once it is done."],
});

const FORMS = { zip: ["Shapefile (zip, GBK)", "Shapefile (zip, GBK)"], gpkg: ["GeoPackage", "GeoPackage"], db: ["SQLite (.db)", "SQLite (.db)"] } as const;

type What = "ledger" | "patches" | "package";

interface Facts {
  scan: string;
  statuses: string[];
  language: "zh" | "en";
  dismissed: boolean;
  format: string;
  county: string;
  county_name: string;
  crs: string;
  letters: string;
  first_serial: string;
}

function ordered(what: What, facts: Facts): Record<string, unknown> {
  const scan = facts.scan.trim() || undefined;
  const status = facts.statuses.length > 0 ? facts.statuses.join(",") : undefined;
  if (what === "package") return { kind: what };
  if (what === "ledger") return { kind: what, scan, status, language: facts.language, dismissed: facts.dismissed };
  const { format, county, county_name, crs, letters } = facts;
  return { kind: what, format, county, county_name, crs, letters, scan, status: status ?? "suspected", first_serial: Number(facts.first_serial) || 1 };
}

function Details({ what, facts, change }: { what: What; facts: Facts; change: (told: Partial<Facts>) => void }) {
  const text = (name: "scan" | "county" | "county_name" | "crs" | "letters", title: string, example?: string) => (
    <Field label={title}>
      <input value={facts[name]} placeholder={example} onInput={(event) => change({ [name]: event.currentTarget.value })} />
    </Field>
  );
  if (what === "package") return null;
  return (
    <>
      <div class="bring-fields">
        {what === "patches" ? (
          <>
            <Field label={w.format}>
              <select value={facts.format} onChange={(event) => change({ format: event.currentTarget.value })}>
                {Object.keys(FORMS).map((name) => (
                  <option key={name} value={name}>
                    {wordOf(FORMS, name)}
                  </option>
                ))}
              </select>
            </Field>
            {text("county", w.county, "130403")}
            {text("county_name", w.countyName)}
            {text("crs", w.crs, "EPSG:4490")}
            {text("letters", w.letters)}
            <Field label={w.serial}>
              <input type="number" min={1} value={facts.first_serial} onInput={(event) => change({ first_serial: event.currentTarget.value })} />
            </Field>
          </>
        ) : (
          <Field label={w.language}>
            <select value={facts.language} onChange={(event) => change({ language: event.currentTarget.value as "zh" | "en" })}>
              <option value="zh">{w.zh}</option>
              <option value="en">{w.en}</option>
            </select>
          </Field>
        )}
        {text("scan", w.scan)}
      </div>
      <fieldset class="bring-set">
        <legend>{w.statuses}</legend>
        {Object.keys(STATUS).map((name) => (
          <label key={name} class="bring-check">
            <input
              type="checkbox"
              checked={facts.statuses.includes(name)}
              onChange={(event) => change({ statuses: event.currentTarget.checked ? [...facts.statuses, name] : facts.statuses.filter((other) => other !== name) })}
            />{" "}
            {wordOf(STATUS, name)}
          </label>
        ))}
      </fieldset>
      {what === "ledger" ? (
        <label class="bring-check">
          <input type="checkbox" checked={facts.dismissed} onChange={(event) => change({ dismissed: event.currentTarget.checked })} /> {w.dismissed}
        </label>
      ) : null}
    </>
  );
}

export function Exports({ place }: ViewProps) {
  const [what, setWhat] = useState<What>("ledger");
  const [facts, setFacts] = useState<Facts>({ scan: place.query.get("scan") ?? "", statuses: ["suspected"], language: "zh", dismissed: true, format: "zip", county: "", county_name: "", crs: "EPSG:4490", letters: "SJBG", first_serial: "1" });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const [round, setRound] = useState(0);
  const order = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      const job = await send<Schemas["JobOut"]>("POST", "/exports", ordered(what, facts));
      toast(w.ordered);
      setRound(round + 1);
      go(href("bring", { tab: "exports", job: job.jobID }));
    } catch (failed) {
      setError(failed as Error);
    } finally {
      setBusy(false);
    }
  };
  const lacking = what === "patches" && (!/^\d{6}$/.test(facts.county) || facts.county_name.trim() === "");
  return (
    <>
      <Panel title={w.title}>
        <Choice
          label={w.what}
          value={what}
          choose={setWhat}
          options={[
            ["ledger", w.ledger],
            ["patches", w.patches],
            ["package", w.package],
          ]}
        />
        <p class="note">{w[`${what}Note`]}</p>
        <Details what={what} facts={facts} change={(told) => setFacts({ ...facts, ...told })} />
        {error ? <Trouble error={error} /> : null}
        <button type="button" class="main" disabled={busy || lacking} onClick={() => void order()}>
          {w.order}
        </button>
      </Panel>
      <Jobs place={place} tab="exports" kind="export" round={round} />
    </>
  );
}
