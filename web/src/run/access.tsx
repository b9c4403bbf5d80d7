/** Rights as a form: roles, areas, clearance. The same for people and for keys. */
import { items } from "../api/features";
import { groundOf } from "../app/ground";
import { told, wordOf, words } from "../app/language";
import { session } from "../app/session";
import { useAsked } from "../app/use";
import { Field } from "../ui/parts";
import { GRADES, ROLES, ROLE_NOTES, gradesUpTo } from "./words";

export interface Rights {
  roles: string[];
  /** Null: everywhere. */
  areas: string[] | null;
  clearance: string;
}

const w = words({
  roles: ["角色", "Roles"],
  areas: ["工作区域", "Areas"],
  everywhere: ["全部区域", "Everywhere"],
  some: ["仅限下列区域", "Only these"],
  noAreas: ["没有行政区划图层，暂不能按区域授权。", "There is no layer of areas to choose from."],
  clearance: ["可见密级上限", "May see up to"],
  nowhere: ["未选区域：看不到任何有位置的数据。", "No area is chosen: nothing that has a place is seen."],
});

interface Area {
  area_id: string;
  name: string;
  level: string | null;
}

/** Names of the administrative areas by id. */
export function useAreas(): Area[] {
  return useAsked("run:areas", async () => ((await groundOf()).layers.has("areas") ? items<Area>("areas", { limit: 1000, sortby: "area_id" }) : { features: [] })).value?.features.map((one) => one.properties) ?? [];
}

export function areasOf(areas: readonly string[] | null | undefined, known: readonly Area[]): string {
  if (areas === null || areas === undefined) return w.everywhere;
  if (areas.length === 0) return "-";
  return areas.map((id) => known.find((area) => area.area_id === id)?.name ?? id).join(", ");
}

export function toggled(list: readonly string[], one: string, on: boolean): string[] {
  return on ? [...list.filter((other) => other !== one), one] : list.filter((other) => other !== one);
}

export function RightsFields({ rights, change, roles = Object.keys(ROLES) }: { rights: Rights; change: (told: Partial<Rights>) => void; roles?: readonly string[] }) {
  const areas = useAreas();
  const chosen = rights.areas;
  return (
    <>
      <fieldset class="run-set">
        <legend>{w.roles}</legend>
        {roles.map((role) => (
          <label key={role} class="run-check wide">
            <input type="checkbox" checked={rights.roles.includes(role)} onChange={(event) => change({ roles: toggled(rights.roles, role, event.currentTarget.checked) })} />{" "}
            {wordOf(ROLES, role)} <small>{told(...(ROLE_NOTES[role as keyof typeof ROLES] ?? ["", ""]))}</small>
          </label>
        ))}
      </fieldset>
      <fieldset class="run-set">
        <legend>{w.areas}</legend>
        <label class="run-check">
          <input type="radio" name="run-areas" checked={chosen === null} onChange={() => change({ areas: null })} /> {w.everywhere}
        </label>
        <label class="run-check">
          <input type="radio" name="run-areas" checked={chosen !== null} disabled={areas.length === 0} onChange={() => change({ areas: [] })} /> {w.some}
        </label>
        {areas.length === 0 ? <p class="note">{w.noAreas}</p> : null}
        {chosen === null ? null : (
          <div class="run-areas">
            {areas.map((area) => (
              <label key={area.area_id} class="run-check">
                <input type="checkbox" checked={chosen.includes(area.area_id)} onChange={(event) => change({ areas: toggled(chosen, area.area_id, event.currentTarget.checked) })} /> {area.name}{" "}
                <small>{area.area_id}</small>
              </label>
            ))}
            {chosen.length === 0 ? <p class="note">{w.nowhere}</p> : null}
          </div>
        )}
      </fieldset>
      <Field label={w.clearance}>
        <select value={rights.clearance} onChange={(event) => change({ clearance: event.currentTarget.value })}>
          {gradesUpTo(session.value?.clearance).map((grade) => (
            <option key={grade} value={grade}>
              {wordOf(GRADES, grade)}
            </option>
          ))}
        </select>
      </Field>
    </>
  );
}

/** Areas as a body tells them: everywhere is a word of its own there. */
export function areasBody(areas: readonly string[] | null): string[] {
  return areas === null ? ["*"] : [...areas];
}
