/** A change with what it may be refused with, and a question before what cannot be taken back. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { words } from "../app/language";
import { Trouble } from "../ui/parts";

const w = words({ sure: ["确定？", "Really?"], yes: ["确定", "Yes"], no: ["取消", "No"] });

export interface Act {
  busy: boolean;
  error: Error | undefined;
  act: (what: () => Promise<void>) => Promise<boolean>;
  clear: () => void;
}

/** Whether something is under way, and what it was refused with. */
export function useAct(): Act {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const act = async (what: () => Promise<void>): Promise<boolean> => {
    setBusy(true);
    setError(undefined);
    try {
      await what();
      return true;
    } catch (failed) {
      setError(failed as Error);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, act, clear: () => setError(undefined) };
}

/** A button that asks once more. */
export function Sure({ title, question, act, name, kind = "danger" }: { title: ComponentChildren; question?: string; act: () => Promise<void>; name?: string; kind?: "danger" | "main" }) {
  const [asking, setAsking] = useState(false);
  const doing = useAct();
  if (doing.error) {
    return (
      <Trouble
        error={doing.error}
        retry={() => {
          doing.clear();
          setAsking(true);
        }}
      />
    );
  }
  if (!asking) {
    return (
      <button type="button" class={kind === "danger" ? "danger" : ""} aria-label={name} onClick={() => setAsking(true)}>
        {title}
      </button>
    );
  }
  return (
    <span class="row run-sure">
      {question ?? w.sure}
      <button type="button" class={kind} disabled={doing.busy} onClick={() => void doing.act(act).then((done) => done && setAsking(false))}>
        {w.yes}
      </button>
      <button type="button" onClick={() => setAsking(false)}>
        {w.no}
      </button>
    </span>
  );
}
