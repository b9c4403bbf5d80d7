import { expect, test } from "vitest";
import { beside } from "./beside";

test("figures of both stand first, and less false alarms are better", () => {
  const champion = { "held out": { object_f1: 0.6, false_per_km2: 12, cases: 40 }, bureau: { object_f1: 0.5 } };
  const challenger = { "held out": { object_f1: 0.7, false_per_km2: 14, cases: 10 }, composed: { object_f1: 0.9 } };
  expect(beside(champion, challenger)).toEqual([
    { group: "held out", name: "object_f1", champion: 0.6, challenger: 0.7, better: "challenger" },
    { group: "held out", name: "false_per_km2", champion: 12, challenger: 14, better: "champion" },
    { group: "bureau", name: "object_f1", champion: 0.5, challenger: null, better: null },
    { group: "composed", name: "object_f1", champion: null, challenger: 0.9, better: null },
  ]);
});
