/** Cases, their documents and those comparable, and the leads of a structure. */
import { api, ask, root } from "../api/client";
import { CHOICES, REGIONS } from "../api/words";
import type { Feature } from "../api/features";
import { number } from "../app/format";
import { told, wordOf } from "../app/language";
import { href } from "../app/router";
import { may } from "../app/session";
import { useAsked } from "../app/use";
import { SOURCE } from "../app/terms";
import { LEAD_STATES } from "../work/lead_words";
import { Await, Empty, Mark, Panel, Table } from "../ui/parts";
import { type CaseRow, casesOf, leadsOf } from "./data";
import { Day } from "./day";
import { w } from "./words";

export function Cases({ structure }: { structure: string }) {
  const asked = useAsked(structure, () => casesOf(structure));
  return (
    <Await asked={asked}>
      {(cases) => (
        <>
          <Panel title={w.cases}>
            {cases.length === 0 ? (
              <Empty>{w.noCases}</Empty>
            ) : (
              <>
                <CaseTable cases={cases} />
                {cases.map((one) => (
                  <Comparable key={one.id} id={one.id} serial={one.properties.serial} />
                ))}
              </>
            )}
          </Panel>
          <Panel title={w.documents}>
            {cases.length === 0 ? <Empty>{w.noDocuments}</Empty> : cases.map((one) => <Documents key={one.id} id={one.id} />)}
          </Panel>
        </>
      )}
    </Await>
  );
}

function CaseTable({ cases }: { cases: readonly Feature<CaseRow>[] }) {
  return (
    <Table
      label={w.cases}
      rows={cases}
      id={(one) => one.id}
      link={(one) => href(["case", one.id])}
      columns={[
        { title: w.serial, cell: (one) => one.properties.serial },
        { title: w.state, cell: (one) => <Mark tone="info">{wordOf((REGIONS.procedure ?? {}), one.properties.state)}</Mark> },
        { title: w.outcome, cell: (one) => wordOf(CHOICES, one.properties.outcome) },
        { title: w.opened, cell: (one) => <Day on={one.properties.opened_at} /> },
        { title: w.due, cell: (one) => <Day on={one.properties.due_at} /> },
        { title: w.closed, cell: (one) => <Day on={one.properties.closed_at} /> },
      ]}
    />
  );
}

function Comparable({ id, serial }: { id: string; serial: string }) {
  const asked = useAsked(id, () => ask(api.GET("/cases/{case_id}/comparable", { params: { path: { case_id: id } } })));
  return (
    <>
      <h3>
        {w.comparable} · {serial}
      </h3>
      <Await asked={asked}>
        {(found) =>
          found.alike.length === 0 ? (
            <p class="note">{w.noComparable}</p>
          ) : (
            <Table
              label={w.comparable}
              rows={found.alike}
              id={(one) => one.case_id}
              link={(one) => href(["case", one.case_id])}
              columns={[
                { title: w.serial, cell: (one) => one.serial },
                { title: w.outcome, cell: (one) => wordOf(CHOICES, one.outcome) },
                { title: w.village, cell: (one) => one.village || "-" },
                { title: w.size, cell: (one) => (one.area_m2 === null ? "-" : `${number(one.area_m2)} m²`), number: true },
                { title: w.fine, cell: (one) => number(one.fine_yuan), number: true },
                { title: w.days, cell: (one) => number(one.days_to_decision), number: true },
                { title: w.daysEnd, cell: (one) => number(one.days_to_end), number: true },
                { title: w.rulebook, cell: (one) => one.rulebook },
              ]}
            />
          )
        }
      </Await>
    </>
  );
}

function Documents({ id }: { id: string }) {
  const asked = useAsked(id, () => ask(api.GET("/cases/{case_id}/documents", { params: { path: { case_id: id } } })));
  const file = (paper: string, form: string): string => `${root}/cases/${encodeURIComponent(id)}/documents/${encodeURIComponent(paper)}?f=${form}`;
  return (
    <Await asked={asked}>
      {({ documents }) =>
        documents.length === 0 ? (
          <Empty>{w.noDocuments}</Empty>
        ) : (
          <>
            <Table
              label={w.documents}
              rows={documents}
              id={(one) => one.id}
              columns={[
                { title: w.document, cell: (one) => told(one.title_zh, one.title) },
                { title: w.number, cell: (one) => one.serial || "-" },
                {
                  title: w.day,
                  cell: (one) => (
                    <>
                      <Day on={one.day} /> {one.voided_at ? <Mark tone="bad">{w.voided}</Mark> : null}
                    </>
                  ),
                },
                ...(may("personal")
                  ? [
                      {
                        title: w.file,
                        cell: (one: (typeof documents)[number]) => (
                          <>
                            <a href={file(one.id, "pdf")}>PDF</a> · <a href={file(one.id, "docx")}>Word</a>
                          </>
                        ),
                      },
                    ]
                  : []),
              ]}
            />
            {may("personal") ? <p class="note">{w.recorded}</p> : null}
          </>
        )
      }
    </Await>
  );
}

export function Leads({ structure }: { structure: string }) {
  const asked = useAsked(structure, () => leadsOf(structure));
  return (
    <Panel title={w.leads}>
      <Await asked={asked}>
        {(leads) =>
          leads.length === 0 ? (
            <Empty>{w.noLeads}</Empty>
          ) : (
            <Table
              label={w.leads}
              rows={leads}
              id={(one) => one.id}
              link={(one) => href(["lead", one.id])}
              columns={[
                { title: w.lead, cell: (one) => <code>{one.id}</code> },
                { title: w.source, cell: (one) => one.properties.sources.map((source) => wordOf(SOURCE, source)).join(told("、", ", ")) },
                { title: w.state, cell: (one) => wordOf(LEAD_STATES, one.properties.state) },
                { title: w.leadVerdict, cell: (one) => told(one.properties.verdict_zh, one.properties.verdict_title) },
                { title: w.changed, cell: (one) => <Day on={one.properties.changed_at} /> },
              ]}
            />
          )
        }
      </Await>
    </Panel>
  );
}
