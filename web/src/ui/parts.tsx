/** Small parts that every view uses. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Problem as Refusal } from "../api/client";
import { told, words } from "../app/language";
import type { Asked } from "../app/use";

const w = words({
  loading: ["正在读取…", "Loading…"],
  again: ["重试", "Try again"],
  remedy: ["办法", "What to do"],
  close: ["关闭", "Close"],
  nothing: ["没有内容", "Nothing here"],
});

/** What went wrong, in the service's words, with the way out. */
export function Trouble({ error, retry }: { error: Error; retry?: () => void }) {
  const refusal = error instanceof Refusal ? error : null;
  return (
    <div class="trouble" role="alert">
      <b>{refusal ? told(refusal.titleZh, refusal.title) : error.name}</b>
      <p>{error.message}</p>
      {refusal?.remedy ? (
        <p class="note">
          {w.remedy}: {refusal.remedy}
        </p>
      ) : null}
      {retry ? (
        <button type="button" onClick={retry}>
          {w.again}
        </button>
      ) : null}
    </div>
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

