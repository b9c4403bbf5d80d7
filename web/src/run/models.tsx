/** Models: which one is in use, what each reached, what it was trained on. */
import { useState } from "preact/hooks";
import { type Schemas, api, ask, send } from "../api/client";
import { number, percent } from "../app/format";
import { wordOf, words } from "../app/language";
import { everywhere, may } from "../app/session";
import { useAsked } from "../app/use";
import { Await, Dialog, Empty, Facts, Mark, Panel, Table } from "../ui/parts";
import { toast } from "../ui/toast";
import { Sure } from "./act";
import { type Beside, beside } from "./beside";

type Model = Schemas["ModelOut"];

const w = words({
  title: ["检测模型", "Models"],
  name: ["名称", "Name"],
  free: ["免训练检测", "Training-free"],
  used: ["现用（冠军）", "In use (champion)"],
  candidate: ["备选（挑战者）", "Challenger"],
  fault: ["不可用", "Cannot be used"],
  state: ["状态", "State"],
  code: ["校验值", "Checksum"],
  gsd: ["适用分辨率", "Pixel size"],
  any: ["不限", "any"],
  figures: ["精度指标", "Figures"],
  none: ["未测", "none told"],
  data: ["训练数据与许可", "Trained on, with licences"],
  card: ["模型卡（英文原文）", "Its card"],
  open: ["查看", "Look at"],
  actions: ["操作", "Do"],
  points: ["判定阈值", "Where it decides"],
  reported: ["上报", "reported from"],
  sure: ["确认", "confirmed from"],
  note: ["模型由 kancha train 训练或 kancha models add 添加后列入备选；训练结果不优于现用模型的不会列入。", "Models come by training (kancha train) or kancha models add, as challengers. One that training finds no better than the one in use is not kept."],
  use: ["启用", "Put to use"],
  useSure: ["启用前会校验并试运行；此后发起的比对将使用它，已排队的任务不变。确定？", "It is checked and run once; scans ordered from then on take it, those that wait do not. Really?"],
  out: ["停用", "Take out"],
  outSure: ["停用后改用免训练检测，本模型留作备选。确定？", "Scans then take the training-free detector; the model stays as a challenger. Really?"],
  nowUsed: ["已启用。", "In use."],
  nowOut: ["已停用。", "Taken out."],
  compared: ["与现用模型对照", "Beside the one in use"],
  figure: ["指标", "Figure"],
  better: ["较优", "better"],
  judged: ["实际核查：不成立比例", "Judged: dismissed"],
  judgedOf: ["条已核查", "judged"],
  mind: ["指标来自各自的测试样本，样本相同的组才可直接比较。", "Each is told by its own tests; groups of the same name are of the same samples."],
});

const FIGURES = {
  pixel_f1: ["像元 F1", "pixel F1"],
  object_f1: ["对象 F1", "object F1"],
  object_recall: ["查全率", "recall"],
  object_precision: ["查准率", "precision"],
  false_per_km2: ["误报/km²", "false per km²"],
} as const;
const GROUPS = { composed: ["合成场景", "composed scenes"], "held out": ["留出样本", "held out"], bureau: ["本单位样本", "the bureau's own"] } as const;

function nameOf(model: { name: string }): string {
  return model.name === "training-free" ? w.free : model.name;
}

function figuresOf(figures: Record<string, unknown>): [string, string][] {
  return Object.entries(figures).map(([group, told]) => [
    wordOf(GROUPS, group),
    Object.entries((told ?? {}) as Record<string, unknown>)
      .filter((entry): entry is [string, number] => typeof entry[1] === "number")
      .map(([name, value]) => `${wordOf(FIGURES, name)} ${number(value, name === "false_per_km2" ? 1 : 3)}`)
      .join(" · "),
  ]);
}

function dataOf(training: Record<string, unknown>): { name: string; licence: string }[] {
  return Array.isArray(training.data) ? (training.data as { name: string; licence: string }[]) : [];
}

function pointsOf(model: Model): string {
  const point = (name: string): string => (typeof model.points[name] === "number" ? number(model.points[name], 2) : "-");
  return `${w.reported} ${point("candidate")} · ${w.sure} ${point("confirmed")}`;
}

function One({ model, champion, close }: { model: Model; champion: Model | undefined; close: () => void }) {
  const asked = useAsked(`model:${model.name}`, () => ask(api.GET("/models/{name}", { params: { path: { name: model.name } } })));
  const figures = figuresOf(model.figures);
  const data = dataOf(model.training);
  return (
    <Dialog title={nameOf(model)} close={close}>
      {model.fault ? <p class="trouble">{model.fault}</p> : null}
      <Facts rows={[[w.code, <code>{model.checksum ?? "-"}</code>], [w.points, pointsOf(model)], ...(figures.length > 0 ? figures : ([[w.figures, w.none]] as [string, string][]))]} />
      {champion && champion.name !== model.name ? <Compared champion={champion} challenger={model} /> : null}
      {data.length > 0 ? (
        <>
          <h3>{w.data}</h3>
          <ul>
            {data.map((one) => (
              <li key={one.name}>
                {one.name} <small>{one.licence}</small>
              </li>
            ))}
          </ul>
        </>
      ) : null}
      <h3>{w.card}</h3>
      <Await asked={asked}>
        {(found) =>
          found.card ? (
            <div class="run-card" lang="en" tabIndex={0} role="region" aria-label={w.card}>
              {found.card}
            </div>
          ) : (
            <Empty />
          )
        }
      </Await>
    </Dialog>
  );
}

