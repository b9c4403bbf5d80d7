/** The growth curve: area and height at each date, with errors; the same as a table for who does not see it. */
import { useEffect, useRef, useState } from "preact/hooks";
import { day, number } from "../app/format";
import { Empty, Panel } from "../ui/parts";
import { type Seen, curveOf } from "./curve";
import type { Life } from "./data";
import { w } from "./words";

const HEIGHT = 230;
const MOST_WIDE = 900;

/** The width that there is, so that letters keep their size on a phone. */
function useWidth(): [{ current: HTMLElement | null }, number] {
  const box = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(560);
  useEffect(() => {
    if (!box.current) return undefined;
    const watch = new ResizeObserver(([entry]) => {
      if (entry && entry.contentRect.width > 0) setWidth(Math.min(MOST_WIDE, Math.round(entry.contentRect.width)));
    });
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  return [box, width];
}

function seenOf(life: Life, what: "area_m2" | "height_m"): Seen[] {
  const it = life.structure.properties;
  const errors = new Map(life.findings.map((one) => [one.id, one.properties.area_error_m2]));
  const grown: Seen[] = it.growth
    .filter((one) => one[what] !== null)
    .map((one) => ({ on: one.on, value: one[what] ?? 0, error: what === "area_m2" ? (errors.get(one.finding_id) ?? null) : null, kind: "seen" }));
  if (grown.length === 0) return [];
  return [
    ...(it.last_absent ? [{ on: it.last_absent, value: 0, error: null, kind: "absent" } as const] : []),
    ...grown,
    ...(it.gone_on ? [{ on: it.gone_on, value: 0, error: null, kind: "gone" } as const] : []),
  ];
}

function eventOf(kind: Seen["kind"]): string {
  return { seen: w.seenThen, absent: w.absentThen, gone: w.goneThen }[kind];
}

export function Growth({ life }: { life: Life }) {
  const heights = seenOf(life, "height_m");
  return (
    <Panel title={w.growth}>
      <Curve title={w.growthArea} unit="m²" seen={seenOf(life, "area_m2")} digits={1} />
      {heights.length > 0 ? <Curve title={w.growthHeight} unit="m" seen={heights} digits={1} /> : null}
    </Panel>
  );
}

function Curve({ title, unit, seen, digits }: { title: string; unit: string; seen: readonly Seen[]; digits: number }) {
  const [figure, width] = useWidth();
  const box = { left: 48, right: width - 42, top: 22, bottom: 186 };
  const curve = curveOf(seen, box);
  if (curve === null) return <Empty>{w.growthNone}</Empty>;
  const told = curve.points.map(({ seen: one }) => `${day(one.on)} ${eventOf(one.kind)} ${number(one.value, digits)} ${unit}`).join("; ");
  return (
    <figure class="know-curve" ref={figure}>
      <figcaption>{title}</figcaption>
      <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={`${title}: ${told}`}>
        {curve.ticks.map((tick) => (
          <g key={tick.value}>
            <line class="grid-line" x1={box.left} x2={box.right} y1={tick.y} y2={tick.y} />
            <text x={box.left - 8} y={tick.y + 4} text-anchor="end">
              {number(tick.value, tick.value % 1 ? 1 : 0)}
            </text>
          </g>
        ))}
        {curve.dates.map((date) => (
          <text key={date.on} x={date.x} y={box.bottom + 20} text-anchor="middle">
            {day(date.on)}
          </text>
        ))}
        <polyline class="curve" points={curve.line} />
        {curve.points.map((one) => (
          <g key={one.seen.on + one.seen.kind} class={one.seen.kind}>
            {one.seen.error ? (
              <path class="error" d={`M${one.x - 5},${one.high}h10M${one.x},${one.high}V${one.low}M${one.x - 5},${one.low}h10`} />
            ) : null}
            <circle cx={one.x} cy={one.y} r={5} />
            <text class="value" x={one.x} y={Math.max(12, one.high - 10)} text-anchor="middle">
              {one.seen.kind === "seen" ? number(one.seen.value, 0) : eventOf(one.seen.kind)}
            </text>
          </g>
        ))}
      </svg>
      <table class="visually-hidden">
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">{w.date}</th>
            <th scope="col">{w.event}</th>
            <th scope="col">{unit}</th>
            <th scope="col">{w.error}</th>
          </tr>
        </thead>
        <tbody>
          {curve.points.map(({ seen: one }) => (
            <tr key={one.on + one.kind}>
              <td>{day(one.on)}</td>
              <td>{eventOf(one.kind)}</td>
              <td>{number(one.value, digits)}</td>
              <td>{one.error === null ? "-" : `± ${number(one.error, digits)}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}
