/** What each kind of layer holds, and how the columns of a file are taken for it. */
import type { Kind } from "./words";

type Pair = readonly [string, string];

export interface Wanted {
  name: string;
  title: Pair;
  required?: boolean;
}

const id = (name: string, title: Pair): Wanted => ({ name, title, required: true });
const may = (name: string, title: Pair): Wanted => ({ name, title });
const FROM: Pair = ["生效日期", "Valid from"];
const TO: Pair = ["失效日期", "Valid to"];
// a register may tell its places in columns
const PLACES = [may("lon", ["经度 / 东坐标", "Longitude, easting"]), may("lat", ["纬度 / 北坐标", "Latitude, northing"]), may("wkt", ["WKT 图形", "Geometry as WKT"])];

export const COLUMNS: Record<Kind, readonly Wanted[]> = {
  parcels: [
    id("parcel_id", ["宗地编号", "Parcel number"]),
    may("land_use", ["地类代码", "Land use code"]),
    may("owner_kind", ["权属性质", "Kind of owner"]),
    may("village", ["所在村", "Village"]),
    may("accuracy_m", ["精度 (m)", "Accuracy (m)"]),
    may("address", ["坐落", "Address"]),
  ],
  permits: [
    id("permit_id", ["许可证号", "Permit number"]),
    { name: "valid_from", title: FROM, required: true },
    may("parcel_id", ["宗地编号", "Parcel number"]),
    may("kind", ["许可类型", "Kind"]),
    may("valid_to", TO),
    may("area_m2", ["批准面积 (m²)", "Area (m²)"]),
    may("height_m", ["批准高度 (m)", "Height (m)"]),
    may("use", ["用途", "Use"]),
    may("issued_on", ["发证日期", "Issued on"]),
    may("address", ["坐落", "Address"]),
    ...PLACES,
  ],
  zones: [
    id("zone_id", ["分区编号", "Zone number"]),
    { name: "kind", title: ["分区类型", "Kind"], required: true },
    may("use", ["规划用途", "Planned use"]),
    may("buffer_m", ["缓冲宽度 (m)", "Buffer (m)"]),
    may("setback_m", ["退让距离 (m)", "Setback (m)"]),
    may("max_height_m", ["限高 (m)", "Greatest height (m)"]),
    may("min_area_m2", ["最小面积 (m²)", "Least area (m²)"]),
    may("min_confidence", ["上报置信度", "Reported from confidence"]),
    may("confirmed_from", ["确认置信度", "Confirmed from confidence"]),
    may("due_days", ["巡查周期 (天)", "Look due (days)"]),
    may("valid_from", FROM),
    may("valid_to", TO),
  ],
  buildings: [
    id("building_id", ["建筑编号", "Building number"]),
    may("built_on", ["竣工日期", "Built on"]),
    may("height_m", ["高度 (m)", "Height (m)"]),
    may("register_id", ["产权证号", "Register number"]),
    ...PLACES,
  ],
  areas: [
    id("area_id", ["区划代码", "Area code"]),
    { name: "name", title: ["名称", "Name"], required: true },
    may("parent_id", ["上级代码", "Code of the parent"]),
    may("level", ["级别", "Level"]),
    may("division_code", ["行政区划代码", "Division code"]),
  ],
  patches: [
    id("JCBH", ["监测编号", "Patch number"]),
    may("TBLX", ["图斑类型", "Kind of patch"]),
    may("XZQDM", ["行政区代码", "Division code"]),
    may("XMC", ["县名称", "County"]),
    may("JCMJ", ["监测面积", "Area"]),
    may("QSX", ["前时相", "Earlier date"]),
    may("HSX", ["后时相", "Later date"]),
    may("BZ", ["备注", "Remark"]),
  ],
};

export interface HeadColumn {
  name: string;
  target: string | null;
  by: "told" | "name" | "guess" | null;
}

/** Column of the file for each wanted one, as the service took them. */
export function takenFor(columns: readonly HeadColumn[], mapping: Readonly<Record<string, string>>): Record<string, string> {
  const taken: Record<string, string> = {};
  for (const column of columns) if (column.target) taken[column.target] = column.name;
  return { ...taken, ...mapping };
}

/** What has to be declared: a column under its own name needs no words. */
export function declared(taken: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(taken).filter(([wanted, given]) => given !== "" && given !== wanted));
}

/** Wanted columns that must be there and are not. */
export function missing(kind: Kind, taken: Readonly<Record<string, string>>): Wanted[] {
  return COLUMNS[kind].filter((column) => column.required && !taken[column.name]);
}
