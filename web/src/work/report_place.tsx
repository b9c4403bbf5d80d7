/** Where something is: by coordinates, by an address or by a parcel; coordinates of a web map are named as such. */
import { words } from "../app/language";
import { Field } from "../ui/parts";

const w = words({
  lon: ["经度", "Longitude"],
  lat: ["纬度", "Latitude"],
  system: ["坐标来源", "Coordinates of"],
  plain: ["CGCS2000 / GPS", "CGCS2000 / GPS"],
  gcj: ["GCJ-02（高德、腾讯）", "GCJ-02 (Amap, Tencent)"],
  bd: ["BD-09（百度）", "BD-09 (Baidu)"],
  accuracy: ["定位误差（米）", "Accuracy, m"],
  address: ["地址", "Address"],
  parcel: ["宗地编号", "Parcel"],
  hint: ["经纬度、地址、宗地任填其一；都不填则待定位。", "Coordinates, an address or a parcel; without any it waits for a place."],
});

export function PlaceFields() {
  return (
    <>
      <p class="note">{w.hint}</p>
      <div class="work-fields">
        <Field label={w.lon}>
          <input type="number" step="any" min="-180" max="180" name="lon" />
        </Field>
        <Field label={w.lat}>
          <input type="number" step="any" min="-90" max="90" name="lat" />
        </Field>
        <Field label={w.system}>
          <select name="coordinates">
            <option value="">{w.plain}</option>
            <option value="GCJ-02">{w.gcj}</option>
            <option value="BD-09">{w.bd}</option>
          </select>
        </Field>
        <Field label={w.accuracy}>
          <input type="number" step="any" min="0" max="10000" name="accuracy_m" />
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
