/** A field for files with a button of its own: the browser's would speak the browser's language. */
import { useState } from "preact/hooks";
import { bytes } from "../app/format";
import { words } from "../app/language";

const w = words({
  one: ["选择文件", "Choose a file"],
  many: ["选择文件", "Choose files"],
  none: ["未选择", "none chosen"],
});

interface Props {
  label: string;
  accept?: string;
  multiple?: boolean;
  hint?: string;
  /** Under which name a form sends them, and whether it needs one. */
  name?: string;
  required?: boolean;
  /** Told what was chosen, where no form reads it. */
  change?: (files: File[]) => void;
}

export function FilePick({ label, accept, multiple = false, hint, name, required = false, change }: Props) {
  const [chosen, setChosen] = useState<readonly File[]>([]);
  const title = multiple ? w.many : w.one;
  return (
    <div class="field">
      <span>{label}</span>
      <div class="filepick">
        <label class="button">
          {title}
          <input
            type="file"
            class="visually-hidden"
            aria-label={`${label}: ${title}`}
            multiple={multiple}
            {...(accept ? { accept } : {})}
            {...(name ? { name, required } : {})}
            onClick={(event) => {
              // the same file, changed meanwhile, can be chosen again
              if (!name) event.currentTarget.value = "";
            }}
            onChange={(event) => {
              const files = [...(event.currentTarget.files ?? [])];
              setChosen(files);
              change?.(files);
            }}
          />
        </label>
        <span>{chosen.length > 0 ? chosen.map((file) => `${file.name} (${bytes(file.size)})`).join("、") : <span class="note">{w.none}</span>}</span>
      </div>
      {hint ? <small>{hint}</small> : null}
    </div>
  );
}
