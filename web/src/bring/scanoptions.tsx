/** What is rarely changed of a scan, and the checks whose refusal somebody takes upon themselves. */
import { wordOf, words } from "../app/language";
import { Field } from "../ui/parts";

export interface Options {
  min_area_m2: string;
  min_confidence: string;
  terrain: string;
  thorough: boolean;
  strict: boolean;
  accept: string[];
}

export const NOTHING: Options = { min_area_m2: "", min_confidence: "", terrain: "", thorough: false, strict: false, accept: [] };

const w = words({
  more: ["更多选项", "More options"],
  area: ["最小面积 (m²)", "Least area (m²)"],
  confidence: ["最低置信度 (0-1)", "Least confidence (0 to 1)"],
  usual: ["默认", "As usual"],
  terrain: ["地形", "Terrain"],
  thorough: ["全分辨率逐像元检测（慢）", "Look at every pixel in full resolution (slow)"],
  strict: ["严格：任何一项超限都拒绝比对", "Strict: refuse for every limit that is exceeded"],
  accept: ["强制接受的检查项（会记录，并降低置信度）", "Checks that are overridden (recorded, and confidence is lowered)"],
});

const TERRAINS = { flat: ["平地", "Flat"], hilly: ["丘陵", "Hilly"], mountain: ["山地", "Mountain"] } as const;

export const CHECKS = {
  overlap: ["重叠范围", "Overlap"],
  "pixel-ratio": ["分辨率之比", "Pixel sizes"],
  season: ["季节差异", "Season"],
  sun: ["太阳方位差异", "Sun"],
  view: ["观测角差异", "View"],
  "off-nadir": ["侧摆角", "Off nadir"],
  depth: ["灰度级数", "Grey levels"],
  alignment: ["配准", "Alignment"],
  residual: ["配准残差", "Residual shift"],
  usable: ["可用面积", "Usable ground"],
} as const;

export function More({ options, change }: { options: Options; change: (told: Partial<Options>) => void }) {
  const measure = (name: "min_area_m2" | "min_confidence", title: string, step: number, max?: number) => (
    <Field label={title}>
      <input type="number" min={0} max={max} step={step} placeholder={w.usual} value={options[name]} onInput={(event) => change({ [name]: event.currentTarget.value })} />
    </Field>
  );
  return (
    <details>
      <summary>{w.more}</summary>
      <div class="bring-fields">
        {measure("min_area_m2", w.area, 1)}
        {measure("min_confidence", w.confidence, 0.05, 1)}
        <Field label={w.terrain}>
          <select value={options.terrain} onChange={(event) => change({ terrain: event.currentTarget.value })}>
            <option value="">{w.usual}</option>
            {Object.keys(TERRAINS).map((name) => (
              <option key={name} value={name}>
                {wordOf(TERRAINS, name)}
              </option>
            ))}
          </select>
        </Field>
      </div>
      {(["thorough", "strict"] as const).map((name) => (
        <label key={name} class="bring-check">
          <input type="checkbox" checked={options[name]} onChange={(event) => change({ [name]: event.currentTarget.checked })} /> {w[name]}
        </label>
      ))}
      <fieldset class="bring-set">
        <legend>{w.accept}</legend>
        {Object.keys(CHECKS).map((code) => (
          <label key={code} class="bring-check">
            <input
              type="checkbox"
              checked={options.accept.includes(code)}
              onChange={(event) => change({ accept: event.currentTarget.checked ? [...options.accept, code] : options.accept.filter((other) => other !== code) })}
            />{" "}
            {wordOf(CHECKS, code)}
          </label>
        ))}
      </fieldset>
    </details>
  );
}
