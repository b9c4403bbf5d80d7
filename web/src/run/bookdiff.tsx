/** How two rulebooks differ, line by line. */
import { api, ask } from "../api/client";
import { number } from "../app/format";
import { language, wordOf, words } from "../app/language";
import { Empty, Mark } from "../ui/parts";
import { type Content, type Difference, type Line, difference, lines } from "./booktext";

const w = words({
  same: ["两者没有差异。", "They say the same."],
  differences: ["处差异", "differences"],
});

const KINDS = { added: ["新增", "Added"], removed: ["删去", "Removed"], changed: ["改动", "Changed"] } as const;
const PARTS: Record<Line["part"], readonly [string, string]> = {
  articles: ["条款", "Articles"],
  rules: ["规则", "Rules"],
  choices: ["依据选择", "Choices"],
  authorities: ["主管部门", "Authorities"],
  consequences: ["处置", "Consequences"],
  limits: ["限值", "Limits"],
};

export function at(): 0 | 1 {
  return language.value === "zh" ? 0 : 1;
}

export async function contentOf(name: string): Promise<Content> {
  const found = await ask(api.GET("/rulebooks/{name}", { params: { path: { name } } }));
  return found.content as unknown as Content;
}

function Changed({ one }: { one: Difference }) {
  return (
    <li class={`run-diff ${one.kind}`}>
      <Mark tone={one.kind === "added" ? "good" : one.kind === "removed" ? "bad" : "warn"}>{wordOf(KINDS, one.kind)}</Mark> {wordOf(PARTS, one.line.part)}: <b>{one.line.title}</b>
      {one.before !== undefined ? <del>{one.before}</del> : null}
      {one.after !== undefined ? <ins>{one.after}</ins> : null}
    </li>
  );
}

export function Differences({ before, after }: { before: Content; after: Content }) {
  const found = difference(lines(before, at()), lines(after, at()));
  if (found.length === 0) return <Empty>{w.same}</Empty>;
  return (
    <>
      <p>
        {number(found.length)} {w.differences}
      </p>
      <ul class="list">
        {found.map((each) => (
          <Changed key={each.line.key} one={each} />
        ))}
      </ul>
    </>
  );
}
