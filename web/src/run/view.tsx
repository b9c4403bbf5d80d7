/** Administration: people, keys, rules, models, nights, alarms, the record, the state of the service. */
import { words } from "../app/language";
import { href } from "../app/router";
import { everywhere, may } from "../app/session";
import type { ViewProps } from "../app/views";
import { Empty, Tabs } from "../ui/parts";
import { Alarms } from "./alarms";
import { Health } from "./health";
import { Keys } from "./keys";
import { Models } from "./models";
import { Nights } from "./nights";
import { People } from "./people";
import { Record } from "./record";
import { Rules } from "./rules";
import "./run.css";

const w = words({
  title: ["系统管理", "Administration"],
  parts: ["功能", "Parts"],
  people: ["人员", "People"],
  keys: ["接口密钥", "Keys"],
  rules: ["规则", "Rules"],
  models: ["模型", "Models"],
  nights: ["夜间批处理", "Nights"],
  alarms: ["告警", "Alarms"],
  record: ["审计记录", "Record"],
  health: ["运行状态", "Health"],
  none: ["您的权限不包括此页面的功能。", "Your rights do not include anything on this page."],
});

// the same limits as the service's: layers of power, and what tells of ground everywhere
const TABS = [
  { name: "people", offered: () => may("people") && everywhere(), shown: People },
  { name: "keys", offered: () => may("keys") && everywhere(), shown: Keys },
  { name: "rules", offered: () => may("read"), shown: Rules },
  { name: "models", offered: () => may("read"), shown: Models },
  { name: "nights", offered: () => may("read") && everywhere(), shown: Nights },
  { name: "alarms", offered: () => may("read"), shown: Alarms },
  { name: "record", offered: () => may("audit") && everywhere(), shown: Record },
  { name: "health", offered: () => may("read"), shown: Health },
] as const;

export default function View({ place }: ViewProps) {
  const offered = TABS.filter((tab) => tab.offered());
  const chosen = offered.find((tab) => tab.name === place.query.get("tab")) ?? offered[0];
  if (chosen === undefined) return <Empty>{w.none}</Empty>;
  const Shown = chosen.shown;
  return (
    <div class="run-view">
      <h1>{w.title}</h1>
      <Tabs label={w.parts} chosen={chosen.name} tabs={offered.map(({ name }) => ({ name, title: w[name], to: href("run", { tab: name }) }))} />
      <Shown place={place} />
    </div>
  );
}
