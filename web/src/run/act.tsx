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
  return { busy, error, act };
}

/** A button that asks once more. */
export function Sure({ title, question, act, name }: { title: ComponentChildren; question?: string; act: () => Promise<void>; name?: string }) {
  const [asking, setAsking] = useState(false);
  const doing = useAct();
  if (doing.error) return <Trouble error={doing.error} />;
  if (!asking) {
    return (
      <button type="button" class="danger" aria-label={name} onClick={() => setAsking(true)}>
        {title}
      </button>
    );
  }
  return (
    <span class="row">
      {question ?? w.sure}
      <button type="button" class="danger" disabled={doing.busy} onClick={() => void doing.act(act).then((done) => done && setAsking(false))}>
        {w.yes}
      </button>
      <button type="button" onClick={() => setAsking(false)}>
        {w.no}
      </button>
    </span>
  );
}
