/** A file is chosen as a layer of a kind, looked at, its columns put right, and only then stored. */
import { useRef, useState } from "preact/hooks";
import { type Schemas, send } from "../api/client";
import { wordOf, words } from "../app/language";
import { session } from "../app/session";
import { FilePick } from "../ui/files";
import { Field, Panel, Trouble } from "../ui/parts";
import { toast } from "../ui/toast";
import { type HeadColumn, declared, takenFor } from "./columns";
import { Look } from "./layerlook";
import type { Layer } from "./layers";
import { begin } from "./transfers";
import { KINDS, KIND_NAMES, type Kind, SECRECY, gradesUpTo } from "./words";

export type Preview = Schemas["LayerPreviewOut"];

const w = words({
  title: ["导入图层", "Bring a layer in"],
  kind: ["图层类型", "Kind of layer"],
  file: ["文件", "File"],
  forms: ["GeoPackage、GeoJSON、FlatGeobuf、Shapefile（zip）；许可和建筑也可用 CSV、XLSX", "GeoPackage, GeoJSON, FlatGeobuf, Shapefile (zip); permits and buildings also CSV, XLSX"],
  look: ["查看内容（不入库）", "Look at it (nothing is stored)"],
  lookAgain: ["按修改重新查看", "Look again with the changes"],
  looking: ["正在读取文件…", "Reading the file…"],
  more: ["读取方式与说明", "How it is read, and what is said of it"],
  crs: ["坐标系（文件未注明时）", "System (where the file tells none)"],
  encoding: ["文字编码", "Encoding of its text"],
  auto: ["自动识别", "Found by itself"],
  transformation: ["转换参数（西安80、北京54）", "Transformation (Xian 1980, Beijing 1954)"],
  source: ["来源单位", "Who sends it"],
  sourceHint: ["同一来源下次沿用这次的读取方式", "What is declared holds for their next delivery"],
  asOf: ["数据截止日期", "State of the day"],
  from: ["启用日期", "Holds from"],
  to: ["停用日期", "Holds until"],
  secrecy: ["密级", "Secrecy"],
  place: ["不与已有宗地、区划核对位置", "Do not hold its place against parcels and areas on file"],
  store: ["入库为新版本", "Store as a new version"],
  changed: ["设置已改动，请重新查看后再入库。", "Something was changed: look again before it is stored."],
  stored: ["已入库：", "Stored: "],
  known: ["系统中已有相同版本：", "The same version was stored before: "],
  sending: ["文件较大，正在分段上传；进度见下方。", "The file is large and is sent in parts; see below."],
});

/** Larger ones are sent in parts, so that a broken line does not cost all of it. */
const IN_PARTS = 64 * 1024 * 1024;
const ENCODINGS = ["", "UTF-8", "GBK", "GB18030", "BIG5"];

interface Facts {
  crs: string;
  encoding: string;
  transformation: string;
  source: string;
  as_of: string;
  valid_from: string;
  valid_to: string;
  secrecy: string;
  accept_place: boolean;
}

const NOTHING: Facts = { crs: "", encoding: "", transformation: "", source: "", as_of: "", valid_from: "", valid_to: "", secrecy: "internal", accept_place: false };

function asFields(facts: Facts, mapping: Record<string, string>): Record<string, string> {
  const { accept_place, ...texts } = facts;
  const told = Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== ""));
  return { ...told, ...(accept_place ? { accept_place: "true" } : {}), ...(Object.keys(mapping).length > 0 ? { mapping: JSON.stringify(mapping) } : {}) };
}

function asForm(file: File, fields: Record<string, string>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file, file.name);
  return form;
}

function More({ facts, change }: { facts: Facts; change: (told: Partial<Facts>) => void }) {
  const text = (name: "crs" | "transformation" | "source", hint?: string, example?: string) => (
    <Field label={w[name]} {...(hint ? { hint } : {})}>
      <input value={facts[name]} placeholder={example} onInput={(event) => change({ [name]: event.currentTarget.value })} />
    </Field>
  );
  const day = (name: "as_of" | "valid_from" | "valid_to", title: string) => (
    <Field label={title}>
      <input type="date" value={facts[name]} onInput={(event) => change({ [name]: event.currentTarget.value })} />
    </Field>
  );
  return (
    <details>
      <summary>{w.more}</summary>
      <div class="bring-fields">
        {text("crs", undefined, "EPSG:4547 / GCJ-02")}
        <Field label={w.encoding}>
          <select value={facts.encoding} onChange={(event) => change({ encoding: event.currentTarget.value })}>
            {ENCODINGS.map((name) => (
              <option key={name} value={name}>
                {name || w.auto}
              </option>
            ))}
          </select>
        </Field>
        {text("transformation", undefined, "EPSG:15918")}
        {text("source", w.sourceHint)}
        {day("as_of", w.asOf)}
        {day("valid_from", w.from)}
        {day("valid_to", w.to)}
        <Field label={w.secrecy}>
          <select value={facts.secrecy} onChange={(event) => change({ secrecy: event.currentTarget.value })}>
            {gradesUpTo(session.value?.clearance).map((grade) => (
              <option key={grade} value={grade}>
                {wordOf(SECRECY, grade)}
              </option>
            ))}
          </select>
        </Field>
      </div>
      <label class="bring-check">
        <input type="checkbox" checked={facts.accept_place} onChange={(event) => change({ accept_place: event.currentTarget.checked })} /> {w.place}
      </label>
    </details>
  );
}

