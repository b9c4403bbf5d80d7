// Making parts of the page. Every text goes in as text: nothing in a case or a file can become markup.
import { chinese, t } from "./field-words.js";

/** An element with properties and children; null children are left out. */
export function h(name, told, ...children) {
  const made = document.createElement(name);
  for (const key of Object.keys(told)) {
    if (key === "role") made.setAttribute("role", told[key]);
    else made[key] = told[key];
  }
  for (const child of children) if (child !== null && child !== undefined) made.append(child);
  return made;
}

/** Put children in the place of those that are there. */
export function put(home, children) {
  while (home.firstChild) home.removeChild(home.firstChild);
  for (const child of children) if (child !== null && child !== undefined) home.append(child);
}

/** Why the server said no. */
export function problem(told) {
  if (!told) return null;
  const said = chinese && told.messages_zh.length ? told.messages_zh.join(" ") : (chinese && told.detail_zh) || told.detail;
  const remedy = (chinese && told.remedy_zh) || told.remedy;
  return h("div", { className: "bad" },
    h("b", {}, (chinese ? told.title_zh : told.title) || ""),
    said ? h("p", {}, said) : null,
    told.articles.length ? h("p", {}, `${t("article")}：${Array.from(new Set(told.articles)).join("；")}`) : null,
    remedy ? h("p", { className: "note" }, `${t("remedy")}：${remedy}`) : null);
}
