/** The stored scenes, the latest picture first. */
import { useState } from "preact/hooks";
import { root } from "../api/client";
import { type Scene, type SceneFacts, item, items } from "../api/features";
import { bytes, minute, number, percent } from "../app/format";
import { wordOf, words } from "../app/language";
import { useLive } from "../app/live";
import { go, href } from "../app/router";
import { useAsked } from "../app/use";
import type { ViewProps } from "../app/views";
import { Await, Dialog, Empty, Facts, Panel } from "../ui/parts";
import { SECRECY } from "./words";

const w = words({
  title: ["已入库影像", "Stored scenes"],
  none: ["还没有影像。上传两期影像后即可比对。", "No scenes yet. Two dates are needed for a scan."],
  more: ["显示更多", "Show more"],
  date: ["拍摄时间", "Taken"],
  gsd: ["分辨率", "Pixel size"],
  usable: ["可用面积", "Usable"],
  unknown: ["未测", "not measured"],
  size: ["像元", "Pixels"],
  system: ["坐标系", "System"],
  bands: ["波段", "Bands"],
  bytes: ["文件大小", "File"],
  secrecy: ["密级", "Secrecy"],
  stored: ["入库时间", "Stored"],
  preview: ["预览", "Preview of"],
  file: ["下载原文件", "The file as it came"],
  count: ["景", "scenes"],
});

const BANDS = {
  red: ["红", "red"],
  green: ["绿", "green"],
  blue: ["蓝", "blue"],
  nir: ["近红外", "near infrared"],
  gray: ["灰度", "grey"],
  pan: ["全色", "panchromatic"],
} as const;

function preview(id: string, width: number): string {
  return `${root}/scenes/${id}/preview.jpg?width=${width}`;
}

function Card({ scene }: { scene: Scene }) {
  const told = scene.properties;
  return (
    <li>
      <a class="bring-scene" href={href("bring", { tab: "images", scene: scene.id })}>
        <img src={preview(scene.id, 320)} alt="" loading="lazy" width={160} height={120} />
        <span>
          <b>{minute(told.acquired_at)}</b>
          <span class="bring-name">{told.file_name}</span>
          <small>
            {w.gsd} {number(told.gsd_m, 2)} m · {w.usable} {told.usable_share === null ? w.unknown : percent(told.usable_share)}
            {told.secrecy === "internal" ? "" : ` · ${wordOf(SECRECY, told.secrecy)}`}
          </small>
        </span>
      </a>
    </li>
  );
}

function One({ id }: { id: string }) {
  const asked = useAsked(`scene:${id}`, () => item<SceneFacts>("scenes", id));
  const close = (): void => go(href("bring", { tab: "images" }));
  return (
    <Dialog title={asked.value?.properties.file_name ?? id} close={close}>
      <Await asked={asked}>
        {({ properties: told }) => (
          <>
            <img class="bring-preview" src={preview(id, 1024)} alt={`${w.preview} ${told.file_name}`} />
            <Facts
              rows={[
                [w.date, minute(told.acquired_at)],
                [w.gsd, `${number(told.gsd_m, 2)} m`],
                [w.usable, told.usable_share === null ? w.unknown : percent(told.usable_share, 1)],
                [w.size, `${number(told.width)} × ${number(told.height)}`],
                [w.bands, told.bands.map((band) => wordOf(BANDS, band)).join(", ")],
                [w.system, told.crs],
                [w.bytes, bytes(told.size_bytes)],
                [w.secrecy, wordOf(SECRECY, told.secrecy)],
                [w.stored, minute(told.created_at)],
              ]}
            />
            <div class="row">
              <a class="button" href={`${root}/scenes/${id}/file`} download>
                {w.file}
              </a>
            </div>
          </>
        )}
      </Await>
    </Dialog>
  );
}

export function Scenes({ place }: ViewProps) {
  const [wanted, setWanted] = useState(24);
  const asked = useAsked(`scenes:${wanted}`, () => items<SceneFacts>("scenes", { sortby: "-acquired_at", limit: wanted }));
  useLive(["scene.stored"], asked.reload);
  const opened = place.query.get("scene");
  return (
    <Panel title={w.title} actions={<small>{`${asked.value?.numberMatched ?? ""} ${w.count}`}</small>}>
      <Await asked={asked}>
        {(found) =>
          found.features.length === 0 ? (
            <Empty>{w.none}</Empty>
          ) : (
            <>
              <ul class="bring-scenes">
                {found.features.map((scene) => (
                  <Card key={scene.id} scene={scene} />
                ))}
              </ul>
              {(found.numberMatched ?? 0) > found.features.length ? (
                <button type="button" onClick={() => setWanted(wanted + 48)}>
                  {w.more}
                </button>
              ) : null}
            </>
          )
        }
      </Await>
      {opened ? <One key={opened} id={opened} /> : null}
    </Panel>
  );
}