/** How often what a detector found was dismissed, over all its months. */
async function dismissals(): Promise<ReadonlyMap<string, { judged: number; dismissed: number }>> {
  const found = new Map<string, { judged: number; dismissed: number }>();
  if (!everywhere()) return found;
  for (const one of (await ask(api.GET("/status/detector"))).detectors) {
    const sum = (part: "judged" | "dismissed"): number => one.months.reduce((total, month) => total + month.dismissals[part], 0);
    found.set(one.detector.split("+")[0] ?? one.detector, { judged: sum("judged"), dismissed: sum("dismissed") });
  }
  return found;
}

function Compared({ champion, challenger }: { champion: Model; challenger: Model }) {
  const used = useAsked("model-dismissals", dismissals);
  const seen = (model: Model): string => {
    const told = used.value?.get(model.name);
    return told && told.judged > 0 ? `${percent(told.dismissed / told.judged)} (${number(told.judged)} ${w.judgedOf})` : "-";
  };
  const rows: Beside[] = beside(champion.figures, challenger.figures);
  const shown = (row: Beside, value: number | null, best: boolean) => (
    <>
      {number(value, row.name === "false_per_km2" ? 1 : 3)} {best ? <Mark tone="good">{w.better}</Mark> : null}
    </>
  );
  return (
    <>
      <h3>{w.compared}</h3>
      <Table
        label={w.compared}
        rows={[...rows, null]}
        id={(row) => (row ? `${row.group} ${row.name}` : "judged")}
        columns={[
          { title: w.figure, cell: (row) => (row ? `${wordOf(GROUPS, row.group)}: ${wordOf(FIGURES, row.name)}` : w.judged) },
          { title: `${w.used}: ${nameOf(champion)}`, cell: (row) => (row ? shown(row, row.champion, row.better === "champion") : seen(champion)), number: true },
          { title: `${w.candidate}: ${nameOf(challenger)}`, cell: (row) => (row ? shown(row, row.challenger, row.better === "challenger") : seen(challenger)), number: true },
        ]}
      />
      <p class="note">{w.mind}</p>
    </>
  );
}

function Acts({ model, use, open }: { model: Model; use: (name: string) => Promise<void>; open: () => void }) {
  const changes = may("rules") && everywhere();
  const free = model.name === "training-free";
  return (
    <span class="row run-acts">
      <button type="button" class="run-small" aria-label={`${w.open} ${nameOf(model)}`} onClick={open}>
        {w.open}
      </button>
      {changes && !model.in_use && !model.fault ? <Sure kind="main" title={w.use} question={w.useSure} name={`${w.use} ${nameOf(model)}`} act={() => use(model.name)} /> : null}
      {changes && model.in_use && !free ? <Sure title={w.out} question={w.outSure} name={`${w.out} ${nameOf(model)}`} act={() => use("training-free")} /> : null}
    </span>
  );
}

export function Models() {
  const asked = useAsked("models", () => ask(api.GET("/models")));
  const [opened, setOpened] = useState<Model>();
  const use = async (name: string, expected: string): Promise<void> => {
    try {
      await send("PUT", "/models/current", { name, expected });
      toast(name === "training-free" ? w.nowOut : w.nowUsed);
    } finally {
      // also where another was first: the list shows what they did
      asked.reload();
    }
  };
  return (
    <Panel title={w.title}>
      <Await asked={asked}>
        {({ models, state }) => (
          <Table
            label={w.title}
            rows={models}
            id={(model) => model.name}
            columns={[
              { title: w.name, cell: (model) => <b>{nameOf(model)}</b> },
              { title: w.state, cell: (model) => (model.in_use ? <Mark tone="good">{w.used}</Mark> : model.fault ? <Mark tone="bad">{w.fault}</Mark> : <Mark>{w.candidate}</Mark>) },
              { title: w.gsd, cell: (model) => (typeof model.input.gsd_m === "number" ? `${number(model.input.gsd_m, 2)} m` : w.any) },
              {
                title: w.figures,
                cell: (model) => {
                  const figures = figuresOf(model.figures);
                  return figures.length === 0 ? w.none : figures.map(([group, told]) => <div key={group}>{`${group}: ${told}`}</div>);
                },
              },
              {
                title: w.actions,
                cell: (model) => <Acts model={model} use={(name) => use(name, state)} open={() => setOpened(model)} />,
              },
            ]}
          />
        )}
      </Await>
      <p class="note">{w.note}</p>
      {opened ? <One model={opened} champion={asked.value?.models.find((one) => one.in_use)} close={() => setOpened(undefined)} /> : null}
    </Panel>
  );
}
