/** The desk: one finding at a time, one key for each verdict. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { GeoJSON } from "../api/features";
import { number, percent } from "../app/format";
import { told, wordOf } from "../app/language";
import { Mark, Trouble } from "../ui/parts";
import { VerdictButtons, useKeys } from "./buttons";
import { Corners } from "./corners";
import { FindingFacts } from "./facts";
import { type Action, LEAST_LOOK_MS } from "./keys";
import { type Loaded, known, want } from "./load";
import { useNear } from "./near";
import { cornersOf, polygonOf } from "./outline";
import { Chip, MapStack } from "./pictures";
import { History } from "./said";
import { type Entry, find, following, step, upcoming } from "./sitting";
import { CHANGE, PURPOSE, whyInChinese } from "../app/terms";
import { say, sitting, undo, undoing } from "./work";
import { w } from "./words";

const AHEAD = 3;
/** What is written on the present finding before its verdict. */
interface Draft {
  id: string;
  note: string;
  outline: GeoJSON | null;
  editing: boolean;
  /** The chosen corner of the outline. */
  corner: number;
}

/** Changes what is written on the present finding; of what was just changed. */
type Write = (next: Draft | ((old: Draft) => Draft)) => void;

function draftOf(entry: Entry): Draft {
  return { id: entry.id, note: entry.told?.note ?? "", outline: (entry.told?.outline as GeoJSON | null | undefined) ?? null, editing: false, corner: 0 };
}

export function Desk({ keys, help }: { keys: boolean; help: () => void }) {
  const now = sitting.value;
  const entry = find(now, now.at);
  const found = entry ? known.value.get(entry.id) : undefined;
  const [kept, setDraft] = useState<Draft | null>(null);
  const draft = entry ? (kept?.id === entry.id ? kept : draftOf(entry)) : null;
  // two changes of one key are one after the other, though the second does not yet see the first
  const write: Write = (next) => setDraft((old) => (typeof next === "function" ? (draft ? next(old?.id === draft.id ? old : draft) : old) : next));
  const since = useRef(0);
  const [seen, setSeen] = useState<string | null>(null);
  const ready = found !== undefined && !(found instanceof Error) && seen === now.at;
  useEffect(() => {
    since.current = Date.now();
  }, [now.at, ready]);
  const ahead = [...(now.at ? [now.at] : []), ...upcoming(now, AHEAD)].join(" ");
  useEffect(() => {
    for (const id of ahead.split(" ").filter(Boolean)) void want(id);
  }, [ahead]);

  const act = (action: Action): void => {
    if (action.kind === "help") help();
    else if (action.kind === "undo") void undo();
    else if (action.kind === "next" || action.kind === "previous") sitting.value = step(now, action.kind === "next" ? 1 : -1);
    else if (entry && draft && ready && Date.now() - since.current >= LEAST_LOOK_MS) {
      const right = action.kind === "right";
      setDraft(null);
      say({ verdict: right, reason: right ? null : action.reason, note: draft.note, outline: right ? draft.outline : null, purpose: entry.purpose });
    }
  };
  useKeys(keys, act);

  return (
    <div class="judge-desk">
      <p class="visually-hidden" role="status">
        {entry && found && !(found instanceof Error) ? spoken(entry, found) : ""}
      </p>
      {entry && draft ? <Present entry={entry} found={found} ready={ready} seen={setSeen} draft={draft} setDraft={write} act={act} /> : null}
    </div>
  );
}

function spoken(entry: Entry, found: Loaded): string {
  const it = found.finding.properties;
  const place = sitting.value.entries.findIndex((one) => one.id === entry.id) + 1;
  return `${place} / ${sitting.value.entries.length}: ${wordOf(CHANGE, it.change)}, ${number(it.area_m2)} m², ${w.confidence} ${percent(it.confidence)}`;
}

interface PresentProps {
  entry: Entry;
  found: Loaded | Error | undefined;
  /** Whether there is something to judge by. */
  ready: boolean;
  seen: (id: string) => void;
  draft: Draft;
  setDraft: Write;
  act: (action: Action) => void;
}

