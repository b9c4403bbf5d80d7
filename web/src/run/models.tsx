/** Models: which one is in use, what each reached, what it was trained on. */
import { useState } from "preact/hooks";
import { type Schemas, api, ask } from "../api/client";
import { number } from "../app/format";
import { wordOf, words } from "../app/language";
import { useAsked } from "../app/use";
import { Await, Dialog, Empty, Facts, Mark, Panel, Table } from "../ui/parts";

type Model = Schemas["ModelOut"];

const w = words({
  title: ["检测模型", "Models"],
  name: ["名称", "Name"],
  free: ["免训练检测", "Training-free"],
  used: ["当前启用", "In use"],
  candidate: ["候选", "Challenger"],
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
  points: ["判定阈值", "Where it decides"],
  reported: ["上报", "reported from"],
  sure: ["确认", "confirmed from"],
  note: ["模型在命令行添加、训练和启用（kancha models add / use、kancha train）；不优于当前模型的不会被采用。", "Models are added, trained and put to use on the command line (kancha models add, use, kancha train). One that is not better than the one in use is not kept."],
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

function One({ model, close }: { model: Model; close: () => void }) {
  const asked = useAsked(`model:${model.name}`, () => ask(api.GET("/models/{name}", { params: { path: { name: model.name } } })));
  const figures = figuresOf(model.figures);
  const data = dataOf(model.training);
  return (
    <Dialog title={nameOf(model)} close={close}>
      {model.fault ? <p class="trouble">{model.fault}</p> : null}
      <Facts rows={[[w.code, <code>{model.checksum ?? "-"}</code>], [w.points, pointsOf(model)], ...(figures.length > 0 ? figures : ([[w.figures, w.none]] as [string, string][]))]} />
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
      <Await asked={asked}>{(found) => (found.card ? <div class="run-card">{found.card}</div> : <Empty />)}</Await>
    </Dialog>
  );
}

export function Models() {
  const asked = useAsked("models", () => ask(api.GET("/models")));
  const [opened, setOpened] = useState<Model>();
  return (
    <Panel title={w.title}>
      <Await asked={asked}>
        {({ models }) => (
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
                title: w.open,
                cell: (model) => (
                  <button type="button" class="run-small" aria-label={`${w.open} ${nameOf(model)}`} onClick={() => setOpened(model)}>
                    {w.open}
                  </button>
                ),
              },
            ]}
          />
        )}
      </Await>
      <p class="note">{w.note}</p>
      {opened ? <One model={opened} close={() => setOpened(undefined)} /> : null}
    </Panel>
  );
}
