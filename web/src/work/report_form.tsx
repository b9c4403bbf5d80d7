/** Record a report by hand: the duty desk, a patrol, the hotline. */
import { useState } from "preact/hooks";
import { type Schemas, send } from "../api/client";
import { wordOf, words } from "../app/language";
import { go, href } from "../app/router";
import type { Point } from "../map/measure";
import { FilePick } from "../ui/files";
import { Dialog, Field } from "../ui/parts";
import { toast } from "../ui/toast";
import { Submit, useSend } from "./act";
import { inBeijing } from "./fact_form";
import { SENT, SOURCES, STAGES } from "./lead_words";
import { PlaceFields } from "./report_place";

const w = words({
  title: ["登记线索", "Record a report"],
  source: ["来源", "Source"],
  number: ["来源编号（如工单号）", "Number at the source"],
  seen: ["发现时间（北京时间）", "When it was seen (Beijing time)"],
  now: ["留空为现在", "Empty: now"],
  text: ["内容", "What was seen"],
  stage: ["建设阶段", "Stage"],
  unknown: ["不清楚", "not known"],
  photos: ["照片（最多 12 张）", "Photographs (12 at most)"],
  anonymous: ["匿名举报：不保存举报人", "Anonymous: nothing of who told it is kept"],
  name: ["举报人姓名", "Who told it"],
  telephone: ["举报人电话", "Their telephone"],
  sealed: ["加密保存，不在列表中显示。", "Sealed; it stands in no list."],
  send: ["登记", "Record it"],
  sent: ["已登记", "It was recorded"],
  known: ["该编号此前已登记", "Its number was recorded before"],
  waits: ["已登记，等待定位", "It was recorded and waits for a place"],
});

export function ReportForm({ close, done, at }: { close: () => void; done: () => void; at?: Point }) {
  const [anonymous, setAnonymous] = useState(false);
  const sent = useSend();
  const record = (event: Event): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const photos = form.getAll("photos").filter((one): one is File => one instanceof File && one.size > 0);
    form.delete("photos");
    for (const [name, value] of [...form.entries()]) if (value === "") form.delete(name);
    const seen = form.get("seen_at");
    if (typeof seen === "string") form.set("seen_at", inBeijing(seen));
    photos.slice(0, 12).forEach((photo, at) => form.set(`photo${at + 1}`, photo));
    sent.run(async () => {
      const kept = await send<Schemas["ReportKeptOut"]>("POST", "/reports", form);
      toast(kept.new ? (kept.report.geometry === null ? w.waits : w.sent) : w.known, kept.new ? "good" : "info");
      close();
      done();
      if (kept.report.lead_id) go(href(["lead", kept.report.lead_id]));
    });
  };
  return (
    <Dialog title={w.title} close={close}>
      <form onSubmit={record} autocomplete="off">
        <div class="work-fields">
          <Field label={w.source}>
            <select name="source">
              {SENT.map((one) => (
                <option key={one} value={one}>
                  {wordOf(SOURCES, one)}
                </option>
              ))}
            </select>
          </Field>
          <Field label={w.number}>
            <input name="number" maxLength={200} />
          </Field>
          <Field label={w.seen} hint={w.now}>
            <input type="datetime-local" name="seen_at" />
          </Field>
          <Field label={w.stage}>
            <select name="stage">
              <option value="">{w.unknown}</option>
              {Object.keys(STAGES).map((one) => (
                <option key={one} value={one}>
                  {wordOf(STAGES, one)}
                </option>
              ))}
            </select>
          </Field>
        </div>
        <Field label={w.text}>
          <textarea name="text" rows={3} maxLength={5_000} required />
        </Field>
        <PlaceFields {...(at ? { at } : {})} />
        <FilePick label={w.photos} name="photos" accept="image/jpeg,image/png,image/webp" multiple />
        <p>
          <label>
            <input type="checkbox" name="anonymous" value="true" checked={anonymous} onChange={(event) => setAnonymous(event.currentTarget.checked)} /> {w.anonymous}
          </label>
        </p>
        {anonymous ? null : (
          <div class="work-fields">
            <Field label={w.name} hint={w.sealed}>
              <input name="reporter_name" maxLength={100} />
            </Field>
            <Field label={w.telephone}>
              <input name="reporter_telephone" type="tel" maxLength={40} />
            </Field>
          </div>
        )}
        <Submit sent={sent} title={w.send} />
      </form>
    </Dialog>
  );
}
