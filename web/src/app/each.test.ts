import { expect, test } from "vitest";
import { each } from "./each";

test("a few at once, in their order", async () => {
  let running = 0;
  let most = 0;
  const out = await each([3, 1, 2, 5, 4], async (n) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((done) => setTimeout(done, n));
    running -= 1;
    return 10 * n;
  }, 2);
  expect(out).toEqual([30, 10, 20, 50, 40]);
  expect(most).toBe(2);
});