export function LayerForm({ layers, stored }: { layers: readonly Layer[]; stored: () => void }) {
  const [kind, setKind] = useState<Kind>("parcels");
  const [file, setFile] = useState<File | null>(null);
  const [facts, setFacts] = useState<Facts>(NOTHING);
  const [taken, setTaken] = useState<Record<string, string>>({});
  const [preview, setPreview] = useState<Preview>();
  const [changed, setChanged] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const shown = useRef<HTMLDivElement>(null);
  // what comes late is not taken for the file or the words chosen since
  const round = useRef(0);

  const afresh = (): void => {
    round.current += 1;
    setPreview(undefined);
    setTaken({});
    setError(undefined);
    setChanged(false);
  };
  const doing = async (act: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await act();
    } catch (failed) {
      setError(failed as Error);
    } finally {
      setBusy(false);
    }
  };
  const look = () =>
    doing(async () => {
      if (file === null) return;
      const asked = round.current;
      const found = await send<Preview>("POST", `/layers/${kind}/preview`, asForm(file, asFields(facts, declared(taken))));
      if (asked !== round.current) return;
      setPreview(found);
      setTaken(takenFor(found.head.columns as HeadColumn[], (found.read_as.mapping ?? {}) as Record<string, string>));
      setChanged(false);
      requestAnimationFrame(() => shown.current?.focus());
    });
  const store = () =>
    doing(async () => {
      if (file === null) return;
      const fields = asFields(facts, declared(taken));
      if (file.size > IN_PARTS) {
        begin(file, [], { kind, ...fields });
        toast(w.sending, "info");
      } else {
        const version = await send<Layer>("POST", `/layers/${kind}`, asForm(file, fields));
        toast((layers.some((layer) => layer.id === version.id) ? w.known : w.stored) + version.file_name);
      }
      stored();
    });
  const may = preview !== undefined && preview.refused === null && !changed && !busy;
  return (
    <Panel title={w.title}>
      <div class="bring-fields">
        <Field label={w.kind}>
          <select
            value={kind}
            onChange={(event) => {
              setKind(event.currentTarget.value as Kind);
              afresh();
            }}
          >
            {KIND_NAMES.map((name) => (
              <option key={name} value={name}>
                {wordOf(KINDS, name)}
              </option>
            ))}
          </select>
        </Field>
        <FilePick
          label={w.file}
          hint={w.forms}
          accept=".gpkg,.geojson,.json,.fgb,.zip,.csv,.xlsx,.db"
          change={([chosen]) => {
            if (!chosen) return;
            setFile(chosen);
            afresh();
          }}
        />
      </div>
      <More
        facts={facts}
        change={(told) => {
          round.current += 1;
          setFacts({ ...facts, ...told });
          setChanged(preview !== undefined);
        }}
      />
      <div class="row bring-act">
        <button type="button" class={may ? "" : "main"} disabled={file === null || busy} onClick={() => void look()}>
          {busy ? w.looking : preview ? w.lookAgain : w.look}
        </button>
        {preview ? (
          <button type="button" class="main" disabled={!may} onClick={() => void store()}>
            {w.store}
          </button>
        ) : null}
        {changed ? <small>{w.changed}</small> : null}
      </div>
      {error ? <Trouble error={error} /> : null}
      <div ref={shown} tabIndex={-1} class="bring-look">
        {preview ? (
          <Look
            preview={preview}
            kind={kind}
            taken={taken}
            take={(wanted, given) => {
              round.current += 1;
              setTaken({ ...taken, [wanted]: given });
              setChanged(true);
            }}
            layers={layers}
          />
        ) : null}
      </div>
    </Panel>
  );
}
