/** The documents of a case: made, read as Word or PDF, declared void. */
import { useState } from "preact/hooks";
import { type Schemas, getJson, send } from "../api/client";
import { day, minute } from "../app/format";
import { told, words } from "../app/language";
import { may } from "../app/session";
import { useAsked } from "../app/use";
import { Await, Dialog, Empty, Field, Mark, Panel, Table } from "../ui/parts";
import { toast } from "../ui/toast";
import { Submit, useSend } from "./act";
import { personName, save } from "./common";
import { PaperForm } from "./paper_form";

type Paper = Schemas["CaseDocumentOut"];

const w = words({
  title: ["文书", "Documents"],
  none: ["还没有文书。", "No documents yet."],
  make: ["制作文书", "Make a document"],
  name: ["名称", "Title"],
  serial: ["文号", "Serial"],
  day: ["日期", "Day"],
  by: ["制作人", "Made by"],
  files: ["下载", "Download"],
  recorded: ["文书含当事人信息，下载会被记录。文字须经本机关法制机构核对后使用。", "Documents name people: a download is recorded. The legal department checks the wording before use."],
  void: ["作废", "Void"],
  voided: ["已作废", "void"],
  reason: ["作废理由", "Why it is void"],
  voidSent: ["文书已作废，文号保留。", "The document is void; its number stays."],
});

interface Props {
  id: string;
  version: string;
  expected: number;
  names: Readonly<Record<string, string>>;
  done: () => void;
}

export function CasePapers({ id, version, expected, names, done }: Props) {
  const asked = useAsked(`papers/${id}/${version}`, () => getJson<Schemas["CaseDocumentsOut"]>(`/cases/${id}/documents`));
  const [making, make] = useState(false);
  const [voiding, choose] = useState<Paper>();
  return (
    <Panel
      title={w.title}
      actions={
        may("cases") ? (
          <button type="button" class="main" onClick={() => make(true)}>
            {w.make}
          </button>
        ) : null
      }
    >
      <Await asked={asked}>{({ documents }) => (documents.length === 0 ? <Empty>{w.none}</Empty> : <Listed id={id} papers={documents} names={names} choose={choose} />)}</Await>
      <p class="note">{w.recorded}</p>
      {making ? <PaperForm id={id} expected={expected} close={() => make(false)} done={done} /> : null}
      {voiding ? <VoidForm id={id} paper={voiding} close={() => choose(undefined)} done={done} /> : null}
    </Panel>
  );
}

function Listed({ id, papers, names, choose }: { id: string; papers: Paper[]; names: Readonly<Record<string, string>>; choose: (paper: Paper) => void }) {
  const take = (one: Paper, form: "docx" | "pdf"): void => void save(`/cases/${id}/documents/${one.id}?f=${form}`, `${one.serial || one.kind}.${form}`);
  return (
    <Table
      label={w.title}
      rows={papers}
      id={(one) => one.id}
      columns={[
        { title: w.name, cell: (one) => <>{told(one.title_zh, one.title)} {one.voided_at ? <Mark tone="bad">{w.voided}</Mark> : null}{one.voided_why ? <small> {one.voided_why}</small> : null}</> },
        { title: w.serial, cell: (one) => one.serial || "-" },
        { title: w.day, cell: (one) => day(one.day) },
        { title: w.by, cell: (one) => <span title={minute(one.created_at)}>{personName(one.created_by, names)}</span> },
        {
          title: w.files,
          cell: (one) => (
            <span class="row">
              {may("personal")
                ? (["docx", "pdf"] as const).map((form) => (
                    <button key={form} type="button" aria-label={`${form === "docx" ? "Word" : "PDF"}: ${told(one.title_zh, one.title)}`} onClick={() => take(one, form)}>
                      {form === "docx" ? "Word" : "PDF"}
                    </button>
                  ))
                : "-"}
              {may("cases") && !one.voided_at ? (
                <button type="button" class="plain" onClick={() => choose(one)}>
                  {w.void}
                </button>
              ) : null}
            </span>
          ),
        },
      ]}
    />
  );
}

function VoidForm({ id, paper, close, done }: { id: string; paper: Paper; close: () => void; done: () => void }) {
  const [why, setWhy] = useState("");
  const sent = useSend();
  const void_ = (event: Event): void => {
    event.preventDefault();
    sent.run(async () => {
      await send("DELETE", `/cases/${id}/documents/${paper.id}?reason=${encodeURIComponent(why)}`);
      toast(w.voidSent);
      close();
      done();
    });
  };
  return (
    <Dialog title={`${w.void}: ${told(paper.title_zh, paper.title)} ${paper.serial}`} close={close}>
      <form onSubmit={void_}>
        <Field label={w.reason}>
          <textarea rows={2} required minLength={2} maxLength={300} value={why} onInput={(event) => setWhy(event.currentTarget.value)} />
        </Field>
        <Submit sent={sent} title={w.void} />
      </form>
    </Dialog>
  );
}
