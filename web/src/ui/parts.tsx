/** Small parts that every view uses. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Problem } from "../api/client";
import { language, told, words } from "../app/language";
import type { Asked } from "../app/use";

const w = words({
  loading: ["正在读取…", "Loading…"],
  again: ["重试", "Try again"],
  remedy: ["办法", "What to do"],
  detail: ["详情（英文）", "Details"],
  offline: ["无法连接服务", "The service cannot be reached"],
  online: ["请检查网络后重试；仍不成功时联系系统管理员。", "Check the network and try again; if it lasts, ask an administrator."],
  broken: ["页面出错", "The page failed"],
  reload: ["请刷新页面后重试；若再次出现，请告知系统管理员。", "Load the page again; if it lasts, tell an administrator."],
  close: ["关闭", "Close"],
  nothing: ["没有内容", "Nothing here"],
});

/** A refusal of the service, as an answer or as it was kept with a job, with the way out. */
export function Refused({ refusal, before }: { refusal: Record<string, unknown>; before?: string }) {
  const text = (name: string): string => (typeof refusal[name] === "string" ? refusal[name] : "");
  const english = text("detail") || text("message");
  const chinese = text("detail_zh") || text("message_zh");
  const remedy = told(text("remedy_zh"), text("remedy"));
  return (
    <>
      <b>
        {before ? `${before}: ` : ""}
        {told(text("title_zh"), text("title"))}
      </b>
      {language.value === "zh" && english && !chinese ? (
        // what libraries say of a file, and sentences that nobody has turned yet
        <p class="note">
          {w.detail}: <span lang="en">{english}</span>
        </p>
      ) : (
        <p>{told(chinese, english)}</p>
      )}
      {remedy ? (
        <p class="remedy">
          {w.remedy}: {remedy}
        </p>
      ) : null}
    </>
  );
}

/** What went wrong, in the service's words, with the way out. */
export function Trouble({ error, retry }: { error: Error; retry?: () => void }) {
  return (
    <div class="trouble" role="alert">
      <Wrong error={error} />
      {retry ? (
        <button type="button" onClick={retry}>
          {w.again}
        </button>
      ) : null}
    </div>
  );
}

function Wrong({ error }: { error: Error }) {
  if (error instanceof Problem && error.title) return <Refused refusal={error.body} />;
  // forms of the page tell what they miss as plain errors
  if (error.name === "Error") return <p>{error.message}</p>;
  // fetch tells a lost network as a TypeError, each browser in other words
  const offline = error instanceof TypeError && /fetch|network|load/i.test(error.message);
  return (
    <>
      <b>{offline ? w.offline : w.broken}</b>
      {offline ? null : <p lang="en">{error.message}</p>}
      <p class="remedy">
        {w.remedy}: {offline ? w.online : w.reload}
      </p>
    </>
  );
}

/** What was asked for: while it is asked, where it was refused, and when it is there. */
export function Await<T>({ asked, children }: { asked: Asked<T>; children: (value: T) => ComponentChildren }) {
  if (asked.error) return <Trouble error={asked.error} retry={asked.reload} />;
  if (asked.value === undefined) return <p class="loading" role="status">{w.loading}</p>;
  return <>{children(asked.value)}</>;
}

export function Empty({ children }: { children?: ComponentChildren }) {
  return <p class="empty">{children ?? w.nothing}</p>;
}

/** A labelled field of a form. */
export function Field({ label, hint, children }: { label: string; hint?: string; children: ComponentChildren }) {
  return (
    <label class="field">
      <span>{label}</span>
      {children}
      {hint ? <small>{hint}</small> : null}
    </label>
  );
}

export function Panel({ title, actions, children, class: name }: { title?: ComponentChildren; actions?: ComponentChildren; children: ComponentChildren; class?: string }) {
  return (
    <section class={`panel ${name ?? ""}`}>
      {title ? (
        <header>
          <h2>{title}</h2>
          {actions ? <div class="actions">{actions}</div> : null}
        </header>
      ) : null}
      {children}
    </section>
  );
}

/** A mark of a state: `tone` is one of good, warn, bad, info, plain. */
export function Mark({ tone = "plain", children }: { tone?: "good" | "warn" | "bad" | "info" | "plain"; children: ComponentChildren }) {
  return <span class={`mark ${tone}`}>{children}</span>;
}

/** A window over the page; Escape closes it, and the keyboard stays within (the element `dialog`). */
export function Dialog({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = box.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog ref={box} onCancel={close} aria-label={title}>
      <header>
        <h2>{title}</h2>
        <button type="button" class="plain" aria-label={w.close} onClick={close}>
          ×
        </button>
      </header>
      {children}
    </dialog>
  );
}

export interface Column<T> {
  title: string;
  cell: (row: T) => ComponentChildren;
  number?: boolean;
}

/** A table of rows; `link` makes the first cell of each a link. */
export function Table<T>({ rows, columns, id, link, label }: { rows: readonly T[]; columns: readonly Column<T>[]; id: (row: T) => string; link?: (row: T) => string; label: string }) {
  return (
    // a table wider than its place is scrolled, also by the keyboard
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" class={column.number ? "number" : ""}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={id(row)}>
              {columns.map((column, at) => (
                <td key={column.title} class={column.number ? "number" : ""}>
                  {at === 0 && link ? <a href={link(row)}>{column.cell(row)}</a> : column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Buttons of which one is chosen. */
export function Choice<T extends string>({ value, options, choose, label }: { value: T; options: readonly (readonly [T, string])[]; choose: (value: T) => void; label: string }) {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map(([name, title]) => (
        <button key={name} type="button" aria-pressed={name === value} onClick={() => choose(name)}>
          {title}
        </button>
      ))}
    </div>
  );
}

/** Parts of a view, each with an address of its own. */
export function Tabs({ tabs, chosen, label }: { tabs: readonly { name: string; title: ComponentChildren; to: string }[]; chosen: string; label: string }) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <a key={tab.name} href={tab.to} aria-current={tab.name === chosen ? "page" : undefined}>
          {tab.title}
        </a>
      ))}
    </nav>
  );
}

/** Facts as names and values. */
export function Facts({ rows }: { rows: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

