import { expect, test } from "vitest";
import { REASON_KEYS, actionOf, isWriting, type Pressed } from "./keys";

const pressed = (key: string, more: Partial<Pressed> = {}): Pressed => ({
  key, code: "", ctrlKey: false, altKey: false, metaKey: false, repeat: false, isComposing: false, ...more,
});

test("one key for each verdict, none of them twice", () => {
  expect(actionOf(pressed("j"))).toEqual({ kind: "right" });
  expect(actionOf(pressed("1"))).toEqual({ kind: "right" });
  for (const [reason, key] of REASON_KEYS) expect(actionOf(pressed(key))).toEqual({ kind: "wrong", reason });
  expect(new Set([...REASON_KEYS.map(([, key]) => key), "J", "N", "P", "U"]).size).toBe(REASON_KEYS.length + 4);
});

test("held keys, shortcuts of the browser and input methods judge nothing", () => {
  expect(actionOf(pressed("j", { repeat: true }))).toBeNull();
  expect(actionOf(pressed("r", { ctrlKey: true }))).toBeNull();
  expect(actionOf(pressed("j", { isComposing: true }))).toBeNull();
  expect(actionOf(pressed("Process", { code: "KeyS" }))).toEqual({ kind: "wrong", reason: "shadow" });
  expect(actionOf(pressed("z"))).toBeNull();
});

test("letters are letters where somebody writes", () => {
  expect(isWriting({ tagName: "TEXTAREA" })).toBe(true);
  expect(isWriting({ tagName: "INPUT", type: "text" })).toBe(true);
  expect(isWriting({ tagName: "INPUT", type: "checkbox" })).toBe(false);
  expect(isWriting({ tagName: "BUTTON" })).toBe(false);
  expect(isWriting(null)).toBe(false);
});
