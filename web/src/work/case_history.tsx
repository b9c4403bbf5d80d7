/** What happened to a case, the latest first; what was told wrongly is corrected by a further event. */
import { useState } from "preact/hooks";
import { type Schemas, getJson, send } from "../api/client";
import { minute } from "../app/format";
import { told, words } from "../app/language";
import { may } from "../app/session";
import { useAsked } from "../app/use";
import { Await, Dialog, Field, Mark, Panel } from "../ui/parts";
import { toast } from "../ui/toast";
import { Submit, useSend } from "./act";
import { personName } from "./common";
import { factTitle } from "./fact_fields";
import { inBeijing } from "./fact_form";
import { CHOICES } from "../api/words";
import { FactsTold } from "./facts_told";

type Event_ = Schemas["CaseEventOut"];

const w = words({
  title: ["经过", "History"],
  recorded: ["记录于", "recorded"],
  corrects: ["更正第", "corrects event"],
  correctsEnd: ["项", ""],
  correct: ["更正", "Correct"],
  corrected: ["已更正", "corrected later"],
  note: ["备注", "Note"],
  add: ["添加备注", "Add the note"],
  noted: ["备注已添加", "The note was added"],
  reason: ["更正理由", "Why it is corrected"],
  void: ["该事项并未发生（撤销）", "It did not happen (take it back)"],
  at: ["正确的时间（北京时间）", "The right time (Beijing time)"],
  atHint: ["留空则不改", "Empty: as it stands"],
  send: ["提交更正", "Record the correction"],
  sent: ["更正已记录", "The correction was recorded"],
  defect: ["瑕疵", "defect"],
  seal: ["封印", "seal"],
  explain: ["原记录不会被删除，更正是另一条记录。", "What was told stays; a correction is a further event."],
  textsOnly: ["此处可更正文字和数字；其余内容请撤销后重新填报。", "Texts and numbers can be corrected here; for the rest take it back and tell it anew."],
});

interface Props {
  id: string;
  version: string;
  expected: number;
  names: Readonly<Record<string, string>>;
  defects: Schemas["DefectOut"][];
  done: () => void;
}

export function CaseHistory({ id, version, expected, names, defects, done }: Props) {
  const asked = useAsked(`events/${id}/${version}`, () => getJson<Schemas["CaseEventsOut"]>(`/cases/${id}/events`));
  const [chosen, choose] = useState<Event_>();
  return (
    <Panel title={w.title}>
      {may("cases") ? <NoteForm id={id} done={done} /> : null}
      <Await asked={asked}>
        {({ events }) => {
          const corrected = new Set(events.map((one) => one.corrects).filter((one) => one !== null));
          const titles = Object.fromEntries(events.map((one) => [one.number, told(one.title_zh, one.title)]));
          return (
            <ol class="work-history" reversed>
              {[...events].reverse().map((one) => (
                <li key={one.number} value={one.number}>
                  <div class="row">
                    <b>{told(one.title_zh, one.title)}</b>
                    <time dateTime={one.at}>{minute(one.at)}</time>
                    <span>{personName(one.by, { ...names, [one.by]: one.by_name })}</span>
                    {corrected.has(one.number) ? <Mark tone="warn">{w.corrected}</Mark> : null}
                    {one.corrects === null && one.number > 1 && may("cases") ? (
                      <button type="button" class="plain" onClick={() => choose(one)}>
                        {w.correct}
                      </button>
                    ) : null}
                  </div>
                  {one.corrects !== null ? (
                    <p>
                      {w.corrects} {one.corrects} {w.correctsEnd} ({titles[one.corrects]})
                    </p>
                  ) : null}
                  <FactsTold facts={one.facts} names={names} />
                  {defects
                    .filter((defect) => defect.number === one.number)
                    .flatMap((defect) => defect.refused)
                    .map((no) => (
                      <p key={no.guard} class="work-alarm">
                        <b>{w.defect}:</b> {told(no.message_zh, no.message)} {no.articles.join("；")}
                      </p>
                    ))}
                  <small title={one.hash ?? ""}>
                    {w.recorded} {minute(one.recorded_at)} · {w.seal} <code>{one.hash?.slice(0, 12)}</code>
                  </small>
                </li>
              ))}
            </ol>
          );
        }}
      </Await>
      {chosen ? <Correction id={id} event={chosen} expected={expected} close={() => choose(undefined)} done={done} /> : null}
    </Panel>
  );
}

