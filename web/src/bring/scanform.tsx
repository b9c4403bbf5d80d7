/** A scan is ordered: which two dates, with which detector, by which rules, against which layers. */
import { useState } from "preact/hooks";
import { type Schemas, api, ask, root, send } from "../api/client";
import { type Scene, allScenes } from "../api/features";
import { day, minute, number, percent } from "../app/format";
import { told, wordOf, words } from "../app/language";
import { useLive } from "../app/live";
import { earlier, newestPair } from "../app/pairs";
import { go, href } from "../app/router";
import { useAsked } from "../app/use";
import type { ViewProps } from "../app/views";
import { Await, Empty, Field, Panel, Trouble } from "../ui/parts";
import { toast } from "../ui/toast";
import { type Layer, allLayers } from "./layers";
import { More, NOTHING, type Options } from "./scanoptions";
import { KINDS, type Kind } from "./words";

const w = words({
  title: ["发起比对", "Order a scan"],
  before: ["前时相", "Earlier date"],
  after: ["后时相", "Later date"],
  newest: ["选最新一对", "The newest pair"],
  noPair: ["没有两期覆盖同一地面的影像。请先上传。", "No two scenes show the same ground. Send them first."],
  one: ["至少需要两期影像。", "Two dates are needed."],
  choose: ["请选择", "Choose"],
  order: ["开始比对", "Order the scan"],
  detector: ["检测方法", "Detector"],
  rules: ["规则", "Rules"],
  current: ["当前启用", "In use"],
  free: ["免训练检测", "Training-free"],
  layers: ["套合图层", "Layers"],
  newestOf: ["最新", "newest"],
  without: ["不使用", "none"],
  ordered: ["已发起比对，进度见下方。", "The scan is ordered; see below."],
  same: ["相同的比对已经做过，结果见下方。", "The same scan was made before; see below."],
  usable: ["可用", "usable"],
  apart: ["两期相隔天数：", "Days apart: "],
});

const SCAN_KINDS: readonly Kind[] = ["parcels", "permits", "zones", "buildings", "areas"];
type Job = Schemas["JobOut"];

function nameOf(scene: Scene): string {
  return `${day(scene.properties.acquired_at)} · ${scene.properties.file_name} · ${number(scene.properties.gsd_m, 2)} m`;
}

function Chosen({ scene, title }: { scene: Scene | undefined; title: string }) {
  if (!scene) return <div class="bring-chosen empty">{title}</div>;
  const facts = scene.properties;
  return (
    <figure class="bring-chosen">
      <img src={`${root}/scenes/${scene.id}/preview.jpg?width=320`} alt="" loading="lazy" />
      <figcaption>
        <b>{minute(facts.acquired_at)}</b>
        <small>
          {number(facts.gsd_m, 2)} m · {w.usable} {percent(facts.usable_share)}
        </small>
      </figcaption>
    </figure>
  );
}

function Pair({ scenes, pair, choose }: { scenes: readonly Scene[]; pair: [string, string]; choose: (pair: [string, string]) => void }) {
  const of = (id: string) => scenes.find((scene) => scene.id === id);
  const after = of(pair[1]);
  const before = of(pair[0]);
  const partners = after ? earlier(scenes, after) : scenes;
  const select = (at: 0 | 1, title: string, list: readonly Scene[]) => (
    <Field label={title}>
      <select value={pair[at]} onChange={(event) => choose(at === 0 ? [event.currentTarget.value, pair[1]] : [earlierOf(event.currentTarget.value), event.currentTarget.value])}>
        <option value="">{w.choose}</option>
        {list.map((scene) => (
          <option key={scene.id} value={scene.id}>
            {nameOf(scene)}
          </option>
        ))}
      </select>
    </Field>
  );
  // another later date: the date before it follows, unless the chosen one still fits
  const earlierOf = (id: string): string => {
    const other = of(id);
    const fitting = other ? earlier(scenes, other) : [];
    return fitting.some((scene) => scene.id === pair[0]) ? pair[0] : (fitting[0]?.id ?? "");
  };
  const apart = before && after ? Math.round((new Date(after.properties.acquired_at).getTime() - new Date(before.properties.acquired_at).getTime()) / 86_400_000) : null;
  return (
    <>
      <div class="bring-pair">
        <div>
          {select(0, w.before, partners)}
          <Chosen scene={before} title={w.before} />
        </div>
        <div>
          {select(1, w.after, scenes)}
          <Chosen scene={after} title={w.after} />
        </div>
      </div>
      {apart !== null ? (
        <p class="note">
          {w.apart}
          {number(apart)}
        </p>
      ) : null}
    </>
  );
}

