/** Times that last, as people say them. */
import type { Language } from "../app/language";

/** "40 s", "3 min", "2 h 5 min". */
export function timeLeft(seconds: number, language: Language): string {
  const [s, m, h] = language === "zh" ? ["秒", "分钟", "小时"] : ["s", "min", "h"];
  if (!Number.isFinite(seconds)) return "-";
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} ${s}`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} ${m}`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} ${h}${rest ? ` ${rest} ${m}` : ""}`;
}

/** How long something took, from one moment to another. */
export function lasted(from: string | null | undefined, to: string | null | undefined, language: Language): string {
  if (!from) return "-";
  return timeLeft((new Date(to ?? Date.now()).getTime() - new Date(from).getTime()) / 1_000, language);
}
