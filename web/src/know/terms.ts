/** What rules, facts and conditions of an explanation are called: the service tells them as the rulebook writes them. */
import type { Language } from "../app/language";

type Terms = Record<string, readonly [zh: string, en: string]>;

export const RULES: Terms = {
  gone: ["疑似已拆除", "Seems to be removed"],
  lowered: ["疑似部分拆除", "Seems to be lowered"],
  no_layers: ["没有可比对的图层", "No layers to assess against"],
  beyond_permit: ["超出许可范围", "Beyond its permit"],
  beyond_covering_permit: ["超出覆盖它的许可范围", "Beyond the permit that covers it"],
  permit_expired: ["许可已到期", "Permit expired"],
  permit_expired_since: ["到期前可能已开工", "Permit expired since"],
  permit_not_yet_valid: ["许可尚未生效", "Permit not yet valid"],
  built_before_permit: ["未批先建", "Built before its permit"],
  above_permit_area: ["超出批准面积", "Above the permitted area"],
  above_permit_height: ["超出批准高度", "Above the permitted height"],
  other_use: ["改变用途", "Another use"],
  no_register: ["没有许可台账", "No register of permits"],
  no_permit_unsure: ["可能没有许可", "Perhaps without a permit"],
  no_permit: ["没有许可", "Without a permit"],
  beyond_parcel: ["超出地块界线", "Beyond its parcel"],
  on_cultivated_land: ["占用耕地", "On cultivated land"],
  in_farmland: ["位于永久基本农田", "In permanent basic farmland"],
  in_ecological_redline: ["位于生态保护红线", "In an ecological red-line area"],
  in_heritage_area: ["位于文物保护范围", "In a heritage protection area"],
  on_public_ground: ["占用公共用地", "On public ground"],
  on_temporary_land: ["位于临时用地", "On land for temporary use"],
  in_zone: ["位于管控区", "In a zone"],
  setback: ["退让距离不足", "Setback"],
  spacing: ["建筑间距不足", "Spacing"],
  above_plan_height: ["超出规划高度", "Above the planned height"],
  against_planned_use: ["不符合规划用途", "Against the planned use"],
  addition: ["加建、扩建", "Addition to a building"],
  concealment: ["疑似遮盖", "Possible concealment"],
};

export const ABOUT: Terms = {
  structure: ["建筑", "structure"],
  permit: ["许可", "permit"],
  parcel: ["地块", "parcel"],
  zone: ["管控区", "zone"],
  line: ["控制线", "line"],
  building: ["邻近建筑", "building"],
};

export const FACTS: Terms = {
  "structure.change": ["变化", "its change"],
  "structure.stage": ["阶段", "its stage"],
  "structure.area_m2": ["轮廓面积", "its area"],
  "structure.height_m": ["建筑高度", "its height"],
  "structure.lower": ["高度降低", "it is lower and still stands"],
  "structure.hidden": ["高程显示而影像未显示", "heights show what the picture does not"],
  "structure.use": ["登记用途", "its registered use"],
  "structure.titled": ["已登记产权", "a property register lists it"],
  "structure.seen_on": ["判定日期", "the day of the assessment"],
  "structure.first_seen_on": ["最早已知存在日期", "the earliest day on which it stood"],
  "structure.absent_on": ["最后已知不存在日期", "the latest day without it"],
  "structure.assessed": ["提供了比对图层", "layers were given"],
  "structure.register": ["提供了许可台账", "a register of permits was given"],
  "structure.permitted": ["有效许可覆盖至少 80%", "a permit in force covers at least 80 %"],
  "structure.touched": ["有效许可覆盖超过 5%", "a permit in force holds more than 5 %"],
  "structure.unplaced_permits": ["无法定位的有效许可数", "permits in force without a place"],
  "structure.village": ["位于城镇开发边界外", "it lies outside the development boundary"],
  "structure.boundary_known": ["提供了城镇开发边界", "a development boundary was given"],
  "structure.farmland": ["位于永久基本农田", "it stands in permanent basic farmland"],
  "permit.id": ["许可编号", "the permit's number"],
  "permit.kind": ["许可类型", "the kind of permit"],
  "permit.use": ["许可用途", "the permitted use"],
  "permit.valid_from": ["许可生效日期", "the permit's first day"],
  "permit.valid_to": ["许可到期日期", "the permit's last day"],
  "permit.in_force": ["许可有效", "the permit is in force"],
  "permit.expired": ["许可已过期", "the permit has expired"],
  "permit.early": ["许可尚未生效", "the permit begins later"],
  "permit.covers": ["许可覆盖至少 80%", "the permit covers at least 80 %"],
  "permit.best": ["没有覆盖更多的有效许可", "no other permit in force holds more"],
  "permit.share": ["在许可范围内的比例", "its share on the permit's ground"],
  "permit.outside_m2": ["许可范围外面积", "its ground outside the permit"],
  "permit.outside_depth_m": ["超出许可范围的距离", "how far it reaches out of the permit"],
  "permit.area_m2": ["批准面积", "the permitted area"],
  "permit.height_m": ["批准高度", "the permitted height"],
  "permit.match": ["许可定位方式", "how the permit's ground was found"],
  "permit.match_score": ["许可定位可信度", "how well the permit's ground was found"],
  "parcel.id": ["地块编号", "the parcel's number"],
  "parcel.land_use": ["地类", "the land class"],
  "parcel.owner_kind": ["权属类型", "the kind of owner"],
  "parcel.share": ["在地块内的比例", "its share on the parcel"],
  "parcel.outside_share": ["地块外的比例", "its share beyond the parcel"],
  "parcel.outside_m2": ["地块外面积", "its ground beyond the parcel"],
  "parcel.outside_depth_m": ["越界距离", "how far it reaches beyond the parcel"],
  "zone.kind": ["管控区类型", "the kind of zone"],
  "zone.id": ["管控区编号", "the zone"],
  "zone.use": ["规划用途", "the planned use"],
  "zone.share": ["在管控区内的比例", "its share in the zone"],
  "zone.area_m2": ["管控区内面积", "its ground in the zone"],
  "zone.depth_m": ["进入管控区的距离", "how far it reaches into the zone"],
  "zone.max_height_m": ["管控区限高", "the greatest height allowed"],
  "line.kind": ["控制线类型", "the kind of line"],
  "line.id": ["控制线编号", "the line"],
  "line.distance_m": ["与控制线距离", "its distance from the line"],
  "line.setback_m": ["应退让距离", "the setback required"],
  "building.id": ["建筑编号", "the building"],
  "building.distance_m": ["与邻近建筑距离", "its distance from the building"],
  "building.adjoins": ["与既有建筑相连", "it is built onto the building"],
  "limit.spacing_m": ["间距限值", "the least spacing"],
};

