/** The parties of a case: masked, in the clear only with a purpose, which is recorded. */
import { useState } from "preact/hooks";
import { type Schemas, getJson, send } from "../api/client";
import { minute } from "../app/format";
import { wordOf, words } from "../app/language";
import { may } from "../app/session";
import { useAsked } from "../app/use";
import { Await, Dialog, Empty, Facts, Field, Panel } from "../ui/parts";
import { toast } from "../ui/toast";
import { Submit, useSend } from "./act";
import { inBeijing } from "./fact_form";

type Party = Schemas["CasePartyOut"];

const w = words({
  title: ["当事人", "Parties"],
  none: ["还没有登记当事人。", "No party is named yet."],
  masked: ["姓名、号码已遮蔽。", "Names and numbers are masked."],
  clear: ["明文查看", "See in the clear"],
  clearTitle: ["明文查看当事人信息", "The parties in the clear"],
  purpose: ["查看用途", "What for"],
  purposeHint: ["查看行为会被记录。", "The look is recorded."],
  show: ["查看", "Show"],
  name: ["姓名或名称", "Name"],
  kind: ["类型", "Kind"],
  id_number: ["证件号码", "Identity number"],
  address: ["地址", "Address"],
  phone: ["电话", "Telephone"],
  at: ["查明时间（北京时间）", "When it became known (Beijing time)"],
  now: ["留空为现在", "Empty: now"],
  representative: ["法定代表人", "Legal representative"],
  erased: ["已删除", "Erased"],
  add: ["登记当事人", "Name a party"],
  send: ["登记", "Name the party"],
  sent: ["当事人已登记", "The party was named"],
});
const KINDS: Record<string, readonly [string, string]> = { person: ["个人", "person"], organisation: ["单位", "organisation"] };

export function CaseParties({ id, version, done }: { id: string; version: string; done: () => void }) {
  const asked = useAsked(`parties/${id}/${version}`, () => getJson<Schemas["CasePartiesOut"]>(`/cases/${id}/parties`));
  const [open, setOpen] = useState(false);
  return (
    <>
      <Panel
        title={w.title}
        actions={
          may("personal") && (asked.value?.parties.length ?? 0) > 0 ? (
            <button type="button" onClick={() => setOpen(true)}>
              {w.clear}
            </button>
          ) : null
        }
      >
        <Await asked={asked}>{({ parties }) => (parties.length === 0 ? <Empty>{w.none}</Empty> : <><Listed parties={parties} /><p class="note">{w.masked}</p></>)}</Await>
      </Panel>
      {may("cases") ? <AddParty id={id} done={done} /> : null}
      {open ? <InTheClear id={id} close={() => setOpen(false)} /> : null}
    </>
  );
}

function Listed({ parties }: { parties: Party[] }) {
  return (
    <ul class="list">
      {parties.map((one) => (
        <li key={one.id}>
          {one.erased_at ? (
            <p>
              {w.erased} {minute(one.erased_at)}
            </p>
          ) : (
            <Facts
              rows={[
                [w.name, one.name || "-"],
                [w.kind, wordOf(KINDS, one.kind)],
                ...(["id_number", "address", "phone", "representative"] as const).filter((name) => one[name]).map((name) => [w[name], one[name]] as const),
              ]}
            />
          )}
        </li>
      ))}
    </ul>
  );
}

function InTheClear({ id, close }: { id: string; close: () => void }) {
  const [found, setFound] = useState<Party[]>();
  const [purpose, setPurpose] = useState("");
  const sent = useSend();
  const show = (event: Event): void => {
    event.preventDefault();
    sent.run(async () => setFound((await getJson<Schemas["CasePartiesOut"]>(`/cases/${id}/parties/personal`, { purpose })).parties));
  };
  return (
    <Dialog title={w.clearTitle} close={close}>
      {found ? (
        <Listed parties={found} />
      ) : (
        <form onSubmit={show}>
          <Field label={w.purpose} hint={w.purposeHint}>
            <input required minLength={4} maxLength={300} value={purpose} onInput={(event) => setPurpose(event.currentTarget.value)} />
          </Field>
          <Submit sent={sent} title={w.show} />
        </form>
      )}
    </Dialog>
  );
}

function AddParty({ id, done }: { id: string; done: () => void }) {
  const [round, setRound] = useState(0);
  const [kind, setKind] = useState("person");
  const sent = useSend();
  const add = (event: Event): void => {
    event.preventDefault();
    const told = Object.fromEntries([...new FormData(event.currentTarget as HTMLFormElement).entries()].filter(([, value]) => value !== ""));
    if (typeof told.at === "string") told.at = inBeijing(told.at);
    sent.run(async () => {
      await send("POST", `/cases/${id}/parties`, told);
      toast(w.sent);
      setRound(round + 1);
      done();
    });
  };
  return (
    <Panel title={w.add} class="screen">
      <form key={round} onSubmit={add} autocomplete="off">
        <div class="work-fields">
          <Field label={w.name}>
            <input name="name" required maxLength={200} />
          </Field>
          <Field label={w.kind}>
            <select name="kind" value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
              {Object.keys(KINDS).map((one) => (
                <option key={one} value={one}>
                  {wordOf(KINDS, one)}
                </option>
              ))}
            </select>
          </Field>
          <Field label={w.id_number}>
            <input name="id_number" maxLength={40} />
          </Field>
          <Field label={w.address}>
            <input name="address" maxLength={300} />
          </Field>
          <Field label={w.phone}>
            <input name="phone" maxLength={40} />
          </Field>
          <Field label={w.at} hint={w.now}>
            <input type="datetime-local" name="at" />
          </Field>
          {kind === "organisation" ? (
            <Field label={w.representative}>
              <input name="representative" maxLength={200} />
            </Field>
          ) : null}
        </div>
        <Submit sent={sent} title={w.send} />
      </form>
    </Panel>
  );
}
