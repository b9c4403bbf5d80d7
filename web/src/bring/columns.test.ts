import { describe, expect, it } from "vitest";
import { COLUMNS, declared, missing, takenFor } from "./columns";

describe("columns of a layer", () => {
  const columns = [
    { name: "许可证号", target: "permit_id", by: "guess" as const },
    { name: "valid_from", target: "valid_from", by: "name" as const },
    { name: "备注", target: null, by: null },
  ];

  it("are those the service took, with what was told beside", () => {
    expect(takenFor(columns, { use: "用途" })).toEqual({ permit_id: "许可证号", valid_from: "valid_from", use: "用途" });
  });

  it("are declared only under foreign names", () => {
    expect(declared({ permit_id: "许可证号", valid_from: "valid_from", use: "" })).toEqual({ permit_id: "许可证号" });
  });

  it("name what must be there", () => {
    expect(missing("permits", { permit_id: "a" }).map((column) => column.name)).toEqual(["valid_from"]);
    expect(missing("parcels", { parcel_id: "a" })).toEqual([]);
    for (const list of Object.values(COLUMNS)) expect(list[0]?.required).toBe(true);
  });
});
