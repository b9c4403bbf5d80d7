/** The frame around every view: where one is, who one is, in which language. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { root, send } from "../api/client";
import { Trouble } from "../ui/parts";
import { Toasts } from "../ui/toast";
import { language, setLanguage, wordOf, words } from "./language";
import { live } from "./live";
import { href, place } from "./router";
import { session } from "./session";
import { setTheme, theme } from "./theme";
import { BESIDE, VIEWS, type View, type ViewProps } from "./views";

const w = words({
  skip: ["跳到正文", "Skip to the content"],
  out: ["退出", "Sign out"],
  language: ["English", "中文"],
  theme: ["明暗", "Light or dark"],
  main: ["主导航", "Main navigation"],
  unknown: ["没有这个页面。", "There is no such page."],
  barred: ["您的权限不包括此页面。", "Your rights do not include this page."],
  live: ["实时", "Live"],
  still: ["实时更新已断开", "No live updates"],
  lead: ["影像发现仅为线索，须经核实。", "A finding is a lead to be checked, not a verdict."],
});

function Page({ view, current }: { view: View; current: ViewProps["place"] }) {
  const [loaded, setLoaded] = useState<{ name: string; view: ComponentType<ViewProps> }>();
  const [error, setError] = useState<Error>();
  useEffect(() => {
    let wanted = true;
    setError(undefined);
    view.load().then(
      (module) => wanted && setLoaded({ name: view.name, view: module.default }),
      (failed: Error) => wanted && setError(failed),
    );
    return () => {
      wanted = false;
    };
  }, [view]);
  if (error) return <Trouble error={error} retry={() => location.reload()} />;
  if (loaded?.name !== view.name) return <p class="loading" role="status">…</p>;
  const Shown = loaded.view;
  return <Shown place={current} />;
}

async function signOut(): Promise<void> {
  await send("DELETE", "/session");
  location.assign(`${root}/sign-in`);
}

export function Shell() {
  const current = place.value;
  const name = current.path[0] ?? "today";
  const offered = VIEWS.filter((view) => view.offered());
  const known = [...VIEWS, ...BESIDE].find((view) => view.name === name);
  const title = known ? wordOf({ title: known.title }, "title") : "";
  useEffect(() => {
    document.title = `${title} · Kancha 勘查`;
  }, [title, language.value]);
  return (
    <>
      <a class="skip" href="#content" onClick={(event) => {
        event.preventDefault();
        document.getElementById("content")?.focus();
      }}>{w.skip}</a>
      <header class="bar">
        <a class="brand" href={href("today")}>
          <b>Kancha</b> 勘查
        </a>
        <nav aria-label={w.main}>
          {offered.map((view) => (
            <a key={view.name} href={href(view.name)} aria-current={view.name === name ? "page" : undefined}>
              {wordOf({ title: view.title }, "title")}
            </a>
          ))}
        </nav>
        <div class="who">
          <span class={`live ${live.value ? "on" : ""}`} title={live.value ? w.live : w.still} aria-hidden="true" />
          <span class="name">{session.value?.name}</span>
          <button type="button" class="plain" onClick={() => setLanguage(language.value === "zh" ? "en" : "zh")}>
            {w.language}
          </button>
          <button type="button" class="plain" aria-label={w.theme} title={w.theme} onClick={() => setTheme(theme.value === "dark" ? "light" : "dark")}>
            ◐
          </button>
          {session.value?.kind === "person" ? (
            <button type="button" class="plain" onClick={() => void signOut()}>
              {w.out}
            </button>
          ) : null}
        </div>
      </header>
      <main id="content" tabIndex={-1} class={`view view-${name}`}>
        {known === undefined ? (
          <p class="empty">{w.unknown}</p>
        ) : known.offered() ? (
          <Page view={known} current={current} />
        ) : (
          <p class="empty">{w.barred}</p>
        )}
      </main>
      <footer class="foot">{w.lead}</footer>
      <Toasts />
    </>
  );
}
