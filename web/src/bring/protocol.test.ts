import { describe, expect, it } from "vitest";
import { Speed, base64, bundled, dayFromName, fingerprint, idOf, metadataHeader, pauseBefore, portion, safeName, worthAnotherTry } from "./protocol";

describe("the upload protocol", () => {
  it("tells metadata in base64 of UTF-8 and leaves out what is empty", () => {
    expect(metadataHeader({ filename: "正射.tif", kind: "scene", acquired_at: "", crs: undefined })).toBe("filename 5q2j5bCELnRpZg==,kind c2NlbmU=");
    expect(base64(new Uint8Array([0, 255]))).toBe("AP8=");
  });

  it("knows a file again by name, size and time, and an upload by the end of its address", () => {
    expect(fingerprint({ name: "a.tif", size: 3, lastModified: 9 })).toBe("a.tif|3|9");
    expect(idOf("http://inner:8000/uploads/0af3")).toBe("0af3");
    expect(idOf("/kancha/uploads/0af3/")).toBe("0af3");
    expect(idOf("/uploads/")).toBeNull();
    expect(idOf(null)).toBeNull();
  });

  it("cuts portions that end with the file", () => {
    expect(portion(0, 25, 10)).toEqual([0, 10]);
    expect(portion(20, 25, 10)).toEqual([20, 25]);
    expect(portion(5_000_000_000, 5_000_000_001, 10)).toEqual([5_000_000_000, 5_000_000_001]);
  });

  it("waits longer each time, and tries again only where that can help", () => {
    expect([1, 2, 3, 20].map(pauseBefore)).toEqual([500, 1_000, 2_000, 30_000]);
    expect([0, 409, 423, 460, 503].every(worthAnotherTry)).toBe(true);
    expect([400, 403, 404, 410, 413, 507].some(worthAnotherTry)).toBe(false);
  });

  it("measures the speed of the last moments alone", () => {
    const speed = new Speed(2_000);
    expect(speed.perSecond()).toBeNull();
    speed.note(0, 0);
    for (let at = 1; at <= 10; at += 1) speed.note(at * 1_000, at * 1_000);
    expect(speed.perSecond()).toBe(1_000);
    for (let at = 11; at <= 14; at += 1) speed.note(10_000 + (at - 10) * 100, at * 1_000);
    expect(speed.perSecond()).toBeCloseTo(100);
  });

  it.each([
    ["GF2_20250412T103000.tif", "2025-04-12"],
    ["before_20250412.tif", "2025-04-12"],
    ["district_2025-04-12.tif", "2025-04-12"],
    ["正射_2025年4月2日.tif", "2025-04-02"],
    ["tile_20250231.tif", null],
    ["run_1202504123.tif", null],
    ["plain.tif", null],
  ])("reads the day of %s", (name, day) => {
    expect(dayFromName(name)).toBe(day);
  });

  it("keeps names as the service does", () => {
    expect(safeName("正射 2025年4月12日.xml")).toBe("正射_2025年4月12日.xml");
    expect(safeName("..a b(1)+c.IMD")).toBe("a_b(1)+c.IMD");
  });

  it("puts small files to the raster of their name", () => {
    const named = (name: string) => ({ name });
    const { bundles, strangers } = bundled(["A.tif", "a.xml", "A.stac.json", "b.xml", "c.TIFF", "note.docx"].map(named));
    expect(bundles.map((one) => [one.raster.name, one.sides.map((side) => side.name)])).toEqual([
      ["A.tif", ["a.xml", "A.stac.json"]],
      ["c.TIFF", []],
    ]);
    expect(strangers.map((file) => file.name)).toEqual(["b.xml", "note.docx"]);
  });
});
