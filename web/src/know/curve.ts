/** Where the points of a growth curve lie. Pure. */

export interface Seen {
  on: string;
  value: number;
  error: number | null;
  kind: "seen" | "absent" | "gone";
}

export interface Curve {
  points: { x: number; y: number; low: number; high: number; seen: Seen }[];
  line: string;
  ticks: { y: number; value: number }[];
  dates: { x: number; on: string }[];
}

/** A round step that gives at most `count` of them up to `most`. */
export function roundStep(most: number, count: number): number {
  const raw = most / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].find((one) => one * power >= raw) ?? 10;
  return step * power;
}

/** The curve in a box: time to the right, the measure upwards from 0. */
export function curveOf(seen: readonly Seen[], box: { left: number; right: number; top: number; bottom: number }): Curve | null {
  const sorted = [...seen].sort((a, b) => Date.parse(a.on) - Date.parse(b.on));
  const first = sorted[0];
  const last = sorted[sorted.length - 1];
  if (first === undefined || last === undefined) return null;
  const from = Date.parse(first.on);
  const span = Date.parse(last.on) - from;
  const most = Math.max(...sorted.map((one) => one.value + (one.error ?? 0)), 1e-9);
  const step = roundStep(most, 4);
  const top = step * Math.ceil(most / step);
  const x = (on: string): number => (span === 0 ? (box.left + box.right) / 2 : box.left + ((Date.parse(on) - from) / span) * (box.right - box.left));
  const y = (value: number): number => box.bottom - (Math.max(0, value) / top) * (box.bottom - box.top);
  const points = sorted.map((one) => ({ x: x(one.on), y: y(one.value), low: y(one.value - (one.error ?? 0)), high: y(one.value + (one.error ?? 0)), seen: one }));
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, at) => ({ value: at * step, y: y(at * step) }));
  // dates that would lie on each other are told once
  const dates: { x: number; on: string }[] = [];
  for (const one of points) {
    const before = dates[dates.length - 1];
    if (before === undefined || one.x - before.x >= 78) dates.push({ x: one.x, on: one.seen.on });
  }
  return { points, line: points.map((one) => `${one.x.toFixed(1)},${one.y.toFixed(1)}`).join(" "), ticks, dates };
}
