import { beforeAll, expect, test, vi } from "vitest";
import type { Pair, Verdict } from "./agree";

// the client asks the page where the service is
vi.stubGlobal("document", { querySelector: () => null });
vi.stubGlobal("location", { origin: "http://host", hash: "" });

let pile: typeof import("./pile");
beforeAll(async () => {
  pile = await import("./pile");
});

const said = (by: string, verdict: boolean): Verdict => ({
  id: by, finding_id: "f", verdict, reason: verdict ? null : "shadow", outline: null, judged_by: by, person_id: null, judged_at: "", note: null, purpose: "enforce",
  created_at: "", withdrawn_at: null, links: [],
});
const pair = (result: Pair["result"]): Pair => ({ result, first: said("王", true), second: said("李", result === "same") });

test("what was just said stands before what was read", () => {
  const read = [{ id: "a", pair: pair("disagree") }, { id: "b", pair: pair("same") }];
  const all = pile.newest([{ id: "b", pair: pair("disagree") }, { id: "c", pair: pair("same") }], read);
  expect(all.map((one) => one.id)).toEqual(["b", "c", "a"]);
  expect(pile.ofResult(all, false).map((one) => one.id)).toEqual(["b", "a"]);
  expect(pile.ofResult(all, true).map((one) => one.id)).toEqual(["c"]);
});

test("the next that waits, round the pile", () => {
  const waits = (id: string): boolean => id !== "b";
  expect(pile.nextOf(["a", "b", "c"], waits, "a")).toBe("c");
  expect(pile.nextOf(["a", "b", "c"], waits, "c")).toBe("a");
  expect(pile.nextOf(["a", "b"], waits, "a")).toBeNull();
});

test("pages go on behind the cursor", () => {
  expect(pile.cursorOf([{ rel: "next", href: "http://x/second-looks?limit=2&cursor=17" }])).toBe("17");
  expect(pile.cursorOf([])).toBeNull();
});
