/** What needs a flight or an image, the most urgent first; the outlines can be taken along for the flight. */
import { useState } from "preact/hooks";
import { getJson } from "../api/client";
import type { Collection } from "../api/features";
import { area, day, number } from "../app/format";
import { covers, groundOf } from "../app/ground";
import { wordOf, words } from "../app/language";
import { href } from "../app/router";
import { useAsked } from "../app/use";
import { Await, Empty, Field, Mark, Panel, Table } from "../ui/parts";
import { REASONS } from "./coverage_words";
import { save } from "./common";
import { middleOf } from "../map/places";

interface Task {
  number: number;
  urgency: string;
  area_m2: number;
  reasons_m2: Record<string, number>;
  overdue_days: number | null;
  never_m2: number;
  until: string | null;
}

const w = words({
  title: ["需补飞或补影像的地块", "What needs a flight or an image"],
  none: ["没有需要补飞的地块。", "Nothing needs a flight."],
  within: ["包括几天内到期的", "Also what becomes due within so many days"],
  take: ["下载 GeoJSON", "Take the outlines (GeoJSON)"],
  number: ["序号", "No."],
  urgency: ["紧急程度", "Urgency"],
  size: ["面积", "Area"],
  why: ["原因", "Why"],
  overdue: ["逾期天数", "Days overdue"],
  never: ["其中从未看清", "Of it never seen"],
  until: ["应看日期", "Due"],
  place: ["位置", "Place"],
  map: ["在地图上看", "On the map"],
});
const URGENCY: Record<string, readonly [string, string]> = { never: ["从未看清", "never seen"], overdue: ["逾期", "overdue"], due_soon: ["即将到期", "due soon"] };

export function Tasking({ asOf }: { asOf: string }) {
  const [within, setWithin] = useState("7");
  const days = /^\d+(\.\d+)?$/.test(within) ? within : "7";
  const asked = useAsked(`tasking/${asOf}/${days}`, async () =>
    covers(await groundOf()) ? getJson<Collection<Task>>("/coverage/tasking", { as_of: asOf, within_days: days }) : { features: [] },
  );
  return (
    <Panel
      title={w.title}
      actions={
        <button type="button" onClick={() => void save(`/coverage/tasking?within_days=${days}${asOf ? `&as_of=${asOf}` : ""}`, "tasking.geojson")}>
          {w.take}
        </button>
      }
    >
      <div class="work-fields">
        <Field label={w.within}>
          <input type="number" min="0" max="366" value={within} onInput={(event) => setWithin(event.currentTarget.value)} />
        </Field>
      </div>
      <Await asked={asked}>
        {({ features }) =>
          features.length === 0 ? (
            <Empty>{w.none}</Empty>
          ) : (
            <Table
              label={w.title}
              rows={features}
              id={(one) => one.id}
              columns={[
                { title: w.number, number: true, cell: (one) => one.properties.number },
                { title: w.urgency, cell: (one) => <Mark tone={one.properties.urgency === "due_soon" ? "warn" : "bad"}>{wordOf(URGENCY, one.properties.urgency)}</Mark> },
                { title: w.size, number: true, cell: (one) => area(one.properties.area_m2) },
                { title: w.why, cell: (one) => Object.keys(one.properties.reasons_m2).map((reason) => wordOf(REASONS, reason)).join(", ") || "-" },
                { title: w.overdue, number: true, cell: (one) => number(one.properties.overdue_days) },
                { title: w.never, number: true, cell: (one) => (one.properties.never_m2 > 0 ? area(one.properties.never_m2) : "-") },
                { title: w.until, cell: (one) => day(one.properties.until) },
                { title: w.place, cell: (one) => <Where at={middleOf(one.geometry)} /> },
              ]}
            />
          )
        }
      </Await>
    </Panel>
  );
}

function Where({ at }: { at: [number, number] | null }) {
  return at ? <a href={href("look", { lon: at[0].toFixed(6), lat: at[1].toFixed(6) })}>{w.map}</a> : <>-</>;
}
