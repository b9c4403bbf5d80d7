/** Short words about what was just done; read out by screen readers, gone after a while. */
import { signal } from "@preact/signals";

interface Note {
  id: number;
  text: string;
  tone: "good" | "bad" | "info";
  undo?: () => void;
  undoTitle?: string;
}

const notes = signal<Note[]>([]);
let last = 0;

export function toast(text: string, tone: Note["tone"] = "good", undo?: { title: string; act: () => void }): void {
  last += 1;
  const id = last;
  notes.value = [...notes.value.slice(-3), { id, text, tone, ...(undo ? { undo: undo.act, undoTitle: undo.title } : {}) }];
  setTimeout(() => {
    notes.value = notes.value.filter((note) => note.id !== id);
  }, undo || tone === "bad" ? 12_000 : 5_000);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {notes.value.map((note) => (
        <div key={note.id} class={`toast ${note.tone}`}>
          {note.text}
          {note.undo ? (
            <button
              type="button"
              onClick={() => {
                note.undo?.();
                notes.value = notes.value.filter((other) => other.id !== note.id);
              }}
            >
              {note.undoTitle}
            </button>
          ) : null}
        </div>
      ))}
    </div>
  );
}
