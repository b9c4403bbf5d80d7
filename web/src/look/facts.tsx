/** What is known of a pair: dates, sensors, how well the dates lie on each other, how much of what is in sight shows the ground. */
import { type Schemas, api, ask } from "../api/client";
import { minute, number, percent } from "../app/format";
import { useAsked } from "../app/use";
import { Facts } from "../ui/parts";
import { w } from "./words";

type Scan = Schemas["ScanOut"];

interface Input {
  role: string;
  name: string;
  acquired_at: string;
  gsd_m: number;
  acquisition?: Record<string, unknown>;
  usable_share?: number | null;
}

interface Provenance {
  inputs?: Input[];
  alignment?: { residual_median_m?: number | null; residual_p90_m?: number | null; reliable?: boolean } | null;
  usable_share?: number | null;
  model?: string;
}

export function inputOf(scan: Scan, role: "before" | "after"): Input | undefined {
  return (scan.provenance as Provenance).inputs?.find((one) => one.role === role);
}

function sensor(input: Input | undefined): string {
  const platform = input?.acquisition?.platform ?? input?.acquisition?.sensor;
  return typeof platform === "string" ? platform : w.unknown;
}

async function inSight(scene: string, bbox: string): Promise<number | null> {
  try {
    const found = await ask(api.GET("/scenes/{scene_id}/usable", { params: { path: { scene_id: scene }, query: { bbox } } }));
    return found.usable_share;
  } catch {
    // a scene without a mask: nobody knows
    return null;
  }
}

export function PairFacts({ scan, bbox }: { scan: Scan; bbox: string | null }) {
  const told = scan.provenance as Provenance;
  const before = inputOf(scan, "before");
  const after = inputOf(scan, "after");
  const usable = useAsked(`${scan.id} ${bbox}`, async () => (bbox === null ? [null, null] : Promise.all([inSight(scan.before_scene, bbox), inSight(scan.after_scene, bbox)])));
  const median = told.alignment?.residual_median_m;
  const worst = told.alignment?.residual_p90_m;
  const [seenBefore = null, seenAfter = null] = usable.value ?? [];
  return (
    <Facts
      rows={[
        [w.before, `${minute(before?.acquired_at)} · ${before?.name ?? ""}`],
        [w.after, `${minute(after?.acquired_at)} · ${after?.name ?? ""}`],
        [w.gsd, `${number(before?.gsd_m, 2)} / ${number(after?.gsd_m, 2)} m`],
        [w.sensor, before && after && sensor(before) !== sensor(after) ? `${sensor(before)} / ${sensor(after)}` : sensor(after)],
        [w.residual, median === null || median === undefined ? "-" : `${number(median, 2)} m · P90 ${number(worst, 2)} m`],
        [w.usable, percent(told.usable_share, 1)],
        [w.usableInSight, `${percent(seenBefore, 0)} / ${percent(seenAfter, 0)}`],
        [w.model, told.model?.split(",")[0]?.split("+")[0] ?? "-"],
      ]}
    />
  );
}
