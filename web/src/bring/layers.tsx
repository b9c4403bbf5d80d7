/** Layers: a file is looked at before it is stored; versions that are stored, with what reading did to them. */
import { useState } from "preact/hooks";
import { type Schemas, getJson } from "../api/client";
import { useAsked } from "../app/use";
import { LayerForm } from "./layerform";
import { Transfers } from "./transferlist";
import { Versions } from "./versions";

export type Layer = Schemas["LayerOut"];

/** Every version, page by page: they are few. */
export async function allLayers(): Promise<Layer[]> {
  const found: Layer[] = [];
  for (let cursor: string | undefined; ; ) {
    const page: Schemas["LayerList"] = await getJson<Schemas["LayerList"]>("/layers", { limit: 200, cursor });
    found.push(...page.layers);
    const next: Schemas["Link"] | undefined = page.links.find((link) => link.rel === "next");
    const told = next ? new URL(String(next.href)).searchParams.get("cursor") : null;
    if (told === null || page.layers.length === 0) return found.reverse();
    cursor = told;
  }
}

export function Layers() {
  const layers = useAsked("layers", allLayers);
  const [done, setDone] = useState(0);
  return (
    <>
      <LayerForm
        key={done}
        layers={layers.value ?? []}
        stored={() => {
          setDone(done + 1);
          layers.reload();
        }}
      />
      <Transfers of="layers" />
      <Versions asked={layers} />
    </>
  );
}
