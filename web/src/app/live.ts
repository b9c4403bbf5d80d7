/** What happens while the page stands, by server-sent events: new findings, verdicts, alarms, scans, jobs. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { root } from "../api/client";

export interface Happened {
  /** `finding.appeared`, `finding.judged`, `alarm.raised`, `scan.completed`, `scene.stored`, `job.changed`. */
  type: string;
  subject: string;
  told: Record<string, unknown>;
}

/** Whether events arrive. */
export const live = signal(false);

const listeners = new Set<(event: Happened) => void>();
const TYPES = ["finding.appeared", "finding.judged", "alarm.raised", "scan.completed", "scene.stored", "job.changed"];

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

/** Do something at events of some types, at most once in `pause_ms`: a scan tells of a thousand findings at once. */
export function useLive(types: readonly string[], act: () => void, pause_ms = 1_000): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const heard = (event: Happened): void => {
      if (!types.includes(event.type) || waiting !== undefined) return;
      waiting = setTimeout(() => {
        waiting = undefined;
        latest.current();
      }, pause_ms);
    };
    listeners.add(heard);
    return () => {
      listeners.delete(heard);
      clearTimeout(waiting);
    };
  }, [types.join(","), pause_ms]);
}