function Present({ entry, found, ready, seen, draft, setDraft, act }: PresentProps) {
  const own = found === undefined || found instanceof Error ? null : found.finding.geometry;
  const near = useNear(entry.id, own, draft.editing);
  const shape = draft.editing ? (draft.outline ?? polygonOf(own)) : null;
  const corner = shape ? (cornersOf(shape)[draft.corner] ?? null) : null;
  if (found instanceof Error) {
    return (
      <div class="judge-look">
        <Trouble error={found} retry={() => void want(entry.id)} />
        <button type="button" onClick={() => act({ kind: "next" })}>
          {w.next} <kbd>N</kbd>
        </button>
      </div>
    );
  }
  return (
    <>
      <div class="judge-look">
        <div class="judge-map">
          {found === undefined ? <p class="loading" role="status">{w.loading}</p> : null}
          <MapStack id={entry.id} next={following(sitting.value)} outline={draft.outline ?? shape} edit={draft.editing} snapTo={near} corner={corner} changed={(outline) => setDraft({ ...draft, outline })} />
        </div>
        <div class="judge-side">
          <Chip id={entry.id} seen={seen} />
          <Outline draft={draft} setDraft={setDraft} disabled={own === null} />
          {shape ? <Corners outline={shape} at={Math.min(draft.corner, cornersOf(shape).length - 1)} near={near} choose={(at) => setDraft((old) => ({ ...old, corner: at }))} changed={(outline) => setDraft((old) => ({ ...old, outline }))} /> : null}
          <label class="field judge-note">
            <span>{w.note}</span>
            <textarea rows={2} maxLength={2000} value={draft.note} placeholder={w.noteHint} onInput={(event) => setDraft({ ...draft, note: event.currentTarget.value })} />
          </label>
        </div>
        <div class="judge-foot">
          <VerdictButtons act={act} disabled={!ready || entry.state === "sending"} />
          <Steps act={act} />
        </div>
      </div>
      <div class="judge-facts panel" tabIndex={0} role="region" aria-label={w.finding}>
        {entry.error ? <Refused entry={entry} /> : null}
        <p class="row judge-head">
          <code>{entry.id}</code>
          {entry.purpose ? <Mark tone={entry.purpose === "learn" ? "info" : "plain"}>{wordOf(PURPOSE, entry.purpose)}</Mark> : null}
          {entry.state === "sending" ? <Mark>{w.sending}</Mark> : null}
          {entry.state === "judged" ? <Mark tone="good">{w.stored}</Mark> : null}
        </p>
        {entry.why ? (
          <p class="note">
            {w.why}: {told(whyInChinese(entry.why), entry.why)}
          </p>
        ) : null}
        {found === undefined ? null : (
          <>
            {(found.finding.properties.judged ?? null) !== null ? <History id={entry.id} round={`${entry.state} ${entry.verdict} ${entry.again}`} /> : null}
            <FindingFacts finding={found.finding} />
          </>
        )}
      </div>
    </>
  );
}

function Refused({ entry }: { entry: Entry }) {
  if (entry.error === null) return null;
  const repeat = entry.told;
  return (
    <>
      <p class="note">{w.came}</p>
      {/* sent again as it was said */}
      {repeat ? <Trouble error={entry.error} retry={() => say(repeat)} /> : <Trouble error={entry.error} />}
    </>
  );
}

function Outline({ draft, setDraft, disabled }: { draft: Draft; setDraft: Write; disabled: boolean }) {
  if (!draft.editing && draft.outline === null) {
    return (
      <button type="button" disabled={disabled} onClick={() => setDraft({ ...draft, editing: true })}>
        {w.edit}
      </button>
    );
  }
  return (
    <div class="row">
      {draft.outline ? <Mark tone="info">{w.edited}</Mark> : null}
      <button type="button" onClick={() => setDraft({ ...draft, editing: false, outline: null })}>
        {w.editEnd}
      </button>
      <small>{w.editing}</small>
    </div>
  );
}

function Steps({ act }: { act: (action: Action) => void }) {
  return (
    <div class="row judge-steps">
      <button type="button" aria-keyshortcuts="P" onClick={() => act({ kind: "previous" })}>
        {w.previous} <kbd>P</kbd>
      </button>
      <button type="button" aria-keyshortcuts="N" onClick={() => act({ kind: "next" })}>
        {w.next} <kbd>N</kbd>
      </button>
      <button type="button" aria-keyshortcuts="U" disabled={undoing.value || sitting.value.given.length === 0} onClick={() => act({ kind: "undo" })}>
        {w.undo} <kbd>U</kbd>
      </button>
    </div>
  );
}
