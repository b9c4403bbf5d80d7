import { expect, test } from "vitest";

(globalThis as { location?: unknown }).location ??= { hash: "" };
(globalThis as { addEventListener?: unknown }).addEventListener ??= () => undefined;
const { addressOf, readState } = await import("./state");

test("an address shows again what it was made of", () => {
  const text = "scan=s1&mode=side&at=113.646546,36.722874,17.50&layers=findings,parcels,mask&finding=f1&crs=4490&status=suspected";
  const state = readState(new URLSearchParams(text));
  expect(state.layers).toEqual(["findings", "parcels"]);
  expect(state.at).toEqual([113.646546, 36.722874, 17.5]);
  const again = readState(new URLSearchParams(addressOf(state).split("?")[1]));
  expect(again).toEqual(state);
});

test("what an address does not tell is as usual, and nonsense is none", () => {
  const state = readState(new URLSearchParams("mode=spin&at=1,x&layers=none"));
  expect([state.mode, state.at, state.layers, state.system]).toEqual(["swipe", null, [], "3857"]);
  expect(readState(new URLSearchParams("lon=113.6&lat=36.7")).at).toEqual([113.6, 36.7, 18]);
  expect(readState(new URLSearchParams("")).at).toBeNull();
});
