import { expect, test } from "vitest";
import { type Fact, factsOf, inBeijing, listOf } from "./fact_form";

const fact = (name: string, form: string, needed = true): Fact => ({ name, form, needed, choices: [] });

test("fields become facts of their form", () => {
  const facts = [fact("text", "text"), fact("urgent", "truth"), fact("days", "count"), fact("yuan", "number"), fact("on", "day"), fact("at", "moment"), fact("officers", "people"), fact("basis", "ids")];
  const held = { text: " a ", urgent: "false", days: "15", yuan: "1.5", on: "2026-11-27", at: "2026-11-27T10:30", officers: ["p1", "p2"], basis: "城规 64\n强制法 44" };
  expect(factsOf(facts, held)).toEqual({
    facts: { text: "a", urgent: false, days: 15, yuan: 1.5, on: "2026-11-27", at: "2026-11-27T10:30:00+08:00", officers: ["p1", "p2"], basis: ["城规 64", "强制法 44"] },
    wrong: [],
  });
});

test("a needed fact that is empty is missing, one that is not needed is left out", () => {
  const found = factsOf([fact("officers", "people"), fact("urgent", "truth"), fact("note", "text", false)], { officers: [], note: " " });
  expect(found).toEqual({ facts: {}, wrong: [{ name: "officers", why: "missing" }, { name: "urgent", why: "missing" }] });
});

test("what is not of its form is named", () => {
  const facts = [fact("a", "count"), fact("b", "number"), fact("c", "day"), fact("d", "geometry")];
  expect(factsOf(facts, { a: "1.5", b: "-1", c: "tomorrow", d: "{" }).wrong.map((one) => one.why)).toEqual(["count", "number", "day", "geometry"]);
});

test("a geometry may come as a feature", () => {
  const shape = { type: "Polygon", coordinates: [] };
  expect(factsOf([fact("part", "geometry")], { part: JSON.stringify({ type: "Feature", geometry: shape }) }).facts).toEqual({ part: shape });
  expect(factsOf([fact("part", "geometry")], { part: JSON.stringify({ type: "FeatureCollection", features: [{ geometry: shape }] }) }).facts).toEqual({ part: shape });
});

test("lists, and times in Beijing", () => {
  expect(listOf("a，b、a\n c ")).toEqual(["a", "b", "c"]);
  expect(inBeijing("2026-01-02T03:04:05")).toBe("2026-01-02T03:04:05+08:00");
});
