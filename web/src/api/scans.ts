/** The two scenes of a scan, asked for once a page: many findings are of one scan. */
import { api, ask } from "./client";

export interface Scenes {
  before: string;
  after: string;
}

const known = new Map<string, Promise<Scenes | null>>();

/** Scenes of the two dates; null where the scan cannot be seen, and asked for again then. */
export function scenesOf(scan: string): Promise<Scenes | null> {
  const kept = known.get(scan);
  if (kept) return kept;
  const found = ask(api.GET("/scans/{scan_id}", { params: { path: { scan_id: scan } } })).then(
    (told) => ({ before: told.before_scene, after: told.after_scene }),
    () => {
      known.delete(scan);
      return null;
    },
  );
  known.set(scan, found);
  return found;
}
