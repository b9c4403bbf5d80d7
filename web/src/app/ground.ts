/** What a service has to work with: on the first day nothing, and then views say what to bring instead of failing. */
import { api, ask } from "../api/client";
import { items } from "../api/features";

export interface Ground {
  scenes: number;
  scans: number;
  /** Kinds of layers that are stored. */
  layers: ReadonlySet<string>;
}

let asked: Promise<Ground> | undefined;

/** Several views of one page ask for it at once: they share one answer. */
export function groundOf(): Promise<Ground> {
  asked ??= found().finally(() => {
    asked = undefined;
  });
  return asked;
}

async function found(): Promise<Ground> {
  const [scenes, scans, layers] = await Promise.all([
    items("scenes", { limit: 1, skipGeometry: "true" }),
    ask(api.GET("/scans", { params: { query: { limit: 1 } } })),
    ask(api.GET("/layers", { params: { query: { limit: 200 } } })),
  ]);
  return { scenes: scenes.numberMatched ?? scenes.features.length, scans: scans.scans.length, layers: new Set(layers.layers.map((one) => one.kind)) };
}

/** Whether there is ground that coverage can be told of: areas of responsibility, or scenes. */
export function covers(ground: Ground): boolean {
  return ground.scenes > 0 || ground.layers.has("areas");
}
