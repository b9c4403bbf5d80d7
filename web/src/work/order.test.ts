import { expect, test } from "vitest";
import { columnsOf, orderCases, orderClocks } from "./order";

const clock = (state: string, due_at: string) => ({ state, due_at });
const item = (serial: string, state: string, overdue: string[], due_at: string | null) => ({ properties: { serial, state, overdue, due_at } });

test("overdue terms come first, then what ends first", () => {
  const found = orderClocks([clock("met", "2026-01-01"), clock("running", "2026-03-01"), clock("overdue", "2026-02-01"), clock("running", "2026-02-01"), clock("new", "2025-01-01")]);
  expect(found.map((one) => `${one.state} ${one.due_at}`)).toEqual(["overdue 2026-02-01", "running 2026-02-01", "running 2026-03-01", "met 2026-01-01", "new 2025-01-01"]);
});

test("cases with overdue terms come first, those that wait for nothing last", () => {
  const found = orderCases([item("3", "open", [], null), item("2", "open", [], "2026-02-01"), item("1", "open", ["a"], null), item("4", "open", [], "2026-01-01"), item("5", "open", ["a", "b"], "2026-09-01")]);
  expect(found.map((one) => one.properties.serial)).toEqual(["5", "1", "4", "2", "3"]);
});

test("columns follow the procedure", () => {
  const found = columnsOf([item("1", "filed", [], null), item("2", "open", [], null), item("3", "filed", [], null)], ["open", "filed", "closed"]);
  expect(found.map(([state, cases]) => [state, cases.length])).toEqual([["open", 1], ["filed", 2]]);
});
