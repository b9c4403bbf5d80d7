/** Reports that wait for a place: somebody says where they lie, and why there. */
import { useState } from "preact/hooks";
import { type Schemas, getJson, send } from "../api/client";
import { language, wordOf, words } from "../app/language";
import { go, href } from "../app/router";
import { useAsked } from "../app/use";
import { Await, Dialog, Empty, Panel } from "../ui/parts";
import { toast } from "../ui/toast";
import { Submit, useSend } from "./act";
import { ReportShown } from "./lead";
import { Why } from "./lead_acts";
import { PlaceFields } from "./report_place";

type Report = Schemas["ReportOut"];

const w = words({
  title: ["待定位的上报", "Reports without a place"],
  none: ["没有待定位的上报。", "No report waits for a place."],
  place: ["确定位置", "Say where it is"],
  placed: ["位置已记录", "The place was recorded"],
  why: ["未能定位", "Why it has no place"],
});

const NOTES: Record<string, readonly [string, string]> = {
  "no parcels are on file": ["没有宗地图层", "no parcels are on file"],
  "no parcel of this number or address is on file": ["没有此编号或地址的宗地", "no parcel of this number or address is on file"],
};

function noteWord(note: string): string {
  const metres = /^the place is known to (\d+) m only/.exec(note)?.[1];
  return metres && language.value === "zh" ? `定位误差达 ${metres} 米` : wordOf(NOTES, note);
}

export function Unplaced({ round }: { round: number }) {
  const asked = useAsked(`unplaced/${round}`, () => getJson<Schemas["ReportListOut"]>("/reports", { unplaced: "true", limit: 200 }));
  const [chosen, choose] = useState<Report>();
  return (
    <Panel title={w.title}>
      <Await asked={asked}>
        {(found) =>
          found.reports.length === 0 ? (
            <Empty>{w.none}</Empty>
          ) : (
            <ul class="list">
              {found.reports.map((one) => (
                <li key={one.id}>
                  <ReportShown one={one} />
                  {one.place_note ? (
                    <p class="note">
                      {w.why}: {noteWord(one.place_note)}
                    </p>
                  ) : null}
                  <p>
                    <button type="button" onClick={() => choose(one)}>
                      {w.place}
                    </button>
                  </p>
                </li>
              ))}
            </ul>
          )
        }
      </Await>
      {chosen ? <PlaceIt report={chosen} close={() => choose(undefined)} done={asked.reload} /> : null}
    </Panel>
  );
}

function PlaceIt({ report, close, done }: { report: Report; close: () => void; done: () => void }) {
  const [reason, setReason] = useState("");
  const sent = useSend();
  const place = (event: Event): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    for (const [name, value] of [...form.entries()]) if (value === "") form.delete(name);
    form.set("reason", reason);
    sent.run(async () => {
      const kept = await send<Schemas["ReportKeptOut"]>("POST", `/reports/${report.id}/place`, form);
      toast(w.placed);
      close();
      done();
      if (kept.report.lead_id) go(href(["lead", kept.report.lead_id]));
    });
  };
  return (
    <Dialog title={w.place} close={close}>
      <form onSubmit={place}>
        {report.text ? <p>{report.text}</p> : null}
        <PlaceFields />
        <Why value={reason} change={setReason} />
        <Submit sent={sent} title={w.place} />
      </form>
    </Dialog>
  );
}
