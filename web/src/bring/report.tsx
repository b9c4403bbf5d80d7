/** What reading a layer did to it: repaired, left out, found twice, each with its reason. */
import { number } from "../app/format";
import { words } from "../app/language";

const w = words({
  rows: ["读到", "read"],
  kept: ["保留", "kept"],
  repaired: ["修复图形", "repaired"],
  dropped: ["舍弃", "left out"],
  duplicated: ["编号重复", "found twice"],
  first: ["（仅列出前 100 个）", "(the first 100)"],
});

const NAMES = ["repaired", "dropped", "duplicated"] as const;

function named(one: unknown): string {
  return Array.isArray(one) ? one.map(String).join(": ") : String(one);
}

export function Report({ report, counts }: { report: Record<string, unknown>; counts?: Record<string, number> }) {
  const list = (name: string): unknown[] => (Array.isArray(report[name]) ? report[name] : []);
  const count = (name: string): number => counts?.[name] ?? list(name).length;
  const total = (name: "rows" | "kept"): number => counts?.[name] ?? Number(report[name] ?? 0);
  return (
    <>
      <ul class="bring-counts">
        {(["rows", "kept"] as const).map((name) => (
          <li key={name}>
            <b>{number(total(name))}</b> {w[name]}
          </li>
        ))}
        {NAMES.map((name) => (
          <li key={name} class={count(name) > 0 ? "some" : ""}>
            <b>{number(count(name))}</b> {w[name]}
          </li>
        ))}
      </ul>
      {NAMES.filter((name) => list(name).length > 0).map((name) => (
        <details key={name}>
          <summary>
            {w[name]} ({number(count(name))}) {count(name) > list(name).length ? w.first : ""}
          </summary>
          <ul>
            {list(name)
              .slice(0, 100)
              .map((one, at) => (
                <li key={at}>{named(one)}</li>
              ))}
          </ul>
        </details>
      ))}
    </>
  );
}
