/** The first day: what has to be brought before anything can be found, and what of it is done. */
import type { Ground } from "../app/ground";
import { words } from "../app/language";
import { href } from "../app/router";
import { may } from "../app/session";
import { Mark, Panel } from "../ui/parts";

const w = words({
  title: ["开始使用", "The first steps"],
  people: ["添加人员：执法、法制审核、负责人各自登录", "Add people: officers, legal reviewers and chiefs sign in themselves"],
  layers: ["导入图层：行政区划、宗地、许可、管控分区、既有建筑", "Bring layers in: areas, parcels, permits, zones, buildings"],
  scenes: ["上传两期影像", "Send images of two dates"],
  scan: ["发起比对", "Order a scan"],
  done: ["已完成", "done"],
  wait: ["请导入人员完成后再来查看。", "Those who bring data in do this."],
});

export function FirstSteps({ ground }: { ground: Ground }) {
  const brings = may("upload");
  const steps: [string, string, boolean, boolean][] = [
    [w.people, href("run", { tab: "people" }), false, may("people")],
    [w.layers, href("bring", { tab: "layers" }), ["parcels", "permits"].every((kind) => ground.layers.has(kind)), brings],
    [w.scenes, href("bring"), ground.scenes > 1, brings],
    [w.scan, href("bring", { tab: "scans" }), ground.scans > 0, may("scan")],
  ];
  const mine = steps.filter(([, , , allowed]) => allowed);
  return (
    <Panel title={w.title}>
      {mine.length === 0 ? (
        <p class="empty">{w.wait}</p>
      ) : (
        <ol>
          {mine.map(([title, to, done]) => (
            <li key={to}>
              <a href={to}>{title}</a> {done ? <Mark tone="good">{w.done}</Mark> : null}
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
