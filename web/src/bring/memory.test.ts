import { describe, expect, it } from "vitest";
import { type Keeper, type Kept, forget, keep, keptOf } from "./memory";

function keeper(first?: string): Keeper {
  const held = new Map<string, string>(first === undefined ? [] : [["kancha.uploads", first]]);
  return { getItem: (name) => held.get(name) ?? null, setItem: (name, value) => void held.set(name, value) };
}

const one: Kept = { id: "u1", mark: "a.tif|3|9", name: "a.tif", size: 3, person: "p1", begun: "2026-01-01T00:00:00Z" };

describe("unfinished uploads", () => {
  it("are kept once each, for whoever began them", () => {
    const held = keeper();
    keep(held, one);
    keep(held, one);
    keep(held, { ...one, id: "u2", person: "p2" });
    expect(keptOf(held, "p1")).toEqual([one]);
    forget(held, "u1");
    expect(keptOf(held, "p1")).toEqual([]);
    expect(keptOf(held, "p2")).toHaveLength(1);
  });

  it("survive a browser that kept rubbish, or keeps nothing", () => {
    expect(keptOf(keeper("{"), "p1")).toEqual([]);
    expect(keptOf(keeper('[1, null, {"id": 3}]'), "p1")).toEqual([]);
    const full: Keeper = {
      getItem: () => null,
      setItem: () => {
        throw new Error("full");
      },
    };
    expect(() => keep(full, one)).not.toThrow();
  });
});
