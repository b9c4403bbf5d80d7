/** People: who may sign in, with which rights; links by which they set a password. */
import { useState } from "preact/hooks";
import { type Schemas, getJson, send } from "../api/client";
import { day, number } from "../app/format";
import { wordOf, words } from "../app/language";
import { session } from "../app/session";
import { useAsked } from "../app/use";
import { Await, Dialog, Field, Mark, Panel, Table, Trouble } from "../ui/parts";
import { toast } from "../ui/toast";
import { type Rights, RightsFields, areasBody, areasOf, useAreas } from "./access";
import { Sure, useAct } from "./act";
import { Once } from "./once";
import { GRADES, ROLES } from "./words";

type Person = Schemas["PersonBody"];

const w = words({
  title: ["人员", "People"],
  add: ["添加人员", "Add a person"],
  name: ["登录名", "Signs in as"],
  display: ["姓名", "Name"],
  roles: ["角色", "Roles"],
  areas: ["区域", "Areas"],
  grade: ["密级", "Secrecy"],
  state: ["状态", "State"],
  active: ["可登录", "Active"],
  ended: ["已停用", "Ended"],
  since: ["添加日期", "Since"],
  change: ["修改", "Change"],
  save: ["保存", "Save"],
  saved: ["已保存，立即生效。", "Saved; it holds from now on."],
  link: ["生成设置密码链接", "New link for a password"],
  linkTitle: ["设置密码的一次性链接", "A link for a password"],
  linkNote: ["请当面或通过内部渠道交给本人，打开后设置密码。", "Hand it to the person; they open it and set a password."],
  linkLabel: ["链接", "Link"],
  hours: ["小时内有效", "hours valid"],
  end: ["停用", "End access"],
  endSure: ["停用后立即退出登录，其密钥同时失效。确定？", "They are signed out at once and their keys end. Really?"],
  back: ["恢复登录", "Let in again"],
  own: ["不能修改自己的权限，请由其他管理员操作。", "Nobody changes their own rights: let another administrator do it."],
  find: ["查找", "Find"],
  count: ["人", "people"],
});

const NOBODY: Rights = { roles: ["officer"], areas: null, clearance: "internal" };

async function allPeople(): Promise<Person[]> {
  const found: Person[] = [];
  let cursor: string | undefined;
  do {
    const page: Schemas["PeopleBody"] = await getJson<Schemas["PeopleBody"]>("/people", { limit: 500, cursor });
    found.push(...page.people);
    const next: Schemas["Link"] | undefined = page.links.find((link) => link.rel === "next");
    cursor = next ? (new URL(String(next.href)).searchParams.get("cursor") ?? undefined) : undefined;
  } while (cursor !== undefined);
  return found;
}

async function linkFor(id: string): Promise<Schemas["LinkBody"]> {
  return send<Schemas["LinkBody"]>("POST", `/people/${id}/link`);
}

function Adding({ close, made }: { close: () => void; made: (link: Schemas["LinkBody"]) => void }) {
  const [name, setName] = useState("");
  const [display, setDisplay] = useState("");
  const [rights, setRights] = useState<Rights>(NOBODY);
  const doing = useAct();
  const add = () =>
    doing.act(async () => {
      const person = await send<Person>("POST", "/people", { name: name.trim(), display_name: display.trim() || null, roles: rights.roles, areas: areasBody(rights.areas), clearance: rights.clearance });
      made(await linkFor(person.id));
    });
  return (
    <Dialog title={w.add} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <div class="run-fields">
          <Field label={w.name}>
            <input required value={name} autocomplete="off" onInput={(event) => setName(event.currentTarget.value)} />
          </Field>
          <Field label={w.display}>
            <input value={display} autocomplete="off" onInput={(event) => setDisplay(event.currentTarget.value)} />
          </Field>
        </div>
        <RightsFields rights={rights} change={(told) => setRights({ ...rights, ...told })} />
        {doing.error ? <Trouble error={doing.error} /> : null}
        <button type="submit" class="main" disabled={doing.busy || !name.trim() || rights.roles.length === 0}>
          {w.add}
        </button>
      </form>
    </Dialog>
  );
}

