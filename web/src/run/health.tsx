/** The state of the service: whether it works, what is not well, and whether the detectors drift. */
import { type Schemas, api, ask, root } from "../api/client";
import { minute, number, percent, relative } from "../app/format";
import { told, wordOf, words } from "../app/language";
import { everywhere } from "../app/session";
import { useAsked } from "../app/use";
import { Await, Empty, Mark, Panel, Table } from "../ui/parts";

const w = words({
  title: ["运行状态", "State of the service"],
  again: ["刷新", "Look again"],
  ready: ["正常工作", "It works"],
  notReady: ["无法工作", "It cannot work"],
  good: ["正常", "well"],
  bad: ["异常", "not well"],
  looked: ["最近自检", "Last looked at itself"],
  conditions: ["异常情况", "What is not well"],
  allWell: ["一切正常。", "All is well."],
  since: ["自", "since"],
  remedy: ["办法", "What to do"],
  blocking: ["影响服务", "keeps it from its work"],
  detectors: ["检测器", "Detectors"],
  noDetectors: ["还没有比对过。", "No scans yet."],
  month: ["月份", "Month"],
  scans: ["比对", "Scans"],
  findings: ["发现", "Findings"],
  judged: ["已核查", "Judged"],
  dismissed: ["排除率", "Dismissed"],
  interval: ["95% 区间", "95 % interval"],
  scores: ["置信度分布（0 至 1）", "Confidence, 0 to 1"],
  drift: ["与前六个月相比", "Beside the half year before"],
  moved: ["置信度分布明显偏移", "the scores have moved"],
  steady: ["置信度分布稳定", "the scores are steady"],
  rose: ["排除率明显上升", "more is dismissed"],
  few: ["数量不足，无法判断", "too few to tell"],
  free: ["免训练检测", "Training-free"],
  surfaces: ["表面模型比较", "Surface models"],
});

const CHECKS = { store: ["数据库", "Database"], runner: ["任务执行", "Jobs"], disk: ["磁盘空间", "Disk"] } as const;
const SEVERITIES = { warning: ["警告", "Warning"], critical: ["严重", "Critical"] } as const;

interface Readiness {
  status: string;
  checks: Record<string, { good: boolean; detail: string }>;
}

/** 503 is an answer too: it tells what keeps the service from its work. */
async function readiness(): Promise<Readiness> {
  const answer = await fetch(`${root}/readyz`, { cache: "no-store" });
  return (await answer.json()) as Readiness;
}

function Ready() {
  const asked = useAsked("readyz", readiness);
  return (
    <Panel
      title={w.title}
      actions={
        <button type="button" onClick={asked.reload}>
          {w.again}
        </button>
      }
    >
      <Await asked={asked}>
        {(found) => (
          <div role="status">
            <p>
              <Mark tone={found.status === "ready" ? "good" : "bad"}>{found.status === "ready" ? w.ready : w.notReady}</Mark>
            </p>
            <ul class="run-checks">
              {Object.entries(found.checks).map(([name, check]) => (
                <li key={name}>
                  {wordOf(CHECKS, name)} <Mark tone={check.good ? "good" : "bad"}>{check.good ? w.good : w.bad}</Mark> {check.good ? null : <small>{check.detail}</small>}
                </li>
              ))}
            </ul>
          </div>
        )}
      </Await>
    </Panel>
  );
}

function Conditions() {
  const asked = useAsked("conditions", () => ask(api.GET("/status/conditions")));
  return (
    <Panel
      title={w.conditions}
      actions={
        <small>
          {w.looked}: {relative(asked.value?.looked_at)}
        </small>
      }
    >
      <Await asked={asked}>
        {({ conditions }) =>
          conditions.length === 0 ? (
            <Empty>{w.allWell}</Empty>
          ) : (
            <ul class="list">
              {conditions.map((one) => (
                <li key={one.code + one.title}>
                  <Mark tone={one.severity === "critical" ? "bad" : "warn"}>{wordOf(SEVERITIES, one.severity)}</Mark> <b>{told(one.title_zh, one.title)}</b> {one.blocking ? <Mark tone="bad">{w.blocking}</Mark> : null}
                  {one.remedy ? (
                    <p>
                      {w.remedy}: {told(one.remedy_zh, one.remedy)}
                    </p>
                  ) : null}
                  {one.since ? (
                    <small>
                      {w.since} {minute(one.since)}
                    </small>
                  ) : null}
                </li>
              ))}
            </ul>
          )
        }
      </Await>
    </Panel>
  );
}

type Month = Schemas["MonthOut"];

/** Ten bars; the figures are said too. */
function Scores({ month }: { month: Month }) {
  const most = Math.max(1, ...month.bins);
  const said = month.bins.map((count, at) => `${at / 10}-${(at + 1) / 10}: ${count}`).join(", ");
  return (
    <svg class="run-bins" viewBox="0 0 100 30" role="img" aria-label={`${w.scores}: ${said}`}>
      <title>{said}</title>
      {month.bins.map((count, at) => (
        <rect key={at} x={at * 10 + 1} width={8} y={29 - (28 * count) / most} height={(28 * count) / most + 1} />
      ))}
    </svg>
  );
}

function nameOf(detector: string): string {
  const [name = detector] = detector.split("+");
  return name === "training-free" ? w.free : name === "surfaces" ? w.surfaces : name;
}

function driftOf(drift: Schemas["DriftOut"] | null): string {
  if (drift === null) return "-";
  const told = [drift.scores_moved === null ? w.few : drift.scores_moved ? `${w.moved} (PSI ${number(drift.psi, 2)})` : `${w.steady} (PSI ${number(drift.psi, 2)})`];
  if (drift.dismissals_rose) told.push(w.rose);
  return told.join("; ");
}

function Detectors() {
  const asked = useAsked("detectors", () => ask(api.GET("/status/detector")));
  return (
    <Panel title={w.detectors}>
      <Await asked={asked}>
        {({ detectors }) =>
          detectors.length === 0 ? (
            <Empty>{w.noDetectors}</Empty>
          ) : (
            detectors.map((one) => (
              <section key={one.detector}>
                <h3>{nameOf(one.detector)}</h3>
                <p class="note">
                  {w.drift}: {driftOf(one.drift)}
                </p>
                <Table
                  label={nameOf(one.detector)}
                  rows={[...one.months].reverse()}
                  id={(month) => month.month}
                  columns={[
                    { title: w.month, cell: (month) => month.month },
                    { title: w.scans, cell: (month) => number(month.scans), number: true },
                    { title: w.findings, cell: (month) => number(month.findings), number: true },
                    { title: w.judged, cell: (month) => number(month.dismissals.judged), number: true },
                    { title: w.dismissed, cell: (month) => percent(month.dismissals.share), number: true },
                    { title: w.interval, cell: (month) => (month.dismissals.judged === 0 ? "-" : `${percent(month.dismissals.low)} - ${percent(month.dismissals.high)}`), number: true },
                    { title: w.scores, cell: (month) => <Scores month={month} /> },
                  ]}
                />
              </section>
            ))
          )
        }
      </Await>
    </Panel>
  );
}

export function Health() {
  return (
    <>
      <Ready />
      <Conditions />
      {everywhere() ? <Detectors /> : null}
    </>
  );
}
