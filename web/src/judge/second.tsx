/** A second look: what others have judged is judged again, blind; then both are shown, and who disagrees stays listed. */
import { useEffect, useRef, useState } from "preact/hooks";
import { href } from "../app/router";
import { Empty, Mark, Panel, Table, Trouble } from "../ui/parts";
import { toast } from "../ui/toast";
import { type Agreement, type Verdict, agreement, standing } from "./agree";
import { VerdictButtons, useKeys } from "./buttons";
import { FindingFacts } from "./facts";
import type { Action } from "./keys";
import { known, want } from "./load";
import { Chip, MapStack } from "./pictures";
import { type Compared, type Judged, judgedPage, pileOf } from "./pile";
import { Said, verdictText } from "./said";
import { judge, verdictsOf } from "./verdicts";
import { me } from "./work";
import { w } from "./words";

/** Pages that are read without being asked for. */
const PAGES = 4;

interface Read {
  judged: Judged[];
  next: string | null;
  matched: number;
  reading: boolean;
  error: Error | null;
}

function usePile(): Read & { more: () => void; told: (id: string, verdicts: readonly Verdict[]) => void } {
  const [state, setState] = useState<Read>({ judged: [], next: null, matched: 0, reading: true, error: null });
  const wanted = useRef(true);
  const read = async (from: string | null, pages: number): Promise<void> => {
    setState((old) => ({ ...old, reading: true, error: null }));
    let cursor = from;
    try {
      for (let at = 0; at < pages; at += 1) {
        const page = await judgedPage(cursor);
        if (!wanted.current) return;
        cursor = page.next;
        const last = cursor === null || at === pages - 1;
        setState((old) => ({ judged: [...old.judged, ...page.judged], next: page.next, matched: page.matched, reading: !last, error: null }));
        if (cursor === null) return;
      }
    } catch (error) {
      setState((old) => ({ ...old, reading: false, error: error instanceof Error ? error : new Error(String(error)) }));
    }
  };
  useEffect(() => {
    wanted.current = true;
    void read(null, PAGES);
    return () => {
      wanted.current = false;
    };
  }, []);
  return {
    ...state,
    more: () => void read(state.next, PAGES),
    told: (id, verdicts) => setState((old) => ({ ...old, judged: old.judged.map((one) => (one.id === id ? { id, verdicts } : one)) })),
  };
}

export function Second({ keys, help, finding }: { keys: boolean; help: () => void; finding: string | null }) {
  const pile = usePile();
  const { waiting, compared } = pileOf(pile.judged, me());
  const [at, setAt] = useState<string | null>(finding);
  const shown = pile.judged.find((one) => one.id === at) ?? waiting[0] ?? null;
  useEffect(() => {
    // it stays in sight once it is judged, and waits no longer
    if (shown && shown.id !== at) setAt(shown.id);
  }, [shown?.id]);
  const after = shown ? waiting[waiting.findIndex((one) => one.id === shown.id) + 1] : undefined;
  const next = after && after.id !== shown?.id ? after.id : (waiting.find((one) => one.id !== shown?.id)?.id ?? null);

  return (
    <>
      <p class="row judge-second-head">
        <Mark tone="info">
          {w.waiting}: {waiting.length}
        </Mark>
        <span class="note">{w.blind}</span>
        {pile.reading ? <span class="note" role="status">{w.readingVerdicts}</span> : null}
      </p>
      {pile.error ? <Trouble error={pile.error} retry={pile.more} /> : null}
      {shown ? (
        <Look
          key={shown.id}
          judged={shown}
          next={next}
          keys={keys}
          help={help}
          go={(by) => {
            const place = waiting.findIndex((one) => one.id === shown.id);
            const to = by === 1 ? next : (waiting[place - 1]?.id ?? null);
            if (to !== null) setAt(to);
          }}
          told={pile.told}
        />
      ) : pile.reading ? null : (
        <Panel>
          <Empty>{w.nobody}</Empty>
        </Panel>
      )}
      <Results compared={compared} />
      <p class="note row">
        {w.examined}: {pile.judged.length} / {pile.matched}
        {pile.next !== null && !pile.reading ? (
          <button type="button" onClick={pile.more}>
            {w.more}
          </button>
        ) : null}
      </p>
    </>
  );
}

interface LookProps {
  judged: Judged;
  next: string | null;
  keys: boolean;
  help: () => void;
  go: (by: 1 | -1) => void;
  told: (id: string, verdicts: readonly Verdict[]) => void;
}

