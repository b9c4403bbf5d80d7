/** What comes in and goes out: images, layers, scans, exports. */
import { words } from "../app/language";
import { href } from "../app/router";
import { everywhere, may } from "../app/session";
import type { ViewProps } from "../app/views";
import { Empty, Tabs } from "../ui/parts";
import "./bring.css";
import { Exports } from "./exports";
import { Images } from "./images";
import { Layers } from "./layers";
import { Scans } from "./scans";

const w = words({
  title: ["数据导入与比对", "Data in, scans, files out"],
  parts: ["功能", "Parts"],
  images: ["影像", "Images"],
  layers: ["图层", "Layers"],
  scans: ["比对", "Scans"],
  exports: ["导出", "Exports"],
  none: ["您的权限不包括此页面的功能。", "Your rights do not include anything on this page."],
});

const TABS = [
  { name: "images", offered: () => may("upload") || may("scan"), shown: Images },
  { name: "layers", offered: () => may("layers") && everywhere(), shown: Layers },
  { name: "scans", offered: () => may("scan"), shown: Scans },
  { name: "exports", offered: () => may("export"), shown: Exports },
] as const;

export default function View({ place }: ViewProps) {
  const offered = TABS.filter((tab) => tab.offered());
  const chosen = offered.find((tab) => tab.name === place.query.get("tab")) ?? offered[0];
  if (chosen === undefined) return <Empty>{w.none}</Empty>;
  const Shown = chosen.shown;
  return (
    <div class="bring-view">
      <h1>{w.title}</h1>
      <Tabs label={w.parts} chosen={chosen.name} tabs={offered.map(({ name }) => ({ name, title: w[name], to: href("bring", { tab: name }) }))} />
      <Shown place={place} />
    </div>
  );
}
