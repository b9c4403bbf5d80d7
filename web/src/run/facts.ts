/** Facts that rules ask for, in words. */
type Pair = readonly [string, string];

const OF: Record<string, Pair> = {
  structure: ["建筑", "structure"],
  permit: ["许可", "permit"],
  parcel: ["宗地", "parcel"],
  zone: ["分区", "zone"],
  line: ["控制线", "line"],
  building: ["既有建筑", "building"],
  limit: ["限值", "limit"],
};

const WHAT: Record<string, Pair> = {
  change: ["变化", "change"],
  stage: ["建设阶段", "stage"],
  area_m2: ["面积", "area"],
  height_m: ["高度", "height"],
  lower: ["高度降低", "lost height"],
  hidden: ["仅高程可见", "seen by heights alone"],
  use: ["用途", "use"],
  titled: ["有产权登记", "has a title"],
  seen_on: ["判定日", "day of the assessment"],
  first_seen_on: ["最早可见日", "first known to stand"],
  absent_on: ["最晚不存在日", "last known not to stand"],
  assessed: ["有图层可套合", "could be assessed"],
  register: ["有许可台账", "a register was given"],
  permitted: ["已获许可", "is permitted"],
  touched: ["涉及有效许可", "touches a permit"],
  unplaced_permits: ["位置不明的有效许可数", "permits without a place"],
  village: ["位于城镇开发边界外", "lies outside the urban boundary"],
  boundary_known: ["有城镇开发边界", "the urban boundary is known"],
  farmland: ["位于永久基本农田", "stands in permanent basic farmland"],
  id: ["编号", "number"],
  kind: ["类型", "kind"],
  valid_from: ["生效日", "valid from"],
  valid_to: ["失效日", "valid to"],
  in_force: ["有效", "in force"],
  expired: ["已到期", "expired"],
  early: ["尚未生效", "not yet valid"],
  covers: ["覆盖该建筑", "covers the structure"],
  best: ["为最相关许可", "is the best one"],
  share: ["占比", "share"],
  outside_m2: ["超出面积", "ground outside"],
  outside_share: ["超出占比", "share outside"],
  outside_depth_m: ["超出深度", "depth outside"],
  match: ["落地方式", "how it was placed"],
  match_score: ["落地可信度", "how well it was placed"],
  land_use: ["地类", "land use"],
  owner_kind: ["权属性质", "kind of owner"],
  depth_m: ["进入深度", "depth"],
  max_height_m: ["限高", "greatest height"],
  distance_m: ["距离", "distance"],
  setback_m: ["退让距离", "setback"],
  adjoins: ["相连", "adjoins"],
  spacing_m: ["间距", "spacing"],
};

const VALUES: Record<string, Pair> = {
  appeared: ["新增", "appeared"],
  altered: ["改变", "altered"],
  disappeared: ["消失", "disappeared"],
  earthworks: ["土方", "earthworks"],
  foundation: ["基础", "foundation"],
  under_construction: ["在建", "under construction"],
  finished: ["建成", "finished"],
  unknown: ["不明", "unknown"],
  planning: ["规划许可", "planning"],
  village: ["乡村建设许可", "village"],
  temporary: ["临时", "temporary"],
  true: ["是", "yes"],
  false: ["否", "no"],
  low: ["低", "low"],
  medium: ["中", "medium"],
  high: ["高", "high"],
  critical: ["特别严重", "critical"],
  certain: ["确定", "certain"],
  possible: ["可能", "possible"],
  none: ["无", "none"],
  no_permit: ["无许可", "no permit"],
  deviates_from_permit: ["不按许可", "deviates from its permit"],
  occupied_land: ["占地", "occupied land"],
  natural_resources: ["自然资源部门", "natural resources"],
  township_government: ["乡镇政府", "township government"],
  urban_management_bureau: ["城市管理部门", "urban management bureau"],
};

const OPERATORS: Record<string, Pair> = {
  is: ["为", "is"],
  one_of: ["属于", "is one of"],
  begins_with: ["开头为", "begins with"],
  differs_from: ["不同于", "differs from"],
  more_than: ["大于", "more than"],
  less_than: ["小于", "less than"],
  at_least: ["不小于", "at least"],
  at_most: ["不大于", "at most"],
  later_than: ["晚于", "later than"],
  known: ["已知", "is known"],
};

/** A fact of a rule in words; the name itself where nobody has called it. */
export function factIn(name: string, at: 0 | 1): string {
  const [subject = "", what = ""] = name.split(".");
  const of = OF[subject];
  const told = WHAT[what];
  if (!of || !told) return name;
  return at === 0 ? `${of[0]}${told[0]}` : `${of[1]} ${told[1]}`;
}

export function subjectIn(name: string, at: 0 | 1): string {
  return OF[name]?.[at] ?? name;
}

type Words = Readonly<Record<string, { zh?: string; en?: string }>>;

function valueIn(value: unknown, at: 0 | 1, words: Words): string {
  if (Array.isArray(value)) return value.map((one) => valueIn(one, at, words)).join(at === 0 ? "、" : ", ");
  const text = String(value);
  if (/^[a-z]+\.[a-z_0-9]+$/.test(text)) return factIn(text, at);
  return words[text]?.[at === 0 ? "zh" : "en"] ?? VALUES[text]?.[at] ?? text;
}

/** A value of a rulebook in words: its own words go first. */
export function wordIn(value: unknown, at: 0 | 1, words: Words = {}): string {
  return value === undefined || value === null || value === "" ? "-" : valueIn(value, at, words);
}

/** A message of a rule with the facts that it will name: "许可〔许可编号〕". */
export function messageIn(text: string | undefined, at: 0 | 1): string {
  return (text ?? "").replace(/\{([a-z]+\.[a-z_0-9]+)[^}]*\}/g, (_, name: string) => (at === 0 ? `〔${factIn(name, 0)}〕` : `[${factIn(name, 1)}]`));
}

/** A condition as a line. */
export function conditionIn(condition: Readonly<Record<string, unknown>>, at: 0 | 1, words: Words = {}): string {
  for (const [name, join] of [
    ["all_of", at === 0 ? " 且 " : " and "],
    ["any_of", at === 0 ? " 或 " : " or "],
  ] as const) {
    const parts = condition[name];
    if (Array.isArray(parts)) return `(${parts.map((one) => conditionIn(one as Record<string, unknown>, at, words)).join(join)})`;
  }
  const fact = factIn(String(condition.fact ?? ""), at);
  const told = Object.entries(OPERATORS).find(([name]) => name in condition);
  if (told === undefined) return fact;
  const [name, operator] = told;
  const value = condition[name];
  if ((name === "is" || name === "known") && typeof value === "boolean") {
    const says = name === "known" ? `${fact}${at === 0 ? "" : " "}${OPERATORS.known?.[at] ?? ""}` : fact;
    return value ? says : at === 0 ? `非「${says}」` : `not: ${says}`;
  }
  return `${fact} ${operator[at]} ${valueIn(value, at, words)}`;
}
