/** One case: where it stands, what is due, what may follow, and everything that it rests on. */
import { useEffect, useState } from "preact/hooks";
import { type Schemas, getJson } from "../api/client";
import { type Feature, item } from "../api/features";
import { wordOf, words } from "../app/language";
import { CASES, useLive } from "../app/live";
import { href } from "../app/router";
import { may } from "../app/session";
import { useAsked } from "../app/use";
import type { ViewProps } from "../app/views";
import { Await, Empty, Panel, Tabs } from "../ui/parts";
import { toast } from "../ui/toast";
import { CaseAlike } from "./case_alike";
import { CaseClocks } from "./case_clocks";
import { CaseFiles } from "./case_files";
import { CaseHead } from "./case_head";
import { CaseHistory } from "./case_history";
import { CaseMoves } from "./case_moves";
import { CasePapers } from "./case_papers";
import { CaseParties } from "./case_parties";
import { CaseProof } from "./case_proof";
import { useOfficers } from "./common";
import { useOffers } from "./offers";
import { PlaceMap } from "./place_map";

const w = words({ none: ["请从案件列表选择案件。", "Choose a case from the list."], place: ["位置", "The place"], tabs: ["案件内容", "Parts of the case"], list: ["案件列表", "All cases"], onward: ["案件有新进展，页面已更新。", "The case went on; the page shows it."] });
const TABS: Record<string, readonly [string, string]> = {
  work: ["办理", "Work"],
  events: ["经过", "History"],
  files: ["证据", "Evidence"],
  documents: ["文书", "Documents"],
  parties: ["当事人", "Parties"],
  proof: ["核验与利用", "Proof and reuse"],
  alike: ["同类案件", "Comparable"],
};

export default function View({ place }: ViewProps) {
  const id = place.path[1];
  if (!id) {
    return (
      <Empty>
        <a href={href("cases")}>{w.none}</a>
      </Empty>
    );
  }
  return <Case key={id} id={id} tab={place.query.get("tab") ?? "work"} />;
}

function Case({ id, tab }: { id: string; tab: string }) {
  useOfficers();
  const asked = useAsked(`case/${id}`, () => getJson<Schemas["CaseOut"]>(`/cases/${id}`));
  const feature = useAsked(`case-feature/${id}`, () => item("cases", id));
  useLive(["scan.completed", "job.changed"], asked.reload, 5_000);
  useLive(
    CASES,
    (event) => {
      // one's own step is known already; what another did is said, for a form may stand open
      if (typeof event.told.number === "number" && event.told.number > (asked.value?.number ?? 0)) toast(w.onward, "info");
      asked.reload();
    },
    500,
    id,
  );
  // another officer may have gone on while this page lay behind others
  useEffect(() => {
    const back = (): void => {
      if (document.visibilityState === "visible") asked.reload();
    };
    document.addEventListener("visibilitychange", back);
    return () => document.removeEventListener("visibilitychange", back);
  }, [asked.reload]);
  return <Await asked={asked}>{(found) => <Shown found={found} tab={tab in TABS ? tab : "work"} reload={asked.reload} feature={feature.value} />}</Await>;
}

function Shown({ found, tab, reload, feature }: { found: Schemas["CaseOut"]; tab: string; reload: () => void; feature: Feature | undefined }) {
  const [round, setRound] = useState(0);
  const { offers, names, events } = useOffers(found.id, found.number);
  const place = feature?.geometry ? JSON.stringify(feature.geometry) : "";
  const done = (): void => {
    reload();
    setRound((n) => n + 1);
  };
  const part = { id: found.id, version: `${found.number}.${round}`, done, names };
  return (
    <>
      <p class="screen">
        <a href={href("cases")}>← {w.list}</a>
      </p>
      <CaseHead found={found} names={names} place={feature?.geometry ?? null} />
      <Tabs
        label={w.tabs}
        chosen={tab}
        tabs={Object.keys(TABS).map((name) => ({ name, title: wordOf(TABS, name), to: href(["case", found.id], { tab: name === "work" ? null : name }) }))}
      />
      {tab === "work" ? (
        <div class="work-split">
          {may("cases") ? <CaseMoves id={found.id} number={found.number} offers={offers} place={place} done={done} /> : null}
          <div>
            <CaseClocks id={found.id} version={part.version} />
            {feature?.geometry ? (
              <Panel title={w.place}>
                <PlaceMap outline={feature.geometry} />
              </Panel>
            ) : null}
          </div>
        </div>
      ) : null}
      {tab === "events" ? <CaseHistory {...part} expected={found.number} defects={found.defects} /> : null}
      {tab === "files" ? <CaseFiles {...part} serial={found.serial} events={events} /> : null}
      {tab === "documents" ? <CasePapers {...part} expected={found.number} /> : null}
      {tab === "parties" ? <CaseParties {...part} /> : null}
      {tab === "proof" ? <CaseProof {...part} events={events} /> : null}
      {tab === "alike" ? <CaseAlike id={found.id} /> : null}
    </>
  );
}
