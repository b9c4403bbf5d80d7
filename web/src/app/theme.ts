/** Light or dark: as the machine is set, until somebody chooses. */
import { signal } from "@preact/signals";

export type Theme = "light" | "dark";
const KEPT = "kancha.theme";

function begin(): Theme {
  try {
    const kept = localStorage.getItem(KEPT);
    if (kept === "light" || kept === "dark") return kept;
  } catch {
    // as the machine is set
  }
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export const theme = signal<Theme>(begin());
document.documentElement.dataset.theme = theme.value;

export function setTheme(next: Theme): void {
  theme.value = next;
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(KEPT, next);
  } catch {
    // until the page is loaded again
  }
}
