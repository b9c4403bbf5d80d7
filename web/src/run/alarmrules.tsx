/** Rules of alarms: who is told of what, how soon, by which channels. */
import { useState } from "preact/hooks";
import { type Schemas, api, ask, getJson, send } from "../api/client";
import { number, percent } from "../app/format";
import { told, wordOf, words } from "../app/language";
import { everywhere, may, session } from "../app/session";
import { STATUS } from "../app/terms";
import { useAsked } from "../app/use";
import { Await, Dialog, Empty, Field, Mark, Panel, Table, Trouble } from "../ui/parts";
import { toast } from "../ui/toast";
import { toggled } from "./access";
import { Sure, useAct } from "./act";
import { STEPS_AT_ONCE } from "./alarmwords";

type Rule = Schemas["RuleOut"];

const w = words({
  title: ["告警规则", "Alarm rules"],
  make: ["新建规则", "Make a rule"],
  none: ["还没有规则：没有规则就不会有告警。", "No rules yet: without one nobody is told of anything."],
  name: ["名称", "Name"],
  person: ["通知谁", "Who is told"],
  me: ["我自己", "Me"],
  other: ["其他人员", "Somebody else"],
  wanted: ["内容", "Of what"],
  timing: ["时间", "How soon"],
  by: ["通道", "By"],
  inApp: ["系统内", "in the application"],
  state: ["状态", "State"],
  on: ["启用", "On"],
  off: ["停用", "Off"],
  turnOn: ["启用", "Switch on"],
  turnOff: ["停用", "Switch off"],
  remove: ["删除", "Take away"],
  removed: ["已删除。", "Taken away."],
  saved: ["已保存。", "Saved."],
  template: ["从模板开始", "Begin with"],
  atOnce: ["即时发送", "At once"],
  digest: ["汇总时间", "Digest at"],
  quiet: ["免打扰", "Quiet"],
  confidence: ["最低置信度", "Least confidence"],
  area: ["最小面积 (m²)", "Least area (m²)"],
  escalate: ["无人确认时上报给", "Handed on to, where nobody acknowledges"],
  nobody: ["不上报", "Nobody"],
  after: ["多久后上报（小时）", "After so many hours"],
  protectedLand: ["保护性用地", "protected land"],
  rebuilt: ["拆后复建", "rebuilt"],
  everything: ["全部", "everything"],
  actions: ["操作", "Do"],
});

const FLAGS = { protected_land: ["保护性用地", "protected land"], rebuilt: ["拆后复建", "rebuilt"] } as const;
const STAGES = { earthworks: ["土方", "earthworks"], foundation: ["基础", "foundation"], under_construction: ["在建", "under construction"], finished: ["建成", "finished"] } as const;

function wantedOf(wanted: Record<string, unknown>): string {
  const list = (name: string): string[] => (Array.isArray(wanted[name]) ? (wanted[name] as string[]) : []);
  const parts = [
    list("statuses").map((one) => wordOf(STATUS, one)).join("/"),
    list("flags").map((one) => wordOf(FLAGS, one)).join("/"),
    list("stages").map((one) => wordOf(STAGES, one)).join("/"),
    typeof wanted.min_confidence === "number" && wanted.min_confidence > 0 ? `≥ ${percent(wanted.min_confidence)}` : "",
    typeof wanted.min_area_m2 === "number" && wanted.min_area_m2 > 0 ? `≥ ${number(wanted.min_area_m2)} m²` : "",
  ].filter(Boolean);
  return parts.join(" · ") || w.everything;
}

function timingOf(timing: Record<string, unknown>): string {
  const list = (name: string): string[] => (Array.isArray(timing[name]) ? (timing[name] as string[]) : []);
  const parts = [wordOf(STEPS_AT_ONCE, String(timing.at_once ?? "gravest"))];
  if (timing.at_once !== "all" && list("digest_at").length > 0) parts.push(`${w.digest} ${list("digest_at").join(", ")}`);
  if (list("quiet").length === 2) parts.push(`${w.quiet} ${list("quiet").join("-")}`);
  return parts.join(" · ");
}

