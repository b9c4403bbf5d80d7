/** Versions of layers, the latest first, each with its report and its differences to the one before. */
import { useState } from "preact/hooks";
import { root } from "../api/client";
import { day, minute, number } from "../app/format";
import { wordOf, words } from "../app/language";
import type { Asked } from "../app/use";
import { Await, Dialog, Empty, Facts, Field, Mark, Panel, Table } from "../ui/parts";
import type { Layer } from "./layers";
import { Report } from "./report";
import { KINDS, KIND_NAMES, SECRECY, encodingOf } from "./words";

const w = words({
  title: ["已入库图层版本", "Stored versions"],
  none: ["还没有图层。先导入行政区划与宗地，比对时才能判断合法性。", "No layers yet. Areas and parcels come first: without them nothing can be assessed."],
  all: ["全部类型", "All kinds"],
  kind: ["类型", "Kind"],
  file: ["文件", "File"],
  source: ["来源", "From"],
  asOf: ["数据截止", "State of"],
  features: ["要素", "Features"],
  stored: ["入库时间", "Stored"],
  newest: ["最新", "newest"],
  aside: ["不再采用", "not taken any more"],
  holds: ["有效期", "Holds"],
  secrecy: ["密级", "Secrecy"],
  always: ["不限", "always"],
  noSystem: ["无", "none"],
  crs: ["坐标系", "System"],
  encoding: ["文字编码", "Encoding"],
  mapping: ["字段对应", "Columns"],
  seal: ["内容校验值", "Checksum of the content"],
  report: ["导入报告", "Report of the import"],
  diff: ["与上一版本的差异（GeoJSON）", "Differences to the version before (GeoJSON)"],
  open: ["查看", "Look at"],
});

function One({ layer, before, close }: { layer: Layer; before: Layer | undefined; close: () => void }) {
  const mapping = Object.entries((layer.read_as.mapping ?? {}) as Record<string, string>);
  return (
    <Dialog title={`${wordOf(KINDS, layer.kind)} · ${layer.file_name}`} close={close}>
      <Facts
        rows={[
          [w.stored, minute(layer.created_at)],
          [w.source, layer.source ?? "-"],
          [w.asOf, day(layer.as_of)],
          [w.holds, layer.valid_from || layer.valid_to ? `${day(layer.valid_from)} - ${day(layer.valid_to)}` : w.always],
          [w.features, number(layer.features)],
          [w.secrecy, wordOf(SECRECY, layer.secrecy)],
          [w.crs, typeof layer.report.crs === "string" && layer.report.crs !== "none" ? layer.report.crs : w.noSystem],
          [w.encoding, encodingOf(String(layer.report.encoding ?? "-"))],
          ...(mapping.length > 0 ? ([[w.mapping, mapping.map(([wanted, given]) => `${wanted} = ${given}`).join("; ")]] as const) : []),
          [w.seal, <code>{layer.content_sha256}</code>],
        ]}
      />
      <h3>{w.report}</h3>
      <Report report={layer.report} />
      {before ? (
        <p>
          <a href={`${root}/layers/${layer.kind}/${before.id}/diff/${layer.id}`} download={`${layer.kind}-diff.geojson`}>
            {w.diff}
          </a>
        </p>
      ) : null}
    </Dialog>
  );
}

export function Versions({ asked }: { asked: Asked<Layer[]> }) {
  const [kind, setKind] = useState("");
  const [opened, setOpened] = useState<Layer>();
  const all = asked.value ?? [];
  const isNewest = (layer: Layer): boolean => all.find((other) => other.kind === layer.kind && other.standing)?.id === layer.id;
  const before = (layer: Layer): Layer | undefined => {
    const same = all.filter((other) => other.kind === layer.kind);
    return same[same.indexOf(layer) + 1];
  };
  return (
    <Panel
      title={w.title}
      actions={
        <Field label={w.kind}>
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
            <option value="">{w.all}</option>
            {KIND_NAMES.map((name) => (
              <option key={name} value={name}>
                {wordOf(KINDS, name)}
              </option>
            ))}
          </select>
        </Field>
      }
    >
      <Await asked={asked}>
        {(layers) => {
          const rows = layers.filter((layer) => kind === "" || layer.kind === kind);
          if (rows.length === 0) return <Empty>{w.none}</Empty>;
          return (
            <Table
              label={w.title}
              rows={rows}
              id={(layer) => layer.id}
              columns={[
                {
                  title: w.kind,
                  cell: (layer) => (
                    <>
                      {wordOf(KINDS, layer.kind)} {isNewest(layer) ? <Mark tone="good">{w.newest}</Mark> : layer.standing ? null : <Mark tone="warn">{w.aside}</Mark>}
                    </>
                  ),
                },
                {
                  title: w.file,
                  cell: (layer) => (
                    <button type="button" class="plain bring-link" aria-label={`${w.open} ${layer.file_name}`} onClick={() => setOpened(layer)}>
                      {layer.file_name}
                    </button>
                  ),
                },
                { title: w.source, cell: (layer) => layer.source ?? "-" },
                { title: w.asOf, cell: (layer) => day(layer.as_of) },
                { title: w.features, cell: (layer) => number(layer.features), number: true },
                { title: w.stored, cell: (layer) => minute(layer.created_at) },
              ]}
            />
          );
        }}
      </Await>
      {opened ? <One layer={opened} before={before(opened)} close={() => setOpened(undefined)} /> : null}
    </Panel>
  );
}
