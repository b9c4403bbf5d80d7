/** A place: last seen when, by what, and why not since. */
import { useState } from "preact/hooks";
import { type Schemas, getJson } from "../api/client";
import { minute, number, percent } from "../app/format";
import { wordOf, words } from "../app/language";
import { go, href } from "../app/router";
import { useAsked } from "../app/use";
import { Await, Empty, Facts, Field, Mark, Panel, Table } from "../ui/parts";
import { REASONS } from "./coverage_words";

const w = words({
  title: ["查某处", "Ask of a place"],
  lon: ["经度", "Longitude"],
  lat: ["纬度", "Latitude"],
  ask: ["查询", "Ask"],
  hint: ["填写经纬度（CGCS2000 / WGS 84）。", "Longitude and latitude (CGCS2000, WGS 84)."],
  last: ["最近看清", "Last seen"],
  never: ["从未看清", "never"],
  age: ["距今", "How long ago"],
  due: ["应看周期", "Due every"],
  days: ["天", "days"],
  why: ["此后未看清原因", "Why not since"],
  inTime: ["在周期内", "seen in time"],
  looks: ["各景影像情况", "What every scene showed of it"],
  on: ["拍摄", "Taken"],
  seen: ["看清", "Shown"],
  hidden: ["遮挡", "Hidden"],
  scene: ["影像", "Scene"],
  none: ["没有影像覆盖该处。", "No scene frames it."],
  map: ["在地图上看", "On the map"],
});

export function PlaceAsked({ query }: { query: URLSearchParams }) {
  const [lon, setLon] = useState(query.get("lon") ?? "");
  const [lat, setLat] = useState(query.get("lat") ?? "");
  const asked = [query.get("lon"), query.get("lat")];
  return (
    <Panel title={w.title}>
      <form
        class="work-fields"
        onSubmit={(event) => {
          event.preventDefault();
          go(href("coverage", { show: "place", lon, lat }));
        }}
      >
        <Field label={w.lon}>
          <input type="number" step="any" min="-180" max="180" required value={lon} onInput={(event) => setLon(event.currentTarget.value)} />
        </Field>
        <Field label={w.lat}>
          <input type="number" step="any" min="-90" max="90" required value={lat} onInput={(event) => setLat(event.currentTarget.value)} />
        </Field>
        <p class="work-go">
          <button type="submit" class="main">
            {w.ask}
          </button>
        </p>
      </form>
      {asked[0] && asked[1] ? <Known lon={asked[0]} lat={asked[1]} /> : <p class="note">{w.hint}</p>}
    </Panel>
  );
}

function Known({ lon, lat }: { lon: string; lat: string }) {
  const asked = useAsked(`coverage-at/${lon}/${lat}`, () => getJson<Schemas["service__schemas__coverage__PlaceOut"]>("/coverage/at", { lon, lat }));
  return (
    <Await asked={asked}>
      {(found) => (
        <>
          <Facts
            rows={[
              [w.last, found.last_seen ? minute(found.last_seen) : w.never],
              [w.age, found.age_days === null ? "-" : `${number(found.age_days)} ${w.days}`],
              [w.due, `${number(found.due_days)} ${w.days}`],
              [w.why, found.reason === null ? <Mark tone="good">{w.inTime}</Mark> : <Mark tone="warn">{wordOf(REASONS, found.reason)}</Mark>],
            ]}
          />
          <p>
            <a href={href("look", { lon, lat })}>{w.map}</a>
          </p>
          <h3>{w.looks}</h3>
          {found.looks.length === 0 ? (
            <Empty>{w.none}</Empty>
          ) : (
            <Table
              label={w.looks}
              rows={found.looks}
              id={(one) => one.scene}
              columns={[
                { title: w.on, cell: (one) => minute(one.on) },
                { title: w.seen, number: true, cell: (one) => percent(one.seen) },
                {
                  title: w.hidden,
                  cell: (one) =>
                    Object.entries(one.hidden)
                      .map(([reason, share]) => `${wordOf(REASONS, reason)} ${percent(share)}`)
                      .join(", ") || "-",
                },
                { title: w.scene, cell: (one) => <a href={href("look", { after: one.scene, mode: "after", lon, lat })}>{w.map}</a> },
              ]}
            />
          )}
        </>
      )}
    </Await>
  );
}