interface Around {
  templates: Schemas["TemplateOut"][];
  channels: Schemas["ChannelOut"][];
  people: Schemas["PersonBody"][];
}

async function around(): Promise<Around> {
  const [templates, channels, people] = await Promise.all([
    ask(api.GET("/alarms/rules/templates")),
    ask(api.GET("/alarms/channels")),
    may("people") && everywhere() ? getJson<Schemas["PeopleBody"]>("/people", { limit: 500 }) : Promise.resolve({ people: [] }),
  ]);
  return { templates: templates.templates, channels: channels.channels, people: people.people.filter((one) => one.active) };
}

function Making({ found, close, made }: { found: Around; close: () => void; made: () => void }) {
  const [template, setTemplate] = useState(found.templates[0]?.id ?? "");
  const base = found.templates.find((one) => one.id === template);
  const [name, setName] = useState("");
  const [person, setPerson] = useState("");
  const [channels, setChannels] = useState<string[]>([]);
  const [confidence, setConfidence] = useState("");
  const [least, setLeast] = useState("");
  const [atOnce, setAtOnce] = useState("");
  const [to, setTo] = useState("");
  const [after, setAfter] = useState("4");
  const doing = useAct();
  const make = () =>
    doing.act(async () => {
      const wanted = { ...(base?.wanted ?? {}), ...(confidence ? { min_confidence: Number(confidence) } : {}), ...(least ? { min_area_m2: Number(least) } : {}) };
      const timing = { ...(base?.timing ?? {}), ...(atOnce ? { at_once: atOnce } : {}) };
      await send("POST", "/alarms/rules", { name: name.trim() || told(base?.name_zh, base?.name), person: person || null, wanted, timing, channels, ...(to ? { escalate_to: to, escalate_after_s: Number(after) * 3600 } : {}) });
      toast(w.saved);
      made();
    });
  const people = (chosen: string, choose: (id: string) => void, none: string, label: string) => (
    <Field label={label}>
      <select value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
        <option value="">{none}</option>
        {found.people.map((one) => (
          <option key={one.id} value={one.id}>
            {one.display_name}
          </option>
        ))}
      </select>
    </Field>
  );
  return (
    <Dialog title={w.make} close={close}>
      <Field label={w.template} {...(base ? { hint: `${wantedOf(base.wanted)} | ${timingOf(base.timing)}` } : {})}>
        <select value={template} onChange={(event) => setTemplate(event.currentTarget.value)}>
          {found.templates.map((one) => (
            <option key={one.id} value={one.id}>
              {told(one.name_zh, one.name)}
            </option>
          ))}
        </select>
      </Field>
      <div class="run-fields">
        <Field label={w.name}>
          <input value={name} placeholder={told(base?.name_zh, base?.name)} onInput={(event) => setName(event.currentTarget.value)} />
        </Field>
        {found.people.length > 0 ? people(person, setPerson, w.me, w.person) : null}
        <Field label={w.confidence}>
          <input type="number" min={0} max={1} step={0.05} value={confidence} placeholder={String(base?.wanted.min_confidence ?? "")} onInput={(event) => setConfidence(event.currentTarget.value)} />
        </Field>
        <Field label={w.area}>
          <input type="number" min={0} value={least} placeholder={String(base?.wanted.min_area_m2 ?? "")} onInput={(event) => setLeast(event.currentTarget.value)} />
        </Field>
        <Field label={w.atOnce}>
          <select value={atOnce || String(base?.timing.at_once ?? "gravest")} onChange={(event) => setAtOnce(event.currentTarget.value)}>
            {Object.keys(STEPS_AT_ONCE).map((one) => (
              <option key={one} value={one}>
                {wordOf(STEPS_AT_ONCE, one)}
              </option>
            ))}
          </select>
        </Field>
        {found.people.length > 0 ? people(to, setTo, w.nobody, w.escalate) : null}
        {to ? (
          <Field label={w.after}>
            <input type="number" min={0.5} step={0.5} value={after} onInput={(event) => setAfter(event.currentTarget.value)} />
          </Field>
        ) : null}
      </div>
      {found.channels.length > 0 ? (
        <fieldset class="run-set">
          <legend>{w.by}</legend>
          {found.channels.map((one) => (
            <label key={one.id} class="run-check">
              <input type="checkbox" checked={channels.includes(one.id)} onChange={(event) => setChannels(toggled(channels, one.id, event.currentTarget.checked))} /> {one.name}
            </label>
          ))}
        </fieldset>
      ) : null}
      {doing.error ? <Trouble error={doing.error} /> : null}
      <button type="button" class="main" disabled={doing.busy || template === ""} onClick={() => void make()}>
        {w.make}
      </button>
    </Dialog>
  );
}

