/** A rulebook put in: pasted or of a file, checked, compared with the one that it takes over from, then kept. */
import { useRef, useState } from "preact/hooks";
import { Problem, type Schemas, send } from "../api/client";
import { day, number } from "../app/format";
import { told, words } from "../app/language";
import { useAsked } from "../app/use";
import { Await, Dialog, Facts, Field, Trouble } from "../ui/parts";
import { toast } from "../ui/toast";
import { useAct } from "./act";
import { Differences, contentOf } from "./bookdiff";
import type { Content } from "./booktext";
import { faultsOf } from "./faults";
import { today } from "./standing";

type Proposal = Schemas["RulebookProposal"];

const w = words({
  title: ["导入规则库", "Put a rulebook in"],
  file: ["选择文件（.yaml）", "Choose a file (.yaml)"],
  text: ["或粘贴内容 (YAML)", "Or paste it (YAML)"],
  since: ["适用起始日", "Holds from"],
  sinceHint: ["留空则以文件中的 since 为准；影像后期日期在此日及以后的比对采用它。", "Empty: as the text says (since). Taken by scans whose later scene is of that day or after."],
  check: ["检查并比较", "Check and compare"],
  put: ["确认入库", "Put it in"],
  again: ["重新检查", "Check again"],
  name: ["名称", "Name"],
  version: ["版本", "Version"],
  holds: ["适用日期", "Holds"],
  always: ["不限", "always"],
  to: ["至", "to"],
  rules: ["规则数", "Rules"],
  effect: ["对比对的影响", "What scans take"],
  kept: ["该版本已在库中。", "This version is kept already."],
  now: ["入库后，新发起的比对即采用。", "Scans ordered from then on take it."],
  later: ["自该日起的影像采用；此前仍用现行版本。", "Scenes from that day on take it, earlier ones the present version."],
  behind: ["今天有更晚开始适用的版本，仍以那一版为准。", "A version that began later counts today."],
  unused: ["该规则库尚未启用，入库后不改变比对。", "It is not in use: scans do not change."],
  use: ["同时启用（替换当前启用的规则库）", "Put it to use as well, in the place of the one in use"],
  against: ["与现行版本的差异", "What it says otherwise than"],
  done: ["规则库已入库。", "The rulebook is kept."],
  doneUse: ["规则库已入库并启用。", "The rulebook is kept and in use."],
  faults: ["处问题", "faults"],
  line: ["行", "line"],
  tooLarge: ["文件过大：规则库通常不足 100 kB。", "The file is too large: a rulebook has less than 100 kB."],
});

const MOST_BYTES = 1_000_000;

function Faults({ error, show }: { error: Error; show: (line: number) => void }) {
  const faults = error instanceof Problem ? faultsOf(error.measured) : [];
  if (faults.length === 0) return null;
  return (
    <ul class="list run-faults" aria-label={`${faults.length} ${w.faults}`}>
      {faults.map((fault) => (
        <li key={fault.line + fault.text}>
          {fault.line ? (
            <button type="button" class="run-small" onClick={() => show(fault.line as number)}>
              {told(`第 ${fault.line} 行`, `Line ${fault.line}`)}
            </button>
          ) : null}{" "}
          {fault.text}
        </li>
      ))}
    </ul>
  );
}

function holdsOf(found: Proposal): string {
  if (!found.since && !found.until) return w.always;
  return `${day(found.since)} ${w.to} ${found.until ? day(found.until) : "…"}`;
}

function effectOf(found: Proposal, use: boolean): string {
  if (!found.is_new) return w.kept;
  if (!found.in_use && !use) return w.unused;
  if (found.holds_now) return w.now;
  return found.since && found.since > today() ? w.later : w.behind;
}

