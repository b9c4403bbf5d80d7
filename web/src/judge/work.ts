/** The sitting of this page: verdicts are sent behind it, and it stays while one looks at something else. */
import { signal } from "@preact/signals";
import { items } from "../api/features";
import { toast } from "../ui/toast";
import { forget, known } from "./load";
import { verdictText } from "./said";
import { type Entry, NOTHING, type Row, type Sitting, type Told, find, give, refused, renew, stored, undone, waiting, without } from "./sitting";
import { type Judged, judge, withdraw } from "./verdicts";
import { w } from "./words";

export const sitting = signal<Sitting>(NOTHING);
/** The queue that the sitting was begun with. */
let begun: string | null = null;
const flights = new Map<string, Promise<void>>();
// a page that is closed too soon would lose a verdict that is on its way
addEventListener("beforeunload", (event) => {
  if (flights.size > 0) event.preventDefault();
});
export const undoing = signal(false);

/** Begin with a queue, or with the next batch; the same queue goes on where one was. */
export function beginWith(key: string, rows: readonly Row[], first: string | null): void {
  if (begun === key) return;
  begun = key;
  sitting.value = renew(sitting.value, rows, first);
}

const AT_ONCE = 100;

/** What others have judged meanwhile, or what repeats a finding that was dismissed, need not be looked at. */
export async function dropJudged(): Promise<void> {
  const open = waiting(sitting.value);
  for (let at = 0; at < open.length; at += AT_ONCE) {
    const ids = open.slice(at, at + AT_ONCE).map((id) => `'${id.replace(/'/g, "''")}'`);
    const filter = `id IN (${ids.join(",")}) AND (judged IS NOT NULL OR suppressed_by IS NOT NULL)`;
    const page = await items("findings", { filter, "filter-lang": "cql2-text", limit: AT_ONCE });
    sitting.value = without(sitting.value, new Set(page.features.map((one) => one.id)));
  }
}

function otherOf({ pair, id }: Judged): string {
  const other = pair?.first.id === id ? pair.second : pair?.first;
  return other ? `${other.judged_by}: ${verdictText(other)}` : "";
}

async function fly(id: string, told: Told): Promise<void> {
  try {
    const verdict = await judge(id, told);
    sitting.value = stored(sitting.value, id, verdict.id);
    forget(id);
    // called by its address, it was somebody else's before
    if (verdict.pair && verdict.pair.result !== "same") toast(`${w.differs} ${otherOf(verdict)}`, "info");
  } catch (error) {
    sitting.value = refused(sitting.value, id, error instanceof Error ? error : new Error(String(error)));
    toast(`${w.came} ${error instanceof Error ? error.message : String(error)}`, "bad");
  } finally {
    flights.delete(id);
  }
}

/** Say it of the present finding; the next is shown at once. */
export function say(told: Told): void {
  const id = sitting.value.at;
  const found = id === null ? undefined : known.value.get(id);
  // nobody judges what is not shown yet, nor twice what is on its way
  if (id === null || found === undefined || found instanceof Error || flights.has(id)) return;
  sitting.value = give(sitting.value, told, Date.now());
  flights.set(id, fly(id, told));
}

export async function undo(): Promise<void> {
  if (undoing.value) return;
  const id = sitting.value.given[sitting.value.given.length - 1];
  if (id === undefined) {
    toast(w.nothingToUndo, "info");
    return;
  }
  undoing.value = true;
  try {
    await flights.get(id);
    const entry = find(sitting.value, id);
    // refused meanwhile: it has come back already
    if (entry?.state === "judged") await takeBack(entry);
  } catch (error) {
    toast(`${w.undoFailed}${error instanceof Error ? error.message : String(error)}`, "bad");
  } finally {
    undoing.value = false;
  }
}

async function takeBack(entry: Entry): Promise<void> {
  const counts = await withdraw(entry.id, entry.verdict ?? "");
  toast(counts === null ? w.openAgain : `${w.countsAgain}${counts.judged_by}: ${verdictText(counts)}`, "info");
  sitting.value = undone(sitting.value, entry.id, counts === null);
  forget(entry.id);
}
