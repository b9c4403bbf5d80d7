/** Every view has an address: `#/judge?finding=f1`. Filters are links, and a link shows what its sender saw. */
import { signal } from "@preact/signals";

export interface Place {
  /** Parts of the path, the first names the view. */
  path: string[];
  query: URLSearchParams;
}

export function parse(hash: string): Place {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?");
  return { path: path.split("/").filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(search) };
}

export function href(path: string | readonly string[], query: Record<string, string | number | null | undefined> = {}): string {
  const parts = typeof path === "string" ? [path] : path;
  const told = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const search = new URLSearchParams(told.map(([name, value]) => [name, String(value)])).toString();
  return `#/${parts.map(encodeURIComponent).join("/")}${search ? `?${search}` : ""}`;
}

export const place = signal<Place>(parse(location.hash));
addEventListener("hashchange", () => {
  place.value = parse(location.hash);
});

export function go(to: string): void {
  location.hash = to;
}

/** Change the address without a step back in the history: the map moved. */
export function replace(to: string): void {
  history.replaceState(null, "", to);
  place.value = parse(to);
}
