/** Rulebooks: which holds when, what it says, and how two of them differ. */
import { useState } from "preact/hooks";
import { type Schemas, api, ask } from "../api/client";
import { day, number } from "../app/format";
import { language, told, wordOf, words } from "../app/language";
import { useAsked } from "../app/use";
import { Await, Empty, Field, Mark, Panel, Table } from "../ui/parts";
import { type Content, type Difference, type Line, basisOf, conditions, difference, lines, nameOf } from "./booktext";
import { messageIn, subjectIn, wordIn } from "./facts";

type Book = Schemas["RulebookOut"];

const w = words({
  title: ["规则库", "Rulebooks"],
  name: ["名称", "Name"],
  version: ["版本", "Version"],
  holds: ["适用日期", "Holds"],
  always: ["不限", "always"],
  onward: ["起", "on"],
  rules: ["规则数", "Rules"],
  state: ["状态", "State"],
  used: ["当前启用", "In use"],
  fault: ["不可用", "Cannot be used"],
  code: ["校验值", "Checksum"],
  note: ["规则库在命令行添加和启用（kancha rules add / use），已添加的版本不再改变。", "Rulebooks are added and put to use on the command line (kancha rules add, use). A version never changes."],
  look: ["查看规则库", "Look at"],
  compare: ["与另一规则库比较", "Compare with"],
  noCompare: ["不比较", "Nothing"],
  rule: ["规则", "Rule"],
  about: ["对象", "About"],
  when: ["条件", "When"],
  basis: ["依据", "Basis"],
  severity: ["严重程度", "Severity"],
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

function at(): 0 | 1 {
  return language.value === "zh" ? 0 : 1;
}

function heldOn(book: Book): string {
  if (!book.since && !book.until) return w.always;
  return book.until ? `${day(book.since)} - ${day(book.until)}` : `${day(book.since)} ${w.onward}`;
}

async function contentOf(name: string): Promise<Content> {
  const found = await ask(api.GET("/rulebooks/{name}", { params: { path: { name } } }));
  return found.content as unknown as Content;
}

function One({ name }: { name: string }) {
  const asked = useAsked(`book:${name}`, () => contentOf(name));
  return (
    <Await asked={asked}>
      {(book) => (
        <Table
          label={w.look}
          rows={book.rules ?? []}
          id={nameOf}
          columns={[
            {
              title: w.rule,
              cell: (rule) => (
                <>
                  {messageIn(at() === 0 ? rule.message?.zh : rule.message?.en, at())} <small class="run-code">{nameOf(rule)}</small>
                </>
              ),
            },
            { title: w.about, cell: (rule) => subjectIn(rule.about, at()) },
            { title: w.when, cell: (rule) => conditions(rule.when, at(), book.words) },
            { title: w.basis, cell: (rule) => basisOf(rule.basis, book, at()) },
            { title: w.severity, cell: (rule) => wordIn(rule.severity, at()) },
          ]}
        />
      )}
    </Await>
  );
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

function Compared({ one, other }: { one: string; other: string }) {
  const asked = useAsked(`books:${one}:${other}`, () => Promise.all([contentOf(one), contentOf(other)]));
  return (
    <Await asked={asked}>
      {([before, after]) => {
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
      }}
    </Await>
  );
}

function Looking({ books }: { books: readonly Book[] }) {
  const usable = books.filter((book) => !book.fault);
  const [name, setName] = useState(usable.find((book) => book.in_use)?.name ?? usable[0]?.name ?? "");
  const [other, setOther] = useState("");
  const options = usable.map((book) => (
    <option key={book.name} value={book.name}>
      {told(book.title_zh, book.title)} {book.version}
    </option>
  ));
  return (
    <Panel title={w.look}>
      <div class="run-fields">
        <Field label={w.name}>
          <select value={name} onChange={(event) => setName(event.currentTarget.value)}>
            {options}
          </select>
        </Field>
        <Field label={w.compare}>
          <select value={other} onChange={(event) => setOther(event.currentTarget.value)}>
            <option value="">{w.noCompare}</option>
            {options}
          </select>
        </Field>
      </div>
      {name && other ? <Compared one={name} other={other} /> : name ? <One name={name} /> : null}
    </Panel>
  );
}

export function Rules() {
  const asked = useAsked("rulebooks", () => ask(api.GET("/rulebooks")));
  return (
    <Await asked={asked}>
      {({ rulebooks }) => (
        <>
          <Panel title={w.title}>
            <Table
              label={w.title}
              rows={rulebooks}
              id={(book) => book.name}
              columns={[
                {
                  title: w.name,
                  cell: (book) => (
                    <>
                      {told(book.title_zh, book.title)} <small class="run-code">{book.id}</small>
                    </>
                  ),
                },
                { title: w.version, cell: (book) => book.version },
                { title: w.holds, cell: heldOn },
                { title: w.rules, cell: (book) => number(book.rules), number: true },
                { title: w.code, cell: (book) => <code>{book.name.split("+")[1] ?? "-"}</code> },
                {
                  title: w.state,
                  cell: (book) =>
                    book.in_use ? (
                      <Mark tone="good">{w.used}</Mark>
                    ) : book.fault ? (
                      <>
                        <Mark tone="bad">{w.fault}</Mark> {book.fault}
                      </>
                    ) : (
                      ""
                    ),
                },
              ]}
            />
            <p class="note">{w.note}</p>
          </Panel>
          <Looking books={rulebooks} />
        </>
      )}
    </Await>
  );
}
