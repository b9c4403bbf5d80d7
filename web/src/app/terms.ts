/** What the closed lists of findings and their assessment are called; the words of the printed report. */
type Terms = Record<string, readonly [string, string]>;

export const STATUS: Terms = {
  suspected: ["疑似违法建设", "Suspected"],
  permitted: ["已有许可", "Permitted"],
  existing: ["既有建筑", "Existing"],
  unassessed: ["未评估", "Not assessed"],
};

export const CHANGE: Terms = {
  appeared: ["新增", "appeared"],
  disappeared: ["消失", "disappeared"],
  altered: ["改变", "altered"],
};

export const STAGE: Terms = {
  earthworks: ["土方施工", "earthworks"],
  foundation: ["基础施工", "foundation"],
  under_construction: ["在建", "under construction"],
  finished: ["已建成", "finished"],
  unknown: ["无法判断", "cannot be told"],
};

/** What a finding may be instead: cues of the detector, and reasons of a dismissal. */
export const CUES: Terms = {
  shadow: ["阴影", "shadow"],
  tree: ["树木", "tree"],
  vehicle: ["车辆", "vehicle"],
  container: ["集装箱", "container"],
  greenhouse: ["大棚", "greenhouse"],
  solar_panel: ["光伏板", "solar panel"],
  tarpaulin: ["篷布", "tarpaulin"],
  bare_soil: ["裸土", "bare soil"],
  water: ["水体", "water"],
  scaffold: ["脚手架", "scaffold"],
  registration: ["配准误差", "registration"],
  edge_of_image: ["影像边缘", "edge of the image"],
  no_height_gain: ["高程无变化", "no height gain"],
  other: ["其他", "other"],
};

export const FLAGS: Terms = {
  concealment: ["疑似遮盖", "possible concealment"],
  rebuilt: ["疑似复建", "possibly rebuilt"],
  protected_land: ["位于保护性用地", "on protected land"],
  changed_since_dismissal: ["排除后又有变化", "changed since it was dismissed"],
  permit_place_inferred: ["许可位置由地址或坐标点推定", "a permit placed by address or point"],
};

export const SEVERITY: Terms = {
  low: ["轻微", "low"],
  medium: ["一般", "medium"],
  high: ["严重", "high"],
  critical: ["特别严重", "critical"],
};

export const CERTAINTY: Terms = {
  certain: ["超出误差范围", "beyond the error"],
  possible: ["可能", "possible"],
  within_error: ["误差范围以内", "within the error"],
  no: ["不成立", "does not hold"],
};

export const AUTHORITY: Terms = {
  urban_management_bureau: ["城市管理综合执法局", "Urban management bureau"],
  township_government: ["乡镇人民政府", "Township government"],
  natural_resources: ["自然资源主管部门", "Natural resources authority"],
};

export const CONSEQUENCE: Terms = {
  stop_at_once: ["在建：立即制止", "under construction: stop at once"],
  slow_path: ["建成：决定、催告、公告", "finished: decision, reminder, announcement"],
  village_path: ["乡村建成：乡镇责令限期改正", "finished, in a village: the township orders correction"],
  land_path: ["占用土地：自然资源主管部门处理，可申请法院强制执行", "occupied land: natural resources, then the court"],
  field_check: ["实地核查", "field check"],
};

export const PURPOSE: Terms = {
  enforce: ["执法", "to enforce"],
  learn: ["学习", "to learn from"],
};

const LAWS: readonly (readonly [string, string])[] = [
  ["土地管理法实施条例", "Implementing Regulations of the Land Administration Law"],
  ["土地管理法", "Land Administration Law"],
  ["城乡规划法", "Urban and Rural Planning Law"],
];

/** An article in English; what is of another law stays as it is written. */
export function basisInEnglish(basis: string): string {
  let told = basis;
  for (const [law, name] of LAWS) told = told.split(law).join(name);
  return told
    .replace(/第(\d+)条/g, " Art. $1")
    .replace(/、/g, ",")
    .replace(/；/g, "; ")
    .trim();
}

/** Why a row stands in the queue, in Chinese; the service tells it in English. */
export function whyInChinese(why: string): string {
  const priority = /^priority ([\d.]+): (.*)$/.exec(why);
  if (priority) {
    const words = (priority[2] ?? "").split(", ").map((word) => {
      const name = word.replace(/ /g, "_");
      return (STATUS[name] ?? STAGE[name] ?? FLAGS[name])?.[0] ?? word;
    });
    return `优先级 ${priority[1]}：${words.join("、")}`;
  }
  const unsure = /^uncertain: confidence ([\d.]+)/.exec(why);
  if (unsure) return `置信度 ${unsure[1]}，最难判断，结论最有价值`;
  const away = /^a new kind of place: ([\d.]+)/.exec(why);
  if (away) return `新的地点类型（差异 ${away[1]}）`;
  return why;
}

/** Who told of a place. */
export const SOURCE: Terms = {
  scan: ["影像图斑", "finding in imagery"],
  patrol: ["日常巡查", "patrol"],
  hotline: ["12345热线", "hotline 12345"],
  camera: ["视频监控", "camera"],
  drone: ["无人机", "drone"],
  bureau: ["其他部门图斑", "patch of another bureau"],
  expiry: ["临时许可到期", "temporary permit that ran out"],
  rebuilding: ["原址复建", "rebuilt in its place"],
};
