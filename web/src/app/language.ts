/** Chinese first, English by a switch; every module keeps its words beside it. */
import { signal } from "@preact/signals";

export type Language = "zh" | "en";

const KEPT = "kancha.language";

function kept(): Language {
  try {
    return localStorage.getItem(KEPT) === "en" ? "en" : "zh";
  } catch {
    return "zh";
  }
}

export const language = signal<Language>(kept());

export function setLanguage(next: Language): void {
  language.value = next;
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
  try {
    localStorage.setItem(KEPT, next);
  } catch {
    // a browser that keeps nothing speaks Chinese next time
  }
}

type Pair = readonly [zh: string, en: string];

/** Words of a module: `const w = words({ title: ["今日", "Today"] })`, then `w.title` in the language of the moment. */
export function words<T extends Record<string, Pair>>(table: T): { readonly [K in keyof T]: string } {
  return new Proxy(table, {
    get: (target, name) => {
      const pair = target[name as keyof T];
      return pair === undefined ? String(name) : pair[language.value === "zh" ? 0 : 1];
    },
  }) as unknown as { readonly [K in keyof T]: string };
}

/** One of two texts that the service tells in both languages. */
export function told(zh: string | null | undefined, en: string | null | undefined): string {
  return (language.value === "zh" ? zh || en : en || zh) ?? "";
}

/** A word of a closed list, as the service names it; the name itself where nobody has called it. */
export function wordOf(table: Record<string, Pair>, name: string | null | undefined): string {
  if (name === null || name === undefined || name === "") return "-";
  const pair = table[name];
  return pair === undefined ? name : pair[language.value === "zh" ? 0 : 1];
}