export function AlarmRules() {
  const asked = useAsked("alarm-rules", () => ask(api.GET("/alarms/rules")));
  const beside = useAsked("alarm-around", around);
  const [making, setMaking] = useState(false);
  const doing = useAct();
  const nameOf = (id: string): string => (id === session.value?.id ? w.me : (beside.value?.people.find((one) => one.id === id)?.display_name ?? w.other));
  const channelOf = (id: string): string => beside.value?.channels.find((one) => one.id === id)?.name ?? id;
  const turn = (rule: Rule) =>
    doing.act(async () => {
      await send("PATCH", `/alarms/rules/${rule.id}`, { active: !rule.active });
      asked.reload();
    });
  const remove = async (rule: Rule): Promise<void> => {
    await send("DELETE", `/alarms/rules/${rule.id}`);
    toast(w.removed);
    asked.reload();
  };
  return (
    <Panel
      title={w.title}
      actions={
        <button type="button" class="main" disabled={beside.value === undefined} onClick={() => setMaking(true)}>
          {w.make}
        </button>
      }
    >
      {doing.error ? <Trouble error={doing.error} /> : null}
      <Await asked={asked}>
        {({ rules }) =>
          rules.length === 0 ? (
            <Empty>{w.none}</Empty>
          ) : (
            <Table
              label={w.title}
              rows={rules}
              id={(rule) => rule.id}
              columns={[
                { title: w.name, cell: (rule) => <b>{rule.name}</b> },
                { title: w.person, cell: (rule) => nameOf(rule.person_id) },
                { title: w.wanted, cell: (rule) => wantedOf(rule.wanted) },
                { title: w.timing, cell: (rule) => timingOf(rule.timing) },
                { title: w.by, cell: (rule) => [w.inApp, ...rule.channels.map(channelOf)].join(", ") },
                { title: w.state, cell: (rule) => (rule.active ? <Mark tone="good">{w.on}</Mark> : <Mark>{w.off}</Mark>) },
                {
                  title: w.actions,
                  cell: (rule) => (
                    <span class="row run-acts">
                      <button type="button" aria-label={`${rule.active ? w.turnOff : w.turnOn} ${rule.name}`} onClick={() => void turn(rule)}>
                        {rule.active ? w.turnOff : w.turnOn}
                      </button>
                      <Sure title={w.remove} name={`${w.remove} ${rule.name}`} act={() => remove(rule)} />
                    </span>
                  ),
                },
              ]}
            />
          )
        }
      </Await>
      {making && beside.value ? (
        <Making
          found={beside.value}
          close={() => setMaking(false)}
          made={() => {
            setMaking(false);
            asked.reload();
          }}
        />
      ) : null}
      {beside.error ? <Trouble error={beside.error} retry={beside.reload} /> : null}
    </Panel>
  );
}
