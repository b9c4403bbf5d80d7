/** Words that several parts of this module share. */
import { language, wordOf } from "../app/language";

export const KINDS = {
  parcels: ["宗地", "Parcels"],
  permits: ["许可", "Permits"],
  zones: ["管控分区", "Zones"],
  buildings: ["既有建筑", "Buildings"],
  areas: ["行政区划", "Areas"],
  patches: ["下发图斑", "Patches"],
} as const;

export type Kind = keyof typeof KINDS;
export const KIND_NAMES = Object.keys(KINDS) as Kind[];

export const SECRECY = {
  public: ["公开", "Public"],
  internal: ["内部", "Internal"],
  secret: ["涉密", "Secret"],
} as const;

/** Grades up to one's own: nobody stores what is above their own clearance. */
export function gradesUpTo(clearance: string | undefined): string[] {
  const grades = Object.keys(SECRECY);
  return grades.slice(0, Math.max(1, grades.indexOf(clearance ?? "internal") + 1));
}

export const JOB_KINDS = {
  scan: ["比对", "Scan"],
  export: ["导出", "Export"],
  intake: ["入库", "Intake"],
  night: ["夜间批处理", "Night"],
  training: ["模型训练", "Training"],
  tiles: ["切片", "Tiles"],
} as const;

export const JOB_STATES = {
  accepted: ["排队中", "Waiting"],
  running: ["进行中", "Running"],
  successful: ["已完成", "Done"],
  failed: ["失败", "Failed"],
  dismissed: ["已停止", "Stopped"],
} as const;

export const JOB_TONES: Record<string, "good" | "warn" | "bad" | "info" | "plain"> = {
  accepted: "plain",
  running: "info",
  successful: "good",
  failed: "bad",
  dismissed: "plain",
};

/** What a job says that it does just now; the service says it in English. */
const STEPS: Record<string, readonly [string, string]> = {
  "waiting for a start": ["等待开始", "Waiting for a start"],
  checking: ["检查数据", "Checking"],
  aligning: ["两期配准", "Aligning the two dates"],
  detecting: ["检测变化", "Detecting changes"],
  outlining: ["勾绘轮廓", "Outlining"],
  "comparing heights": ["比较高程", "Comparing heights"],
  assessing: ["套合规则", "Assessing by the rules"],
  done: ["完成", "Done"],
  starting: ["开始", "Starting"],
  hashing: ["计算校验值", "Hashing"],
  decoding: ["逐块解码检查", "Decoding throughout"],
  "reading the layer": ["读取图层", "Reading the layer"],
  "making the mask": ["制作有效像元掩膜", "Making the mask"],
  "writing the ledger": ["生成台账", "Writing the ledger"],
  "writing patches": ["生成图斑", "Writing patches"],
  "keeping the file": ["保存文件", "Keeping the file"],
  "looking at the cases": ["检查案件", "Looking at the cases"],
  "gathering the leads": ["汇集线索", "Gathering the leads"],
  "sending the alarms": ["发送告警", "Sending the alarms"],
  "writing the report": ["生成晨报", "Writing the report"],
  "drawing tiles": ["绘制切片", "Drawing tiles"],
  "waiting for another start": ["等待重新开始", "Waiting for another start"],
  "stopped on request": ["按要求停止", "Stopped on request"],
};

/** The step of a job in the reader's language; what has no words of its own is left as the service says it. */
export function stepOf(message: string | null | undefined): string {
  if (!message) return "";
  if (message in STEPS) return wordOf(STEPS, message);
  const counted = /^scanning: (\d+) of (\d+) done$/.exec(message);
  if (counted && language.value === "zh") return `比对：已完成 ${counted[1]}/${counted[2]}`;
  if (/^stored \S+$/.test(message)) return language.value === "zh" ? "已入库" : "Stored";
  const again = /^waiting (\d+) s for another start/.exec(message);
  if (again && language.value === "zh") return `${again[1]} 秒后重新开始`;
  const night = /^(\d+) scanned, (\d+) findings, (\d+) suspected, (\d+) refused, (\d+) not yet complete$/.exec(message);
  if (night && language.value === "zh") return `比对 ${night[1]} 对，发现 ${night[2]} 处，疑似违法 ${night[3]} 处，拒绝 ${night[4]} 份，未到齐 ${night[5]} 份`;
  const rows = /^(\S+) with (\d+) rows$/.exec(message);
  if (rows && language.value === "zh") return `${rows[1]}，${rows[2]} 行`;
  return message;
}

/** The name of an encoding with how it was found: the service says the latter in English. */
export function encodingOf(text: string): string {
  const [name = text, how] = text.split(" (");
  if (language.value === "en" || how === undefined) return text;
  if (how.startsWith("fixed")) return `${name}（格式规定）`;
  if (how.startsWith("found")) return `${name}（由文字内容识别）`;
  if (how.startsWith("by its byte")) return `${name}（由文件头标记识别）`;
  if (how.startsWith("told")) return `${name}（已指定）`;
  return name;
}
