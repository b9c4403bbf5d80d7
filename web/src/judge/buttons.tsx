/** One button for each verdict, each with its key; and the keys themselves. */
import { useEffect, useRef, useState } from "preact/hooks";
import { wordOf } from "../app/language";
import { Dialog } from "../ui/parts";
import { type Action, REASON_KEYS, actionOf, isWriting } from "./keys";
import { CUES } from "../app/terms";
import { w } from "./words";

const KEPT = "kancha.judge.keys";

/** Whether single keys judge; who speaks to the machine, or shares a keyboard, switches them off. */
export function useKeySwitch(): [boolean, (on: boolean) => void] {
  const [on, setOn] = useState(() => {
    try {
      return localStorage.getItem(KEPT) !== "off";
    } catch {
      return true;
    }
  });
  const change = (next: boolean): void => {
    setOn(next);
    try {
      localStorage.setItem(KEPT, next ? "on" : "off");
    } catch {
      // on again next time
    }
  };
  return [on, change];
}

export function useKeys(on: boolean, act: (action: Action) => void): void {
  const latest = useRef({ on, act });
  // told at once: an effect waits for the next picture, and a key may come before it
  latest.current = { on, act };
  useEffect(() => {
    const heard = (event: KeyboardEvent): void => {
      if (!latest.current.on || isWriting(event.target as HTMLElement | null) || document.querySelector("dialog[open]")) return;
      const action = actionOf(event);
      if (action === null) return;
      event.preventDefault();
      latest.current.act(action);
    };
    addEventListener("keydown", heard);
    return () => removeEventListener("keydown", heard);
  }, []);
}

export function VerdictButtons({ act, disabled }: { act: (action: Action) => void; disabled: boolean }) {
  return (
    <div class="judge-verdicts" role="group" aria-label={w.verdicts}>
      <button type="button" class="main judge-right" disabled={disabled} title={w.rightLong} aria-keyshortcuts="J 1" onClick={() => act({ kind: "right" })}>
        {w.right} <kbd>J</kbd>
      </button>
      <span class="judge-wrong" id="judge-wrong">
        {w.wrong}
      </span>
      <div class="judge-reasons-keys" role="group" aria-labelledby="judge-wrong">
        {REASON_KEYS.map(([reason, key]) => (
          <button key={reason} type="button" disabled={disabled} aria-keyshortcuts={key} onClick={() => act({ kind: "wrong", reason })}>
            {wordOf(CUES, reason)} <kbd>{key}</kbd>
          </button>
        ))}
      </div>
    </div>
  );
}

export function Help({ close }: { close: () => void }) {
  const rows: [string, string][] = [
    ["J / 1", w.rightLong],
    ...REASON_KEYS.map(([reason, key]): [string, string] => [key, `${w.dismissed}${wordOf(CUES, reason)}`]),
    ["N", w.next],
    ["P", w.previous],
    ["U", w.undo],
    ["?", w.help],
  ];
  return (
    <Dialog title={w.helpTitle} close={close}>
      <p>{w.helpLead}</p>
      <table>
        <thead>
          <tr>
            <th scope="col">{w.key}</th>
            <th scope="col">{w.does}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([key, does]) => (
            <tr key={key}>
              <td>
                <kbd>{key}</kbd>
              </td>
              <td>{does}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  );
}
