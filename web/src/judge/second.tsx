/** A second look: what one other person has judged is judged again, blind; then both are shown, and who disagrees stays listed. */
import { useEffect, useRef, useState } from "preact/hooks";
import { useAsked } from "../app/use";
import { Empty, Mark, Panel, Trouble } from "../ui/parts";
import { toast } from "../ui/toast";
import type { Pair } from "./agree";
import { Look } from "./look";
import { Results } from "./pairs";
import { type Compared, type Page, fetchChip, keepBlind, lookPage, nextOf } from "./pile";
import { w } from "./words";

const AHEAD = 3;

interface Pile {
  ids: readonly string[];
  next: string | null;
  /** How many waited when the pile was read. */
  matched: number;
  /** What was said in this sitting; null where the other verdict was taken back meanwhile. */
  said: ReadonlyMap<string, Pair | null>;
}

const NOTHING: Pile = { ids: [], next: null, matched: 0, said: new Map() };

function withPage(old: Pile, page: Page): Pile {
  const fresh = page.rows.map((row) => row.finding_id).filter((id) => !old.ids.includes(id));
  return { ...old, ids: [...old.ids, ...fresh], next: page.next, matched: Math.max(old.matched, page.matched) };
}

/** The pile: one request, and another when it comes to its end. */
function usePile(): Pile & { reading: boolean; error: Error | null; read: () => void; say: (id: string, pair: Pair | null) => void } {
  const [pile, setPile] = useState<Pile>(NOTHING);
  const [reading, setReading] = useState(true);
  const [error, setError] = useState<Error | null>(null);
  const here = useRef(true);
  const read = async (cursor: string | null): Promise<void> => {
    setReading(true);
    setError(null);
    try {
      const page = await lookPage("waiting", cursor);
      if (!here.current) return;
      keepBlind(page.rows);
      setPile((old) => withPage(old, page));
    } catch (failed) {
      if (here.current) setError(failed instanceof Error ? failed : new Error(String(failed)));
    }
    if (here.current) setReading(false);
  };
  useEffect(() => {
    here.current = true;
    void read(null);
    return () => {
      here.current = false;
    };
  }, []);
  const left = pile.ids.length - pile.said.size;
  useEffect(() => {
    if (left <= AHEAD && pile.next !== null && !reading && error === null) void read(pile.next);
  }, [left, pile.next, reading, error]);
  return {
    ...pile,
    reading,
    error,
    read: () => void read(pile.next),
    say: (id, pair) => setPile((old) => ({ ...old, said: new Map(old.said).set(id, pair) })),
  };
}

export function Second({ keys, help, finding }: { keys: boolean; help: () => void; finding: string | null }) {
  const pile = usePile();
  const waits = (id: string): boolean => !pile.said.has(id);
  const [at, setAt] = useState<string | null>(finding);
  useEffect(() => {
    if (finding !== null) setAt(finding);
  }, [finding]);
  const first = pile.ids.find(waits) ?? null;
  // what is judged stays in sight until one goes on
  const shown = at !== null && pile.ids.includes(at) ? at : first;
  useEffect(() => {
    if (shown !== at && shown !== null) setAt(shown);
  }, [shown]);
  const next = shown === null ? null : nextOf(pile.ids, waits, shown);
  const place = shown === null ? -1 : pile.ids.indexOf(shown);
  const ahead = pile.ids.slice(place + 1, place + 1 + AHEAD).join(" ");
  useEffect(() => {
    for (const id of ahead.split(" ").filter(Boolean)) fetchChip(id);
  }, [ahead]);

  const say = (id: string, pair: Pair | null): void => {
    pile.say(id, pair);
    if (pair?.result === "same" && next !== null) {
      // nothing to look at: on to the next, as at the desk
      toast(`${w.same}: ${id}`, "good");
      setAt(next);
    }
  };
  const mine: Compared[] = [...pile.said].flatMap(([id, pair]) => (pair ? [{ id, pair }] : [])).reverse();
  const asked = useAsked("differing", () => lookPage("differing", null));
  return (
    <>
      <p class="row judge-second-head">
        <Mark tone="info">
          {w.waiting}: {pile.matched - pile.said.size}
        </Mark>
        <span class="note">{w.blind}</span>
        {pile.reading ? <span class="note" role="status">{w.reading}</span> : null}
      </p>
      {pile.error ? <Trouble error={pile.error} retry={pile.read} /> : null}
      {shown !== null ? (
        <Look
          key={shown}
          id={shown}
          next={next}
          pair={pile.said.get(shown)}
          keys={keys}
          help={help}
          go={(by) => {
            const to = by === 1 ? next : (pile.ids[place - 1] ?? null);
            if (to !== null) setAt(to);
          }}
          said={say}
        />
      ) : pile.reading || pile.error ? null : (
        <Panel>
          <Empty>{w.nobody}</Empty>
        </Panel>
      )}
      <Results mine={mine} asked={asked} />
    </>
  );
}
