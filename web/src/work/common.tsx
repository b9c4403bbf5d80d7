/** What several views of the daily work share: names of people, words of cases, files that are taken away. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Problem, type Schemas, csrfHeader, getJson, root } from "../api/client";
import { language, told, words, wordOf } from "../app/language";
import { may, session } from "../app/session";
import { toast } from "../ui/toast";
import { CATEGORIES, REGIONS, TERMS } from "../api/words";
import "./work.css";

const w = words({
  system: ["系统", "the service"],
  failed: ["下载失败", "The download failed"],
  otherTerm: ["其他期限", "another term"],
  ok: ["已完成", "Done"],
});

export const STATES = Object.keys(REGIONS.procedure ?? {});

export function stateWord(state: string): string {
  return wordOf(REGIONS.procedure ?? {}, state);
}

export function categoryWords(names: readonly string[]): string {
  return names.map((name) => wordOf(CATEGORIES, name)).join(language.value === "zh" ? "、" : ", ") || "-";
}

/** A term by its id; those of a bureau's own book have no word here. */
export function termWord(id: string): string {
  const plain = id.split("#")[0] ?? id;
  return plain in TERMS ? wordOf(TERMS, plain) : w.otherTerm;
}

// --- people ----------------------------------------------------------------------------------------

export const officers = signal<Schemas["OfficerOut"][]>([]);
let asked = false;

/** Ask once who acts as an officer, where that may be asked. */
export function useOfficers(): void {
  useEffect(() => {
    if (asked || !may("cases")) return;
    asked = true;
    getJson<Schemas["OfficersOut"]>("/officers").then(
      (found) => {
        officers.value = found.officers;
      },
      () => {
        asked = false;
      },
    );
  }, []);
}

/** How somebody is called, by their id. */
export function personName(id: string, known: Readonly<Record<string, string>> = {}): string {
  if (id === "kancha" || id === "local") return w.system;
  const found = known[id] ?? officers.value.find((one) => one.id === id)?.display_name;
  return found ?? (session.value?.id === id ? session.value.name : id);
}

// --- files -----------------------------------------------------------------------------------------

function nameIn(answer: Response, other: string): string {
  const told = answer.headers.get("Content-Disposition") ?? "";
  const encoded = /filename\*=utf-8''([^;]+)/i.exec(told)?.[1];
  if (encoded) return decodeURIComponent(encoded);
  return /filename="?([^";]+)"?/i.exec(told)?.[1] ?? other;
}

/** Take a file away; what the service refuses is told, and nothing is saved in its place. */
export async function save(path: string, name: string, method: "GET" | "POST" = "GET"): Promise<void> {
  try {
    const answer = await fetch(`${root}${path}`, { method, headers: method === "POST" ? csrfHeader() : {} });
    if (!answer.ok) throw new Problem(answer.status, (await answer.json().catch(() => ({}))) as Record<string, unknown>);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = nameIn(answer, name);
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch (error) {
    toast(reason(error, w.failed), "bad");
  }
}

/** What went wrong, in one line. */
export function reason(error: unknown, other: string = w.failed): string {
  if (error instanceof Problem) return [told(error.titleZh, error.title), language.value === "zh" ? error.detailZh || error.remedyZh : error.message].filter(Boolean).join(": ");
  return error instanceof Error ? error.message : other;
}
