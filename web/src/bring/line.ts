/** One request of an upload: with the bytes told as they leave, and a stop at any moment. */
import { csrfHeader, root } from "../api/client";
import { Problem } from "../api/client";

export interface Reply {
  /** 0: nothing came back. */
  status: number;
  header: (name: string) => string | null;
  body: string;
}

export interface Wanted {
  method: "POST" | "PATCH" | "HEAD" | "DELETE" | "GET";
  path: string;
  headers?: Record<string, string>;
  body?: ArrayBuffer;
  sent?: (bytes: number) => void;
  stop?: AbortSignal;
}

/** XMLHttpRequest, since `fetch` does not tell how much of a body has left. */
export function requested({ method, path, headers = {}, body, sent, stop }: Wanted): Promise<Reply> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open(method, `${root}${path}`);
    for (const [name, value] of Object.entries({ ...headers, ...(method === "GET" || method === "HEAD" ? {} : csrfHeader()) })) request.setRequestHeader(name, value);
    request.timeout = body ? 300_000 : 60_000;
    if (sent) request.upload.onprogress = (event) => sent(event.loaded);
    const ended = (): void => {
      stop?.removeEventListener("abort", halt);
      resolve({ status: request.status, header: (name) => request.getResponseHeader(name), body: request.responseText });
    };
    const halt = (): void => request.abort();
    stop?.addEventListener("abort", halt);
    request.onloadend = ended;
    if (stop?.aborted) {
      ended();
      return;
    }
    request.send(body ?? null);
  });
}

/** What a reply refuses, as the rest of the page shows it. */
export function problemIn(reply: Reply): Problem {
  let told: Record<string, unknown> = {};
  try {
    told = JSON.parse(reply.body) as Record<string, unknown>;
  } catch {
    // no words came with it
  }
  return new Problem(reply.status, told);
}

/** `Upload-Checksum` of a portion; null where the browser cannot make one (a page over plain HTTP). */
export async function checksum(bytes: ArrayBuffer): Promise<string | null> {
  // over plain HTTP browsers offer no `subtle`, whatever the types say
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) return null;
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes));
  let text = "";
  for (const byte of digest) text += String.fromCharCode(byte);
  return `sha256 ${btoa(text)}`;
}

export const checked = (globalThis.crypto?.subtle as SubtleCrypto | undefined) !== undefined;
