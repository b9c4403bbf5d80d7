/** The burn-down to zero: a picture for the eye, the same figures as a table for everybody. */
import type { Schemas } from "../api/client";
import { day } from "../app/format";
import { words } from "../app/language";
import { Table } from "../ui/parts";
import { type BurnDay, scales, steps, ticks } from "./burn";

const w = words({
  label: ["销账进度", "Burn-down"],
  open: ["未销账", "open"],
  ended: ["已销账", "ended"],
  target: ["目标", "target"],
  table: ["以表格查看", "The same as a table"],
  day: ["日期", "Day"],
  demolished: ["已拆除", "Demolished"],
  otherwise: ["其他方式办结", "Ended otherwise"],
  from: ["基准日未销账", "open on the first day"],
  now: ["现未销账", "open now"],
});
const BOX = { left: 46, top: 12, width: 640, height: 190 };

export function BurnChart({ days, targets, today }: { days: readonly BurnDay[]; targets: readonly Schemas["TargetOut"][]; today: string }) {
  const whole = targets.filter((one) => one.village === "");
  const first = days[0];
  const last = days[days.length - 1];
  if (first === undefined || last === undefined) return null;
  const most = Math.max(...days.map((one) => Math.max(one.open, one.demolished + one.otherwise)), 1);
  const { x, y } = scales([...days.map((one) => one.day), today, ...whole.map((one) => one.by)], most, BOX);
  const end = BOX.left + BOX.width;
  const base = BOX.top + BOX.height;
  return (
    <figure class="work-burn">
      <div class="scroll" tabIndex={0} role="region" aria-label={w.label}>
      <svg class="work-chart" viewBox="0 0 720 250" role="img" aria-label={`${w.label}: ${w.from} ${first.open}, ${w.now} ${last.open}`}>
        {ticks(most).map((value) => (
          <g key={value}>
            <line class="axis" x1={BOX.left} x2={end} y1={y(value)} y2={y(value)} />
            <text x={BOX.left - 8} y={y(value) + 4} text-anchor="end">
              {value}
            </text>
          </g>
        ))}
        <text x={BOX.left} y={base + 18}>
          {day(first.day)}
        </text>
        <text x={end} y={base + 18} text-anchor="end">
          {day([today, ...whole.map((one) => one.by)].sort().pop())}
        </text>
        <path class="done" d={steps(days.map((one) => [one.day, one.demolished + one.otherwise] as const), today, x, y)} />
        <path class="open" d={steps(days.map((one) => [one.day, one.open] as const), today, x, y)} />
        {whole.map((one) => (
          <g key={one.by}>
            <path class="target" d={`M${x(one.by)} ${BOX.top}V${base}`} />
            <circle class="dot" cx={x(one.by)} cy={y(Math.min(one.open_at_most, most))} r="5" />
          </g>
        ))}
        <g class="work-legend" transform={`translate(${BOX.left} 240)`}>
          <path class="open" d="M0 -4H26" />
          <text x="32">{w.open}</text>
          <path class="done" d="M120 -4H146" />
          <text x="152">{w.ended}</text>
          <circle class="dot" cx="246" cy="-4" r="5" />
          <text x="258">{w.target}</text>
        </g>
      </svg>
      </div>
      <details>
        <summary>{w.table}</summary>
        <Table
          label={w.label}
          rows={days}
          id={(one) => one.day}
          columns={[
            { title: w.day, cell: (one) => day(one.day) },
            { title: w.open, number: true, cell: (one) => one.open },
            { title: w.demolished, number: true, cell: (one) => one.demolished },
            { title: w.otherwise, number: true, cell: (one) => one.otherwise },
          ]}
        />
      </details>
    </figure>
  );
}
