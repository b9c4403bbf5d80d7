/** Something that is shown this once: a link for a password, the secret of a key or channel. */
import { useState } from "preact/hooks";
import { words } from "../app/language";
import { Dialog, Field } from "../ui/parts";

const w = words({
  copy: ["复制", "Copy"],
  copied: ["已复制", "Copied"],
  byHand: ["请手动选择并复制", "Select it and copy by hand"],
  only: ["只显示这一次，关闭后无法再次查看。", "It is shown this once, and never again."],
  done: ["我已保存，关闭", "It is kept; close"],
});

export function Once({ title, label, note, secret, close }: { title: string; label: string; note?: string; secret: string; close: () => void }) {
  const [state, setState] = useState<"" | "copied" | "byHand">("");
  const copy = async (): Promise<void> => {
    try {
      // over plain HTTP browsers give no clipboard
      await navigator.clipboard.writeText(secret);
      setState("copied");
    } catch {
      setState("byHand");
    }
  };
  return (
    <Dialog title={title} close={close}>
      {note ? <p>{note}</p> : null}
      <Field label={label}>
        <input class="run-secret" readOnly value={secret} onFocus={(event) => event.currentTarget.select()} />
      </Field>
      <p>
        <b>{w.only}</b>
      </p>
      <div class="row">
        <button type="button" class="main" onClick={() => void copy()}>
          {w.copy}
        </button>
        <button type="button" onClick={close}>
          {w.done}
        </button>
        <span role="status">{state ? w[state] : ""}</span>
      </div>
    </Dialog>
  );
}
