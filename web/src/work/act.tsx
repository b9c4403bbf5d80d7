/** Something that is sent: one button, no second press while it runs, what is refused stands under it. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../api/client";
import { minute } from "../app/format";
import { language, told, words } from "../app/language";
import { Trouble } from "../ui/parts";

const w = words({
  articles: ["依据", "Articles"],
  history: ["此前事项", "What happened before"],
  sending: ["正在提交…", "Sending…"],
  remedy: ["办法", "What to do"],
});

export interface Sent {
  busy: boolean;
  error: Error | undefined;
  run: (what: () => Promise<void>) => void;
}

/** Bring the first field that is wrong under the hand. */
export function focusWrong(form: HTMLElement): void {
  requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid="true"], .work-many-wrong input')?.focus());
}

export function useSend(): Sent {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const run = (what: () => Promise<void>): void => {
    if (busy) return;
    setBusy(true);
    setError(undefined);
    what()
      .catch((failed: unknown) => setError(failed instanceof Error ? failed : new Error(String(failed))))
      .finally(() => setBusy(false));
  };
  return { busy, error, run };
}

const texts = (told: unknown): string[] => (Array.isArray(told) ? told.filter((one): one is string => typeof one === "string") : []);

interface Past {
  number?: number;
  title_zh?: string;
  event?: string;
  at?: string;
}

/** A refusal with its articles and the history that it rests on. */
export function Refused({ error, titles = {} }: { error: Error; titles?: Readonly<Record<string, string>> }) {
  const measured = error instanceof Problem ? error.measured : {};
  const articles = [...new Set(texts(measured.articles))];
  const past = (Array.isArray(measured.history) ? measured.history : []) as Past[];
  const chinese = language.value === "zh" ? texts(measured.messages_zh) : [];
  const box = useRef<HTMLDivElement>(null);
  // the button stands under a long form: what was refused is brought into sight
  useEffect(() => box.current?.scrollIntoView({ block: "nearest" }), [error]);
  return (
    <div class="work-refused" ref={box}>
      {chinese.length > 0 && error instanceof Problem ? (
        <div class="trouble" role="alert">
          <b>{told(error.titleZh, error.title)}</b>
          {chinese.map((one) => (
            <p key={one}>{one}</p>
          ))}
          {error.remedyZh ? (
            <p class="remedy">
              {w.remedy}: {error.remedyZh}
            </p>
          ) : null}
        </div>
      ) : (
        <Trouble error={error} />
      )}
      {articles.length > 0 ? (
        <p>
          {w.articles}: {articles.join("；")}
        </p>
      ) : null}
      {past.length > 0 ? (
        <details>
          <summary>{w.history}</summary>
          <ol class="work-past">
            {past.map((one) => (
              <li key={one.number} value={one.number}>
                {minute(one.at)} {language.value === "zh" ? one.title_zh : (titles[one.event ?? ""] ?? one.title_zh)}
              </li>
            ))}
          </ol>
        </details>
      ) : null}
    </div>
  );
}

/** The end of a form: the button that sends it, and what was refused. */
export function Submit({ sent, title, titles, children }: { sent: Sent; title: string; titles?: Readonly<Record<string, string>>; children?: ComponentChildren }) {
  return (
    <>
      {sent.error ? <Refused error={sent.error} {...(titles ? { titles } : {})} /> : null}
      <div class="row">
        <button type="submit" class="main" disabled={sent.busy}>
          {sent.busy ? w.sending : title}
        </button>
        {children}
      </div>
    </>
  );
}
