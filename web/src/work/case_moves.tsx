/** What may follow in a case: the steps that the service allows now, each with a form of the facts it asks for. */
import { useState } from "preact/hooks";
import { type Schemas, getJson, send } from "../api/client";
import { language, told, words } from "../app/language";
import { useAsked } from "../app/use";
import { Await, Dialog, Empty, Field, Panel } from "../ui/parts";
import { toast } from "../ui/toast";
import { Submit, focusWrong, useSend } from "./act";
import { FactFields, type Offers } from "./fact_fields";
import { type Held, type Wrong, factsOf, inBeijing } from "./fact_form";
import { GROUPS, groupOf } from "./moves";

type Move = Schemas["MoveOut"];

const w = words({
  title: ["可以办理的事项", "What may follow"],
  none: ["现在没有您可以办理的事项。", "There is nothing that you may do now."],
  refused: ["暂不能办理", "Not allowed yet"],
  articles: ["依据", "Articles"],
  at: ["办理时间（北京时间）", "When it happened (Beijing time)"],
  now: ["留空为现在", "Empty: now"],
  tell: ["提交", "Record"],
  cancel: ["取消", "Cancel"],
  check: ["请核对标出的各项。", "See the marked fields."],
  done: ["已记录：", "Recorded: "],
  remedy: ["办法", "What to do"],
});

/** Which of the steps are told by forms of their own: a document by making it, a file by adding it, a party by naming it. */
const ELSEWHERE = new Set(["opened", "document_made", "evidence_added", "party_known", "objection_received", "escalated"]);

export function CaseMoves({ id, number, offers, place, done }: { id: string; number: number; offers: Offers; place: string; done: () => void }) {
  const asked = useAsked(`moves/${id}/${number}`, () => getJson<Schemas["MovesOut"]>(`/cases/${id}/moves`));
  const [chosen, choose] = useState<{ move: Move; number: number }>();
  return (
    <Panel title={w.title}>
      <Await asked={asked}>
        {(found) => {
          // an objection is answered where one waits
          const objected = (offers.objection_id?.length ?? 0) > 0;
          const moves = found.moves.filter((one) => !ELSEWHERE.has(one.event) && (objected || one.event !== "objection_answered"));
          const titles = Object.fromEntries(found.moves.map((one) => [one.event, one.title]));
          return (
            <>
              <Allowed moves={moves.filter((one) => one.refused.length === 0)} choose={(move) => choose({ move, number: found.number })} />
              <NotYet moves={moves.filter((one) => one.refused.length > 0)} />
              {chosen ? <MoveForm id={id} {...chosen} titles={titles} offers={offers} place={place} close={() => choose(undefined)} done={done} /> : null}
            </>
          );
        }}
      </Await>
    </Panel>
  );
}

function Allowed({ moves, choose }: { moves: Move[]; choose: (move: Move) => void }) {
  if (moves.length === 0) return <Empty>{w.none}</Empty>;
  return (
    <>
      {Object.entries(GROUPS).map(([group, title]) => {
        const here = moves.filter((one) => groupOf(one.event) === group);
        return here.length === 0 ? null : (
          <div key={group} class="work-moves">
            <h3>{title[language.value === "zh" ? 0 : 1]}</h3>
            <div class="row">
              {here.map((one) => (
                <button key={one.event} type="button" class={group === "procedure" ? "main" : ""} onClick={() => choose(one)}>
                  {told(one.title_zh, one.title)}
                </button>
              ))}
            </div>
          </div>
        );
      })}
    </>
  );
}

function NotYet({ moves }: { moves: Move[] }) {
  if (moves.length === 0) return null;
  return (
    <details class="work-notyet">
      <summary>
        {w.refused} ({moves.length})
      </summary>
      <ul class="list">
        {moves.map((one) => (
          <li key={one.event}>
            <b>{told(one.title_zh, one.title)}</b>
            {one.refused.map((no) => (
              <p key={no.guard}>
                {told(no.message_zh, no.message)} {no.articles.length > 0 ? <small>{no.articles.join("；")}</small> : null}
                {no.remedy ? <small class="work-remedy">{told(no.remedy_zh, no.remedy)}</small> : null}
              </p>
            ))}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** What a fact is likely to be: one level of approval is usual. */
function begun(move: Move): Held {
  const held: Held = {};
  for (const fact of move.facts) if (fact.form === "people") held[fact.name] = [];
  for (const fact of move.facts) if (fact.name === "level" && fact.choices[0]) held.level = fact.choices[0];
  return held;
}

interface FormProps {
  id: string;
  move: Move;
  number: number;
  titles: Readonly<Record<string, string>>;
  offers: Offers;
  place: string;
  close: () => void;
  done: () => void;
}

function MoveForm({ id, move, number, titles, offers, place, close, done }: FormProps) {
  const [held, hold] = useState<Held>(() => begun(move));
  const [at, setAt] = useState("");
  const [wrong, setWrong] = useState<Wrong[]>([]);
  const sent = useSend();
  const title = told(move.title_zh, move.title);
  const tell = (event: Event): void => {
    event.preventDefault();
    const read = factsOf(move.facts, held);
    setWrong(read.wrong);
    if (read.wrong.length > 0) {
      focusWrong(event.currentTarget as HTMLFormElement);
      return;
    }
    sent.run(async () => {
      await send("POST", `/cases/${id}/events`, { event: move.event, facts: read.facts, expected: number, ...(at ? { at: inBeijing(at) } : {}) });
      toast(`${w.done}${title}`);
      close();
      done();
    });
  };
  return (
    <Dialog title={title} close={close}>
      <form onSubmit={tell} noValidate>
        {move.articles.length > 0 ? (
          <p class="note">
            {w.articles}: {move.articles.join("；")}
          </p>
        ) : null}
        <FactFields facts={move.facts} held={held} wrong={wrong} offers={offers} place={place} change={(name, value) => hold({ ...held, [name]: value })} />
        <Field label={w.at} hint={w.now}>
          <input type="datetime-local" value={at} onInput={(event) => setAt(event.currentTarget.value)} />
        </Field>
        {wrong.length > 0 ? <p class="work-wrong" role="alert">{w.check}</p> : null}
        <Submit sent={sent} title={w.tell} titles={titles}>
          <button type="button" onClick={close}>
            {w.cancel}
          </button>
        </Submit>
      </form>
    </Dialog>
  );
}
