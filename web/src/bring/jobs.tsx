/** Jobs, the latest first, as far as they are; live while the line stands, else looked at every few seconds. */
import { useEffect, useState } from "preact/hooks";
import { type Schemas, api, ask } from "../api/client";
import { allScenes } from "../api/features";
import { day, minute, number } from "../app/format";
import { language, told, wordOf, words } from "../app/language";
import { live, useLive } from "../app/live";
import { href } from "../app/router";
import { useAsked } from "../app/use";
import type { ViewProps } from "../app/views";
import { Await, Choice, Empty, Mark, Panel, Table } from "../ui/parts";
import { OneJob } from "./job";
import { lasted } from "./times";
import { JOB_KINDS, JOB_STATES, JOB_TONES, stepOf } from "./words";

export type Job = Schemas["JobOut"];

const w = words({
  title: ["任务", "Jobs"],
  none: ["没有任务。", "No jobs."],
  all: ["全部", "All"],
  active: ["未完成", "Unfinished"],
  failed: ["失败", "Failed"],
  which: ["显示哪些任务", "Which jobs"],
  kind: ["任务", "Job"],
  what: ["内容", "Of"],
  state: ["状态", "State"],
  progress: ["进度", "Progress"],
  begun: ["提交时间", "Ordered"],
  took: ["用时", "Took"],
  area: ["区域", "Area"],
  more: ["显示更多", "Show more"],
});

export function isActive(job: Job): boolean {
  return job.status === "accepted" || job.status === "running";
}

export function Progress({ job }: { job: Job }) {
  if (job.status === "failed") return <>{told(String(job.error?.title_zh ?? ""), String(job.error?.title ?? ""))}</>;
  if (!isActive(job)) return <>{job.status === "successful" ? stepOf(job.message) : ""}</>;
  return (
    <div class="bring-progress">
      {job.status === "running" ? <progress max={100} value={job.progress} aria-label={`${w.progress} ${wordOf(JOB_KINDS, job.processID)}`} /> : null}
      <small>
        {job.status === "running" ? `${number(job.progress)} % · ` : ""}
        {stepOf(job.message)}
        {job.status === "accepted" && job.not_before ? ` · ${minute(job.not_before)}` : ""}
      </small>
    </div>
  );
}

/** Days of the scenes by id: a scan is known by its two dates. */
export async function daysOfScenes(): Promise<Record<string, string>> {
  return Object.fromEntries((await allScenes()).map((scene) => [scene.id, day(scene.properties.acquired_at)]));
}

const EXPORTS = { ledger: ["台账", "ledger"], patches: ["图斑", "patches"], package: ["全部数据", "everything"] } as const;

/** What a job works on, as far as its order tells. */
export function whatOf(job: Job, days: Readonly<Record<string, string>>): string {
  const text = (name: string): string => (typeof job.request[name] === "string" ? job.request[name] : "");
  if (job.processID === "scan") return `${days[text("before_scene")] ?? "?"} → ${days[text("after_scene")] ?? "?"}`;
  if (job.processID === "export") return wordOf(EXPORTS, text("kind"));
  return "";
}

type Which = "all" | "active" | "failed";

async function listed(which: Which, limit: number): Promise<{ jobs: Job[]; more: boolean }> {
  const states = which === "all" ? [undefined] : which === "failed" ? (["failed"] as const) : (["running", "accepted"] as const);
  const pages = await Promise.all(states.map((status) => ask(api.GET("/jobs", { params: { query: { limit, ...(status ? { status } : {}) } } }))));
  return { jobs: pages.flatMap((page) => page.jobs), more: pages.some((page) => page.numberMatched > page.jobs.length) };
}

/** Jobs of every kind, or of one. */
export function Jobs({ place, tab, kind, round }: ViewProps & { tab: string; kind?: string; round: number }) {
  const [which, setWhich] = useState<Which>("all");
  const [limit, setLimit] = useState(20);
  const asked = useAsked(`jobs:${which}:${limit}:${round}`, () => listed(which, limit));
  useLive(["job.changed"], asked.reload, 500);
  const busy = asked.value?.jobs.some(isActive) ?? false;
  useEffect(() => {
    if (!busy || live.value) return undefined;
    const timer = setInterval(asked.reload, 3_000);
    return () => clearInterval(timer);
  }, [busy, live.value, asked.reload]);
  const days = useAsked("jobs:days", daysOfScenes).value ?? {};
  const opened = place.query.get("job");
  return (
    <Panel
      title={w.title}
      actions={
        <Choice
          label={w.which}
          value={which}
          choose={setWhich}
          options={[
            ["all", w.all],
            ["active", w.active],
            ["failed", w.failed],
          ]}
        />
      }
    >
      {opened ? <OneJob key={opened} id={opened} back={href("bring", { tab })} /> : null}
      <Await asked={asked}>
        {(found) => {
          const rows = found.jobs.filter((job) => kind === undefined || job.processID === kind);
          return (
            <>
              {rows.length === 0 ? (
                <Empty>{w.none}</Empty>
              ) : (
                <Table
                  label={w.title}
                  rows={rows}
                  id={(job) => job.jobID}
                  link={(job) => href("bring", { tab, job: job.jobID })}
                  columns={[
                    { title: w.kind, cell: (job) => wordOf(JOB_KINDS, job.processID) },
                    { title: w.what, cell: (job) => whatOf(job, days) },
                    { title: w.state, cell: (job) => <Mark tone={JOB_TONES[job.status] ?? "plain"}>{wordOf(JOB_STATES, job.status)}</Mark> },
                    { title: w.progress, cell: (job) => <Progress job={job} /> },
                    { title: w.area, cell: (job) => job.area || "-" },
                    { title: w.begun, cell: (job) => minute(job.created) },
                    { title: w.took, cell: (job) => (job.started ? lasted(job.started, job.finished, language.value) : "-") },
                  ]}
                />
              )}
              {found.more ? (
                <button type="button" onClick={() => setLimit(limit + 50)}>
                  {w.more}
                </button>
              ) : null}
            </>
          );
        }}
      </Await>
    </Panel>
  );
}
