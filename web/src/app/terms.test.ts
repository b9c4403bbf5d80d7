import { expect, test } from "vitest";
import { basisInEnglish, whyInChinese } from "./terms";

test("articles are told in English", () => {
  expect(basisInEnglish("土地管理法第75条、第77条")).toBe("Land Administration Law Art. 75, Art. 77");
});

test("why a finding waits is told in Chinese", () => {
  expect(whyInChinese("priority 0.40: suspected, under construction, protected land")).toBe("优先级 0.40：疑似违法建设、在建、位于保护性用地");
  expect(whyInChinese("uncertain: confidence 0.48, a verdict tells most near 0.5")).toBe("置信度 0.48，最难判断，结论最有价值");
  expect(whyInChinese("a new kind of place: 1.7 from all that is judged or chosen")).toBe("新的地点类型（差异 1.7）");
  expect(whyInChinese("something else")).toBe("something else");
});
