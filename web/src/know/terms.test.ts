import { expect, test } from "vitest";
import { conditionText, whyNotText } from "./terms";

test("conditions are read in both languages", () => {
  expect(conditionText("structure.change (appeared) is disappeared", "zh")).toBe("变化 (新增) 应为 消失");
  expect(conditionText("permit.covers (yes, certain) is true", "zh")).toBe("许可覆盖至少 80% （是，确定）：应为是");
  expect(conditionText("structure.area_m2 (238.70 m² (±16.00)) beyond the tolerance of area more than permit.area_m2 (239.00 m²)", "zh")).toBe(
    "轮廓面积 (238.70 m² (±16.00))（计合理误差） 大于 批准面积 (239.00 m²)",
  );
  expect(conditionText("(permit.kind (temporary) is temporary or structure.absent_on (2024-03-12) later than permit.valid_to (2024-02-29))", "zh")).toBe(
    "(许可类型 (临时许可) 应为 临时许可 或 最后已知不存在日期 (2024-03-12) 晚于 许可到期日期 (2024-02-29))",
  );
  expect(conditionText("permit.outside_depth_m (not known) surely more than 0.0", "en")).toBe("how far it reaches out of the permit (not known) surely more than 0.0");
  expect(conditionText("something.else (3) at least 2", "en")).toBe("something.else (3) at least 2");
});

test("why a rule gave no reason", () => {
  expect(whyNotText("a condition does not hold", "zh")).toBe("有条件不成立");
  expect(whyNotText("permit_expired was told already", "zh")).toBe("已有理由：许可已到期");
  expect(whyNotText("", "zh")).toBe("");
});
