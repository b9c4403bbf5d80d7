/** What is in a file that is meant to be a layer, and what storing it would do. */
import type { GeoJSON } from "../api/features";
import { number } from "../app/format";
import { told, wordOf, words } from "../app/language";
import { OutlineMap } from "../map/outlines";
import type { Bounds } from "../map/stage";
import { Facts, Mark, Refused, Table } from "../ui/parts";
import { COLUMNS, type HeadColumn, missing } from "./columns";
import type { Preview } from "./layerform";
import type { Layer } from "./layers";
import { Report } from "./report";
import { type Kind, encodingOf } from "./words";

const w = words({
  good: ["可以入库", "It can be stored"],
  refused: ["不能入库", "It would be refused"],
  format: ["格式", "Format"],
  encoding: ["文字编码", "Encoding"],
  system: ["注明的坐标系", "Declared system"],
  none: ["未注明", "none"],
  first: ["首个坐标", "First coordinate"],
  remembered: ["沿用上次的设置", "From the last delivery"],
  columns: ["字段对应", "What the columns are taken for"],
  wanted: ["系统字段", "Wanted"],
  given: ["文件中的列", "Column of the file"],
  by: ["依据", "By"],
  absent: ["（无）", "(none)"],
  required: ["必填", "needed"],
  missing: ["缺少必填字段：", "Missing: "],
  rows: ["前几行（已解码）", "The first rows, decoded"],
  geometry: ["图形", "Geometry"],
  extent: ["范围", "Extent"],
  drawn: ["图上显示", "on the map"],
  here: ["本文件", "this file"],
  there: ["已入库图层", "layers on file"],
  counts: ["读取结果", "What reading gives"],
  column: ["对应列：", "Column for "],
});

const BY = {
  told: ["已指定", "told"],
  name: ["同名", "its own name"],
  guess: ["按常用名猜测", "a guess"],
} as const;

const GEOMETRIES = {
  Polygon: ["面", "polygon"],
  MultiPolygon: ["多面", "polygons"],
  Point: ["点", "point"],
  LineString: ["线", "line"],
  MultiLineString: ["多线", "lines"],
} as const;

interface Head {
  format: string;
  encoding: string;
  declared_crs: string | null;
  columns: HeadColumn[];
  rows: (string | null)[][];
  geometry: (string | null)[];
  first: [number, number] | null;
}

/** Where the file lies, on the pictures and among what is on file: a wrong system shows at once. */
function OnMap({ bbox, outlines, kept, layers }: { bbox: Bounds; outlines: readonly GeoJSON[]; kept: number | undefined; layers: readonly Layer[] }) {
  const newest = new Map<string, Layer>();
  for (const layer of layers) if (layer.bbox && !newest.has(layer.kind)) newest.set(layer.kind, layer);
  const others = [...newest.values()].map((layer) => layer.bbox as unknown as Bounds);
  const corner = (place: readonly [number, number]) => `${place[0].toFixed(5)}, ${place[1].toFixed(5)}`;
  return (
    <figure class="bring-sketch">
      <OutlineMap bbox={bbox} outlines={outlines} others={others} label={w.extent} />
      <figcaption>
        <span class="bring-key here" /> {w.here} <span class="bring-key there" /> {w.there}
        <br />
        {w.extent} <code>{`${corner([bbox[0], bbox[1]])} - ${corner([bbox[2], bbox[3]])}`}</code>
        {kept !== undefined && kept > outlines.length ? ` · ${w.drawn} ${number(outlines.length)} / ${number(kept)}` : ""}
      </figcaption>
    </figure>
  );
}

function Columns({ kind, head, taken, take }: { kind: Kind; head: Head; taken: Record<string, string>; take: (wanted: string, given: string) => void }) {
  const by = (wanted: string): string | null => head.columns.find((column) => column.target === wanted && column.name === taken[wanted])?.by ?? (taken[wanted] ? "told" : null);
  return (
    <Table
      label={w.columns}
      rows={COLUMNS[kind]}
      id={(column) => column.name}
      columns={[
        {
          title: w.wanted,
          cell: (column) => (
            <>
              {told(...column.title)} <code>{column.name}</code> {column.required ? <Mark tone={taken[column.name] ? "plain" : "bad"}>{w.required}</Mark> : null}
            </>
          ),
        },
        {
          title: w.given,
          cell: (column) => (
            <select aria-label={w.column + told(...column.title)} value={taken[column.name] ?? ""} onChange={(event) => take(column.name, event.currentTarget.value)}>
              <option value="">{w.absent}</option>
              {head.columns.map((given) => (
                <option key={given.name} value={given.name}>
                  {given.name}
                </option>
              ))}
            </select>
          ),
        },
        { title: w.by, cell: (column) => (by(column.name) ? wordOf(BY, by(column.name)) : "") },
      ]}
    />
  );
}

function Rows({ head }: { head: Head }) {
  const titles = head.columns.map((column) => column.name);
  const drawn = head.geometry.some((one) => one !== null);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={w.rows}>
      <table>
        <thead>
          <tr>
            {titles.map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
            {drawn ? <th scope="col">{w.geometry}</th> : null}
          </tr>
        </thead>
        <tbody>
          {head.rows.map((row, at) => (
            <tr key={at}>
              {row.map((value, place) => (
                <td key={titles[place]}>{value ?? ""}</td>
              ))}
              {drawn ? <td>{wordOf(GEOMETRIES, head.geometry[at])}</td> : null}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Refusal({ refused }: { refused: Record<string, unknown> }) {
  return (
    <div class="trouble" role="alert">
      <Refused refusal={refused} before={w.refused} />
    </div>
  );
}

export function Look({ preview, kind, taken, take, layers }: { preview: Preview; kind: Kind; taken: Record<string, string>; take: (wanted: string, given: string) => void; layers: readonly Layer[] }) {
  const head = preview.head as unknown as Head;
  const absent = missing(kind, taken);
  const facts: [string, string][] = [
    [w.format, head.format],
    [w.encoding, encodingOf(head.encoding)],
    [w.system, head.declared_crs ?? w.none],
  ];
  if (head.first) facts.push([w.first, head.first.map((one) => number(one, Math.abs(one) > 360 ? 2 : 6)).join(", ")]);
  const remembered = Object.keys(preview.remembered);
  if (remembered.length > 0) facts.push([w.remembered, remembered.join(", ")]);
  return (
    <>
      {preview.refused ? <Refusal refused={preview.refused} /> : <p role="status"><Mark tone="good">{w.good}</Mark></p>}
      {absent.length > 0 ? <p>{w.missing + absent.map((column) => told(...column.title)).join(", ")}</p> : null}
      <div class="bring-two">
        <div>
          <Facts rows={facts} />
          {preview.counts ? <h3>{w.counts}</h3> : null}
          {preview.counts && preview.report ? <Report report={preview.report} counts={preview.counts} /> : null}
        </div>
        {preview.bbox ? <OnMap bbox={preview.bbox as unknown as Bounds} outlines={preview.outlines as unknown as GeoJSON[]} kept={preview.counts?.kept} layers={layers} /> : null}
      </div>
      <h3>{w.columns}</h3>
      <Columns kind={kind} head={head} taken={taken} take={take} />
      <h3>{w.rows}</h3>
      <Rows head={head} />
    </>
  );
}
