/** The record: what was done, by whom, from where; and whether its chain holds. */
import { useState } from "preact/hooks";
import { type Schemas, api, ask } from "../api/client";
import { number } from "../app/format";
import { wordOf, words } from "../app/language";
import { go, href } from "../app/router";
import { useAsked } from "../app/use";
import type { ViewProps } from "../app/views";
import { Await, Dialog, Empty, Facts, Field, Mark, Panel, Table, Trouble } from "../ui/parts";
import { useAct } from "./act";

type Entry = Schemas["EntryBody"];
type Check = Schemas["CheckBody"];

const w = words({
  title: ["审计记录", "The record"],
  action: ["操作", "Action"],
  all: ["全部操作", "Everything"],
  actor: ["操作人", "By"],
  only: ["只看此人", "Only theirs"],
  clear: ["显示全部人员", "Of everybody"],
  at: ["时间", "When"],
  target: ["对象", "Of"],
  address: ["来源地址", "From"],
  number: ["序号", "No."],
  none: ["没有记录。", "No entries."],
  earlier: ["更早的记录", "Earlier entries"],
  check: ["核验记录链", "Check the chain"],
  checking: ["正在核验…", "Checking…"],
  holds: ["记录完整：没有条目被改动、删除或调换。", "The record holds: nothing was changed, removed or put elsewhere."],
  broken: ["记录不完整", "The record does not hold"],
  entries: ["条", "entries"],
  seal: ["末条校验值（请另行保存，日后比对）", "Seal of the last entry: keep it elsewhere and compare"],
  first: ["首个异常条目", "First entry at fault"],
  previous: ["前一条校验值", "Seal of the one before"],
  own: ["本条校验值", "Seal of this one"],
  details: ["内容", "Details"],
  open: ["查看", "Look at"],
});

const ACTIONS: Record<string, readonly [string, string]> = {
  "sign-in": ["登录", "Signed in"],
  "sign-in-failed": ["登录失败", "Failed to sign in"],
  "sign-out": ["退出", "Signed out"],
  "first-administrator": ["首个管理员", "First administrator"],
  "person-added": ["添加人员", "Added a person"],
  "person-changed": ["修改人员", "Changed a person"],
  "password-set": ["设置密码", "Set a password"],
  "link-made": ["生成一次性链接", "Made a link"],
  "key-made": ["新建密钥", "Made a key"],
  "key-revoked": ["吊销密钥", "Revoked a key"],
  "keys-rotated": ["更换加密密钥", "Changed the sealing keys"],
  "personal-read": ["查看个人信息", "Looked at personal data"],
  "personal-erased": ["删除个人信息", "Erased personal data"],
  "personal-expired": ["个人信息到期清除", "Personal data ran out"],
  "document-read": ["查看文书", "Read a document"],
  "evidence-sealed": ["封存证据", "Sealed evidence"],
  "rule-made": ["新建告警规则", "Made an alarm rule"],
  "rule-changed": ["修改告警规则", "Changed an alarm rule"],
  "rule-removed": ["删除告警规则", "Removed an alarm rule"],
  "channel-made": ["新建通道", "Made a channel"],
  "channel-changed": ["修改通道", "Changed a channel"],
  "channel-removed": ["删除通道", "Removed a channel"],
  "rulebook-added": ["导入规则库", "Put a rulebook in"],
  "rulebook-used": ["启用规则库", "Put a rulebook to use"],
  "model-used": ["启用模型", "Put a model to use"],
  post_scene: ["上传影像", "Sent a scene"],
  post_upload: ["开始上传", "Began an upload"],
  delete_upload: ["取消上传", "Removed an upload"],
  post_layer: ["导入图层", "Stored a layer"],
  post_scan: ["发起比对", "Ordered a scan"],
  post_earliest: ["追溯最早出现", "Ordered comparisons back in time"],
  delete_job: ["停止任务", "Stopped a job"],
  post_export: ["发起导出", "Ordered an export"],
  delete_export: ["停止导出", "Stopped an export"],
  post_night: ["开始夜间批处理", "Began a night"],
  post_verdict: ["核查发现", "Judged a finding"],
  post_answer: ["回答抽查", "Answered an audit"],
  post_audit: ["抽取漏检抽查", "Drew an audit"],
  post_acknowledgement: ["确认告警", "Acknowledged an alarm"],
  post_channel_test: ["测试通道", "Tested a channel"],
  post_report: ["登记线索来源", "Recorded a report"],
  post_report_file: ["批量登记线索来源", "Recorded reports of a file"],
  post_report_place: ["确定线索位置", "Placed a report"],
  post_lead_verdict: ["研判线索", "Judged a lead"],
  post_lead_split: ["拆分线索", "Split a lead"],
  post_lead_merge: ["合并线索", "Merged leads"],
  post_lead_note: ["线索备注", "Put a note to a lead"],
  post_lead_case: ["线索立案", "Opened the case of a lead"],
  post_lead_gathering: ["汇集线索", "Gathered leads"],
  post_case: ["登记案件", "Opened a case"],
  post_case_event: ["办理案件", "Told an event of a case"],
  post_case_file: ["添加案件材料", "Added a file to a case"],
  post_case_party: ["登记当事人", "Named a party"],
  post_case_document: ["制作文书", "Made a document"],
  delete_case_document: ["作废文书", "Declared a document void"],
  post_case_evidence: ["导出证据包", "Made an evidence package"],
  post_case_proof: ["影像核验", "Looked for proof"],
  post_campaign: ["开始专项", "Began a campaign"],
  post_objection: ["提出异议", "Objected"],
  post_objection_case: ["异议关联案件", "Brought an objection to its case"],
  post_objection_answer: ["答复异议", "Answered an objection"],
};

