/** Why a finding is assessed so: every rule that was tried, those that held first. */
import { type Schemas, api, ask } from "../api/client";
import { language, told, wordOf } from "../app/language";
import { useAsked } from "../app/use";
import type { FullReason } from "../judge/load";
import { CERTAINTY } from "../app/terms";
import { Await, Mark, Table } from "../ui/parts";
import { ABOUT, RULES, conditionText, whyNotText } from "./terms";
import { w } from "./words";

type Trial = Schemas["TrialOut"];

export function Explanation({ finding }: { finding: string }) {
  const asked = useAsked(finding, () => ask(api.GET("/findings/{finding_id}/explanation", { params: { path: { finding_id: finding } } })));
  return (
    <Await asked={asked}>
      {(found) => {
        const held = found.trials.filter((one) => one.reason !== null);
        const others = found.trials.filter((one) => one.reason === null);
        return (
          <>
            <p class="note">
              {w.rulebook}: <code>{found.rulebook}</code>
            </p>
            <h3>{w.held}</h3>
            {held.length === 0 ? <p class="note">{w.noneHeld}</p> : <Trials trials={held} label={w.held} />}
            <details>
              <summary>
                {w.notHeld} ({others.length})
              </summary>
              <Trials trials={others} label={w.notHeld} />
            </details>
          </>
        );
      }}
    </Await>
  );
}

function Trials({ trials, label }: { trials: readonly Trial[]; label: string }) {
  const rows = trials.map((trial, at) => ({ trial, at }));
  return (
    <Table
      label={label}
      rows={rows}
      id={(one) => `${one.trial.rule} ${one.at}`}
      columns={[
        { title: w.rule, cell: ({ trial }) => wordOf(RULES, trial.rule) },
        { title: w.about, cell: ({ trial }) => wordOf(ABOUT, trial.about) },
        { title: w.result, cell: ({ trial }) => <Outcome trial={trial} /> },
        { title: w.conditions, cell: ({ trial }) => <Conditions trial={trial} /> },
      ]}
    />
  );
}

function Outcome({ trial }: { trial: Trial }) {
  if (trial.reason === null) return <>{whyNotText(trial.why_not, language.value)}</>;
  const reason = trial.reason as unknown as FullReason;
  return <>{told(reason.message_zh, reason.message)}</>;
}

function Conditions({ trial }: { trial: Trial }) {
  return (
    <ul class="know-conditions">
      {trial.conditions.map((one) => (
        <li key={one.condition}>
          <Mark tone={one.grade === "no" ? "plain" : one.grade === "certain" ? "good" : "warn"}>{one.grade === "certain" ? told("成立", "holds") : wordOf(CERTAINTY, one.grade)}</Mark>{" "}
          {conditionText(one.condition, language.value)}
        </li>
      ))}
    </ul>
  );
}
