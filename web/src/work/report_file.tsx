/** Bring reports by the file: good rows are kept, each bad one is told with its number and why. */
import { useState } from "preact/hooks";
import { type Schemas, send } from "../api/client";
import { wordOf, words } from "../app/language";
import { FilePick } from "../ui/files";
import { Dialog, Facts, Field, Table } from "../ui/parts";
import { Submit, useSend } from "./act";
import { SENT, SOURCES } from "./lead_words";

const w = words({
  title: ["批量导入线索", "Bring reports by the file"],
  file: ["文件（CSV 或 XLSX）", "File (CSV or XLSX)"],
  source: ["未注明来源的行归入", "Source of rows that name none"],
  system: ["坐标来源", "Coordinates of"],
  plain: ["CGCS2000 / GPS", "CGCS2000 / GPS"],
  encoding: ["编码", "Encoding"],
  auto: ["自动识别", "found by itself"],
  anonymous: ["不保存举报人", "Keep nothing of who told them"],
  send: ["导入", "Bring it"],
  rows: ["行数", "Rows"],
  fresh: ["新登记", "Recorded"],
  known: ["此前已有", "Known before"],
  unplaced: ["待定位", "Without a place"],
  bad: ["未采用的行", "Rows that were not taken"],
  row: ["行号", "Row"],
  reason: ["原因", "Why"],
  unread: ["未使用的列", "Columns not used"],
});

export function ReportFile({ close, done }: { close: () => void; done: () => void }) {
  const [found, setFound] = useState<Schemas["FileResultOut"]>();
  const sent = useSend();
  const bring = (event: Event): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    for (const [name, value] of [...form.entries()]) if (value === "") form.delete(name);
    sent.run(async () => {
      setFound(await send<Schemas["FileResultOut"]>("POST", "/reports/file", form));
      done();
    });
  };
  return (
    <Dialog title={w.title} close={close}>
      {found ? (
        <div role="status">
          <Facts
            rows={[
              [w.rows, found.rows],
              [w.fresh, found.new],
              [w.known, found.known],
              [w.unplaced, found.unplaced],
              [w.unread, found.unread.join("、") || "-"],
            ]}
          />
          {found.bad.length > 0 ? (
            <>
              <h3>{w.bad}</h3>
              <Table label={w.bad} rows={found.bad} id={(one) => String(one.row)} columns={[{ title: w.row, number: true, cell: (one) => one.row }, { title: w.reason, cell: (one) => one.reason }]} />
            </>
          ) : null}
        </div>
      ) : (
        <form onSubmit={bring}>
          <FilePick label={w.file} name="file" accept=".csv,.xlsx" required />
          <div class="work-fields">
            <Field label={w.source}>
              <select name="source">
                {SENT.map((one) => (
                  <option key={one} value={one}>
                    {wordOf(SOURCES, one)}
                  </option>
                ))}
              </select>
            </Field>
            <Field label={w.system}>
              <select name="coordinates">
                <option value="">{w.plain}</option>
                <option value="GCJ-02">GCJ-02</option>
                <option value="BD-09">BD-09</option>
              </select>
            </Field>
            <Field label={w.encoding}>
              <select name="encoding">
                <option value="">{w.auto}</option>
                <option value="utf-8">UTF-8</option>
                <option value="gbk">GBK</option>
              </select>
            </Field>
          </div>
          <p>
            <label>
              <input type="checkbox" name="anonymous" value="true" /> {w.anonymous}
            </label>
          </p>
          <Submit sent={sent} title={w.send} />
        </form>
      )}
    </Dialog>
  );
}