function Proposed({ found, use, setUse }: { found: Proposal; use: boolean; setUse: (on: boolean) => void }) {
  const before = useAsked(`book:${found.against}`, () => contentOf(found.against));
  return (
    <section class="run-proposed">
      <Facts
        rows={[
          [w.name, told(found.title_zh, found.title)],
          [w.version, `${found.version} (${found.name})`],
          [w.holds, holdsOf(found)],
          [w.rules, number(found.rules)],
          [w.effect, effectOf(found, use)],
        ]}
      />
      {found.in_use ? null : (
        <label class="run-check wide">
          <input type="checkbox" checked={use} onChange={(event) => setUse(event.currentTarget.checked)} /> {w.use}
        </label>
      )}
      <h3>
        {w.against} <code>{found.against}</code>
      </h3>
      <div class="run-changes" tabIndex={0} role="region" aria-label={w.against}>
        <Await asked={before}>{(content) => <Differences before={content} after={found.content as unknown as Content} />}</Await>
      </div>
    </section>
  );
}

export function PutBook({ state, close, done }: { state: string; close: () => void; done: (changed: boolean) => void }) {
  const [text, setText] = useState("");
  const [since, setSince] = useState("");
  const [use, setUse] = useState(false);
  const [found, setFound] = useState<Proposal>();
  const doing = useAct();
  const box = useRef<HTMLTextAreaElement>(null);
  const told = (change: () => void): void => {
    change();
    setFound(undefined);
  };
  const show = (line: number): void => {
    const area = box.current;
    if (area === null) return;
    const rows = text.split("\n");
    const start = rows.slice(0, line - 1).reduce((sum, row) => sum + row.length + 1, 0);
    area.focus();
    area.setSelectionRange(start, start + (rows[line - 1]?.length ?? 0));
    area.scrollTop = Math.max(0, (line - 4) * (area.scrollHeight / Math.max(1, rows.length)));
  };
  const body = { text, ...(since ? { since } : {}) };
  const check = () => doing.act(async () => setFound(await send<Proposal>("POST", "/rulebooks/check", body)));
  const put = () =>
    doing.act(async () => {
      try {
        await send("POST", "/rulebooks", { ...body, use, expected: state });
      } catch (refused) {
        // another has changed the list: it is read anew behind this window
        if (refused instanceof Problem && refused.code === "changed-meanwhile") {
          setFound(undefined);
          done(false);
        }
        throw refused;
      }
      toast(use || found?.in_use ? w.doneUse : w.done);
      done(true);
    });
  const read = (file: File | undefined): void => {
    if (file === undefined) return;
    void doing.act(async () => {
      if (file.size > MOST_BYTES) throw new Error(w.tooLarge);
      const content = await file.text();
      told(() => setText(content));
    });
  };
  return (
    <Dialog title={w.title} close={close}>
      <form
        class="run-put"
        onSubmit={(event) => {
          event.preventDefault();
          void (found ? put() : check());
        }}
      >
        <div class="run-fields">
          <Field label={w.file}>
            <input type="file" accept=".yaml,.yml,text/yaml" onChange={(event) => read(event.currentTarget.files?.[0])} />
          </Field>
          <Field label={w.since} hint={w.sinceHint}>
            <input type="date" value={since} onInput={(event) => told(() => setSince(event.currentTarget.value))} />
          </Field>
        </div>
        <Field label={w.text}>
          <textarea ref={box} class="run-yaml" rows={found ? 4 : 10} spellcheck={false} wrap="off" value={text} onInput={(event) => told(() => setText(event.currentTarget.value))} />
        </Field>
        {doing.error ? (
          <>
            <Trouble error={doing.error} />
            <Faults error={doing.error} show={show} />
          </>
        ) : null}
        {found ? <Proposed found={found} use={use} setUse={setUse} /> : null}
        <div class="row">
          <button type="submit" class="main" disabled={doing.busy || !text.trim() || (found !== undefined && !found.is_new && !use)}>
            {found ? w.put : w.check}
          </button>
          {found ? (
            <button type="button" disabled={doing.busy} onClick={() => void check()}>
              {w.again}
            </button>
          ) : null}
        </div>
      </form>
    </Dialog>
  );
}
