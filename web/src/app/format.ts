/** Figures and times as people read them: Beijing time, square metres with mu. */
import { language } from "./language";

const DAY = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short" });
const MINUTE = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "short" });

/** A day in Beijing; a day without a time is one already. */
export function day(text: string | null | undefined): string {
  if (!text) return "-";
  return text.length <= 10 ? text : DAY.format(new Date(text));
}

/** A moment in Beijing, to the minute. */
export function minute(text: string | null | undefined): string {
  return text ? MINUTE.format(new Date(text)) : "-";
}

export function number(value: number | null | undefined, digits = 0): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "-";
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function percent(value: number | null | undefined, digits = 0): string {
  return value === null || value === undefined ? "-" : `${number(100 * value, digits)}\u00a0%`;
}

/** An area in square metres and mu (1 mu = 10,000 / 15 m²). */
export function area(m2: number | null | undefined): string {
  if (m2 === null || m2 === undefined) return "-";
  const mu = number((m2 * 15) / 10_000, 2);
  return `${number(m2, m2 < 100 ? 1 : 0)} m² (${mu} ${language.value === "zh" ? "亩" : "mu"})`;
}

export function bytes(size: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  let left = size;
  while (left >= 1000 && at < units.length - 1) {
    left /= 1000;
    at += 1;
  }
  return `${number(left, at === 0 ? 0 : 1)} ${units[at]}`;
}

/** How long ago, or how long still: "3 天前", "in 2 h". */
export function relative(text: string | null | undefined, now: number = Date.now()): string {
  if (!text) return "-";
  const hours = (new Date(text).getTime() - now) / 3_600_000;
  const zh = language.value === "zh";
  const size = Math.abs(hours);
  const [value, unit] = size < 1 ? [size * 60, zh ? "分钟" : "min"] : size < 48 ? [size, zh ? "小时" : "h"] : [size / 24, zh ? "天" : "d"];
  const told = `${Math.round(value)} ${unit}`;
  if (zh) return hours < 0 ? `${told}前` : `${told}后`;
  return hours < 0 ? `${told} ago` : `in ${told}`;
}