/** Values and operators of conditions, the longer ones first. */
const IN_CHINESE: readonly (readonly [RegExp, string])[] = [
  [/ beyond the tolerance of \w+/g, "（计合理误差）"],
  [/ surely more than /g, " 确定大于 "],
  [/ surely less than /g, " 确定小于 "],
  [/ more than /g, " 大于 "],
  [/ less than /g, " 小于 "],
  [/ at least /g, " 不小于 "],
  [/ at most /g, " 不大于 "],
  [/ later than /g, " 晚于 "],
  [/ begins with /g, " 开头为 "],
  [/ differs from /g, " 不同于 "],
  [/ one of /g, " 属于 "],
  [/ is true/g, "：应为是"],
  [/ is false/g, "：应为否"],
  [/ known true/g, "：应已知"],
  [/ known false/g, "：应未知"],
  [/ is /g, " 应为 "],
  [/ and /g, " 且 "],
  [/ or /g, " 或 "],
  [/\(yes, within error\)/g, "（是，误差范围以内）"],
  [/\(yes, possible\)/g, "（是，可能）"],
  [/\(yes, certain\)/g, "（是，确定）"],
  [/\(yes\)/g, "（是）"],
  [/\(no\)/g, "（否）"],
  [/\(not known\)/g, "（未知）"],
];

const VALUES: Terms = {
  appeared: ["新增", "appeared"],
  disappeared: ["消失", "disappeared"],
  altered: ["改变", "altered"],
  earthworks: ["土方施工", "earthworks"],
  foundation: ["基础施工", "foundation"],
  under_construction: ["在建", "under construction"],
  finished: ["已建成", "finished"],
  unknown: ["无法判断", "cannot be told"],
  planning: ["规划许可", "planning permit"],
  temporary: ["临时许可", "temporary permit"],
  village: ["乡村许可", "village permit"],
  permanent_basic_farmland: ["永久基本农田", "permanent basic farmland"],
  ecological_redline: ["生态保护红线", "ecological red line"],
  urban_development_boundary: ["城镇开发边界", "urban development boundary"],
  cultivated: ["耕地", "cultivated land"],
  road: ["道路用地", "road land"],
  road_redline: ["道路红线", "road red line"],
  river: ["河道", "river"],
  water: ["水域", "water"],
  green: ["绿地", "green space"],
  square: ["广场", "square"],
  public_land: ["公共用地", "public land"],
  temporary_land: ["临时用地", "land for temporary use"],
  heritage: ["文物保护范围", "heritage protection area"],
  utility: ["市政公用设施用地", "utility corridor"],
  fire_lane: ["消防车通道", "fire lane"],
  planned_use: ["规划用地", "planned land"],
};

const FACT = /\b(?:structure|permit|parcel|zone|line|building|limit)\.[a-z0-9_]+\b/g;

/** A condition as people read it; what nobody has called stays as the rulebook writes it. */
export function conditionText(condition: string, language: Language): string {
  const at = language === "zh" ? 0 : 1;
  // words of facts are left alone by what is done to the rest
  let told = "";
  let end = 0;
  for (const found of condition.matchAll(FACT)) {
    told += plain(condition.slice(end, found.index), language) + (FACTS[found[0]]?.[at] ?? found[0]);
    end = found.index + found[0].length;
  }
  return told + plain(condition.slice(end), language);
}

function plain(part: string, language: Language): string {
  const at = language === "zh" ? 0 : 1;
  const valued = part.replace(/[a-z][a-z_]+/g, (word) => VALUES[word]?.[at] ?? word);
  if (language === "en") return valued.replace(/ is true/g, ": should hold").replace(/ is false/g, ": should not hold");
  return IN_CHINESE.reduce((text, [pattern, to]) => text.replace(pattern, to), valued);
}

/** Why a rule gave no reason. */
export function whyNotText(why: string, language: Language): string {
  const at = language === "zh" ? 0 : 1;
  if (why === "a condition does not hold") return language === "zh" ? "有条件不成立" : why;
  const earlier = /^(.*) was told already$/.exec(why)?.[1];
  if (earlier === undefined) return why;
  const names = earlier.split(", ").map((name) => RULES[name]?.[at] ?? name);
  return language === "zh" ? `已有理由：${names.join("、")}` : `told already: ${names.join(", ")}`;
}
