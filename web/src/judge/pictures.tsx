/** The pictures of a finding: the pair on a map beside the chip; those of the next one wait below, loaded and hidden. */
import { useEffect, useState } from "preact/hooks";
import type { GeoJSON } from "../api/features";
import { day } from "../app/format";
import { PairMap } from "../map/pair";
import { type Loaded, boundsOf, chipOf, known } from "./load";
import type { Corner } from "./outline";
import { w } from "./words";

export interface MapStackProps {
  /** Where findings are looked up: the desk's own, or those of a blind look. */
  among?: ReadonlyMap<string, Loaded | Error>;
  /** The finding that is looked at. */
  id: string;
  /** The one that comes next. */
  next: string | null;
  outline: GeoJSON | null;
  edit: boolean;
  /** What an outline that is changed snaps to, and its chosen corner. */
  snapTo?: readonly GeoJSON[];
  corner?: Corner | null;
  changed: (outline: GeoJSON) => void;
}

export function MapStack({ among = known.value, id, next, outline, edit, snapTo, corner, changed }: MapStackProps) {
  const shown = [id, ...(next !== null && next !== id ? [next] : [])];
  return (
    <div class="judge-stack">
      {shown.map((one) => {
        const found = among.get(one);
        if (found === undefined || found instanceof Error) return null;
        const current = one === id;
        return (
          // hidden by visibility alone, so that it has its size and its tiles are fetched
          <div key={one} class={current ? "now" : "later"} aria-hidden={current ? undefined : "true"}>
            <OnePair found={found} outline={current ? outline : null} edit={current && edit} changed={changed} {...(current && edit ? { snapTo: snapTo ?? [], corner: corner ?? null } : {})} />
          </div>
        );
      })}
    </div>
  );
}

interface OneProps {
  found: Loaded;
  outline: GeoJSON | null;
  edit: boolean;
  snapTo?: readonly GeoJSON[];
  corner?: Corner | null;
  changed: (outline: GeoJSON) => void;
}

function OnePair({ found, outline, edit, snapTo, corner, changed }: OneProps) {
  const { finding, before, after } = found;
  const own = finding.geometry;
  if (before === null && after === null) return <p class="empty">{w.noScene}</p>;
  return (
    <PairMap
      before={before}
      after={after}
      scan={finding.properties.scan_id}
      bbox={boundsOf(own)}
      outline={outline ?? own}
      edit={edit}
      {...(snapTo ? { snapTo } : {})}
      {...(corner ? { corner } : {})}
      changed={changed}
      label={w.pair}
      beforeTitle={day(finding.properties.before_acquired_at)}
      afterTitle={day(finding.properties.after_acquired_at)}
    />
  );
}

/** The pair as one picture; `seen` is told when it is there, or is not to be had: nobody judges before. */
export function Chip({ id, seen }: { id: string; seen: (id: string) => void }) {
  const [failed, setFailed] = useState(false);
  useEffect(() => setFailed(false), [id]);
  if (failed) return <p class="empty judge-chip">{w.noChip}</p>;
  return (
    <img
      key={id}
      class="judge-chip"
      src={chipOf(id)}
      alt={w.chip}
      onLoad={() => seen(id)}
      onError={() => {
        setFailed(true);
        seen(id);
      }}
    />
  );
}
