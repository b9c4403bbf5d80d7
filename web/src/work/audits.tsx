/** Recall audits: cells drawn at random that were seen and hold no finding; people say whether something was missed. */
import { useState } from "preact/hooks";
import { type Schemas, getJson, send } from "../api/client";
import type { Feature } from "../api/features";
import { day, minute, percent } from "../app/format";
import { words } from "../app/language";
import { href } from "../app/router";
import { may } from "../app/session";
import { useAsked } from "../app/use";
import { Await, Empty, Field, Mark, Panel, Table } from "../ui/parts";
import { toast } from "../ui/toast";
import { Refused, Submit, useSend } from "./act";
import { middleOf } from "../map/places";
import { PlaceMap } from "./place_map";

type Audit = Schemas["AuditOut"];
type Cell = Feature<{ missed: boolean | null }>;

const w = words({
  title: ["漏检抽查", "Recall audits"],
  none: ["还没有抽查。", "No audit was drawn yet."],
  explain: ["随机抽取按期看清且没有发现的单元，由人核看是否漏检；漏检率附 95% 区间（Wilson）。", "Cells that were seen in time and hold no finding are drawn at random; people look whether something was missed. The miss rate stands with its 95 % interval (Wilson)."],
  draw: ["抽取", "Draw"],
  count: ["单元数", "How many cells"],
  seed: ["随机种子", "Seed"],
  drawn: ["已抽取", "Drawn"],
  asOf: ["台账日期", "Ledger of"],
  rate: ["漏检率", "Miss rate"],
  judged: ["已核看", "looked at"],
  of: ["共", "of"],
  cell: ["单元", "Cell"],
  answer: ["结论", "Answer"],
  missed: ["有漏检", "something was missed"],
  clean: ["没有漏检", "nothing was missed"],
  open: ["未核看", "not looked at"],
  look: ["在地图上看", "On the map"],
  record: ["登记线索", "Record a report"],
  next: ["逐个核看", "Look at one after the other"],
  all: ["全部已核看。", "All of them were looked at."],
  stop: ["先到这里", "Stop here"],
  saved: ["已记录", "Recorded"],
});

export function Audits() {
  const asked = useAsked("audits", () => getJson<Schemas["AuditList"]>("/coverage/audits", { limit: 50 }));
  return (
    <>
      <Panel title={w.title}>
        <p class="note">{w.explain}</p>
        {may("scan") ? <Draw done={asked.reload} /> : null}
      </Panel>
      <Await asked={asked}>{({ audits }) => (audits.length === 0 ? <Empty>{w.none}</Empty> : <>{audits.map((one) => <OneAudit key={one.id} audit={one} done={asked.reload} />)}</>)}</Await>
    </>
  );
}

function Draw({ done }: { done: () => void }) {
  const [count, setCount] = useState("60");
  const [seed, setSeed] = useState("1");
  const sent = useSend();
  const draw = (event: Event): void => {
    event.preventDefault();
    sent.run(async () => {
      await send("POST", "/coverage/audits", { count: Number(count), seed: Number(seed) });
      toast(w.drawn);
      done();
    });
  };
  return (
    <form onSubmit={draw}>
      <div class="work-fields">
        <Field label={w.count}>
          <input type="number" min="1" required value={count} onInput={(event) => setCount(event.currentTarget.value)} />
        </Field>
        <Field label={w.seed}>
          <input type="number" min="0" required value={seed} onInput={(event) => setSeed(event.currentTarget.value)} />
        </Field>
      </div>
      <Submit sent={sent} title={w.draw} />
    </form>
  );
}

function OneAudit({ audit, done }: { audit: Audit; done: () => void }) {
  const sent = useSend();
  const cells = (audit.cells.features ?? []) as Cell[];
  const rate = audit.miss_rate;
  const say = (cell: string, missed: boolean): void =>
    sent.run(async () => {
      await send("POST", `/coverage/audits/${audit.id}/answers`, { cell, missed });
      toast(w.saved);
      done();
    });
  return (
    <Panel title={`${w.asOf} ${day(audit.as_of)} · ${minute(audit.created_at)}`}>
      <p>
        {w.rate}: <b>{rate.share === null ? "-" : percent(rate.share, 1)}</b>
        {rate.share === null ? "" : ` (${percent(rate.low, 1)} - ${percent(rate.high, 1)})`} · {w.judged} {rate.judged} {w.of} {cells.length}
      </p>
      {sent.error ? <Refused error={sent.error} /> : null}
      {may("judge") ? <OneByOne cells={cells} busy={sent.busy} say={say} /> : null}
      <details>
        <summary>
          {w.cell} ({cells.length})
        </summary>
        <Table
          label={w.cell}
          rows={cells}
          id={(one) => one.id}
          columns={[
            { title: w.cell, cell: (one) => <Where cell={one} /> },
            { title: w.answer, cell: (one) => (one.properties.missed === null ? <Mark>{w.open}</Mark> : <Mark tone={one.properties.missed ? "bad" : "good"}>{one.properties.missed ? w.missed : w.clean}</Mark>) },
            {
              title: "",
              cell: (one) =>
                may("judge") ? (
                  <span class="row">
                    <button type="button" disabled={sent.busy} aria-label={`${one.id}: ${w.clean}`} onClick={() => say(one.id, false)}>
                      {w.clean}
                    </button>
                    <button type="button" class="danger" disabled={sent.busy} aria-label={`${one.id}: ${w.missed}`} onClick={() => say(one.id, true)}>
                      {w.missed}
                    </button>
                  </span>
                ) : null,
            },
          ]}
        />
      </details>
    </Panel>
  );
}

/** The next cell that nobody looked at, on the newest two pictures of it, with its outline: the answers are one press each. */
function OneByOne({ cells, busy, say }: { cells: Cell[]; busy: boolean; say: (cell: string, missed: boolean) => void }) {
  const [open, setOpen] = useState(false);
  const left = cells.filter((one) => one.properties.missed === null);
  const next = left[0];
  if (!open) {
    return (
      <p>
        <button type="button" disabled={next === undefined} onClick={() => setOpen(true)}>
          {w.next}
        </button>
      </p>
    );
  }
  return (
    <section aria-live="polite">
      {next?.geometry ? (
        <>
          <h3>
            {w.cell} {next.id} <small>{cells.length - left.length + 1} / {cells.length}</small>
          </h3>
          <div class="row">
            <button type="button" class="main" disabled={busy} onClick={() => say(next.id, false)}>
              {w.clean}
            </button>
            <button type="button" class="danger" disabled={busy} onClick={() => say(next.id, true)}>
              {w.missed}
            </button>
            <Where cell={next} />
            <button type="button" class="plain" onClick={() => setOpen(false)}>
              {w.stop}
            </button>
          </div>
          <PlaceMap key={next.id} outline={next.geometry} both />
        </>
      ) : (
        <Empty>{w.all}</Empty>
      )}
    </section>
  );
}

function Where({ cell }: { cell: Cell }) {
  const at = middleOf(cell.geometry);
  return (
    <>
      {cell.id} {at ? <a href={href("look", { lon: at[0].toFixed(6), lat: at[1].toFixed(6) })}>{w.look}</a> : null}{" "}
      {at && cell.properties.missed && may("leads") ? <a href={href("leads", { record: `${at[0].toFixed(6)},${at[1].toFixed(6)}` })}>{w.record}</a> : null}
    </>
  );
}
