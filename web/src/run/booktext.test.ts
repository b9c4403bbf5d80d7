import { describe, expect, it } from "vitest";
import { type Content, basisOf, difference, lines } from "./booktext";
import { conditionIn, factIn, messageIn, wordIn } from "./facts";

const book: Content = {
  id: "cn",
  version: "1",
  articles: { planning_64: { text: "城乡规划法第64条", en: "Planning Law Art. 64" } },
  choices: { planning: [{ when: [{ fact: "permit.kind", is: "temporary" }], take: "planning_64" }, { take: "planning_64" }] },
  words: { road: { zh: "道路用地", en: "road land" } },
  rules: [{ code: "no_permit", id: "no_register", about: "structure", basis: "planning", severity: "high", when: [{ fact: "structure.register", is: false }], message: { zh: "未提供台账", en: "No register" } }],
};

describe("rulebooks in words", () => {
  it("call facts, operators and values", () => {
    expect(factIn("structure.height_m", 0)).toBe("建筑高度");
    expect(factIn("structure.other", 1)).toBe("structure.other");
    expect(conditionIn({ fact: "structure.height_m", more_than: "permit.height_m" }, 1)).toBe("structure height more than permit height");
    expect(conditionIn({ fact: "structure.permitted", is: false }, 0)).toBe("非「建筑已获许可」");
    expect(conditionIn({ any_of: [{ fact: "permit.expired", is: true }, { fact: "zone.kind", one_of: ["road"] }] }, 1, book.words)).toBe("(permit expired or zone kind is one of road land)");
    expect(wordIn(null, 0)).toBe("-");
    expect(messageIn("许可{permit.id}约{permit.share:%}", 0)).toBe("许可〔许可编号〕约〔许可占比〕");
    expect(messageIn(undefined, 1)).toBe("");
  });

  it("name the article behind a choice", () => {
    expect(basisOf("planning", book, 1)).toBe("Planning Law Art. 64");
    expect(basisOf("nothing", book, 1)).toBe("nothing");
  });

  it("differ by what is said under the same key", () => {
    const other: Content = { ...book, articles: {}, rules: [{ ...(book.rules?.[0] ?? { code: "", about: "" }), severity: "low" }], limits: { spacing_m: 6 } };
    const found = difference(lines(book, 1), lines(other, 1)).map((one) => [one.kind, one.line.key]);
    expect(found).toContainEqual(["changed", "rule no_register"]);
    expect(found).toContainEqual(["added", "limit spacing_m"]);
    expect(found).toContainEqual(["removed", "article planning_64"]);
    expect(difference(lines(book, 0), lines(book, 0))).toEqual([]);
  });
});
