import { render } from "preact";
import { language, setLanguage } from "./app/language";
import { listen } from "./app/live";
import { loadSession } from "./app/session";
import { Shell } from "./app/shell";
import { Trouble } from "./ui/parts";
import "./styles.css";

const box = document.getElementById("app");
if (box === null) throw new Error("The page has no place for the application.");
setLanguage(language.value);

async function begin(into: HTMLElement): Promise<void> {
  try {
    await loadSession();
    render(<Shell />, into);
    listen();
  } catch (error) {
    render(<Trouble error={error as Error} retry={() => location.reload()} />, into);
  }
}

void begin(box);
