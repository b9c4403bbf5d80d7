/** Keys of the desk: one for each verdict. */

/** What a dismissed finding was instead, as the service names it, each with its key. */
export const REASON_KEYS: readonly (readonly [reason: string, key: string])[] = [
  ["shadow", "S"],
  ["tree", "T"],
  ["vehicle", "V"],
  ["container", "C"],
  ["greenhouse", "G"],
  ["solar_panel", "L"],
  ["tarpaulin", "A"],
  ["bare_soil", "B"],
  ["water", "W"],
  ["scaffold", "F"],
  ["registration", "R"],
  ["edge_of_image", "E"],
  ["other", "X"],
];

/** A key that is still on its way from the finding before is no verdict on this one, ms. */
export const LEAST_LOOK_MS = 250;

export type Action = { kind: "right" } | { kind: "wrong"; reason: string } | { kind: "next" } | { kind: "previous" } | { kind: "undo" } | { kind: "help" };

const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ["j", { kind: "right" }],
  ["1", { kind: "right" }],
  ["n", { kind: "next" }],
  ["p", { kind: "previous" }],
  ["u", { kind: "undo" }],
  ["?", { kind: "help" }],
  ["？", { kind: "help" }],
  ...REASON_KEYS.map(([reason, key]): [string, Action] => [key.toLowerCase(), { kind: "wrong", reason }]),
]);

export interface Pressed {
  key: string;
  code: string;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
  repeat: boolean;
  isComposing: boolean;
}

/** What a key asks for. A key that is held does nothing more: it would judge what nobody has looked at. */
export function actionOf(pressed: Pressed): Action | null {
  if (pressed.ctrlKey || pressed.altKey || pressed.metaKey || pressed.repeat || pressed.isComposing) return null;
  // a Chinese input method that is on keeps the letter to itself and tells only the place of the key
  const key = pressed.key === "Process" ? /^Key([A-Z])$/.exec(pressed.code)?.[1] : pressed.key;
  return ACTIONS.get((key ?? "").toLowerCase()) ?? null;
}

const NO_TEXT = new Set(["button", "checkbox", "radio", "range", "submit", "reset", "file", "color", "image"]);

/** Whether somebody writes there: keys are letters then. */
export function isWriting(target: { tagName: string; type?: string; isContentEditable?: boolean } | null): boolean {
  if (target === null) return false;
  const name = target.tagName.toLowerCase();
  if (name === "textarea" || name === "select" || target.isContentEditable) return true;
  return name === "input" && !NO_TEXT.has(target.type ?? "text");
}
