/** Begin a campaign: its baseline is fixed with it and never changes. */
import { useState } from "preact/hooks";
import { type Schemas, send } from "../api/client";
import { words } from "../app/language";
import { go, href } from "../app/router";
import { FilePick } from "../ui/files";
import { Dialog, Field } from "../ui/parts";
import { toast } from "../ui/toast";
import { Submit, useSend } from "./act";

const w = words({
  title: ["新建专项行动", "Begin a campaign"],
  name: ["名称", "Name"],
  asOf: ["基准日", "Day of the baseline"],
  asOfHint: ["留空为今天；有普查文件时为普查日。底数确定后不再改变。", "Empty: today, or the day of the survey. The baseline never changes."],
  survey: ["普查文件（GeoJSON，选填）", "Survey (GeoJSON, optional)"],
  surveyHint: ["kancha survey -o 的输出；不选则取系统内疑似违法建筑。", "What kancha survey -o wrote; without one, the suspected structures on file."],
  targets: ["目标", "Targets"],
  village: ["村居（留空为全部）", "Village (empty: everywhere)"],
  most: ["至多未销账", "Open at most"],
  by: ["期限", "By"],
  add: ["添加目标", "Add a target"],
  remove: ["移除", "Remove"],
  begin: ["建立", "Begin it"],
  begun: ["专项行动已建立", "The campaign was begun"],
  wrongFile: ["该文件不是 JSON。", "The file is no JSON."],
});
interface Target {
  key: number;
  village: string;
  open_at_most: string;
  by: string;
}

export function BeginCampaign({ close }: { close: () => void }) {
  const [name, setName] = useState("");
  const [asOf, setAsOf] = useState("");
  const [survey, setSurvey] = useState<File>();
  const [targets, setTargets] = useState<Target[]>([{ key: 0, village: "", open_at_most: "0", by: "" }]);
  const sent = useSend();
  const begin = (event: Event): void => {
    event.preventDefault();
    sent.run(async () => {
      let told: unknown;
      try {
        told = survey ? JSON.parse(await survey.text()) : undefined;
      } catch {
        throw new Error(w.wrongFile);
      }
      const wanted = targets.map((one) => ({ village: one.village.trim(), open_at_most: Number(one.open_at_most), by: one.by }));
      const made = await send<Schemas["CampaignStateOut"]>("POST", "/campaigns", { name, targets: wanted, ...(asOf ? { as_of: asOf } : {}), ...(told ? { survey: told } : {}) });
      toast(w.begun);
      close();
      go(href(["campaigns", made.id]));
    });
  };
  const change = (key: number, part: Partial<Target>): void => setTargets(targets.map((one) => (one.key === key ? { ...one, ...part } : one)));
  return (
    <Dialog title={w.title} close={close}>
      <form onSubmit={begin}>
        <Field label={w.name}>
          <input required maxLength={200} value={name} onInput={(event) => setName(event.currentTarget.value)} />
        </Field>
        <Field label={w.asOf} hint={w.asOfHint}>
          <input type="date" value={asOf} onInput={(event) => setAsOf(event.currentTarget.value)} />
        </Field>
        <FilePick label={w.survey} hint={w.surveyHint} accept=".geojson,.json" change={([file]) => setSurvey(file)} />
        <h3>{w.targets}</h3>
        {targets.map((one) => (
          <div key={one.key} class="work-fields">
            <Field label={w.village}>
              <input maxLength={200} value={one.village} onInput={(event) => change(one.key, { village: event.currentTarget.value })} />
            </Field>
            <Field label={w.most}>
              <input type="number" min="0" step="1" required value={one.open_at_most} onInput={(event) => change(one.key, { open_at_most: event.currentTarget.value })} />
            </Field>
            <Field label={w.by}>
              <input type="date" required value={one.by} onInput={(event) => change(one.key, { by: event.currentTarget.value })} />
            </Field>
            <p>
              <button type="button" onClick={() => setTargets(targets.filter((other) => other.key !== one.key))}>
                {w.remove}
              </button>
            </p>
          </div>
        ))}
        <p>
          <button type="button" onClick={() => setTargets([...targets, { key: Date.now(), village: "", open_at_most: "0", by: "" }])}>
            {w.add}
          </button>
        </p>
        <Submit sent={sent} title={w.begin} />
      </form>
    </Dialog>
  );
}
