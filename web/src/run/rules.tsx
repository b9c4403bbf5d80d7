/** Rulebooks: which holds when, what it says, and how two of them differ. */
import { useState } from "preact/hooks";
import { type Schemas, api, ask, send } from "../api/client";
import { day, number } from "../app/format";
import { told, words } from "../app/language";
import { everywhere, may } from "../app/session";
import { useAsked } from "../app/use";
import { Await, Field, Mark, Panel, Table } from "../ui/parts";
import { toast } from "../ui/toast";
import { Sure } from "./act";
import { Differences, at, contentOf } from "./bookdiff";
import { basisOf, conditions, nameOf } from "./booktext";
import { messageIn, subjectIn, wordIn } from "./facts";
import { PutBook } from "./putbook";
import { standing, today } from "./standing";

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
  note: ["已入库的版本不再改变；修改后另用版本号导入。历史比对始终按当时的规则库解释。", "A version never changes: put a changed one in under another. Old scans keep the rulebook of their day."],
  put: ["导入规则库", "Put a rulebook in"],
  use: ["启用", "Put to use"],
  useSure: ["此后发起的比对将采用它（已有结果不变）。确定？", "Scans ordered from now on take it; what is there stays. Really?"],
  nowUsed: ["已启用。", "In use."],
  later: ["到期启用", "Takes over on its day"],
  behind: ["已被后一版取代", "A later version counts"],
  over: ["已过适用期", "Over"],
  actions: ["操作", "Do"],
  look: ["查看规则库", "Look at"],
  compare: ["与另一规则库比较", "Compare with"],
  noCompare: ["不比较", "Nothing"],
  rule: ["规则", "Rule"],
  about: ["对象", "About"],
  when: ["条件", "When"],
  basis: ["依据", "Basis"],
  severity: ["严重程度", "Severity"],
});

function heldOn(book: Book): string {
  if (!book.since && !book.until) return w.always;
  return book.until ? `${day(book.since)} - ${day(book.until)}` : `${day(book.since)} ${w.onward}`;
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

function Compared({ one, other }: { one: string; other: string }) {
  const asked = useAsked(`books:${one}:${other}`, () => Promise.all([contentOf(one), contentOf(other)]));
  return (
    <Await asked={asked}>
      {([before, after]) => <Differences before={before} after={after} />}
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

function StateOf({ book, books }: { book: Book; books: readonly Book[] }) {
  if (book.fault) {
    return (
      <>
        <Mark tone="bad">{w.fault}</Mark> {book.fault}
      </>
    );
  }
  if (!book.in_use) return null;
  const how = standing(book, books, today());
  if (how === "now") return <Mark tone="good">{w.used}</Mark>;
  return <Mark tone={how === "later" ? "info" : "plain"}>{how === "later" ? w.later : how === "over" ? w.over : w.behind}</Mark>;
}

export function Rules() {
  const asked = useAsked("rulebooks", () => ask(api.GET("/rulebooks")));
  const [putting, setPutting] = useState(false);
  const changes = may("rules") && everywhere();
  const use = async (id: string, expected: string): Promise<void> => {
    try {
      await send("PUT", "/rulebooks/current", { id, expected });
      toast(w.nowUsed);
    } finally {
      // also where another was first: the list shows what they did
      asked.reload();
    }
  };
  return (
    <Await asked={asked}>
      {({ rulebooks, state }) => (
        <>
          <Panel
            title={w.title}
            actions={
              changes ? (
                <button type="button" class="main" onClick={() => setPutting(true)}>
                  {w.put}
                </button>
              ) : null
            }
          >
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
                { title: w.state, cell: (book) => <StateOf book={book} books={rulebooks} /> },
                ...(changes
                  ? [
                      {
                        title: w.actions,
                        cell: (book: Book) =>
                          book.in_use || book.fault ? "" : <Sure kind="main" title={w.use} question={w.useSure} name={`${w.use} ${book.id} ${book.version}`} act={() => use(book.id, state)} />,
                      },
                    ]
                  : []),
              ]}
            />
            <p class="note">{w.note}</p>
          </Panel>
          <Looking key={state} books={rulebooks} />
          {putting ? (
            <PutBook
              state={state}
              close={() => setPutting(false)}
              done={(changed) => {
                if (changed) setPutting(false);
                asked.reload();
              }}
            />
          ) : null}
        </>
      )}
    </Await>
  );
}
