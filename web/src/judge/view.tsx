/** `#/judge`: findings are judged, one keystroke each; or judged a second time by somebody else. */
import { useEffect, useState } from "preact/hooks";
import { api, ask } from "../api/client";
import { number } from "../app/format";
import { useLive } from "../app/live";
import { go, href, replace } from "../app/router";
import { useAsked } from "../app/use";
import type { ViewProps } from "../app/views";
import { Await, Choice } from "../ui/parts";
import { Help, useKeySwitch } from "./buttons";
import { Desk } from "./desk";
import "./judge.css";
import { Second } from "./second";
import { call, progress, step } from "./sitting";
import { beginWith, dropJudged, sitting, undo, undoing } from "./work";
import { w } from "./words";

const CAPACITIES = [20, 60, 120, 300];

interface Wanted {
  capacity: number;
  learn: string | null;
  purpose: string;
  finding: string | null;
}

function wantedOf(query: URLSearchParams): Wanted {
  const capacity = Number(query.get("capacity") ?? 60);
  return {
    capacity: Number.isInteger(capacity) && capacity > 0 ? capacity : 60,
    learn: query.get("learn_share"),
    purpose: query.get("purpose") ?? "",
    finding: query.get("finding"),
  };
}

function address({ capacity, learn, purpose, finding }: Wanted): string {
  return href("judge", { finding, capacity: capacity === 60 ? null : capacity, learn_share: learn, purpose });
}

export default function View({ place }: ViewProps) {
  const [keys, setKeys] = useKeySwitch();
  const [help, setHelp] = useState(false);
  const second = place.query.get("mode") === "second";
  return (
    <div class={`judge-page ${second ? "twice" : ""}`}>
      <div class="judge-top">
        <Choice
          label={w.mode}
          value={second ? "second" : "desk"}
          options={[
            ["desk", w.desk],
            ["second", w.second],
          ]}
          choose={(mode) => go(href("judge", mode === "second" ? { mode } : {}))}
        />
        {second ? null : <Filters wanted={wantedOf(place.query)} />}
        <span class="judge-right-side">
          {second ? null : <Progress />}
          <button type="button" class="plain" aria-pressed={keys} onClick={() => setKeys(!keys)}>
            {keys ? w.keysOn : w.keysOff}
          </button>
          <button type="button" class="plain" aria-keyshortcuts="?" onClick={() => setHelp(true)}>
            {w.help} <kbd>?</kbd>
          </button>
        </span>
      </div>
      {second ? <Second keys={keys} help={() => setHelp(true)} finding={place.query.get("finding")} /> : <First wanted={wantedOf(place.query)} keys={keys} help={() => setHelp(true)} />}
      {help ? <Help close={() => setHelp(false)} /> : null}
    </div>
  );
}

function Filters({ wanted }: { wanted: Wanted }) {
  const sizes = [...new Set([...CAPACITIES, wanted.capacity])].sort((a, b) => a - b);
  return (
    <>
      <label class="judge-inline">
        {w.capacity}{" "}
        <select value={wanted.capacity} onChange={(event) => go(address({ ...wanted, finding: null, capacity: Number(event.currentTarget.value) }))}>
          {sizes.map((size) => (
            <option key={size} value={size}>
              {size}
            </option>
          ))}
        </select>
      </label>
      <Choice
        label={w.purpose}
        value={wanted.purpose}
        options={[
          ["", w.all],
          ["enforce", w.enforce],
          ["learn", w.learn],
        ]}
        choose={(purpose) => go(address({ ...wanted, finding: null, purpose }))}
      />
    </>
  );
}

/** The pace falls while one looks, not only with the next verdict. */
function useNow(every_ms: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every_ms);
    return () => clearInterval(timer);
  }, [every_ms]);
  return Math.max(now, sitting.value.times[sitting.value.times.length - 1] ?? 0);
}

function Progress() {
  const told = progress(sitting.value, useNow(5_000));
  return (
    <span class="judge-progress">
      <span>
        {w.judged} <b>{told.judged}</b>
      </span>
      <span>
        {w.pace} <b>{number(told.pace, 1)}</b>
      </span>
      <span>
        {w.left} <b>{told.left}</b>
      </span>
      {told.refused ? (
        <span class="bad">
          {w.refused} <b>{told.refused}</b>
        </span>
      ) : null}
    </span>
  );
}

function First({ wanted, keys, help }: { wanted: Wanted; keys: boolean; help: () => void }) {
  const [batch, setBatch] = useState(0);
  const key = `${wanted.capacity} ${wanted.learn} ${wanted.purpose}`;
  const asked = useAsked(`${key} ${batch}`, async () => {
    const share = wanted.learn === null ? {} : { learn_share: Number(wanted.learn) };
    const queue = await ask(api.GET("/queue", { params: { query: { capacity: wanted.capacity, ...share } } }));
    return { key, batch, rows: queue.rows.filter((row) => wanted.purpose === "" || row.purpose === wanted.purpose) };
  });
  // one's own verdicts are heard of too: once in a while is enough
  useLive(["finding.judged"], () => void dropJudged().catch(() => undefined), 20_000);

  const told = asked.value?.key === key && asked.value.batch === batch ? asked.value : undefined;
  useEffect(() => {
    if (!told) return;
    beginWith(`${key} ${batch}`, told.rows, wanted.finding);
    if (wanted.finding !== null && wanted.finding !== sitting.value.at) sitting.value = call(sitting.value, wanted.finding);
  }, [told, wanted.finding]);
  useEffect(() => {
    void dropJudged().catch(() => undefined);
  }, []);
  const at = sitting.value.at;
  useEffect(() => {
    // the address tells what is looked at
    if (told && sitting.value.at !== wanted.finding) replace(address({ ...wanted, finding: sitting.value.at }));
  }, [at, told]);

  return (
    <Await asked={asked}>
      {() =>
        at !== null ? (
          <Desk keys={keys} help={help} />
        ) : told === undefined ? null : (
          <End began={sitting.value.times.length > 0} purpose={wanted.purpose} keys={keys} help={help} draw={() => setBatch((old) => old + 1)} />
        )
      }
    </Await>
  );
}

function End({ began, purpose, keys, help, draw }: { began: boolean; purpose: string; keys: boolean; help: () => void; draw: () => void }) {
  return (
    <div class="panel judge-end">
      <p>{began ? w.done : purpose ? w.emptyPurpose : w.empty}</p>
      <p class="row">
        <button type="button" class="main" onClick={draw}>
          {w.draw}
        </button>
        {began ? <EndSteps /> : null}
      </p>
      {/* undo and the way back work here too */}
      <Desk keys={keys} help={help} />
    </div>
  );
}

function EndSteps() {
  return (
    <>
      <button type="button" aria-keyshortcuts="P" onClick={() => (sitting.value = step(sitting.value, -1))}>
        {w.previous} <kbd>P</kbd>
      </button>
      <button type="button" aria-keyshortcuts="U" disabled={undoing.value || sitting.value.given.length === 0} onClick={() => void undo()}>
        {w.undo} <kbd>U</kbd>
      </button>
    </>
  );
}
