/** One finding of a second look: blind until one's own verdict, then what both have said. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Trouble } from "../ui/parts";
import { toast } from "../ui/toast";
import type { Pair } from "./agree";
import { VerdictButtons, useKeys } from "./buttons";
import { FindingFacts } from "./facts";
import { type Action, LEAST_LOOK_MS } from "./keys";
import { Result } from "./pairs";
import { Chip, MapStack } from "./pictures";
import { blind } from "./pile";
import { Said } from "./said";
import { judge } from "./verdicts";
import { w } from "./words";

export interface LookProps {
  id: string;
  next: string | null;
  /** Both verdicts; undefined while one's own is not given, null where nobody else's stands any more. */
  pair: Pair | null | undefined;
  keys: boolean;
  help: () => void;
  go: (by: 1 | -1) => void;
  said: (id: string, pair: Pair | null) => void;
}

export function Look({ id, next, pair, keys, help, go, said }: LookProps) {
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const found = blind.value.get(id);
  const open = pair === undefined;
  const since = useRef(0);
  const [seen, setSeen] = useState<string | null>(null);
  const ready = found !== undefined && seen === id;
  useEffect(() => {
    since.current = Date.now();
  }, [id, ready]);

  const give = async (verdict: boolean, reason: string | null): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const told = await judge(id, { verdict, reason, note, outline: null, purpose: null });
      said(id, told.pair ?? null);
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
    else if (open && ready && !busy && Date.now() - since.current >= LEAST_LOOK_MS) void give(action.kind === "right", action.kind === "right" ? null : action.reason);
  };
  useKeys(keys, act);

  return (
    <div class="judge-desk judge-twice">
      <div class="judge-look">
        <div class="judge-map">
          <MapStack among={blind.value} id={id} next={next} outline={null} edit={false} changed={() => undefined} />
        </div>
        <div class="judge-side">
          <Chip id={id} seen={setSeen} />
          <label class="field judge-note">
            <span>{w.note}</span>
            <textarea rows={2} maxLength={2000} value={note} placeholder={w.noteHint} onInput={(event) => setNote(event.currentTarget.value)} />
          </label>
        </div>
        <div class="judge-foot">
          <VerdictButtons act={act} disabled={!ready || busy || !open} />
          <div class="row judge-steps">
            <button type="button" aria-keyshortcuts="P" onClick={() => go(-1)}>
              {w.previous} <kbd>P</kbd>
            </button>
            <button type="button" class={open ? "" : "main"} aria-keyshortcuts="N" onClick={() => go(1)}>
              {w.next} <kbd>N</kbd>
            </button>
          </div>
        </div>
      </div>
      <div class="judge-facts panel" tabIndex={0} role="region" aria-label={w.finding}>
        {error ? <Trouble error={error} /> : null}
        {pair ? <Both pair={pair} /> : null}
        {pair === null ? <p class="note" role="status">{w.alone}</p> : null}
        <p class="row judge-head">
          <code>{id}</code>
        </p>
        {found ? <FindingFacts finding={found.finding} blind={open} /> : null}
      </div>
    </div>
  );
}

/** What both have said, side by side. */
function Both({ pair }: { pair: Pair }) {
  return (
    <section class="judge-both" role="status">
      <p>
        <Result result={pair.result} />
      </p>
      <div>
        <div>
          <h3>{w.firstSaid}</h3>
          <Said verdict={pair.first} />
        </div>
        <div>
          <h3>{w.secondSaid}</h3>
          <Said verdict={pair.second} />
        </div>
      </div>
    </section>
  );
}
