/** What happens while the page stands, by server-sent events: new findings, verdicts, alarms, scans, cases, jobs. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { root } from "../api/client";

export interface Happened {
  /** One of `TYPES`. */
  type: string;
  subject: string;
  told: Record<string, unknown>;
}

/** Whether events arrive. */
export const live = signal(false);

const listeners = new Set<(event: Happened) => void>();
const TYPES = ["finding.appeared", "finding.judged", "alarm.raised", "scan.completed", "scene.stored", "case.opened", "case.event", "case.closed", "case.term", "job.changed"];
/** All that happens to cases. */
export const CASES = ["case.opened", "case.event", "case.closed", "case.term"] as const;

/** Begin to listen; the browser itself goes on where the line was lost. */
export function listen(): void {
  const source = new EventSource(`${root}/events/stream`);
  source.onopen = () => {
    live.value = true;
  };
  source.onerror = () => {
    live.value = false;
  };
  for (const type of TYPES) {
    source.addEventListener(type, (message) => {
      const body = JSON.parse((message as MessageEvent<string>).data) as Omit<Happened, "type">;
      for (const listener of listeners) listener({ type, ...body });
    });
  }
}

/** Do something at events of some types, at most once in `pause_ms`: a scan tells of a thousand findings at once. `about`: only of this. */
export function useLive(types: readonly string[], act: (event: Happened) => void, pause_ms = 1_000, about?: string): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const heard = (event: Happened): void => {
      if (!types.includes(event.type) || waiting !== undefined || (about !== undefined && event.subject !== about)) return;
      waiting = setTimeout(() => {
        waiting = undefined;
        latest.current(event);
      }, pause_ms);
    };
    listeners.add(heard);
    return () => {
      listeners.delete(heard);
      clearTimeout(waiting);
    };
  }, [types.join(","), pause_ms, about]);
}
