/** The life of one structure. */
import { useState } from "preact/hooks";
import { area, day, number } from "../app/format";
import { wordOf } from "../app/language";
import { useLive } from "../app/live";
import { href } from "../app/router";
import { may } from "../app/session";
import { useAsked } from "../app/use";
import { STATUS } from "../app/terms";
import { Await, Facts, Mark, Panel, Table } from "../ui/parts";
import { type Life, lifeOf } from "./data";
import { Earliest } from "./earliest";
import { FindingCards, Timeline } from "./findings";
import { Growth } from "./growth";
import { Cases, Leads } from "./papers";
import { STATE, w } from "./words";

export function WholeLife({ id }: { id: string }) {
  const [round, setRound] = useState(0);
  const asked = useAsked(id, async () => ({ asked: id, life: await lifeOf(id) }));
  useLive(["finding.judged", "finding.appeared", "scan.completed"], () => {
    asked.reload();
    setRound((old) => old + 1);
  }, 3_000);
  return (
    <Await asked={asked}>
      {(found) => {
        // the value of the structure before stays until this one is there
        if (found.asked !== id) return null;
        const { life } = found;
        const own = life.structure.id;
        return (
          <>
            {own !== id ? <p class="note">{w.led}</p> : null}
            <div class="know-top">
              <Summary life={life} />
              <Growth life={life} />
            </div>
            <Timeline findings={life.findings} />
            <FindingCards findings={life.findings} round={round} />
            <div class="grid know-rest">
              <Earliest structure={own} />
              <Looks life={life} />
              {may("leads") ? <Leads structure={own} /> : null}
            </div>
            <Cases structure={own} />
          </>
        );
      }}
    </Await>
  );
}

const TONES = { standing: "warn", gone: "good", merged: "plain" } as const;

function Other({ id }: { id: string }) {
  return (
    <a href={href(["know", id])}>
      <code>{id}</code>
    </a>
  );
}

function Summary({ life }: { life: Life }) {
  const { id, properties: it, bbox } = life.structure;
  const last = life.findings[life.findings.length - 1];
  const tone = TONES[it.state as keyof typeof TONES] ?? "plain";
  return (
    <Panel
      title={
        <>
          {w.title} <code>{id}</code>
        </>
      }
      actions={
        <a class="button" href={href("look", { finding: last?.id, scan: last?.properties.scan_id, bbox: last ? null : bbox?.join(",") })}>
          {w.map}
        </a>
      }
    >
      <p class="row">
        <Mark tone={tone}>{wordOf(STATE, it.state)}</Mark>
        <Mark tone={it.status === "suspected" ? "bad" : "plain"}>{wordOf(STATUS, it.status)}</Mark>
      </p>
      <Facts
        rows={[
          [w.firstSeen, day(it.first_seen)],
          [w.lastAbsent, it.last_absent ? day(it.last_absent) : w.never],
          [w.lastSeen, day(it.last_seen)],
          ...(it.gone_on ? ([[w.goneOn, day(it.gone_on)]] as const) : []),
          [w.size, area(it.area_m2)],
          ...(it.height_m === null ? [] : ([[w.height, `${number(it.height_m, 1)} m`]] as const)),
          [w.looks, `${life.seen} / ${life.usable}`],
          ...(life.unknown ? ([[w.unknownLooks, life.unknown]] as const) : []),
          ...(it.merged_into ? ([[w.mergedInto, <Other id={it.merged_into} />]] as const) : []),
          ...(it.split_from ? ([[w.splitFrom, <Other id={it.split_from} />]] as const) : []),
          ...(it.rebuilt_of ? ([[w.rebuiltOf, <Other id={it.rebuilt_of} />]] as const) : []),
        ]}
      />
    </Panel>
  );
}

function Looks({ life }: { life: Life }) {
  return (
    <Panel title={w.looksTitle}>
      <Table
        label={w.looksTitle}
        rows={life.looks}
        id={(one) => one.scan_id}
        link={(one) => href("look", { scan: one.scan_id })}
        columns={[
          { title: w.look, cell: (one) => `${day(one.before_at)} – ${day(one.after_at)}` },
          { title: w.usable, cell: (one) => (one.usable === null ? w.unknown : one.usable ? w.yes : w.no) },
          { title: w.seenThen, cell: (one) => (one.seen ? <Mark tone="good">{w.yes}</Mark> : <Mark>{w.no}</Mark>) },
        ]}
      />
    </Panel>
  );
}
