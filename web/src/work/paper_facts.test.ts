import { expect, test } from "vitest";
import { fieldsFor, paperFacts } from "./paper_facts";

test("what is missing becomes fields, whole groups at once", () => {
  const found = fieldsFor(["measures", "begins", "term_reminder", "decision_serial", "party", "photographs"]);
  expect(found.fields.map((one) => one.path)).toEqual([
    "measures",
    ...["begins", "ends", "place", "weather", "recorder", "result"].map((name) => `occasion.${name}`),
    "terms.reminder",
    ...["title", "serial", "on"].map((name) => `references.decision.${name}`),
  ]);
  expect(found.inTheCase).toEqual(["party"]);
  expect(found.other).toEqual(["photographs"]);
});

test("fields become the facts of the order", () => {
  const { fields } = fieldsFor(["measures", "begins", "term_reminder", "questions", "demolition_ordered"]);
  const held = { measures: "a；\n\nb", "occasion.begins": "2026-11-27T10:30", "terms.reminder": "10 working_day", questions: "姓名？｜某某\n", demolition_ordered: "true", "occasion.place": " " };
  expect(paperFacts(fields, held)).toEqual({
    measures: ["a；", "b"],
    occasion: { begins: "2026-11-27T10:30:00+08:00" },
    terms: { reminder: { amount: 10, unit: "working_day" } },
    questions: [{ asked: "姓名？", answered: "某某" }],
    demolition_ordered: true,
  });
});
