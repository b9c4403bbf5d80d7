/** Nights: what the last ones did, their reports, when the next is due, and one begun by hand. */
import { useState } from "preact/hooks";
import { type Schemas, api, ask, root, send } from "../api/client";
import { minute, number, relative } from "../app/format";
import { language, words } from "../app/language";
import { useLive } from "../app/live";
import { may } from "../app/session";
import { useAsked } from "../app/use";
import { stepOf } from "../bring/words";
import { Await, Empty, Facts, Mark, Panel, Table, Trouble } from "../ui/parts";
import { toast } from "../ui/toast";
import { useAct } from "./act";

type Night = Schemas["NightOut"];

const w = words({
  title: ["夜间批处理", "Nights"],
  begin: ["立即开始一次", "Begin one now"],
  begun: ["已开始。", "It has begun."],
  same: ["已有一次正在进行。", "One is under way already."],
  schedule: ["时间安排", "Schedule"],
  hand: ["仅手动", "by hand alone"],
  daily: ["北京时间每天", "Beijing time, every day at"],
  next: ["下一次", "Next due"],
  none: ["还没有运行过。", "None yet."],
  started: ["开始", "Begun"],
  finished: ["结束", "Ended"],
  running: ["进行中", "under way"],
  what: ["结果", "What it did"],
  report: ["晨报", "Morning report"],
  open: ["打开", "Open"],
  more: ["显示更多", "Show more"],
  byHand: ["手动", "by hand"],
  planned: ["定时", "by schedule"],
  how: ["方式", "How"],
  progress: ["进度", "Progress"],
});

/** The usual forms of cron in words: a minute and an hour every day. */
export function scheduleIn(cron: string): string {
  if (cron === "") return w.hand;
  const daily = /^(\d{1,2}) (\d{1,2}) \* \* \*$/.exec(cron.trim());
  if (!daily) return cron;
  const told = `${(daily[2] ?? "").padStart(2, "0")}:${(daily[1] ?? "").padStart(2, "0")}`;
  return `${w.daily}${language.value === "zh" ? "" : " "}${told}`;
}

function Running() {
  const asked = useAsked("nights:running", () => ask(api.GET("/jobs", { params: { query: { status: "running", limit: 50 } } })));
  useLive(["job.changed"], asked.reload);
  const night = asked.value?.jobs.find((job) => job.processID === "night");
  if (!night) return null;
  return (
    <div class="run-progress">
      <progress max={100} value={night.progress} aria-label={w.progress} />
      <small>
        {number(night.progress)} % · {stepOf(night.message)}
      </small>
    </div>
  );
}

export function Nights() {
  const [limit, setLimit] = useState(30);
  const asked = useAsked(`nights:${limit}`, () => ask(api.GET("/nights", { params: { query: { limit } } })));
  useLive(["job.changed"], asked.reload, 3_000);
  const doing = useAct();
  const begin = () =>
    doing.act(async () => {
      const job = await send<Schemas["JobOut"]>("POST", "/nights");
      toast(Date.now() - new Date(job.created).getTime() < 5_000 ? w.begun : w.same);
      asked.reload();
    });
  const report = (night: Night) =>
    night.summary === null ? (
      "-"
    ) : (
      <a href={`${root}/nights/${encodeURIComponent(night.id)}/report?f=html`} target="_blank" rel="noopener">
        {w.open}
      </a>
    );
  return (
    <Panel
      title={w.title}
      actions={
        may("scan") ? (
          <button type="button" class="main" disabled={doing.busy} onClick={() => void begin()}>
            {w.begin}
          </button>
        ) : null
      }
    >
      {doing.error ? <Trouble error={doing.error} /> : null}
      <Running />
      <Await asked={asked}>
        {(found) => (
          <>
            <Facts
              rows={[
                [w.schedule, scheduleIn(found.schedule)],
                [w.next, found.next_due ? `${minute(found.next_due)} (${relative(found.next_due)})` : "-"],
              ]}
            />
            {found.nights.length === 0 ? (
              <Empty>{w.none}</Empty>
            ) : (
              <Table
                label={w.title}
                rows={found.nights}
                id={(night) => night.id}
                columns={[
                  { title: w.started, cell: (night) => minute(night.started_at) },
                  { title: w.finished, cell: (night) => (night.finished_at ? minute(night.finished_at) : <Mark tone="info">{w.running}</Mark>) },
                  { title: w.how, cell: (night) => (night.due_at ? w.planned : w.byHand) },
                  { title: w.what, cell: (night) => stepOf(night.summary) || "-" },
                  { title: w.report, cell: report },
                ]}
              />
            )}
            {found.numberMatched > found.nights.length ? (
              <button type="button" onClick={() => setLimit(limit + 100)}>
                {w.more}
              </button>
            ) : null}
          </>
        )}
      </Await>
    </Panel>
  );
}
