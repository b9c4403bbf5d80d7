/** The views: each a module per task, loaded when it is first opened. */
import type { ComponentType } from "preact";
import type { Place } from "./router";
import { everywhere, may } from "./session";

export interface ViewProps {
  place: Place;
}

export interface View {
  name: string;
  title: readonly [zh: string, en: string];
  /** Whether whoever has signed in is offered it. */
  offered: () => boolean;
  load: () => Promise<{ default: ComponentType<ViewProps> }>;
}

export const VIEWS: readonly View[] = [
  { name: "today", title: ["今日", "Today"], offered: () => may("read"), load: () => import("../today/view") },
  { name: "look", title: ["地图", "Map"], offered: () => may("read"), load: () => import("../look/view") },
  { name: "judge", title: ["核查", "Judge"], offered: () => may("judge"), load: () => import("../judge/view") },
  { name: "leads", title: ["线索", "Leads"], offered: () => may("leads"), load: () => import("../work/leads") },
  { name: "cases", title: ["案件", "Cases"], offered: () => may("read"), load: () => import("../work/cases") },
  { name: "campaigns", title: ["专项", "Campaigns"], offered: () => may("read") && everywhere(), load: () => import("../work/campaigns") },
  { name: "coverage", title: ["覆盖", "Coverage"], offered: () => may("read"), load: () => import("../work/coverage") },
  { name: "bring", title: ["导入", "Bring"], offered: () => may("upload") || may("layers") || may("scan"), load: () => import("../bring/view") },
  { name: "run", title: ["管理", "Run"], offered: () => may("read"), load: () => import("../run/view") },
];

/** Views that others lead to, without a place in the bar. */
export const BESIDE: readonly View[] = [
  { name: "know", title: ["建筑", "Structure"], offered: () => may("read"), load: () => import("../know/view") },
  { name: "case", title: ["案件", "Case"], offered: () => may("read"), load: () => import("../work/case") },
  { name: "lead", title: ["线索", "Lead"], offered: () => may("leads"), load: () => import("../work/lead") },
];
