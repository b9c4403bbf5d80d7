/** Findings at which two have looked: those on which they differ are listed until both say the same. */
import { useEffect, useState } from "preact/hooks";
import { href } from "../app/router";
import { type Asked, useAsked } from "../app/use";
import { Await, Empty, Mark, Panel, Table } from "../ui/parts";
import type { Agreement, Verdict } from "./agree";
import { type Compared, type Page, TONES, lookPage, newest, ofResult } from "./pile";
import { verdictText } from "./said";
import { w } from "./words";

export function Result({ result }: { result: Agreement }) {
  return <Mark tone={TONES[result]}>{{ same: w.same, other_reason: w.otherReason, disagree: w.disagree }[result]}</Mark>;
}

function pairsOf(page: Page): Compared[] {
  return page.rows.flatMap((row) => (row.pair ? [{ id: row.finding_id, pair: row.pair }] : []));
}

/** All pages that were read of one kind of pairs, below what was said in this sitting. */
function useMore(state: "differing" | "agreed", first: Page | undefined, mine: readonly Compared[]): { rows: Compared[]; more: (() => void) | null } {
  const [pages, setPages] = useState<readonly Page[]>([]);
  useEffect(() => {
    if (first) setPages([first]);
  }, [first]);
  const next = pages[pages.length - 1]?.next ?? null;
  const rows = ofResult(newest(mine, pages.flatMap(pairsOf)), state === "agreed");
  return { rows, more: next === null ? null : () => void lookPage(state, next).then((page) => setPages((old) => [...old, page])) };
}

export function Results({ mine, asked }: { mine: readonly Compared[]; asked: Asked<Page> }) {
  const { rows, more } = useMore("differing", asked.value, mine);
  return (
    <Panel title={w.disagreements}>
      <Await asked={asked}>
        {() =>
          rows.length === 0 ? (
            <Empty>{w.noDisagreements}</Empty>
          ) : (
            <>
              <p class="note">{w.listed}</p>
              <Pairs rows={rows} label={w.disagreements} more={more} />
            </>
          )
        }
      </Await>
      <Agreed mine={mine} />
    </Panel>
  );
}

/** Read only where somebody asks for them. */
function Agreed({ mine }: { mine: readonly Compared[] }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{w.agreed}</summary>
      {open ? <AgreedRows mine={mine} /> : null}
    </details>
  );
}

function AgreedRows({ mine }: { mine: readonly Compared[] }) {
  const asked = useAsked("agreed", () => lookPage("agreed", null));
  const { rows, more } = useMore("agreed", asked.value, mine);
  return <Await asked={asked}>{() => (rows.length === 0 ? <Empty>{w.none}</Empty> : <Pairs rows={rows} label={w.agreed} more={more} />)}</Await>;
}

function Pairs({ rows, label, more }: { rows: readonly Compared[]; label: string; more: (() => void) | null }) {
  const by = (verdict: Verdict): string => `${verdict.judged_by}: ${verdictText(verdict)}`;
  return (
    <>
      <Table
        label={label}
        rows={rows}
        id={(one) => one.id}
        link={(one) => href("judge", { finding: one.id })}
        columns={[
          { title: w.finding, cell: (one) => <code>{one.id}</code> },
          { title: w.firstSaid, cell: (one) => by(one.pair.first) },
          { title: w.secondSaid, cell: (one) => by(one.pair.second) },
          { title: w.result, cell: (one) => <Result result={one.pair.result} /> },
          { title: w.judgeAgain, cell: (one) => <a href={href("judge", { finding: one.id })}>{w.judgeAgain}</a> },
        ]}
      />
      {more ? (
        <button type="button" onClick={more}>
          {w.more}
        </button>
      ) : null}
    </>
  );
}
