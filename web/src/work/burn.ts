/** A burn-down as lines of a chart: steps from day to day, since nothing changes between. */

export interface BurnDay {
  day: string;
  open: number;
  demolished: number;
  otherwise: number;
}
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}
const DAY_MS = 86_400_000;

export function dayNumber(day: string): number {
  return Math.round(Date.parse(`${day}T00:00:00Z`) / DAY_MS);
}

/** Where days and figures lie within the box. */
export function scales(days: readonly string[], most: number, box: Box): { x: (day: string) => number; y: (value: number) => number } {
  const numbers = days.map(dayNumber);
  const [first, last] = [Math.min(...numbers), Math.max(...numbers)];
  const across = Math.max(last - first, 1);
  return {
    x: (day) => box.left + ((dayNumber(day) - first) / across) * box.width,
    y: (value) => box.top + box.height * (1 - value / Math.max(most, 1)),
  };
}

/** The path of a line of steps, which goes on to the last day. */
export function steps(points: readonly (readonly [day: string, value: number])[], until: string, x: (day: string) => number, y: (value: number) => number): string {
  const first = points[0];
  if (first === undefined) return "";
  const round = (value: number): string => value.toFixed(1);
  let path = `M${round(x(first[0]))} ${round(y(first[1]))}`;
  for (const [day, value] of points.slice(1)) path += `H${round(x(day))}V${round(y(value))}`;
  const last = points[points.length - 1];
  return last !== undefined && dayNumber(until) > dayNumber(last[0]) ? `${path}H${round(x(until))}` : path;
}

/** Figures for the axis: round ones, at most five. */
export function ticks(most: number): number[] {
  const rough = Math.max(most, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? power);
  const found: number[] = [];
  for (let value = 0; value <= most; value += step) found.push(value);
  return found;
}
