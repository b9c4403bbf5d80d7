import { expect, test } from "vitest";
import { type Verdict, agreement, givenBack, standing, undoOf } from "./agree";

const said = (id: string, by: string, verdict: boolean, more: Partial<Verdict> = {}): Verdict => ({
  id, finding_id: "f", verdict, reason: verdict ? null : "shadow", outline: null, judged_by: by, judged_at: "2024-09-18T02:30:00Z",
  note: null, purpose: "enforce", created_at: "2024-09-18T02:30:00Z", links: [], ...more,
});

test("undo gives back the verdict before", () => {
  const told = [said("1", "王", true), said("2", "李", false)];
  expect(undoOf(told, "2")).toEqual({ kind: "again", before: told[0] });
  expect(undoOf([said("2", "李", false)], "2")).toEqual({ kind: "first" });
  expect(undoOf(told, "1")).toEqual({ kind: "overruled", by: told[1] });
  expect(givenBack(said("1", "王", false, { note: "水面反光" }), "2024-09-18", "李")).toEqual({
    verdict: false, reason: "shadow", outline: null, purpose: "enforce", note: "撤回误判，恢复此前结论（王，2024-09-18）；水面反光",
  });
  expect(givenBack(said("1", "李", true), "2024-09-18", "李").note).toBe("");
});

test("two people, each by what they said last themselves", () => {
  const told = [said("1", "王", true), said("2", "李", false), said("3", "王", false)];
  expect(standing(told, "李")).toMatchObject({ first: { id: "3" }, second: { id: "2" }, mine: { id: "2" } });
  expect(standing(told, "赵")).toMatchObject({ mine: null });
  const back = [...told, said("4", "李", true, { note: givenBack(said("1", "王", true), "x", "李").note })];
  expect(standing(back, "李")).toMatchObject({ first: { id: "3" }, second: null, mine: null });
});

test("agreement", () => {
  expect(agreement(said("1", "王", true), said("2", "李", false))).toBe("disagree");
  expect(agreement(said("1", "王", false), said("2", "李", false, { reason: "tree" }))).toBe("other_reason");
  expect(agreement(said("1", "王", false), said("2", "李", false))).toBe("same");
});
