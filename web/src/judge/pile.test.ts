import { beforeAll, expect, test, vi } from "vitest";
import type { Verdict } from "./agree";

// the client asks the page where the service is
vi.stubGlobal("document", { querySelector: () => null });
vi.stubGlobal("location", { origin: "http://host", hash: "" });

let pile: typeof import("./pile");
beforeAll(async () => {
  pile = await import("./pile");
});

const said = (id: string, by: string, verdict: boolean): Verdict => ({
  id, finding_id: "f", verdict, reason: verdict ? null : "shadow", outline: null, judged_by: by, judged_at: "", note: null, purpose: "enforce", created_at: "", links: [],
});

test("what others alone have judged waits; those who disagree come first", () => {
  const told = pile.pileOf(
    [
      { id: "a", verdicts: [said("1", "王", true)] },
      { id: "b", verdicts: [said("2", "李", true)] },
      { id: "c", verdicts: [said("3", "王", true), said("4", "李", true)] },
      { id: "d", verdicts: [said("5", "王", true), said("6", "赵", false)] },
    ],
    "李",
  );
  expect(told.waiting.map((one) => one.id)).toEqual(["a"]);
  expect(told.compared.map((one) => [one.id, one.result])).toEqual([["d", "disagree"], ["c", "same"]]);
});

test("pages go on behind the cursor", () => {
  expect(pile.cursorOf([{ rel: "next", href: "http://x/collections/findings/items?limit=2&cursor=17" }])).toBe("17");
  expect(pile.cursorOf([])).toBeNull();
});

test("a few at once, in their order", async () => {
  let running = 0;
  let most = 0;
  const out = await pile.each([3, 1, 2, 5, 4], async (n) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((done) => setTimeout(done, n));
    running -= 1;
    return 10 * n;
  }, 2);
  expect(out).toEqual([30, 10, 20, 50, 40]);
  expect(most).toBe(2);
});
