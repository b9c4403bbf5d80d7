/** Channels: where messages go. Their addresses are kept sealed and never shown again. */
import { useState } from "preact/hooks";
import { type Schemas, api, ask, send } from "../api/client";
import { wordOf, words } from "../app/language";
import { everywhere, may } from "../app/session";
import { useAsked } from "../app/use";
import { Await, Dialog, Empty, Field, Mark, Panel, Table, Trouble } from "../ui/parts";
import { toast } from "../ui/toast";
import { toggled } from "./access";
import { Sure, useAct } from "./act";
import { CHANNEL_KINDS, EVENTS, STYLES } from "./alarmwords";
import { Once } from "./once";

type Channel = Schemas["ChannelOut"];

const w = words({
  title: ["发送通道", "Channels"],
  make: ["新建通道", "Make a channel"],
  none: ["还没有通道：告警只显示在系统内。", "No channels yet: alarms are shown in the application alone."],
  name: ["名称", "Name"],
  kind: ["类型", "Kind"],
  url: ["地址", "Address"],
  urlHint: ["加密保存，之后不再显示", "Kept sealed, never shown again"],
  style: ["格式", "Style"],
  secret: ["机器人加签密钥", "The robot's own secret"],
  template: ["消息模板 (JSON，可用 {title} {text} {link} {id})", "Template (JSON with {title} {text} {link} {id})"],
  badTemplate: ["模板不是有效的 JSON。", "The template is no JSON."],
  bureau: ["全局通道（所有人可选用）", "The bureau's: for everybody's rules"],
  chips: ["附带前后影像", "With pictures before and after"],
  events: ["推送事件（供其他系统）", "Events, for other systems"],
  owner: ["归属", "Whose"],
  own: ["个人", "a person's"],
  ofBureau: ["全局", "the bureau's"],
  state: ["状态", "State"],
  on: ["启用", "On"],
  off: ["停用", "Off"],
  turnOn: ["启用", "Switch on"],
  turnOff: ["停用", "Switch off"],
  test: ["测试", "Test"],
  tested: ["测试消息已提交发送，结果见发送记录。", "The test is on its way; see what was sent."],
  remove: ["删除", "Take away"],
  removed: ["已删除。", "Taken away."],
  saved: ["已保存。", "Saved."],
  signing: ["签名密钥", "Secret that signs"],
  signingNote: ["接收方用它验证消息签名（Standard Webhooks）。", "The receiver verifies the messages with it (Standard Webhooks)."],
  actions: ["操作", "Do"],
});

const EXAMPLES: Record<string, string> = { apprise: "wecombot://KEY", webhook: "https://" };

function Making({ close, made }: { close: () => void; made: (channel: Schemas["MadeChannel"]) => void }) {
  const [name, setName] = useState("");
  const [kind, setKind] = useState("apprise");
  const [url, setUrl] = useState("");
  const [style, setStyle] = useState("cloudevents");
  const [secret, setSecret] = useState("");
  const [template, setTemplate] = useState("");
  const [bureau, setBureau] = useState(false);
  const [chips, setChips] = useState(true);
  const [events, setEvents] = useState<string[]>([]);
  const doing = useAct();
  const webhook = kind === "webhook";
  const make = () =>
    doing.act(async () => {
      let parsed: unknown;
      if (webhook && style === "template") {
        try {
          parsed = JSON.parse(template);
        } catch {
          throw new Error(w.badTemplate);
        }
      }
      made(
        await send<Schemas["MadeChannel"]>("POST", "/alarms/channels", {
          name: name.trim(),
          kind,
          bureau,
          ...(kind === "in_app" ? {} : { url: url.trim(), chips }),
          ...(webhook ? { style, ...(style === "robot" && secret ? { secret } : {}), ...(parsed === undefined ? {} : { template: parsed }), ...(style === "cloudevents" && events.length > 0 ? { events } : {}) } : {}),
        }),
      );
    });
  return (
    <Dialog title={w.make} close={close}>
      <div class="run-fields">
        <Field label={w.name}>
          <input value={name} onInput={(event) => setName(event.currentTarget.value)} />
        </Field>
        <Field label={w.kind}>
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
            {(["apprise", "webhook"] as const).map((one) => (
              <option key={one} value={one}>
                {wordOf(CHANNEL_KINDS, one)}
              </option>
            ))}
          </select>
        </Field>
      </div>
      <Field label={w.url} hint={w.urlHint}>
        <input value={url} placeholder={EXAMPLES[kind]} autocomplete="off" onInput={(event) => setUrl(event.currentTarget.value)} />
      </Field>
      {webhook ? (
        <Field label={w.style}>
          <select value={style} onChange={(event) => setStyle(event.currentTarget.value)}>
            {Object.keys(STYLES).map((one) => (
              <option key={one} value={one}>
                {wordOf(STYLES, one)}
              </option>
            ))}
          </select>
        </Field>
      ) : null}
      {webhook && style === "robot" ? (
        <Field label={w.secret}>
          <input type="password" value={secret} autocomplete="off" onInput={(event) => setSecret(event.currentTarget.value)} />
        </Field>
      ) : null}
      {webhook && style === "template" ? (
        <Field label={w.template}>
          <textarea rows={4} value={template} onInput={(event) => setTemplate(event.currentTarget.value)} />
        </Field>
      ) : null}
      {webhook && style === "cloudevents" ? (
        <fieldset class="run-set">
          <legend>{w.events}</legend>
          {Object.keys(EVENTS).map((one) => (
            <label key={one} class="run-check">
              <input type="checkbox" checked={events.includes(one)} onChange={(event) => setEvents(toggled(events, one, event.currentTarget.checked))} /> {wordOf(EVENTS, one)}
            </label>
          ))}
        </fieldset>
      ) : null}
      <label class="run-check">
        <input type="checkbox" checked={chips} onChange={(event) => setChips(event.currentTarget.checked)} /> {w.chips}
      </label>
      {may("people") && everywhere() ? (
        <label class="run-check">
          <input type="checkbox" checked={bureau} onChange={(event) => setBureau(event.currentTarget.checked)} /> {w.bureau}
        </label>
      ) : null}
      {doing.error ? <Trouble error={doing.error} /> : null}
      <p>
        <button type="button" class="main" disabled={doing.busy || !name.trim() || !url.trim()} onClick={() => void make()}>
          {w.make}
        </button>
      </p>
    </Dialog>
  );
}

