/** What the forms of a case offer where a fact names something of the case: documents, photographs, parties, terms. */
import { type Schemas, getJson } from "../api/client";
import { told } from "../app/language";
import { useAsked } from "../app/use";
import { termWord } from "./common";
import type { Offers } from "./fact_fields";

export type CaseEvent = Schemas["CaseEventOut"];

interface Found {
  offers: Offers;
  names: Readonly<Record<string, string>>;
  events: readonly CaseEvent[];
}

const NOTHING: readonly CaseEvent[] = [];

export function useOffers(id: string, number: number): Found {
  const asked = useAsked(`offers/${id}/${number}`, async () => {
    const [events, papers, files, parties, clocks] = await Promise.all([
      getJson<Schemas["CaseEventsOut"]>(`/cases/${id}/events`),
      getJson<Schemas["CaseDocumentsOut"]>(`/cases/${id}/documents`),
      getJson<Schemas["CaseFilesOut"]>(`/cases/${id}/files`),
      getJson<Schemas["CasePartiesOut"]>(`/cases/${id}/parties`),
      getJson<Schemas["CaseClocksOut"]>(`/cases/${id}/clocks`),
    ]);
    return { events: events.events, papers: papers.documents, files: files.files, parties: parties.parties, clocks: clocks.clocks };
  });
  const found = asked.value;
  if (found === undefined) return { offers: {}, names: {}, events: NOTHING };
  const objections = found.events.filter((one) => one.event === "objection_received").map((one) => String(one.facts.objection_id));
  return {
    offers: {
      document_id: found.papers.filter((one) => one.voided_at === null).map((one) => [one.id, `${told(one.title_zh, one.title)} ${one.serial}`] as const),
      photo: found.files.filter((one) => one.kind === "photo").map((one) => [one.id, one.name] as const),
      party_id: found.parties.map((one) => [one.id, one.name ?? one.id] as const),
      clock: found.clocks.map((one) => [one.key, termWord(one.term)] as const),
      objection_id: objections.map((one) => [one, one] as const),
    },
    names: Object.fromEntries(found.events.map((one) => [one.by, one.by_name])),
    events: found.events,
  };
}
