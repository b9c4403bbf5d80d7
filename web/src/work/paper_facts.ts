/** What a document asks for that a case does not say: which fields those are, and how they become its facts. */

export type Kind = "text" | "long" | "lines" | "day" | "moment" | "yes" | "term" | "pairs" | "choice";

export interface PaperField {
  /** Where it goes: `occasion.begins`, `terms.reminder`, `measures`. */
  path: string;
  title: readonly [zh: string, en: string];
  kind: Kind;
  choices?: readonly (readonly [string, readonly [string, string]])[];
}

const field = (path: string, zh: string, en: string, kind: Kind = "text"): PaperField => ({ path, title: [zh, en], kind });

const OCCASION = [
  field("occasion.begins", "开始时间", "Began", "moment"),
  field("occasion.ends", "结束时间", "Ended", "moment"),
  field("occasion.place", "地点", "Where"),
  field("occasion.weather", "天气", "Weather"),
  field("occasion.recorder", "记录人", "Who wrote it down"),
  field("occasion.result", "勘验情况", "What was found", "long"),
];
const HEARING = [
  field("hearing.at", "听证时间", "When the hearing is", "moment"),
  field("hearing.place", "听证地点", "Where"),
  field("hearing.chair", "主持人", "Who presides"),
  field("hearing.recorder", "记录人", "Who writes it down"),
];
const BUREAU = [field("bureau.name", "机关名称", "The authority"), field("bureau.address", "机关地址", "Its address"), field("bureau.contact", "联系人", "Who answers questions"), field("bureau.phone", "联系电话", "Telephone")];
const REMEDIES = [field("remedies.review_body", "行政复议机关", "Where to apply for review"), field("remedies.court", "人民法院", "The court")];
const DELIVERY = [field("delivery.recipient", "受送达人", "To whom"), field("delivery.place", "送达地点", "Where"), field("delivery.documents", "送达文书（每行：名称｜文号）", "Documents (a line each: title | serial)", "pairs"), field("delivery.note", "备注", "Note")];
const LEGAL: PaperField[] = [
  field("legal_review.reviewer", "审核人", "Who reviewed"),
  field("legal_review.opinion", "审核意见", "Opinion", "long"),
  {
    path: "legal_review.result",
    title: ["审核结论", "Result"],
    kind: "choice",
    choices: [
      ["passed", ["审核通过", "passed"]],
      ["changes", ["应当修改", "to be changed"]],
      ["more_facts", ["补充调查", "more facts are needed"]],
    ],
  },
];
const MONEY = [field("money.fine_yuan", "罚款（元）", "Fine, yuan"), field("money.cost_yuan", "工程造价（元）", "Cost of the works, yuan"), field("money.pay_to", "缴款账户", "Bank and account")];

const GROUPS: readonly (readonly [names: string, fields: readonly PaperField[]])[] = [
  ["begins ends occasion_place weather recorder result present", OCCASION],
  ["hearing_on hearing_place hearing_chair hearing_recorder", HEARING],
  ["bureau bureau_address bureau_contact bureau_phone", BUREAU],
  ["review_body court", REMEDIES],
  ["recipient deliveries delivery_place delivery_methods delivery_note", DELIVERY],
  ["legal_choices legal_opinion legal_reviewer", LEGAL],
  ["fine fine_capitals cost pay_to", MONEY],
  ["measures", [field("measures", "处理内容（每行一项）", "What is ordered, one in a line", "lines")]],
  ["evidence", [field("evidence", "证据（每行一项）", "Evidence, one in a line", "lines")]],
  ["attachments", [field("attachments", "附件（每行一项）", "What goes with it, one in a line", "lines")]],
  ["facts", [field("facts", "查明的事实", "The facts as established", "long")]],
  ["reason", [field("reason", "理由", "Why this is done", "long")]],
  ["statement", [field("statement", "陈述申辩及复核情况", "What the party stated and how it was answered", "long")]],
  ["cause", [field("cause", "案由", "What the case is about")]],
  ["lead_source", [field("lead_source", "线索来源", "Where the lead came from")]],
  ["transfer_to", [field("transfer_to", "受移送机关", "Authority that takes over")]],
  ["outcome", [field("outcome", "处理结果", "How the case ended", "long")]],
  ["execution", [field("execution", "执行情况", "How the decision was carried out", "long")]],
  ["demolition_way", [field("demolition_way", "强制执行方式", "How it is enforced")]],
  ["demolition_on", [field("demolition_on", "拆除日期", "Day of the demolition", "day")]],
  ["discovered_on", [field("discovered_on", "发现日期", "When it was discovered", "day")]],
  ["inspected_on", [field("inspected_on", "勘验日期", "When it was inspected", "day")]],
  ["filed_on", [field("filed_on", "立案日期", "When the case was filed", "day")]],
  ["questions", [field("questions", "问答（每行：问｜答）", "Questions (a line each: asked | answered)", "pairs")]],
  ["goods", [field("goods", "物品（每行：名称｜数量）", "Goods (a line each: name | quantity)", "pairs")]],
  ["demolition_ordered", [field("demolition_ordered", "是否责令拆除", "Whether a demolition is ordered", "yes")]],
];
const TERMS: Record<string, readonly [string, string]> = {
  correction: ["改正期限", "Term to correct"],
  demolition: ["拆除期限", "Term to demolish"],
  payment: ["缴款期限", "Term to pay"],
  statement: ["陈述申辩期限", "Term to state"],
  hearing: ["申请听证期限", "Term to ask for a hearing"],
  reminder: ["催告期限", "Term of the reminder"],
  announcement: ["公告期限", "Term of the announcement"],
  review: ["复议期限", "Term of review"],
  suit: ["诉讼期限", "Term to sue"],
};
const REFERENCES: Record<string, readonly [string, string]> = { decision: ["决定", "the decision"], stop_order: ["停工通知", "the stop order"], rights_notice: ["告知书", "the rights notice"], reminder: ["催告书", "the reminder"] };
/** What is named in the case itself, never in a document alone. */
const IN_THE_CASE = new Set(["party", "parties", "officers", "officers_line", "categories", "basis", "place", "structure", "opinions", "case_serial"]);

