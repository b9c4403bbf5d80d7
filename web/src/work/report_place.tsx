/** Where something is: on the map, by coordinates, by an address or by a parcel; coordinates of a web map are named as such. */
import { useState } from "preact/hooks";
import { words } from "../app/language";
import type { Point } from "../map/measure";
import { PickMap } from "../map/pick";
import { Field } from "../ui/parts";

const w = words({
  onMap: ["在地图上选位置", "Choose it on the map"],
  lon: ["经度", "Longitude"],
  lat: ["纬度", "Latitude"],
  system: ["坐标来源", "Coordinates of"],
  plain: ["CGCS2000 / GPS", "CGCS2000 / GPS"],
  gcj: ["GCJ-02（高德、腾讯）", "GCJ-02 (Amap, Tencent)"],
  bd: ["BD-09（百度）", "BD-09 (Baidu)"],
  accuracy: ["定位误差（米）", "Accuracy, m"],
  address: ["地址", "Address"],
  parcel: ["宗地编号", "Parcel"],
  hint: ["地图、经纬度、地址、宗地任填其一；都不填则待定位。", "On the map, by coordinates, an address or a parcel; without any it waits for a place."],
});

/** No phone knows its place better, m, whatever it says. */
const LEAST_M = 1;
const DIGITS = 6;

export function PlaceFields({ at }: { at?: Point }) {
  const [lon, setLon] = useState(at?.[0].toFixed(DIGITS) ?? "");
  const [lat, setLat] = useState(at?.[1].toFixed(DIGITS) ?? "");
  const [system, setSystem] = useState("");
  const [accuracy, setAccuracy] = useState("");
  const [shown, show] = useState(at !== undefined);
  const known = lon !== "" && lat !== "" && system === "" && Number.isFinite(Number(lon)) && Number.isFinite(Number(lat));
  const pick = ([x, y]: Point, metres?: number): void => {
    setLon(x.toFixed(DIGITS));
    setLat(y.toFixed(DIGITS));
    setAccuracy(metres === undefined ? "" : String(Math.max(LEAST_M, Math.ceil(metres))));
    // what the map and the device tell is no coordinate of a web map
    setSystem("");
  };
  return (
    <>
      <p class="note">{w.hint}</p>
      <p>
        <button type="button" aria-expanded={shown} onClick={() => show(!shown)}>
          {w.onMap}
        </button>
      </p>
      {shown ? <PickMap at={known ? [Number(lon), Number(lat)] : null} pick={pick} /> : null}
      <div class="work-fields">
        <Field label={w.lon}>
          <input type="number" step="any" min="-180" max="180" name="lon" value={lon} onInput={(event) => setLon(event.currentTarget.value)} />
        </Field>
        <Field label={w.lat}>
          <input type="number" step="any" min="-90" max="90" name="lat" value={lat} onInput={(event) => setLat(event.currentTarget.value)} />
        </Field>
        <Field label={w.system}>
          <select name="coordinates" value={system} onChange={(event) => setSystem(event.currentTarget.value)}>
            <option value="">{w.plain}</option>
            <option value="GCJ-02">{w.gcj}</option>
            <option value="BD-09">{w.bd}</option>
          </select>
        </Field>
        <Field label={w.accuracy}>
          <input type="number" step="any" min="0" max="10000" name="accuracy_m" value={accuracy} onInput={(event) => setAccuracy(event.currentTarget.value)} />
        </Field>
        <Field label={w.address}>
          <input name="address" maxLength={500} />
        </Field>
        <Field label={w.parcel}>
          <input name="parcel_id" maxLength={200} />
        </Field>
      </div>
    </>
  );
}
