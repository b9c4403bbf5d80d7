/** Files are chosen, said of when they were taken and who may see them, and sent. */
import { useRef, useState } from "preact/hooks";
import { bytes } from "../app/format";
import { wordOf, words } from "../app/language";
import { session } from "../app/session";
import { Field, Panel } from "../ui/parts";
import { toast } from "../ui/toast";
import { checked } from "./line";
import { bundled, dayFromName, fingerprint } from "./protocol";
import { begin, goOnWith } from "./transfers";
import { SECRECY, gradesUpTo } from "./words";

const w = words({
  title: ["上传影像", "Send images"],
  drop: ["把影像文件拖到这里，或", "Drop image files here, or"],
  choose: ["选择文件", "Choose files"],
  forms: [
    "GeoTIFF / COG（.tif）；同名的 .xml、.IMD、.RPB、.json 一起选择，可带入拍摄角度与太阳方位。",
    "GeoTIFF or COG (.tif). Choose .xml, .IMD, .RPB, .json of the same name along with it: they tell sun and view.",
  ],
  checked: ["分段上传，每段都有校验；断线自动续传，刷新页面后重新选择同一文件即可继续。", "Sent in parts, each with a checksum. A broken line is waited out; after a reload choose the same file to go on."],
  unchecked: [
    "分段上传，断线自动续传；本页未使用 HTTPS，浏览器无法计算分段校验值，入库时仍会逐块检查文件。",
    "Sent in parts, a broken line is waited out. This page is not on HTTPS, so the browser cannot make checksums of the parts; the file is still decoded throughout when it arrives.",
  ],
  ready: ["待上传", "Ready to send"],
  day: ["拍摄日期", "Date of the picture"],
  dayEmpty: ["留空：取文件自带时间，其次取文件名", "Empty: the file's own time, else its name"],
  dayNamed: ["文件名中的日期：", "Its name says "],
  secrecy: ["密级", "Secrecy"],
  sides: ["附属文件：", "With "],
  remove: ["移除", "Leave out"],
  begin: ["开始上传", "Send"],
  strangers: ["不是影像，已略过：", "Not images, left out: "],
  empty: ["空文件，已略过：", "Empty, left out: "],
  again: ["继续上传：", "Goes on: "],
});

interface Ready {
  raster: File;
  sides: File[];
  day: string;
  secrecy: string;
}

function One({ one, change, remove }: { one: Ready; change: (told: Partial<Ready>) => void; remove: () => void }) {
  const named = dayFromName(one.raster.name);
  return (
    <li class="bring-ready">
      <div class="bring-file">
        <b>{one.raster.name}</b>
        <small>
          {bytes(one.raster.size)}
          {one.sides.length > 0 ? ` · ${w.sides}${one.sides.map((side) => side.name).join(", ")}` : ""}
        </small>
      </div>
      <Field label={w.day} hint={named ? `${w.dayNamed}${named}` : w.dayEmpty}>
        <input type="date" value={one.day} onInput={(event) => change({ day: event.currentTarget.value })} />
      </Field>
      <Field label={w.secrecy}>
        <select value={one.secrecy} onChange={(event) => change({ secrecy: event.currentTarget.value })}>
          {gradesUpTo(session.value?.clearance).map((grade) => (
            <option key={grade} value={grade}>
              {wordOf(SECRECY, grade)}
            </option>
          ))}
        </select>
      </Field>
      <button type="button" class="plain" aria-label={`${w.remove} ${one.raster.name}`} onClick={remove}>
        {w.remove}
      </button>
    </li>
  );
}

export function Choosing() {
  const picker = useRef<HTMLInputElement>(null);
  const [ready, setReady] = useState<readonly Ready[]>([]);
  const [over, setOver] = useState(false);
  const usual = gradesUpTo(session.value?.clearance).includes("internal") ? "internal" : "public";

  const take = (files: readonly File[]): void => {
    const { bundles, strangers } = bundled(files);
    if (strangers.length > 0) toast(w.strangers + strangers.map((file) => file.name).join(", "), "bad");
    const fresh: Ready[] = [];
    for (const { raster, sides } of bundles) {
      if (raster.size === 0) toast(w.empty + raster.name, "bad");
      else if (goOnWith(raster, sides)) toast(w.again + raster.name, "info");
      else fresh.push({ raster, sides, day: "", secrecy: usual });
    }
    const marks = new Set(fresh.map((one) => fingerprint(one.raster)));
    setReady((old) => [...old.filter((one) => !marks.has(fingerprint(one.raster))), ...fresh]);
  };
  const send = (): void => {
    for (const one of ready) begin(one.raster, one.sides, { kind: "scene", acquired_at: one.day, secrecy: one.secrecy });
    setReady([]);
  };
  return (
    <Panel title={w.title}>
      <div
        class={`bring-drop ${over ? "over" : ""}`}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          take([...(event.dataTransfer?.files ?? [])]);
        }}
      >
        <p>
          <span class="bring-wide">{w.drop} </span>
          <button type="button" class="main" onClick={() => picker.current?.click()}>
            {w.choose}
          </button>
        </p>
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          aria-label={w.choose}
          accept=".tif,.tiff,.xml,.imd,.IMD,.rpb,.RPB,.json"
          onChange={(event) => {
            take([...(event.currentTarget.files ?? [])]);
            event.currentTarget.value = "";
          }}
        />
        <p class="note">{w.forms}</p>
        <p class="note">{checked ? w.checked : w.unchecked}</p>
      </div>
      {ready.length > 0 ? (
        <>
          <h3>{w.ready}</h3>
          <ul class="list">
            {ready.map((one, at) => (
              <One
                key={fingerprint(one.raster)}
                one={one}
                change={(told) => setReady((old) => old.map((other, place) => (place === at ? { ...other, ...told } : other)))}
                remove={() => setReady((old) => old.filter((_, place) => place !== at))}
              />
            ))}
          </ul>
          <button type="button" class="main" onClick={send}>
            {w.begin} ({ready.length})
          </button>
        </>
      ) : null}
    </Panel>
  );
}