/** Fields for what a document lacks; what must be told in the case itself; what has no field here. */
export function fieldsFor(missing: readonly string[]): { fields: PaperField[]; inTheCase: string[]; other: string[] } {
  const fields = new Map<string, PaperField>();
  const [inTheCase, other]: [string[], string[]] = [[], []];
  for (const name of missing) {
    const found = GROUPS.find(([names]) => names.split(" ").includes(name))?.[1] ?? ofTerm(name) ?? ofReference(name);
    if (found) for (const one of found) fields.set(one.path, one);
    else if (IN_THE_CASE.has(name)) inTheCase.push(name);
    else other.push(name);
  }
  return { fields: [...fields.values()], inTheCase, other };
}

function ofTerm(name: string): PaperField[] | undefined {
  const term = /^term_([a-z]+?)(_due)?$/.exec(name)?.[1];
  const title = term === undefined ? undefined : TERMS[term];
  return title && [{ path: `terms.${term}`, title, kind: "term" }];
}

function ofReference(name: string): PaperField[] | undefined {
  const told = /^([a-z_]+)_(title|serial|on)$/.exec(name)?.[1] ?? "";
  const title = REFERENCES[told];
  if (!title) return undefined;
  return [field(`references.${told}.title`, `${title[0]}：名称`, `${title[1]}: title`), field(`references.${told}.serial`, `${title[0]}：文号`, `${title[1]}: serial`), field(`references.${told}.on`, `${title[0]}：日期`, `${title[1]}: day`, "day")];
}

const PAIRS: Record<string, readonly [string, string]> = { questions: ["asked", "answered"], goods: ["name", "quantity"], "delivery.documents": ["title", "serial"] };

function valueOf(one: PaperField, text: string): unknown {
  if (one.kind === "lines") return text.split("\n").map((line) => line.trim()).filter(Boolean);
  if (one.kind === "moment") return `${text}:00+08:00`;
  if (one.kind === "yes") return text === "true";
  if (one.kind === "term") {
    const [amount = "", unit = "day"] = text.split(" ");
    return { amount: Number(amount), unit };
  }
  if (one.kind === "pairs") {
    const [first, second] = PAIRS[one.path] ?? ["name", "text"];
    return text.split("\n").filter((line) => line.trim()).map((line) => {
      const [left = "", ...right] = line.split(/[|｜]/);
      return { [first]: left.trim(), [second]: right.join("|").trim() };
    });
  }
  return text;
}

/** The facts of the order; what is empty is left out. */
export function paperFacts(fields: readonly PaperField[], held: Readonly<Record<string, string>>): Record<string, unknown> {
  const told: Record<string, unknown> = {};
  for (const one of fields) {
    const text = (held[one.path] ?? "").trim();
    if (text === "" || (one.kind === "term" && /^\s/.test(held[one.path] ?? ""))) continue;
    const parts = one.path.split(".");
    let into = told;
    for (const part of parts.slice(0, -1)) into = (into[part] ??= {}) as Record<string, unknown>;
    into[parts[parts.length - 1] ?? ""] = valueOf(one, text);
  }
  return told;
}
