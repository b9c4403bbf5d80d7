/** The files of a case with what speaks against each, and the sealed package of everything. */
import { useState } from "preact/hooks";
import { type Schemas, getJson, root, send } from "../api/client";
import { bytes, minute, number as figure } from "../app/format";
import { told, wordOf, words } from "../app/language";
import { may } from "../app/session";
import { useAsked } from "../app/use";
import { FilePick } from "../ui/files";
import { Await, Empty, Field, Mark, Panel } from "../ui/parts";
import { toast } from "../ui/toast";
import { Submit, useSend } from "./act";
import { personName, save } from "./common";
import { inBeijing } from "./fact_form";
import { FILE_KINDS } from "./facts_told";
import type { CaseEvent } from "./offers";

type File_ = Schemas["CaseFileOut"];

const w = words({
  title: ["证据材料", "Evidence"],
  none: ["还没有证据材料。", "No evidence yet."],
  package: ["下载证据包（ZIP）", "Download the evidence package (ZIP)"],
  packing: ["正在封装…", "Sealing…"],
  packageHint: ["证据包含当事人信息，封装会记入案件。", "The package names people; that it was made stands in the case."],
  add: ["添加材料", "Add a file"],
  file: ["文件", "File"],
  kind: ["种类", "Kind"],
  taken: ["拍摄时间（北京时间）", "When it was taken (Beijing time)"],
  lon: ["拍摄处经度", "Longitude of who took it"],
  lat: ["拍摄处纬度", "Latitude of who took it"],
  proves: ["用于证明", "What it shall prove"],
  nothing: ["不指定", "nothing in particular"],
  note: ["说明", "Note"],
  send: ["上传", "Add it"],
  sent: ["材料已保存", "The file was kept"],
  known: ["材料已存在", "The file is there already"],
  open: ["打开原件", "Open as it came"],
  takenAt: ["拍摄", "taken"],
  received: ["接收", "received"],
  distance: ["距建筑", "from the structure"],
  clean: ["未发现疑点", "Nothing speaks against it"],
});
const SEVERITY: Record<string, readonly [string, string]> = { refuse: ["不可采用", "cannot be taken"], grave: ["严重", "grave"], doubt: ["存疑", "doubt"], note: ["提示", "note"] };
const TONE: Record<string, "bad" | "warn" | "plain"> = { refuse: "bad", grave: "bad", doubt: "warn" };

interface Props {
  id: string;
  version: string;
  serial: string;
  names: Readonly<Record<string, string>>;
  events: readonly CaseEvent[];
  done: () => void;
}

export function CaseFiles({ id, version, serial, names, events, done }: Props) {
  const asked = useAsked(`files/${id}/${version}`, () => getJson<Schemas["CaseFilesOut"]>(`/cases/${id}/files`));
  const [packing, setPacking] = useState(false);
  const pack = async (): Promise<void> => {
    setPacking(true);
    await save(`/cases/${id}/evidence`, `${serial}-evidence.zip`, "POST");
    setPacking(false);
    done();
  };
  return (
    <>
      <Panel
        title={w.title}
        actions={
          may("judge") ? (
            <button type="button" disabled={packing} title={w.packageHint} onClick={() => void pack()}>
              {packing ? w.packing : w.package}
            </button>
          ) : null
        }
      >
        <Await asked={asked}>
          {({ files }) =>
            files.length === 0 ? (
              <Empty>{w.none}</Empty>
            ) : (
              <ul class="work-files">
                {files.map((one) => (
                  <OneFile key={one.id} id={id} file={one} names={names} />
                ))}
              </ul>
            )
          }
        </Await>
      </Panel>
      {may("cases") ? <AddFile id={id} events={events} done={done} /> : null}
    </>
  );
}

function OneFile({ id, file, names }: { id: string; file: File_; names: Readonly<Record<string, string>> }) {
  const at = `${root}/cases/${id}/files/${file.id}`;
  const facts = file.facts as { told?: { note?: string }; sighting?: { distance_m?: number | null } | null };
  return (
    <li>
      <a href={at} class="work-thumb" aria-label={`${w.open}: ${file.name}`}>
        {file.kind === "photo" ? <img src={`${at}/small.jpg`} alt={facts.told?.note || file.name} loading="lazy" /> : <span aria-hidden="true">{wordOf(FILE_KINDS, file.kind)}</span>}
      </a>
      <div>
        <p>
          <a href={at}>{file.name}</a> <small>{wordOf(FILE_KINDS, file.kind)} · {bytes(file.size_bytes)}</small>
        </p>
        {facts.told?.note ? <p>{facts.told.note}</p> : null}
        <small>
          {file.taken_at ? `${w.takenAt} ${minute(file.taken_at)} · ` : ""}
          {w.received} {minute(file.received_at)} · {personName(file.received_by, names)}
          {typeof facts.sighting?.distance_m === "number" ? ` · ${w.distance} ${figure(facts.sighting.distance_m)} m` : ""}
        </small>
        {file.doubts.length === 0 ? (
          file.kind === "photo" ? <p><Mark tone="good">{w.clean}</Mark></p> : null
        ) : (
          <ul class="work-doubts">
            {file.doubts.map((one) => (
              <li key={one.code}>
                <Mark tone={TONE[one.severity] ?? "plain"}>{wordOf(SEVERITY, one.severity)}</Mark> {told(one.sentence_zh, one.sentence)}
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}

function AddFile({ id, events, done }: { id: string; events: readonly CaseEvent[]; done: () => void }) {
  const [round, setRound] = useState(0);
  const sent = useSend();
  const add = (event: Event): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    for (const [name, value] of [...form.entries()]) if (value === "") form.delete(name);
    const taken = form.get("taken_at");
    if (typeof taken === "string") form.set("taken_at", inBeijing(taken));
    // sent again after a lost answer, the same file is kept once
    form.set("key", `web-${id}-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`);
    sent.run(async () => {
      await send("POST", `/cases/${id}/files`, form);
      toast(w.sent);
      setRound(round + 1);
      done();
    });
  };
  return (
    <Panel title={w.add} class="screen">
      <form key={round} onSubmit={add}>
        <div class="work-fields">
          <FilePick label={w.file} name="file" required />
          <Field label={w.kind}>
            <select name="kind">
              {Object.keys(FILE_KINDS)
                .filter((one) => one !== "package")
                .map((one) => (
                  <option key={one} value={one}>
                    {wordOf(FILE_KINDS, one)}
                  </option>
                ))}
            </select>
          </Field>
          <Field label={w.taken}>
            <input type="datetime-local" name="taken_at" />
          </Field>
          <Field label={w.lon}>
            <input type="number" step="any" min="-180" max="180" name="lon" />
          </Field>
          <Field label={w.lat}>
            <input type="number" step="any" min="-90" max="90" name="lat" />
          </Field>
          <Field label={w.proves}>
            <select name="proves">
              <option value="">{w.nothing}</option>
              {events
                .filter((one) => one.corrects === null && !["noted", "document_made", "evidence_added"].includes(one.event))
                .map((one) => (
                  <option key={one.number} value={one.number}>
                    {one.number} {told(one.title_zh, one.title)}
                  </option>
                ))}
            </select>
          </Field>
        </div>
        <Field label={w.note}>
          <input type="text" name="note" maxLength={500} />
        </Field>
        <Submit sent={sent} title={w.send} />
      </form>
    </Panel>
  );
}
