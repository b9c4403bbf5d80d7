/** Uploads under way and ended: how far each is, how long still, what became of it. */
import { bytes, percent } from "../app/format";
import { language, wordOf, words } from "../app/language";
import { href } from "../app/router";
import { Mark, Panel, Refused, Trouble } from "../ui/parts";
import { type State, type Transfer, cancel, dismiss, goOn, pause, transfers } from "./transfers";
import { timeLeft } from "./times";
import { stepOf } from "./words";

const w = words({
  title: ["上传进度", "Uploads"],
  pause: ["暂停", "Pause"],
  goOn: ["继续", "Go on"],
  again: ["重试", "Try again"],
  cancel: ["取消并删除", "Cancel"],
  dismiss: ["从列表移除", "Off the list"],
  left: ["剩余", "left"],
  lost: ["页面重新打开过：请在上面重新选择同一文件，将从已上传处继续。", "The page was opened anew: choose the same file again above, it goes on where it was."],
  broken: ["网络中断，正在自动重试…", "The line is broken; trying again…"],
  awaits: ["等待附属文件，请与影像一起重新选择：", "Waits for its side files; choose them again along with the image: "],
  waits: ["已传完，等待检查", "Whole; waiting to be checked"],
  scene: ["查看影像", "The scene"],
  layer: ["查看图层", "The layers"],
  known: ["系统中已有此文件，未重复入库。", "It was stored before; nothing was stored twice."],
  of: ["进度", "Progress of"],
});

const STATES: Record<State, readonly [string, string]> = {
  waiting: ["排队中", "In the line"],
  sending: ["上传中", "Sending"],
  broken: ["网络中断", "Line broken"],
  paused: ["已暂停", "Paused"],
  lost: ["待选择文件", "Needs its file"],
  checking: ["检查中", "Being checked"],
  stored: ["已入库", "Stored"],
  refused: ["被拒绝", "Refused"],
  failed: ["失败", "Failed"],
};
const TONES: Record<State, "good" | "warn" | "bad" | "info" | "plain"> = {
  waiting: "plain",
  sending: "info",
  broken: "warn",
  paused: "plain",
  lost: "warn",
  checking: "info",
  stored: "good",
  refused: "bad",
  failed: "bad",
};

function Bar({ one }: { one: Transfer }) {
  const checking = one.state === "checking";
  const share = checking ? (one.outcome?.progress ?? 0) / 100 : one.size === 0 ? 1 : one.offset / one.size;
  const figures = checking
    ? [one.outcome?.state === "checking" ? stepOf(one.outcome.message) : w.waits, percent(share)]
    : [`${bytes(one.offset)} / ${bytes(one.size)}`, percent(share)];
  if (one.state === "sending" && one.speed) figures.push(`${bytes(one.speed)}/s`, `${w.left} ${timeLeft((one.size - one.offset) / one.speed, language.value)}`);
  return (
    <>
      <progress max={1} value={share} aria-label={`${w.of} ${one.name}`} />
      <small class="bring-figures">{figures.filter(Boolean).join(" · ")}</small>
    </>
  );
}

/** Why it was refused, in the service's words, with the way out. */
function Refusal({ problem }: { problem: Record<string, unknown> }) {
  return (
    <div class="trouble" role="alert">
      <Refused refusal={problem} />
    </div>
  );
}

function Outcome({ one }: { one: Transfer }) {
  if (one.problem) return <Trouble error={one.problem} />;
  if (one.state === "refused" && one.outcome?.problem) return <Refusal problem={one.outcome.problem} />;
  if (one.state === "lost") return <p class="note">{w.lost}</p>;
  if (one.state === "broken") return <p class="note">{w.broken}</p>;
  const awaited = one.outcome?.awaited_sidecars ?? [];
  if (one.state === "checking" && awaited.length > 0) return <p class="note">{w.awaits + awaited.join(", ")}</p>;
  if (one.state !== "stored") return null;
  return (
    <p>
      {one.outcome?.new === false ? `${w.known} ` : ""}
      {one.outcome?.scene_id ? <a href={href("bring", { tab: "images", scene: one.outcome.scene_id })}>{w.scene}</a> : null}
      {one.outcome?.layer_id ? <a href={href("bring", { tab: "layers" })}>{w.layer}</a> : null}
    </p>
  );
}

function Buttons({ one }: { one: Transfer }) {
  const ended = one.state === "stored" || one.state === "refused";
  return (
    <div class="row">
      {["waiting", "sending", "broken"].includes(one.state) ? (
        <button type="button" onClick={() => pause(one.key)}>
          {w.pause}
        </button>
      ) : null}
      {one.state === "paused" || one.state === "failed" ? (
        <button type="button" onClick={() => goOn(one.key)}>
          {one.state === "failed" ? w.again : w.goOn}
        </button>
      ) : null}
      {ended ? (
        <button type="button" class="plain" onClick={() => dismiss(one.key)}>
          {w.dismiss}
        </button>
      ) : (
        <button type="button" class="danger" onClick={() => cancel(one.key)}>
          {w.cancel}
        </button>
      )}
    </div>
  );
}

/** Those of scenes or of layers; of one that is left over from before, only the service knows which it is. */
export function Transfers({ of }: { of: "scenes" | "layers" }) {
  const kindOf = (one: Transfer): string => one.outcome?.metadata.kind ?? one.metadata.kind ?? "scene";
  const list = transfers.value.filter((one) => (kindOf(one) === "scene") === (of === "scenes"));
  if (list.length === 0) return null;
  return (
    <Panel title={w.title}>
      <ul class="list">
        {list.map((one) => (
          <li key={one.key} class="bring-transfer">
            <div class="bring-head">
              <b>{one.name}</b> <Mark tone={TONES[one.state]}>{wordOf(STATES, one.state)}</Mark>
            </div>
            {one.state === "stored" || one.state === "refused" ? null : <Bar one={one} />}
            <Outcome one={one} />
            <Buttons one={one} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}
