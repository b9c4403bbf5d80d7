/** Judge a lead: the ground decides the verdict, and the proof that it needs. */
import { useState } from "preact/hooks";
import { type Schemas, getJson, send } from "../api/client";
import { PROOFS, VERDICTS } from "../api/words";
import { told, wordOf, words } from "../app/language";
import { CUES } from "../app/terms";
import { REASON_KEYS } from "../judge/keys";
import { useAsked } from "../app/use";
import { FilePick } from "../ui/files";
import { Await, Dialog, Field } from "../ui/parts";
import { toast } from "../ui/toast";
import { Submit, useSend } from "./act";
import { Why } from "./lead_acts";

type Lead = Schemas["LeadOut"];
type Ground = Schemas["GroundOut"];

const w = words({
  title: ["核查结论", "Judge the lead"],
  ground: ["依据", "Ground"],
  choose: ["请选择", "Choose"],
  needs: ["须有以下之一", "It needs one of"],
  paper: ["材料编号", "Number of the paper"],
  paperKind: ["材料种类", "Kind of paper"],
  photos: ["实地照片", "Photographs of the site"],
  kept: ["用上报中的照片", "A photograph of a report"],
  noPhoto: ["不使用", "none"],
  dismissal: ["影像中实为", "What it was instead"],
  missing: ["请附上举证材料。", "The proof is missing."],
  send: ["提交结论", "Record the verdict"],
  sent: ["结论已记录", "The verdict was recorded"],
  mark: ["按我们的理解", "our reading"],
});

export function LeadVerdict({ lead, close, done }: { lead: Lead; close: () => void; done: () => void }) {
  const asked = useAsked("grounds", () => getJson<Schemas["GroundsOut"]>("/leads/grounds"));
  return (
    <Dialog title={w.title} close={close}>
      <Await asked={asked}>{(found) => <Form lead={lead} grounds={found.grounds} close={close} done={done} />}</Await>
    </Dialog>
  );
}

function Form({ lead, grounds, close, done }: { lead: Lead; grounds: Ground[]; close: () => void; done: () => void }) {
  const [name, setName] = useState("");
  const [reason, setReason] = useState("");
  const [paper, setPaper] = useState("");
  const [kind, setKind] = useState("");
  const [kept, setKept] = useState("");
  const [files, setFiles] = useState<File[]>([]);
  const [dismissal, setDismissal] = useState("other");
  const [wrong, setWrong] = useState(false);
  const sent = useSend();
  const ground = grounds.find((one) => one.ground === name);
  const papers = ground?.proofs.filter((one) => one !== "site_photo") ?? [];
  const photos = ground?.proofs.includes("site_photo") ?? false;
  const paperKind = papers.includes(kind) ? kind : (papers[0] ?? "");

  const judge = (event: Event): void => {
    event.preventDefault();
    if (!ground) return;
    const proofs = [...(paper.trim() && paperKind ? [{ kind: paperKind, number: paper.trim() }] : []), ...(photos && kept ? [{ kind: "site_photo", sha256: kept }] : [])];
    const sentPhotos = photos ? files : [];
    const bare = proofs.length === 0 && sentPhotos.length === 0;
    setWrong(bare);
    if (bare) return;
    const form = new FormData();
    form.set("verdict", String(ground.verdict));
    form.set("ground", ground.ground);
    form.set("reason", reason);
    form.set("proofs", JSON.stringify(proofs));
    form.set("expected", String(lead.number));
    if (ground.verdict === 3) form.set("dismissal", dismissal);
    sentPhotos.slice(0, 12).forEach((file, at) => form.set(`photo${at + 1}`, file));
    sent.run(async () => {
      await send("POST", `/leads/${lead.id}/verdict`, form);
      toast(w.sent);
      close();
      done();
    });
  };

  const known = lead.reports.flatMap((one) => one.photos);
  return (
    <form onSubmit={judge}>
      <Field label={w.ground}>
        <select required value={name} onChange={(event) => setName(event.currentTarget.value)}>
          <option value="">{w.choose}</option>
          {Object.keys(VERDICTS).filter((verdict) => verdict !== "0").map((verdict) => (
            <optgroup key={verdict} label={wordOf(VERDICTS, verdict)}>
              {grounds
                .filter((one) => String(one.verdict) === verdict)
                .map((one) => (
                  <option key={one.ground} value={one.ground}>
                    {told(one.title_zh, one.title)}
                  </option>
                ))}
            </optgroup>
          ))}
        </select>
      </Field>
      {ground ? (
        <p class="note">
          {w.needs}: {ground.proofs.map((one) => wordOf(PROOFS, one)).join("、")} {ground.mark ? `(${w.mark})` : ""}
        </p>
      ) : null}
      {papers.length > 1 ? (
        <Field label={w.paperKind}>
          <select value={paperKind} onChange={(event) => setKind(event.currentTarget.value)}>
            {papers.map((one) => (
              <option key={one} value={one}>
                {wordOf(PROOFS, one)}
              </option>
            ))}
          </select>
        </Field>
      ) : null}
      {papers.length > 0 ? (
        <Field label={`${w.paper} (${wordOf(PROOFS, paperKind)})`}>
          <input maxLength={200} value={paper} onInput={(event) => setPaper(event.currentTarget.value)} />
        </Field>
      ) : null}
      {photos ? (
        <FilePick label={w.photos} accept="image/jpeg,image/png,image/webp" multiple change={setFiles} />
      ) : null}
      {photos && known.length > 0 ? (
        <Field label={w.kept}>
          <select value={kept} onChange={(event) => setKept(event.currentTarget.value)}>
            <option value="">{w.noPhoto}</option>
            {known.map((one) => (
              <option key={one.sha256} value={one.sha256}>
                {one.name}
              </option>
            ))}
          </select>
        </Field>
      ) : null}
      {ground?.verdict === 3 ? (
        <Field label={w.dismissal}>
          <select value={dismissal} onChange={(event) => setDismissal(event.currentTarget.value)}>
            {REASON_KEYS.map(([one]) => (
              <option key={one} value={one}>
                {wordOf(CUES, one)}
              </option>
            ))}
          </select>
        </Field>
      ) : null}
      <Why value={reason} change={setReason} />
      {wrong ? <p class="work-wrong" role="alert">{w.missing}</p> : null}
      <Submit sent={sent} title={w.send} />
    </form>
  );
}
