import { expect, test } from "vitest";
import { type Told, begin, call, find, give, progress, refused, renew, step, stored, undone, upcoming, without } from "./sitting";

const rows = ["a", "b", "c", "d"].map((id) => ({ id, purpose: "enforce", why: "" }));
const right: Told = { verdict: true, reason: null, note: "", outline: null, purpose: "enforce" };

test("the next is shown at once, and what was refused comes back next", () => {
  let s = begin(rows, null);
  expect(s.at).toBe("a");
  s = give(s, right, 0);
  expect(s.at).toBe("b");
  s = refused(s, "a", new Error("no"));
  expect(s.at).toBe("b");
  s = give(s, right, 1_000);
  expect(s.at).toBe("a");
  expect(find(s, "a")?.told).toEqual(right);
  s = stored(s, "b", "v1");
  expect(find(s, "b")?.state).toBe("judged");
  expect(s.given).toEqual(["b"]);
});

test("a refusal of the last one shows it again", () => {
  let s = give(begin(rows.slice(0, 1), null), right, 0);
  expect(s.at).toBeNull();
  s = refused(s, "a", new Error("no"));
  expect(s.at).toBe("a");
  expect(progress(s, 1_000)).toEqual({ judged: 0, left: 1, refused: 1, pace: null });
});

test("a finding that is called by its address comes first", () => {
  expect(begin(rows, "c").entries.map((e) => e.id)).toEqual(["c", "a", "b", "d"]);
  expect(begin(rows, "z").entries[0]).toMatchObject({ id: "z", purpose: null });
  const s = call(give(begin(rows, null), right, 0), "z");
  expect(s.entries.map((e) => e.id)).toEqual(["a", "z", "b", "c", "d"]);
  expect(s.at).toBe("z");
});

test("undo shows the finding again", () => {
  let s = stored(give(begin(rows, null), right, 0), "a", "v1");
  s = undone(s, "a", true);
  expect(s.at).toBe("a");
  expect(find(s, "a")).toMatchObject({ state: "open", again: true });
  expect(progress(s, 0)).toMatchObject({ judged: 0, left: 4 });
  // where another verdict counts again, nobody waits for one
  s = undone(stored(give(s, right, 0), "a", "v2"), "a", false);
  expect(s.at).toBe("a");
  expect(progress(s, 0)).toMatchObject({ judged: 0, left: 3 });
});

test("next and previous stay within the list", () => {
  let s = begin(rows, null);
  expect(step(s, -1).at).toBe("a");
  s = step(step(s, 1), 1);
  expect(s.at).toBe("c");
  expect(upcoming(s, 2)).toEqual(["d", "a"]);
  expect(upcoming(s, 9)).toEqual(["d", "a", "b"]);
});

test("what others judge leaves, what one looks at stays", () => {
  const s = without(begin(rows, null), new Set(["a", "b", "d"]));
  expect(s.entries.map((e) => e.id)).toEqual(["a", "c"]);
});

test("the pace is that of the last ten minutes", () => {
  let s = begin(rows, null);
  for (const at of [0, 10_000, 20_000, 30_000]) s = give(s, right, at);
  expect(progress(s, 30_000).pace).toBeCloseTo(6);
  expect(progress(s, 30_000).left).toBe(0);
});

test("another queue keeps what was said in this sitting", () => {
  const s = renew(stored(give(begin(rows, null), right, 5), "a", "v1"), [...rows, { id: "e", purpose: "learn", why: "" }], "e");
  expect(s.entries.map((e) => e.id)).toEqual(["a", "e", "b", "c", "d"]);
  expect(s).toMatchObject({ at: "e", given: ["a"], times: [5] });
});
