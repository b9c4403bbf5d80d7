/** One job: where it stands, what happened to it, what it said, and a way to stop it. */
import { useEffect, useRef, useState } from "preact/hooks";
import { api, ask, root, send } from "../api/client";
import { bytes, minute, number } from "../app/format";
import { language, wordOf, words } from "../app/language";
import { useLive } from "../app/live";
import { go, href } from "../app/router";
import { may } from "../app/session";
import { useAsked } from "../app/use";
import { Await, Facts, Mark, Refused, Trouble } from "../ui/parts";
import { toast } from "../ui/toast";
import { type Job, Progress, isActive } from "./jobs";
import { lasted } from "./times";
import { JOB_KINDS, JOB_STATES, JOB_TONES } from "./words";

const w = words({
  close: ["关闭", "Close"],
  stop: ["停止任务", "Stop it"],
  sure: ["确定停止？", "Really stop it?"],
  keep: ["不停止", "Let it go on"],
  stopped: ["已停止。", "Stopped."],
  history: ["经过", "What happened"],
  log: ["日志", "Log"],
  noLog: ["没有日志。", "It said nothing."],
  steps: ["已完成并保留的步骤", "Steps that are kept"],
  attempt: ["第几次", "Start"],
  ordered: ["提交", "Ordered"],
  started: ["开始", "Started"],
  finished: ["结束", "Ended"],
  took: ["用时", "Took"],
  attempts: ["启动次数", "Starts"],
  area: ["区域", "Area"],
  findings: ["查看发现", "Its findings"],
  fetch: ["下载文件", "Fetch the file"],
  until: ["保留至", "kept until"],
  report: ["晨报", "Morning report"],
});

const EVENTS = {
  accepted: ["已提交", "accepted"],
  started: ["开始", "started"],
  "given-back": ["交回队列", "given back"],
  crashed: ["异常退出", "crashed"],
  lost: ["失去联系", "lost"],
  retried: ["再次尝试", "tried again"],
  failed: ["失败", "failed"],
  dismissed: ["被停止", "stopped"],
  successful: ["完成", "done"],
} as const;

function Failure({ error }: { error: Record<string, unknown> }) {
  return (
    <div class="trouble">
      <Refused refusal={error} />
    </div>
  );
}

function History({ id, state }: { id: string; state: string }) {
  const asked = useAsked(`history:${id}:${state}`, () => ask(api.GET("/jobs/{job_id}/history", { params: { path: { job_id: id } } })));
  return (
    <Await asked={asked}>
      {(found) => (
        <>
          <ol class="list">
            {found.events.map((event, at) => (
              <li key={at}>
                <time>{minute(event.at)}</time> {wordOf(EVENTS, event.what)} {event.attempt > 1 ? `(${w.attempt} ${event.attempt})` : ""} {event.detail ? <small>{event.detail}</small> : null}
              </li>
            ))}
          </ol>
          {found.steps.length > 0 ? (
            <p class="note">
              {w.steps}: {number(found.steps.length)}
            </p>
          ) : null}
        </>
      )}
    </Await>
  );
}

async function logOf(id: string): Promise<string> {
  const answer = await fetch(`${root}/jobs/${encodeURIComponent(id)}/log`);
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.text();
}

function Log({ id, state }: { id: string; state: string }) {
  const asked = useAsked(`log:${id}:${state}`, () => logOf(id));
  return <Await asked={asked}>{(text) => (text.trim() ? <pre class="bring-log" tabIndex={0}>{text}</pre> : <p class="note">{w.noLog}</p>)}</Await>;
}

function Stop({ job, done }: { job: Job; done: () => void }) {
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<Error>();
  const stop = async (): Promise<void> => {
    try {
      // exports are stopped by whoever ordered them, also without the right to order scans
      await send("DELETE", job.processID === "export" ? `/exports/${job.jobID}` : `/jobs/${job.jobID}`);
      toast(w.stopped);
      done();
    } catch (failed) {
      setError(failed as Error);
    }
    setAsking(false);
  };
  if (error) return <Trouble error={error} />;
  if (!asking) {
    return (
      <button type="button" class="danger" onClick={() => setAsking(true)}>
        {w.stop}
      </button>
    );
  }
  return (
    <span class="row">
      {w.sure}
      <button type="button" class="danger" onClick={() => void stop()}>
        {w.stop}
      </button>
      <button type="button" onClick={() => setAsking(false)}>
        {w.keep}
      </button>
    </span>
  );
}

function Results({ job }: { job: Job }) {
  const result = job.result ?? {};
  if (job.scan_id) {
    return (
      <a class="button" href={href(may("judge") ? "judge" : "look", { scan: job.scan_id })}>
        {w.findings}
      </a>
    );
  }
  if (job.processID !== "export" || job.status !== "successful") return null;
  return (
    <span class="row">
      <a class="button main" href={`${root}/exports/${job.jobID}/content`} download>
        {w.fetch}
      </a>
      <small>
        {String(result.name ?? "")} · {bytes(Number(result.size_bytes ?? 0))} · {w.until} {minute(String(result.kept_until ?? ""))}
      </small>
    </span>
  );
}

export function OneJob({ id, back }: { id: string; back: string }) {
  const asked = useAsked(`job:${id}`, () => ask(api.GET("/jobs/{job_id}", { params: { path: { job_id: id } } })));
  useLive(["job.changed"], asked.reload, 500);
  const box = useRef<HTMLElement>(null);
  // it stands below what ordered it: whoever ordered it sees how it gets on
  useEffect(() => box.current?.scrollIntoView({ block: "nearest", behavior: "smooth" }), [id, asked.value === undefined]);
  return (
    <section ref={box} class="bring-job" aria-live="polite">
      <Await asked={asked}>
        {(job) => (
          <>
            <header class="row">
              <h3>{wordOf(JOB_KINDS, job.processID)}</h3>
              <Mark tone={JOB_TONES[job.status] ?? "plain"}>{wordOf(JOB_STATES, job.status)}</Mark>
              <Progress job={job} />
              <button type="button" class="plain bring-close" onClick={() => go(back)}>
                {w.close}
              </button>
            </header>
            {job.error ? <Failure error={job.error} /> : null}
            <div class="row">
              <Results job={job} />
              {isActive(job) && (may("scan") || job.processID === "export") ? <Stop job={job} done={asked.reload} /> : null}
            </div>
            <Facts
              rows={[
                [w.ordered, minute(job.created)],
                [w.started, minute(job.started)],
                [w.finished, minute(job.finished)],
                [w.took, lasted(job.started, job.finished, language.value)],
                [w.attempts, number(job.attempts)],
                [w.area, job.area || "-"],
              ]}
            />
            <details>
              <summary>{w.history}</summary>
              <History id={id} state={job.status} />
            </details>
            {may("scan") ? (
              <details>
                <summary>{w.log}</summary>
                <Log id={id} state={job.status} />
              </details>
            ) : null}
          </>
        )}
      </Await>
    </section>
  );
}