function LayerChoice({ layers, chosen, choose }: { layers: readonly Layer[]; chosen: Record<string, string>; choose: (kind: Kind, id: string) => void }) {
  return (
    <fieldset class="bring-set">
      <legend>{w.layers}</legend>
      <div class="bring-fields">
        {SCAN_KINDS.map((kind) => {
          const versions = layers.filter((layer) => layer.kind === kind);
          return (
            <Field key={kind} label={wordOf(KINDS, kind)}>
              <select value={versions.length === 0 ? "" : (chosen[kind] ?? "newest")} disabled={versions.length === 0} onChange={(event) => choose(kind, event.currentTarget.value)}>
                {versions.length > 0 ? <option value="newest">{w.newestOf}</option> : null}
                <option value="">{w.without}</option>
                {versions.map((layer) => (
                  <option key={layer.id} value={layer.id}>
                    {day(layer.as_of ?? layer.created_at)} · {layer.file_name} ({number(layer.features)})
                  </option>
                ))}
              </select>
            </Field>
          );
        })}
      </div>
    </fieldset>
  );
}

interface Ground {
  scenes: Scene[];
  layers: Layer[];
  models: Schemas["ModelOut"][];
  books: Schemas["RulebookOut"][];
}

async function ground(): Promise<Ground> {
  const [scenes, layers, models, books] = await Promise.all([
    allScenes(),
    allLayers(),
    ask(api.GET("/models")),
    ask(api.GET("/rulebooks")),
  ]);
  return { scenes, layers, models: models.models.filter((one) => !one.fault), books: books.rulebooks.filter((one) => !one.fault) };
}

function Form({ found, place, ordered }: { found: Ground; place: ViewProps["place"]; ordered: () => void }) {
  const first = newestPair(found.scenes);
  const [pair, setPair] = useState<[string, string]>([place.query.get("before") ?? first?.before.id ?? "", place.query.get("after") ?? first?.after.id ?? ""]);
  const [detector, setDetector] = useState("current");
  const [rules, setRules] = useState("current");
  const [chosen, setChosen] = useState<Record<string, string>>({});
  const [options, setOptions] = useState<Options>(NOTHING);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const used = found.models.find((model) => model.in_use);
  const book = found.books.find((one) => one.in_use);

  const order = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    const layers = SCAN_KINDS.filter((kind) => found.layers.some((layer) => layer.kind === kind)).map((kind) => [`${kind}_layer`, chosen[kind] ?? "newest"] as const);
    const set = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== "" && value !== false && !(Array.isArray(value) && value.length === 0)));
    try {
      const job = await send<Job>("POST", "/scans", {
        before_scene: pair[0],
        after_scene: pair[1],
        ...Object.fromEntries(layers.filter(([, id]) => id !== "")),
        options: { detector, rules, ...set },
      });
      if (job.status === "successful") toast(w.same, "info");
      else toast(w.ordered);
      ordered();
      go(href("bring", { tab: "scans", job: job.jobID }));
    } catch (failed) {
      setError(failed as Error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Pair scenes={found.scenes} pair={pair} choose={setPair} />
      <div class="bring-fields">
        <Field label={w.detector}>
          <select value={detector} onChange={(event) => setDetector(event.currentTarget.value)}>
            <option value="current">
              {w.current}: {used?.name === "training-free" ? w.free : (used?.name ?? w.free)}
            </option>
            {found.models.map((model) => (
              <option key={model.name} value={model.name}>
                {model.name === "training-free" ? w.free : model.name}
              </option>
            ))}
          </select>
        </Field>
        <Field label={w.rules}>
          <select value={rules} onChange={(event) => setRules(event.currentTarget.value)}>
            <option value="current">
              {w.current}: {book ? told(book.title_zh, book.title) : "-"}
            </option>
            {found.books.map((one) => (
              <option key={one.name} value={one.name}>
                {told(one.title_zh, one.title)} {one.version}
              </option>
            ))}
          </select>
        </Field>
      </div>
      <LayerChoice layers={found.layers} chosen={chosen} choose={(kind, id) => setChosen({ ...chosen, [kind]: id })} />
      <More options={options} change={(some) => setOptions({ ...options, ...some })} />
      {error ? <Trouble error={error} /> : null}
      <div class="row">
        <button type="button" class="main" disabled={busy || !pair[0] || !pair[1]} onClick={() => void order()}>
          {w.order}
        </button>
        {first ? (
          <button type="button" onClick={() => setPair([first.before.id, first.after.id])}>
            {w.newest}
          </button>
        ) : (
          <span class="note">{w.noPair}</span>
        )}
      </div>
    </>
  );
}

export function ScanForm({ place, ordered }: ViewProps & { ordered: () => void }) {
  const asked = useAsked("scanform", ground);
  useLive(["scene.stored"], asked.reload);
  return (
    <Panel title={w.title}>
      <Await asked={asked}>{(found) => (found.scenes.length < 2 ? <Empty>{w.one}</Empty> : <Form found={found} place={place} ordered={ordered} />)}</Await>
    </Panel>
  );
}