function Changing({ person, close, done, linked }: { person: Person; close: () => void; done: () => void; linked: (link: Schemas["LinkBody"]) => void }) {
  const [display, setDisplay] = useState(person.display_name);
  const [rights, setRights] = useState<Rights>({ roles: person.roles, areas: person.areas ?? null, clearance: person.clearance });
  const doing = useAct();
  const own = person.id === session.value?.id;
  const change = (body: Record<string, unknown>) =>
    send("PATCH", `/people/${person.id}`, body).then(() => {
      toast(w.saved);
      done();
    });
  const save = () => doing.act(() => change(own ? { display_name: display } : { display_name: display, roles: rights.roles, areas: areasBody(rights.areas), clearance: rights.clearance }));
  return (
    <Dialog title={`${person.display_name} (${person.name})`} close={close}>
      <Field label={w.display}>
        <input value={display} onInput={(event) => setDisplay(event.currentTarget.value)} />
      </Field>
      {own ? <p class="note">{w.own}</p> : <RightsFields rights={rights} change={(told) => setRights({ ...rights, ...told })} />}
      {doing.error ? <Trouble error={doing.error} /> : null}
      <div class="row">
        <button type="button" class="main" disabled={doing.busy || rights.roles.length === 0} onClick={() => void save()}>
          {w.save}
        </button>
        {person.active ? (
          <button type="button" disabled={doing.busy} onClick={() => void doing.act(async () => linked(await linkFor(person.id)))}>
            {w.link}
          </button>
        ) : null}
        {own ? null : person.active ? (
          <Sure title={w.end} question={w.endSure} act={() => change({ active: false })} />
        ) : (
          <button type="button" onClick={() => void doing.act(() => change({ active: true }))}>
            {w.back}
          </button>
        )}
      </div>
    </Dialog>
  );
}

export function People() {
  const asked = useAsked("people", allPeople);
  const areas = useAreas();
  const [adding, setAdding] = useState(false);
  const [changing, setChanging] = useState<Person>();
  const [link, setLink] = useState<Schemas["LinkBody"]>();
  const [find, setFind] = useState("");
  const settled = (): void => {
    setAdding(false);
    setChanging(undefined);
    asked.reload();
  };
  const linked = (made: Schemas["LinkBody"]): void => {
    settled();
    setLink(made);
  };
  return (
    <Panel
      title={w.title}
      actions={
        <button type="button" class="main" onClick={() => setAdding(true)}>
          {w.add}
        </button>
      }
    >
      <Await asked={asked}>
        {(people) => {
          const word = find.trim().toLowerCase();
          const rows = people.filter((one) => word === "" || `${one.name} ${one.display_name}`.toLowerCase().includes(word));
          return (
            <>
              {people.length > 12 ? (
                <Field label={w.find}>
                  <input type="search" value={find} onInput={(event) => setFind(event.currentTarget.value)} />
                </Field>
              ) : null}
              <Table
                label={w.title}
                rows={rows}
                id={(one) => one.id}
                columns={[
                  {
                    title: w.display,
                    cell: (one) => (
                      <>
                        <b>{one.display_name}</b> <small>{one.name}</small>
                      </>
                    ),
                  },
                  { title: w.roles, cell: (one) => one.roles.map((role) => wordOf(ROLES, role)).join(", ") },
                  { title: w.areas, cell: (one) => areasOf(one.areas, areas) },
                  { title: w.grade, cell: (one) => wordOf(GRADES, one.clearance) },
                  { title: w.state, cell: (one) => (one.active ? <Mark tone="good">{w.active}</Mark> : <Mark>{w.ended}</Mark>) },
                  { title: w.since, cell: (one) => day(one.created_at) },
                  {
                    title: w.change,
                    cell: (one) => (
                      <button type="button" class="run-small" aria-label={`${w.change} ${one.display_name}`} onClick={() => setChanging(one)}>
                        {w.change}
                      </button>
                    ),
                  },
                ]}
              />
              <p class="note">
                {number(people.length)} {w.count}
              </p>
            </>
          );
        }}
      </Await>
      {adding ? <Adding close={() => setAdding(false)} made={linked} /> : null}
      {changing ? <Changing key={changing.id} person={changing} close={() => setChanging(undefined)} done={settled} linked={linked} /> : null}
      {link ? <Once title={w.linkTitle} label={w.linkLabel} note={`${w.linkNote} (${number(link.expires_in_s / 3600)} ${w.hours})`} secret={link.href} close={() => setLink(undefined)} /> : null}
    </Panel>
  );
}
