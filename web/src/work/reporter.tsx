/** Who told a report: shown only with a purpose, which is recorded. */
import { useState } from "preact/hooks";
import { type Schemas, getJson } from "../api/client";
import { words } from "../app/language";
import { Dialog, Facts, Field } from "../ui/parts";
import { Submit, useSend } from "./act";

const w = words({
  who: ["举报人", "Who told it"],
  purpose: ["查看用途", "What for"],
  hint: ["查看行为会被记录。", "The look is recorded."],
  show: ["查看", "Show"],
  name: ["姓名", "Name"],
  telephone: ["电话", "Telephone"],
});

export function Reporter({ id }: { id: string }) {
  const [open, setOpen] = useState(false);
  const [purpose, setPurpose] = useState("");
  const [found, setFound] = useState<Schemas["ReporterOut"]>();
  const sent = useSend();
  const show = (event: Event): void => {
    event.preventDefault();
    sent.run(async () => setFound(await getJson<Schemas["ReporterOut"]>(`/reports/${id}/reporter`, { purpose })));
  };
  const close = (): void => {
    setOpen(false);
    setFound(undefined);
  };
  return (
    <>
      {" "}
      <button type="button" class="plain" onClick={() => setOpen(true)}>
        {w.who}
      </button>
      {open ? (
        <Dialog title={w.who} close={close}>
          {found ? (
            <Facts rows={[[w.name, found.name || "-"], [w.telephone, found.telephone || "-"]]} />
          ) : (
            <form onSubmit={show}>
              <Field label={w.purpose} hint={w.hint}>
                <input required minLength={4} maxLength={300} value={purpose} onInput={(event) => setPurpose(event.currentTarget.value)} />
              </Field>
              <Submit sent={sent} title={w.show} />
            </form>
          )}
        </Dialog>
      ) : null}
    </>
  );
}
