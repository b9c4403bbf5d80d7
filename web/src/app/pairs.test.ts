import { describe, expect, it } from "vitest";
import { common, earlier, newestPair } from "./pairs";

const scene = (id: string, acquired_at: string, bbox: number[]) => ({ id, bbox, properties: { acquired_at } });

describe("pairs of scenes", () => {
  const a = scene("a", "2024-03-12T00:00:00Z", [0, 0, 2, 2]);
  const b = scene("b", "2025-06-12T00:00:00Z", [1, 1, 3, 3]);
  const c = scene("c", "2026-04-20T00:00:00Z", [0, 0, 2, 2]);
  const far = scene("far", "2026-05-20T00:00:00Z", [50, 50, 51, 51]);

  it("have ground in common", () => {
    expect(common(a.bbox, c.bbox)).toBe(1);
    expect(common(a.bbox, b.bbox)).toBe(0.25);
    expect(common(a.bbox, far.bbox)).toBe(0);
    expect(common(undefined, a.bbox)).toBe(0);
  });

  it("are earlier and of the same place", () => {
    expect(earlier([a, b, c, far], c).map((one) => one.id)).toEqual(["b", "a"]);
    expect(earlier([a, b, c, far], a)).toEqual([]);
  });

  it("begin with the latest scene that has a partner", () => {
    expect(newestPair([a, far, c, b])).toEqual({ before: b, after: c });
    expect(newestPair([a, far])).toBeNull();
  });
});
