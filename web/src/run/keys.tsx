/** Keys of other systems: made once, shown once, revoked for ever. */
import { useState } from "preact/hooks";
import { type Schemas, getJson, send } from "../api/client";
import { minute } from "../app/format";
import { wordOf, words } from "../app/language";
import { session } from "../app/session";
import { useAsked } from "../app/use";
import { Await, Dialog, Empty, Field, Mark, Panel, Table, Trouble } from "../ui/parts";
import { toast } from "../ui/toast";
import { type Rights, RightsFields, areasOf, useAreas } from "./access";
import { Sure, useAct } from "./act";
import { Once } from "./once";
import { GRADES, PERMISSIONS, ROLES } from "./words";

type Key = Schemas["KeyBody"];

const w = words({
  title: ["其他系统的密钥", "Keys of other systems"],
  note: ["供 QGIS、热线系统、监控等程序访问；密钥的权限不会超过创建者。", "For QGIS, a hotline, a monitor. A key never has more rights than whoever made it."],
  none: ["还没有密钥。", "No keys yet."],
  make: ["新建密钥", "Make a key"],
  name: ["用途", "What it is for"],
  roles: ["角色", "Roles"],
  permissions: ["可以做什么", "May"],
  areas: ["区域", "Areas"],
  grade: ["密级", "Secrecy"],
  days: ["有效天数（可空）", "Days until it ends (may be empty)"],
  ends: ["到期", "Ends"],
  never: ["不到期", "never"],
  used: ["最近使用", "Last used"],
  state: ["状态", "State"],
  lives: ["有效", "Lives"],
  revoked: ["已吊销", "Revoked"],
  over: ["已到期", "Run out"],
  revoke: ["吊销", "Revoke"],
  revokeSure: ["吊销后不能恢复，使用它的系统将立即无法访问。确定？", "For ever, from the next request on. Really?"],
  gone: ["已吊销。", "Revoked."],
  secret: ["密钥", "The key"],
  secretNote: ["在程序中以 Authorization: Bearer 密钥 发送，或作为 HTTP Basic 的密码。", "Send it as Authorization: Bearer KEY, or as the password of HTTP Basic."],
});

/** Roles that a key of this person may have: nobody hands out what they lack. */
const FOR_KEYS: Record<string, readonly string[]> = {
  reader: ["read"],
  analyst: ["read", "export", "upload", "layers", "scan", "leads"],
  monitor: ["metrics"],
};

function offered(): string[] {
  const own = session.value?.permissions ?? [];
  return Object.entries(FOR_KEYS)
    .filter(([, needs]) => needs.every((one) => own.includes(one)))
    .map(([role]) => role);
}

function Making({ close, made }: { close: () => void; made: (key: Schemas["MadeKey"]) => void }) {
  const [name, setName] = useState("");
  const [days, setDays] = useState("365");
  const [rights, setRights] = useState<Rights>({ roles: ["reader"], areas: null, clearance: "internal" });
  const doing = useAct();
  const make = () =>
    doing.act(async () => {
      made(
        await send<Schemas["MadeKey"]>("POST", "/keys", { name: name.trim(), roles: rights.roles, areas: rights.areas, clearance: rights.clearance, days: Number(days) > 0 ? Number(days) : null }),
      );
    });
  return (
    <Dialog title={w.make} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <div class="run-fields">
          <Field label={w.name}>
            <input required value={name} onInput={(event) => setName(event.currentTarget.value)} />
          </Field>
          <Field label={w.days}>
            <input type="number" min={1} value={days} onInput={(event) => setDays(event.currentTarget.value)} />
          </Field>
        </div>
        <RightsFields rights={rights} roles={offered()} change={(told) => setRights({ ...rights, ...told })} />
        {doing.error ? <Trouble error={doing.error} /> : null}
        <button type="submit" class="main" disabled={doing.busy || !name.trim() || rights.roles.length === 0}>
          {w.make}
        </button>
      </form>
    </Dialog>
  );
}

function StateOf({ one }: { one: Key }) {
  if (one.revoked_at) return <Mark>{w.revoked}</Mark>;
  if (one.expires_at && new Date(one.expires_at) < new Date()) return <Mark tone="warn">{w.over}</Mark>;
  return <Mark tone="good">{w.lives}</Mark>;
}

export function Keys() {
  const asked = useAsked("keys", () => getJson<Schemas["KeysBody"]>("/keys", { limit: 200 }));
  const areas = useAreas();
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<Schemas["MadeKey"]>();
  const revoke = async (one: Key): Promise<void> => {
    await send("DELETE", `/keys/${one.id}`);
    toast(w.gone);
    asked.reload();
  };
  return (
    <Panel
      title={w.title}
      actions={
        <button type="button" class="main" onClick={() => setMaking(true)}>
          {w.make}
        </button>
      }
    >
      <p class="note">{w.note}</p>
      <Await asked={asked}>
        {({ keys }) =>
          keys.length === 0 ? (
            <Empty>{w.none}</Empty>
          ) : (
            <Table
              label={w.title}
              rows={keys}
              id={(one) => one.id}
              columns={[
                { title: w.name, cell: (one) => <b>{one.name}</b> },
                { title: w.roles, cell: (one) => one.roles.map((role) => wordOf(ROLES, role)).join(", ") },
                { title: w.permissions, cell: (one) => one.permissions.map((name) => wordOf(PERMISSIONS, name)).join(", ") },
                { title: w.areas, cell: (one) => areasOf(one.areas, areas) },
                { title: w.grade, cell: (one) => wordOf(GRADES, one.clearance) },
                { title: w.ends, cell: (one) => (one.expires_at ? minute(one.expires_at) : w.never) },
                { title: w.used, cell: (one) => minute(one.used_at) },
                { title: w.state, cell: (one) => <StateOf one={one} /> },
                { title: w.revoke, cell: (one) => (one.revoked_at ? "" : <Sure title={w.revoke} question={w.revokeSure} name={`${w.revoke} ${one.name}`} act={() => revoke(one)} />) },
              ]}
            />
          )
        }
      </Await>
      {making ? (
        <Making
          close={() => setMaking(false)}
          made={(key) => {
            setMaking(false);
            setMade(key);
            asked.reload();
          }}
        />
      ) : null}
      {made ? <Once title={made.name} label={w.secret} note={w.secretNote} secret={made.secret} close={() => setMade(undefined)} /> : null}
    </Panel>
  );
}