function Look({ judged, next, keys, help, go, told }: LookProps) {
  const { id } = judged;
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const found = known.value.get(id);
  const said = standing(judged.verdicts, me());
  const ready = found !== undefined && !(found instanceof Error);
  useEffect(() => {
    void want(id);
    if (next !== null) void want(next);
  }, [id, next]);

  const give = async (verdict: boolean, reason: string | null): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await judge(id, { verdict, reason, note, outline: null, purpose: null }, me());
      told(id, await verdictsOf(id));
    } catch (failed) {
      setError(failed instanceof Error ? failed : new Error(String(failed)));
    } finally {
      setBusy(false);
    }
  };
  const act = (action: Action): void => {
    if (action.kind === "help") help();
    else if (action.kind === "next" || action.kind === "previous") go(action.kind === "next" ? 1 : -1);
    else if (action.kind === "undo") toast(w.notUndone, "info");
    else if (ready && !busy && said.mine === null) void give(action.kind === "right", action.kind === "right" ? null : action.reason);
  };
  useKeys(keys, act);

  return (
    <div class="judge-desk judge-twice">
      <div class="judge-look">
        <div class="judge-map">
          {found instanceof Error ? <Trouble error={found} retry={() => void want(id)} /> : null}
          {found === undefined ? <p class="loading" role="status">{w.loading}</p> : null}
          <MapStack id={id} next={next} outline={null} edit={false} changed={() => undefined} />
        </div>
        <div class="judge-side">
          <Chip id={id} />
          <label class="field judge-note">
            <span>{w.note}</span>
            <textarea rows={2} maxLength={2000} value={note} placeholder={w.noteHint} onInput={(event) => setNote(event.currentTarget.value)} />
          </label>
        </div>
        <div class="judge-foot">
          <VerdictButtons act={act} disabled={!ready || busy || said.mine !== null} />
          <div class="row judge-steps">
            <button type="button" aria-keyshortcuts="P" onClick={() => go(-1)}>
              {w.previous} <kbd>P</kbd>
            </button>
            <button type="button" class={said.mine ? "main" : ""} aria-keyshortcuts="N" onClick={() => go(1)}>
              {w.next} <kbd>N</kbd>
            </button>
          </div>
        </div>
      </div>
      <div class="judge-facts panel" tabIndex={0} role="region" aria-label={w.finding}>
        {error ? <Trouble error={error} /> : null}
        {said.mine ? <Both verdicts={judged.verdicts} mine={said.mine} /> : null}
        <p class="row judge-head">
          <code>{id}</code>
        </p>
        {ready ? <FindingFacts finding={found.finding} blind={said.mine === null} /> : null}
      </div>
    </div>
  );
}

const TONES: Record<Agreement, "good" | "warn" | "bad"> = { same: "good", other_reason: "warn", disagree: "bad" };

function Result({ result }: { result: Agreement }) {
  return <Mark tone={TONES[result]}>{{ same: w.same, other_reason: w.otherReason, disagree: w.disagree }[result]}</Mark>;
}

/** What the other said, beside what oneself has said. */
function Both({ verdicts, mine }: { verdicts: readonly Verdict[]; mine: Verdict }) {
  const { first, second } = standing(verdicts, me());
  const other = first && first.judged_by !== mine.judged_by ? first : second;
  if (!other || other.judged_by === mine.judged_by) return null;
  return (
    <section class="judge-both" role="status">
      <p>
        <Result result={agreement(other, mine)} />
      </p>
      <div>
        <div>
          <h3>{other === first ? w.firstSaid : w.secondSaid}</h3>
          <Said verdict={other} />
        </div>
        <div>
          <h3>{w.you}</h3>
          <Said verdict={mine} />
        </div>
      </div>
    </section>
  );
}

function Results({ compared }: { compared: readonly Compared[] }) {
  const differing = compared.filter((one) => one.result !== "same");
  const agreeing = compared.filter((one) => one.result === "same");
  return (
    <Panel title={`${w.disagreements} (${differing.length})`}>
      {differing.length === 0 ? (
        <Empty>{w.noDisagreements}</Empty>
      ) : (
        <>
          <p class="note">{w.listed}</p>
          <Pairs rows={differing} label={w.disagreements} />
        </>
      )}
      {agreeing.length > 0 ? (
        <details>
          <summary>
            {w.same} ({agreeing.length})
          </summary>
          <Pairs rows={agreeing} label={w.same} />
        </details>
      ) : null}
    </Panel>
  );
}

function Pairs({ rows, label }: { rows: readonly Compared[]; label: string }) {
  const by = (verdict: Verdict): string => `${verdict.judged_by}: ${verdictText(verdict)}`;
  return (
    <Table
      label={label}
      rows={rows}
      id={(one) => one.id}
      link={(one) => href("judge", { finding: one.id })}
      columns={[
        { title: w.finding, cell: (one) => <code>{one.id}</code> },
        { title: w.firstSaid, cell: (one) => by(one.first) },
        { title: w.secondSaid, cell: (one) => by(one.second) },
        { title: w.result, cell: (one) => <Result result={one.result} /> },
        { title: w.judgeAgain, cell: (one) => <a href={href("judge", { finding: one.id })}>{w.judgeAgain}</a> },
      ]}
    />
  );
}
