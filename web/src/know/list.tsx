/** A structure is found by its id, or among the latest. */
import { useState } from "preact/hooks";
import { items } from "../api/features";
import { area } from "../app/format";
import { wordOf } from "../app/language";
import { useLive } from "../app/live";
import { go, href } from "../app/router";
import { useAsked } from "../app/use";
import { STATUS } from "../app/terms";
import { Await, Choice, Empty, Field, Mark, Panel, Table } from "../ui/parts";
import type { Structure } from "./data";
import { Day } from "./day";
import { STATE, w } from "./words";

const MOST = 50;
const SORTS = ["-first_seen", "-last_seen", "-area_m2"] as const;
type Sort = (typeof SORTS)[number];

export function List({ query }: { query: URLSearchParams }) {
  const [id, setId] = useState("");
  const state = query.get("state") ?? "";
  const sort = SORTS.find((one) => one === query.get("sortby")) ?? "-first_seen";
  const asked = useAsked(`${sort} ${state}`, () => items<Structure>("structures", { sortby: sort, state, limit: MOST }));
  useLive(["scan.completed"], asked.reload);
  const to = (next: { sort?: Sort; state?: string }): void => {
    const order = next.sort ?? sort;
    go(href("know", { state: next.state ?? state, sortby: order === "-first_seen" ? null : order }));
  };
  return (
    <>
      <Panel title={w.search}>
        <form
          class="know-search"
          onSubmit={(event) => {
            event.preventDefault();
            if (id.trim()) go(href(["know", id.trim()]));
          }}
        >
          <Field label={w.id}>
            <input value={id} required maxLength={100} autocomplete="off" spellcheck={false} onInput={(event) => setId(event.currentTarget.value)} />
          </Field>
          <button type="submit" class="main">
            {w.open}
          </button>
        </form>
      </Panel>
      <Panel
        title={w.latest}
        actions={
          <div class="row">
            <Choice
              label={w.state}
              value={state}
              options={[
                ["", w.any],
                ["standing", wordOf(STATE, "standing")],
                ["gone", wordOf(STATE, "gone")],
                ["merged", wordOf(STATE, "merged")],
              ]}
              choose={(next) => to({ state: next })}
            />
            <label>
              {w.sort}{" "}
              <select value={sort} onChange={(event) => to({ sort: event.currentTarget.value as Sort })}>
                <option value="-first_seen">{w.sortFirst}</option>
                <option value="-last_seen">{w.sortLast}</option>
                <option value="-area_m2">{w.sortArea}</option>
              </select>
            </label>
          </div>
        }
      >
        <Await asked={asked}>
          {(page) =>
            page.features.length === 0 ? (
              <Empty>{w.noStructures}</Empty>
            ) : (
              <Table
                label={w.latest}
                rows={page.features}
                id={(one) => one.id}
                link={(one) => href(["know", one.id])}
                columns={[
                  { title: w.id, cell: (one) => <code>{one.id}</code> },
                  { title: w.state, cell: (one) => <Mark tone={one.properties.state === "standing" ? "warn" : "plain"}>{wordOf(STATE, one.properties.state)}</Mark> },
                  { title: w.status, cell: (one) => wordOf(STATUS, one.properties.status) },
                  { title: w.firstSeen, cell: (one) => <Day on={one.properties.first_seen} /> },
                  { title: w.lastAbsent, cell: (one) => <Day on={one.properties.last_absent} /> },
                  { title: w.lastSeen, cell: (one) => <Day on={one.properties.last_seen} /> },
                  { title: w.goneOn, cell: (one) => <Day on={one.properties.gone_on} /> },
                  { title: w.size, cell: (one) => area(one.properties.area_m2), number: true },
                ]}
              />
            )
          }
        </Await>
      </Panel>
    </>
  );
}
