/** Faults of a text that the service names with their lines. */
import { told } from "../app/language";

export interface Fault {
  line: number | null;
  text: string;
}

const LINE = /^(?:line (\d+)|第 (\d+) 行)[:：]\s*/;

/** The faults that `measured` of a refusal holds, in the language of the page where the service turned them. */
export function faultsOf(measured: Record<string, unknown>): Fault[] {
  const list = (name: string): string[] => (Array.isArray(measured[name]) ? (measured[name] as unknown[]).filter((one): one is string => typeof one === "string") : []);
  const english = list("faults");
  const chinese = list("faults_zh");
  return english.map((fault, place) => {
    const line = LINE.exec(fault);
    const text = told(chinese[place] ?? fault, fault);
    return { line: line?.[1] ? Number(line[1]) : null, text: text.replace(LINE, "") };
  });
}
