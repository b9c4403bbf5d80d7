/** A rulebook as lines that people read, and the difference of two as lines that changed. */
import { conditionIn, messageIn, subjectIn, wordIn } from "./facts";

export interface Content {
  id: string;
  version: string;
  articles?: Record<string, { text?: string; en?: string }>;
  authorities?: Take[];
  choices?: Record<string, Take[]>;
  consequences?: Record<string, Take[]>;
  words?: Record<string, { zh?: string; en?: string }>;
  limits?: Record<string, unknown>;
  tolerances?: Record<string, unknown>[];
  minimum_area_m2?: Record<string, number>;
  rules?: Rule[];
}

interface Take {
  when?: Record<string, unknown>[];
  take?: string;
}

export interface Rule {
  code: string;
  id?: string;
  about: string;
  category?: string;
  basis?: string;
  severity?: string;
  consequence?: string;
  at_most?: string;
  excused_by?: unknown[];
  when?: Record<string, unknown>[];
  message?: { zh?: string; en?: string };
}

export interface Line {
  /** What it is: the same key in two books is the same thing. */
  key: string;
  part: "articles" | "rules" | "choices" | "authorities" | "consequences" | "limits";
  title: string;
  text: string;
}

/** 0 Chinese, 1 English. */
type At = 0 | 1;

/** Names of choices, consequences and limits. */
const PATHS: Record<string, readonly [string, string]> = {
  building: ["建设违法", "building"],
  land: ["土地违法", "land"],
  planning: ["规划", "planning"],
  spacing_m: ["建筑间距 (m)", "Spacing (m)"],
};

const AND: Record<At, string> = { 0: "；", 1: "; " };

export function conditions(when: readonly Record<string, unknown>[] | undefined, at: At, words: Content["words"] = {}): string {
  return (when ?? []).map((one) => conditionIn(one, at, words)).join(AND[at]);
}

/** What a basis says: an article by name, or a choice of several. */
export function basisOf(name: string | undefined, book: Content, at: At): string {
  if (!name) return "-";
  const article = book.articles?.[name];
  if (article) return (at === 0 ? article.text : (article.en ?? article.text)) ?? name;
  const choice = book.choices?.[name];
  if (!choice) return name;
  const taken = choice.map((one) => basisOf(one.take, book, at));
  return [...new Set(taken)].join(" / ");
}

export function nameOf(rule: Rule): string {
  return rule.id ?? rule.code;
}

function takes(list: readonly Take[], book: Content, at: At): string {
  const said = (one: Take): string => {
    const then = wordIn(one.take, at, book.words);
    const when = conditions(one.when, at, book.words);
    return when ? `${when} → ${then}` : `${at === 0 ? "其他" : "else"} → ${then}`;
  };
  return list.map(said).join("\n");
}

function ruleText(rule: Rule, book: Content, at: At): string {
  const parts: [string, string][] = [
    [at === 0 ? "对象" : "about", subjectIn(rule.about, at)],
    [at === 0 ? "条件" : "when", conditions(rule.when, at, book.words)],
    [at === 0 ? "依据" : "basis", basisOf(rule.basis, book, at)],
    [at === 0 ? "严重程度" : "severity", wordIn(rule.severity, at)],
    [at === 0 ? "最高确定性" : "at most", wordIn(rule.at_most, at)],
    [at === 0 ? "表述" : "says", messageIn(at === 0 ? rule.message?.zh : rule.message?.en, at)],
  ];
  return parts.filter(([, value]) => value !== "-" && value !== "").map(([name, value]) => `${name}: ${value}`).join("\n");
}

/** Everything of a rulebook that can differ, each under a key. */
export function lines(book: Content, at: At): Line[] {
  const found: Line[] = [];
  for (const [name, article] of Object.entries(book.articles ?? {})) found.push({ key: `article ${name}`, part: "articles", title: basisOf(name, book, at), text: article.text ?? "" });
  for (const rule of book.rules ?? []) found.push({ key: `rule ${nameOf(rule)}`, part: "rules", title: nameOf(rule), text: ruleText(rule, book, at) });
  for (const [name, list] of Object.entries(book.choices ?? {})) found.push({ key: `choice ${name}`, part: "choices", title: PATHS[name]?.[at] ?? name, text: takes(list, { ...book, words: articlesAsWords(book) }, at) });
  for (const [name, list] of Object.entries(book.consequences ?? {})) found.push({ key: `consequence ${name}`, part: "consequences", title: PATHS[name]?.[at] ?? name, text: takes(list, book, at) });
  if (book.authorities) found.push({ key: "authorities", part: "authorities", title: at === 0 ? "主管部门" : "Authorities", text: takes(book.authorities, book, at) });
  for (const [name, value] of Object.entries(book.limits ?? {})) found.push({ key: `limit ${name}`, part: "limits", title: PATHS[name]?.[at] ?? name, text: wordIn(value, at) });
  for (const [name, value] of Object.entries(book.minimum_area_m2 ?? {})) found.push({ key: `minimum ${name}`, part: "limits", title: wordIn(name, at, book.words), text: `${value} m²` });
  (book.tolerances ?? []).forEach((row, place) => found.push({ key: `tolerance ${place}`, part: "limits", title: `${at === 0 ? "合理误差" : "Tolerance"} ${place + 1}`, text: JSON.stringify(row) }));
  return found;
}

function articlesAsWords(book: Content): Record<string, { zh?: string; en?: string }> {
  return Object.fromEntries(Object.entries(book.articles ?? {}).map(([name, one]) => [name, { ...(one.text ? { zh: one.text, en: one.en ?? one.text } : {}) }]));
}

export interface Difference {
  line: Line;
  kind: "added" | "removed" | "changed";
  before?: string;
  after?: string;
}

/** What the second book has otherwise than the first. */
export function difference(one: readonly Line[], other: readonly Line[]): Difference[] {
  const before = new Map(one.map((line) => [line.key, line]));
  const after = new Map(other.map((line) => [line.key, line]));
  const found: Difference[] = [];
  for (const line of other) {
    const old = before.get(line.key);
    if (old === undefined) found.push({ line, kind: "added", after: line.text });
    else if (old.text !== line.text) found.push({ line, kind: "changed", before: old.text, after: line.text });
  }
  for (const line of one) if (!after.has(line.key)) found.push({ line, kind: "removed", before: line.text });
  return found;
}