const ACTOR_KINDS = { person: ["人员", "person"], key: ["密钥", "key"], local: ["命令行", "command line"], nobody: ["未登录", "nobody"] } as const;

/** Whoever works on the machine itself has no name of their own. */
function actorOf(entry: Entry): string {
  return entry.actor_kind === "person" || entry.actor_kind === "key" ? entry.actor_name : wordOf(ACTOR_KINDS, entry.actor_kind);
}

const SECOND = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "medium" });

function One({ entry, close }: { entry: Entry; close: () => void }) {
  return (
    <Dialog title={`${wordOf(ACTIONS, entry.action)} (${w.number} ${entry.number})`} close={close}>
      <Facts
        rows={[
          [w.at, SECOND.format(new Date(entry.at))],
          [w.actor, actorOf(entry)],
          [w.target, <code>{entry.target || "-"}</code>],
          [w.address, entry.address || "-"],
          [w.previous, <code>{entry.previous}</code>],
          [w.own, <code>{entry.hash}</code>],
        ]}
      />
      <h3>{w.details}</h3>
      <pre class="run-card" tabIndex={0}>{JSON.stringify(entry.details, null, 2)}</pre>
    </Dialog>
  );
}

function Checked() {
  const doing = useAct();
  const [found, setFound] = useState<Check>();
  return (
    <div class="run-checked">
      <button type="button" disabled={doing.busy} onClick={() => void doing.act(async () => setFound(await ask(api.GET("/audit-log/check"))))}>
        {doing.busy ? w.checking : w.check}
      </button>
      <div role="status">
        {doing.error ? <Trouble error={doing.error} /> : null}
        {found?.holds ? (
          <p>
            <Mark tone="good">{number(found.entries)} {w.entries}</Mark> {w.holds}
          </p>
        ) : null}
        {found && !found.holds ? (
          <div class="trouble">
            <b>{w.broken}</b>
            <p>
              {w.first}: {number(found.number)}. {found.message}
            </p>
          </div>
        ) : null}
        {found ? (
          <p class="note">
            {w.seal}: <code>{found.hash}</code>
          </p>
        ) : null}
      </div>
    </div>
  );
}

/** Pages behind one another: the record is long, and each page is asked for by its cursor. */
function Entries({ action, actor }: { action: string; actor: string }) {
  const [pages, setPages] = useState<string[]>([""]);
  return (
    <>
      {pages.map((cursor, at) => (
        <Page key={cursor} cursor={cursor} action={action} actor={actor} last={at === pages.length - 1} more={(next) => setPages([...pages, next])} />
      ))}
    </>
  );
}

function Page({ cursor, action, actor, last, more }: { cursor: string; action: string; actor: string; last: boolean; more: (cursor: string) => void }) {
  const query = { limit: 50, ...(cursor ? { cursor } : {}), ...(action ? { action } : {}), ...(actor ? { actor } : {}) };
  const asked = useAsked(`record:${cursor}`, () => ask(api.GET("/audit-log", { params: { query } })));
  const [opened, setOpened] = useState<Entry>();
  return (
    <Await asked={asked}>
      {(found) => {
        const next = found.links.find((link) => link.rel === "next");
        const onward = next ? new URL(String(next.href)).searchParams.get("cursor") : null;
        if (found.entries.length === 0) return <Empty>{w.none}</Empty>;
        return (
          <>
            <Table
              label={w.title}
              rows={found.entries}
              id={(entry) => String(entry.number)}
              columns={[
                { title: w.number, cell: (entry) => number(entry.number), number: true },
                { title: w.at, cell: (entry) => SECOND.format(new Date(entry.at)) },
                {
                  title: w.actor,
                  cell: (entry) => (
                    <a href={href("run", { tab: "record", action, actor: entry.actor_id })} title={w.only}>
                      {actorOf(entry)}
                    </a>
                  ),
                },
                {
                  title: w.action,
                  cell: (entry) => (
                    <button type="button" class="plain run-link" onClick={() => setOpened(entry)}>
                      {wordOf(ACTIONS, entry.action)}
                    </button>
                  ),
                },
                { title: w.target, cell: (entry) => <code>{entry.target}</code> },
                { title: w.address, cell: (entry) => entry.address },
              ]}
            />
            {last && onward ? (
              <button type="button" onClick={() => more(onward)}>
                {w.earlier}
              </button>
            ) : null}
            {opened ? <One entry={opened} close={() => setOpened(undefined)} /> : null}
          </>
        );
      }}
    </Await>
  );
}

export function Record({ place }: ViewProps) {
  const action = place.query.get("action") ?? "";
  const actor = place.query.get("actor") ?? "";
  return (
    <Panel title={w.title}>
      <Checked />
      <div class="row run-filter">
        <Field label={w.action}>
          <select value={action} onChange={(event) => go(href("run", { tab: "record", action: event.currentTarget.value, actor }))}>
            <option value="">{w.all}</option>
            {Object.keys(ACTIONS).map((name) => (
              <option key={name} value={name}>
                {wordOf(ACTIONS, name)}
              </option>
            ))}
          </select>
        </Field>
        {actor ? (
          <a class="button" href={href("run", { tab: "record", action })}>
            {w.clear}
          </a>
        ) : null}
      </div>
      <Entries key={`${action}|${actor}`} action={action} actor={actor} />
    </Panel>
  );
}