function NoteForm({ id, done }: { id: string; done: () => void }) {
  const [text, setText] = useState("");
  const sent = useSend();
  const add = (event: Event): void => {
    event.preventDefault();
    if (!text.trim()) return;
    sent.run(async () => {
      await send("POST", `/cases/${id}/events`, { event: "noted", facts: { text } });
      setText("");
      toast(w.noted);
      done();
    });
  };
  return (
    <form onSubmit={add} class="screen">
      <Field label={w.note}>
        <textarea rows={2} value={text} maxLength={10_000} required onInput={(event) => setText(event.currentTarget.value)} />
      </Field>
      <Submit sent={sent} title={w.add} />
    </form>
  );
}

/** Facts that a plain field can correct: words and figures; what has a form of its own is taken back and told anew. */
function plainFacts(facts: Readonly<Record<string, unknown>>): [string, string | number][] {
  return Object.entries(facts).filter((pair): pair is [string, string | number] => (typeof pair[1] === "string" && !(pair[1] in CHOICES) && !/_id$|^sha256$|^kind$|^level$|^clock$/.test(pair[0])) || typeof pair[1] === "number");
}

function Correction({ id, event, expected, close, done }: { id: string; event: Event_; expected: number; close: () => void; done: () => void }) {
  const plain = plainFacts(event.facts);
  const [why, setWhy] = useState("");
  const [gone, setGone] = useState(false);
  const [at, setAt] = useState("");
  const [held, hold] = useState<Record<string, string>>(() => Object.fromEntries(plain.map(([name, value]) => [name, String(value)])));
  const sent = useSend();
  const tell = (pressed: Event): void => {
    pressed.preventDefault();
    const changed = Object.fromEntries(plain.filter(([name, value]) => held[name] !== String(value)).map(([name, value]) => [name, typeof value === "number" ? Number(held[name]) : held[name]]));
    const facts = gone ? { reason: why, void: true } : { reason: why, facts: changed };
    sent.run(async () => {
      await send("POST", `/cases/${id}/events`, { event: "corrected", corrects: event.number, facts, expected, ...(at && !gone ? { at: inBeijing(at) } : {}) });
      toast(w.sent);
      close();
      done();
    });
  };
  return (
    <Dialog title={`${w.correct}: ${event.number} ${told(event.title_zh, event.title)}`} close={close}>
      <form onSubmit={tell}>
        <p class="note">{w.explain}</p>
        <Field label={w.reason}>
          <textarea rows={2} required value={why} onInput={(pressed) => setWhy(pressed.currentTarget.value)} />
        </Field>
        <p>
          <label>
            <input type="checkbox" checked={gone} onChange={(pressed) => setGone(pressed.currentTarget.checked)} /> {w.void}
          </label>
        </p>
        {gone ? null : (
          <>
            <Field label={w.at} hint={w.atHint}>
              <input type="datetime-local" value={at} onInput={(pressed) => setAt(pressed.currentTarget.value)} />
            </Field>
            {plain.map(([name, value]) => (
              <Field key={name} label={factTitle(name)}>
                {typeof value === "number" ? (
                  <input type="number" step="any" value={held[name] ?? ""} onInput={(pressed) => hold({ ...held, [name]: pressed.currentTarget.value })} />
                ) : /^\d{4}-\d{2}-\d{2}$/.test(value) ? (
                  <input type="date" value={held[name] ?? ""} onInput={(pressed) => hold({ ...held, [name]: pressed.currentTarget.value })} />
                ) : (
                  <input type="text" value={held[name] ?? ""} onInput={(pressed) => hold({ ...held, [name]: pressed.currentTarget.value })} />
                )}
              </Field>
            ))}
            <p class="note">{w.textsOnly}</p>
          </>
        )}
        <Submit sent={sent} title={w.send} />
      </form>
    </Dialog>
  );
}
