/** What was sent, what waits, what failed and why. */
import { useState } from "preact/hooks";
import { type Schemas, api, ask } from "../api/client";
import { minute, number } from "../app/format";
import { wordOf, words } from "../app/language";
import { everywhere, may } from "../app/session";
import { useAsked } from "../app/use";
import { Await, Choice, Empty, Mark, Panel, Table } from "../ui/parts";
import { DELIVERIES, PURPOSES } from "./alarmwords";

type Delivery = Schemas["DeliveryOut"];

const w = words({
  title: ["发送记录", "What was sent"],
  none: ["没有发送记录。", "Nothing."],
  whose: ["哪些记录", "Whose"],
  own: ["我的", "Mine"],
  all: ["全部", "Everybody's"],
  again: ["刷新", "Look again"],
  at: ["时间", "When"],
  purpose: ["内容", "What"],
  channel: ["通道", "By"],
  gone: ["已删除的通道", "a channel that is gone"],
  state: ["状态", "State"],
  attempts: ["尝试次数", "Tries"],
  next: ["下次尝试", "Next try"],
  error: ["最近错误", "Last error"],
});

const TONES: Record<string, "good" | "warn" | "bad" | "info" | "plain"> = { sent: "good", failed: "bad", sending: "info", waiting: "warn" };

export function Deliveries() {
  const [whose, setWhose] = useState<"own" | "all">(may("people") && everywhere() ? "all" : "own");
  const asked = useAsked(`deliveries:${whose}`, () => ask(api.GET("/alarms/deliveries", { params: { query: { limit: 50, ...(whose === "all" ? { everybody: true } : {}) } } })));
  const channels = useAsked("deliveries:channels", () => ask(api.GET("/alarms/channels"))).value?.channels ?? [];
  return (
    <Panel
      title={w.title}
      actions={
        <>
          {may("people") && everywhere() ? (
            <Choice
              label={w.whose}
              value={whose}
              choose={setWhose}
              options={[
                ["own", w.own],
                ["all", w.all],
              ]}
            />
          ) : null}{" "}
          <button type="button" onClick={asked.reload}>
            {w.again}
          </button>
        </>
      }
    >
      <Await asked={asked}>
        {({ deliveries }) =>
          deliveries.length === 0 ? (
            <Empty>{w.none}</Empty>
          ) : (
            <Table<Delivery>
              label={w.title}
              rows={deliveries}
              id={(one) => one.id}
              columns={[
                { title: w.at, cell: (one) => minute(one.sent_at ?? one.created_at) },
                { title: w.purpose, cell: (one) => wordOf(PURPOSES, one.purpose) },
                { title: w.channel, cell: (one) => channels.find((channel) => channel.id === one.channel_id)?.name ?? w.gone },
                { title: w.state, cell: (one) => <Mark tone={TONES[one.state] ?? "plain"}>{wordOf(DELIVERIES, one.state)}</Mark> },
                { title: w.attempts, cell: (one) => number(one.attempts), number: true },
                { title: w.next, cell: (one) => (one.state === "waiting" ? minute(one.next_at) : "-") },
                { title: w.error, cell: (one) => one.last_error ?? "-" },
              ]}
            />
          )
        }
      </Await>
    </Panel>
  );
}
