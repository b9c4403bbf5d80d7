/** Scans: two scenes are chosen and compared; the jobs that do it. */
import { useState } from "preact/hooks";
import { may } from "../app/session";
import type { ViewProps } from "../app/views";
import { Jobs } from "./jobs";
import { ScanForm } from "./scanform";

export function Scans({ place }: ViewProps) {
  const [round, setRound] = useState(0);
  return (
    <>
      {may("scan") ? <ScanForm place={place} ordered={() => setRound(round + 1)} /> : null}
      <Jobs place={place} tab="scans" round={round} />
    </>
  );
}
