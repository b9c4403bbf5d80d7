import { describe, expect, it } from "vitest";
import { lasted, timeLeft } from "./times";

describe("times that last", () => {
  it("are told in seconds, minutes, hours", () => {
    expect(timeLeft(0.2, "en")).toBe("1 s");
    expect(timeLeft(75, "en")).toBe("75 s");
    expect(timeLeft(200, "zh")).toBe("3 分钟");
    expect(timeLeft(7_500, "en")).toBe("2 h 5 min");
    expect(timeLeft(7_200, "en")).toBe("2 h");
    expect(timeLeft(Number.POSITIVE_INFINITY, "en")).toBe("-");
  });

  it("are between two moments", () => {
    expect(lasted("2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", "en")).toBe("60 s");
    expect(lasted(null, null, "en")).toBe("-");
  });
});