export function Channels() {
  const asked = useAsked("alarm-channels", () => ask(api.GET("/alarms/channels")));
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<Schemas["MadeChannel"]>();
  const doing = useAct();
  const mayChange = may("export");
  const turn = (one: Channel) =>
    doing.act(async () => {
      await send("PATCH", `/alarms/channels/${one.id}`, { active: !one.active });
      asked.reload();
    });
  const test = (one: Channel) =>
    doing.act(async () => {
      await send("POST", `/alarms/channels/${one.id}/test`);
      toast(w.tested, "info");
    });
  const remove = async (one: Channel): Promise<void> => {
    await send("DELETE", `/alarms/channels/${one.id}`);
    toast(w.removed);
    asked.reload();
  };
  return (
    <Panel
      title={w.title}
      actions={
        mayChange ? (
          <button type="button" class="main" onClick={() => setMaking(true)}>
            {w.make}
          </button>
        ) : null
      }
    >
      {doing.error ? <Trouble error={doing.error} /> : null}
      <Await asked={asked}>
        {({ channels }) =>
          channels.length === 0 ? (
            <Empty>{w.none}</Empty>
          ) : (
            <Table
              label={w.title}
              rows={channels}
              id={(one) => one.id}
              columns={[
                { title: w.name, cell: (one) => <b>{one.name}</b> },
                { title: w.kind, cell: (one) => wordOf(CHANNEL_KINDS, one.kind) },
                { title: w.url, cell: (one) => <code>{one.hint}</code> },
                { title: w.owner, cell: (one) => (one.owner_id === null ? w.ofBureau : w.own) },
                { title: w.state, cell: (one) => (one.active ? <Mark tone="good">{w.on}</Mark> : <Mark>{w.off}</Mark>) },
                ...(mayChange
                  ? [
                      {
                        title: w.actions,
                        cell: (one: Channel) => (
                          <span class="row run-acts">
                            <button type="button" disabled={!one.active || doing.busy} aria-label={`${w.test} ${one.name}`} onClick={() => void test(one)}>
                              {w.test}
                            </button>
                            <button type="button" aria-label={`${one.active ? w.turnOff : w.turnOn} ${one.name}`} onClick={() => void turn(one)}>
                              {one.active ? w.turnOff : w.turnOn}
                            </button>
                            <Sure title={w.remove} name={`${w.remove} ${one.name}`} act={() => remove(one)} />
                          </span>
                        ),
                      },
                    ]
                  : []),
              ]}
            />
          )
        }
      </Await>
      {making ? (
        <Making
          close={() => setMaking(false)}
          made={(channel) => {
            setMaking(false);
            toast(w.saved);
            asked.reload();
            if (channel.secret) setMade(channel);
          }}
        />
      ) : null}
      {made?.secret ? <Once title={made.name} label={w.signing} note={w.signingNote} secret={made.secret} close={() => setMade(undefined)} /> : null}
    </Panel>
  );
}
