/** The upload protocol (tus 1.0) as plain values: headers, fingerprints, portions, pauses. Nothing here touches the network. */

/** Bytes of one request: large enough for a fast line, small enough that a broken one loses little. */
export const PORTION = 8 * 1024 * 1024;

export const TUS = { "Tus-Resumable": "1.0.0" } as const;

/** Answers after which the same is worth another try, once the service has said where the upload stands. */
const AGAIN = new Set([0, 408, 409, 423, 429, 460, 502, 503, 504]);

export function worthAnotherTry(status: number): boolean {
  return AGAIN.has(status);
}

/** How long to wait before the next try: twice as long each time, half a minute at most. */
export function pauseBefore(tries: number): number {
  return Math.min(30_000, 500 * 2 ** Math.max(0, tries - 1));
}

export function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** `Upload-Metadata`: names in the clear, values in base64 of their UTF-8; what is empty is not told. */
export function metadataHeader(told: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(told)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => `${name} ${base64(new TextEncoder().encode(value))}`)
    .join(",");
}

/** What tells one chosen file from another after the page was loaded again: a browser keeps no path. */
export function fingerprint(file: { name: string; size: number; lastModified: number }): string {
  return `${file.name}|${file.size}|${file.lastModified}`;
}

/** The id at the end of the `Location` of a new upload; behind a proxy the rest of it may be another address than ours. */
export function idOf(location: string | null): string | null {
  const path = (location ?? "").split(/[?#]/)[0] ?? "";
  return /\/uploads\/([A-Za-z0-9_-]+)\/?$/.exec(path)?.[1] ?? null;
}

/** The bytes of the next request. */
export function portion(offset: number, size: number, length: number = PORTION): [from: number, to: number] {
  return [offset, Math.min(size, offset + length)];
}

/** Bytes a second over the last moments: an average over all would hide that the line became slow. */
export class Speed {
  private marks: { at: number; bytes: number }[] = [];

  constructor(private readonly window_ms = 8_000) {}

  note(bytes: number, now: number): void {
    this.marks.push({ at: now, bytes });
    while (this.marks.length > 2 && (this.marks[1]?.at ?? now) < now - this.window_ms) this.marks.shift();
  }

  clear(): void {
    this.marks = [];
  }

  perSecond(): number | null {
    const first = this.marks[0];
    const last = this.marks[this.marks.length - 1];
    if (first === undefined || last === undefined || last.at - first.at < 250) return null;
    return Math.max(0, ((last.bytes - first.bytes) * 1_000) / (last.at - first.at));
  }
}

// no look-behind: Safari 15 does not know it
const DAYS = [
  /(?:^|\D)((?:19|20)\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:[T_]?\d{6})?(?!\d)/,
  /(?:^|\D)((?:19|20)\d{2})[-_.](0[1-9]|1[0-2])[-_.](0[1-9]|[12]\d|3[01])(?!\d)/,
  /(?:^|\D)((?:19|20)\d{2})年(\d{1,2})月(\d{1,2})日/,
];

/** The day that a file's name tells, as the service would read it; what the file itself says goes before it. */
export function dayFromName(name: string): string | null {
  for (const pattern of DAYS) {
    const found = pattern.exec(name);
    if (found === null) continue;
    const [, year = "", month = "", day = ""] = found;
    const told = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
    const moment = new Date(`${told}T00:00:00Z`);
    if (!Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(told)) return told;
  }
  return null;
}

const RASTER = /\.tiff?$/i;
const SIDE = /\.(imd|rpb|xml|json)$/i;

/** A file's name as the service keeps it: nothing in it that a file system or a shell reads. */
export function safeName(name: string): string {
  return name.replace(/[^\p{L}\p{N}_.\-()+]/gu, "_").replace(/^[.-]+/, "");
}

export interface Bundle<F> {
  raster: F;
  sides: F[];
}

function stem(name: string): string {
  return name.replace(/\.stac\.json$/i, "").replace(/\.[^.]+$/, "").toLowerCase();
}

/** Rasters with the small files of their own name (how they were taken), and what is neither. */
export function bundled<F extends { name: string }>(files: readonly F[]): { bundles: Bundle<F>[]; strangers: F[] } {
  const bundles = files.filter((file) => RASTER.test(file.name)).map((raster): Bundle<F> => ({ raster, sides: [] }));
  const strangers: F[] = [];
  for (const file of files) {
    if (RASTER.test(file.name)) continue;
    const own = SIDE.test(file.name) ? bundles.find((bundle) => stem(bundle.raster.name) === stem(file.name)) : undefined;
    if (own) own.sides.push(file);
    else strangers.push(file);
  }
  return { bundles, strangers };
}
