/** When a structure began: what is known, which scenes could tell more, and the comparisons that would. */
import { useState } from "preact/hooks";
import { type Schemas, api, ask } from "../api/client";
import { day, minute } from "../app/format";
import { told as inWords } from "../app/language";
import { useLive } from "../app/live";
import { may } from "../app/session";
import { useAsked } from "../app/use";
import { Await, Panel, Table, Trouble } from "../ui/parts";
import { toast } from "../ui/toast";
import { w } from "./words";

type Told = Pick<Schemas["EarliestOut"], "scenes" | "refused">;

export function Earliest({ structure }: { structure: string }) {
  const asked = useAsked(structure, () => ask(api.GET("/structures/{structure_id}/earliest", { params: { path: { structure_id: structure } } })));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  useLive(["scan.completed", "scene.stored"], asked.reload, 3_000);
  const order = async (scene?: string): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const done = await ask(api.POST("/structures/{structure_id}/earliest", { params: { path: { structure_id: structure }, query: scene ? { scene } : {} } }));
      toast(`${w.ordered}: ${done.jobs.length}`);
      asked.reload();
    } catch (failed) {
      setError(failed instanceof Error ? failed : new Error(String(failed)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Panel title={w.earliest}>
      <Await asked={asked}>
        {(told) => (
          <>
            <p>
              {told.last_absent ? (
                <>
                  {w.between} <b>{day(told.last_absent)}</b> – <b>{day(told.first_seen)}</b>
                </>
              ) : (
                <>
                  {w.before} <b>{day(told.first_seen)}</b>
                </>
              )}
            </p>
            {error ? <Trouble error={error} /> : null}
            {told.scenes.length === 0 ? <p class="note">{w.noScenes}</p> : <Scenes told={told} busy={busy} order={order} />}
            {told.pairs.length > 0 ? (
              may("scan") ? (
                <button type="button" class="main" disabled={busy} onClick={() => void order()}>
                  {w.order}
                </button>
              ) : (
                <p class="note">{w.orderBar}</p>
              )
            ) : null}
            {told.refused.length > 0 ? <Refused told={told} /> : null}
          </>
        )}
      </Await>
    </Panel>
  );
}

function Scenes({ told, busy, order }: { told: Told; busy: boolean; order: (scene: string) => Promise<void> }) {
  const known = (usable: boolean | null): string => (usable === null ? w.unknown : usable ? w.yes : w.no);
  return (
    <Table
      label={w.scenes}
      rows={told.scenes}
      id={(one) => one.scene_id}
      columns={[
        {
          title: w.scene,
          cell: (one) => (
            <>
              <span class="know-day">{minute(one.acquired_at)}</span>
              <br />
              <code>{one.scene_id}</code>
            </>
          ),
        },
        { title: w.usable, cell: (one) => known(one.usable) },
        { title: w.comparison, cell: (one) => (one.compared ? w.compared : w.notCompared) },
        ...(may("scan")
          ? [
              {
                title: w.act,
                cell: (one: Told["scenes"][number]) =>
                  one.compared ? (
                    "-"
                  ) : (
                    <button type="button" disabled={busy} onClick={() => void order(one.scene_id)}>
                      {w.orderThis}
                    </button>
                  ),
              },
            ]
          : []),
      ]}
    />
  );
}

function Refused({ told }: { told: Told }) {
  return (
    <>
      <h3>{w.refusedPairs}</h3>
      <ul class="list">
        {told.refused.map((one) => (
          <li key={one.before_scene + one.after_scene}>
            <code>{one.before_scene}</code> – <code>{one.after_scene}</code>
            <p class="note">
              {inWords(one.message_zh, one.message)} {inWords(one.remedy_zh, one.remedy)}
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}
