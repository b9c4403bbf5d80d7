/** The service: typed by its own OpenAPI document, with the word that every change needs, and its errors as they are. */
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

/** Where the service is: the page may stand behind a path of a proxy. */
export const root = (document.querySelector<HTMLMetaElement>('meta[name="root"]')?.content ?? "").replace(/\/$/, "");

/** What the service refuses, in its own words (RFC 9457) and in both languages. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly titleZh: string;
  readonly remedy: string;
  readonly remedyZh: string;
  readonly detailZh: string;
  readonly measured: Record<string, unknown>;
  /** All that it told. */
  readonly body: Record<string, unknown>;

  constructor(status: number, body: Record<string, unknown>) {
    const text = (name: string): string => (typeof body[name] === "string" ? body[name] : "");
    super(text("detail") || text("title") || `HTTP ${status}`);
    this.status = status;
    this.code = text("code");
    this.title = text("title");
    this.titleZh = text("title_zh");
    this.remedy = text("remedy");
    this.remedyZh = text("remedy_zh");
    this.detailZh = text("detail_zh");
    this.body = body;
    this.measured = (body.measured ?? {}) as Record<string, unknown>;
  }
}

let csrf: string | null = null;

/** The word to send with every change, as `GET /session` told it. */
export function setCsrf(word: string | null): void {
  csrf = word;
}

export function csrfHeader(): Record<string, string> {
  return csrf === null ? {} : { "X-CSRF-Token": csrf };
}

async function problemOf(answer: Response): Promise<Problem> {
  let body: Record<string, unknown> = {};
  try {
    body = (await answer.json()) as Record<string, unknown>;
  } catch {
    // no JSON: the status alone
  }
  if (answer.status === 401) {
    const here = location.pathname + location.hash;
    location.assign(`${root}/sign-in?next=${encodeURIComponent(here)}`);
  }
  return new Problem(answer.status, body);
}

export const api = createClient<paths>({ baseUrl: root || location.origin });

api.use({
  onRequest({ request }) {
    if (csrf !== null && request.method !== "GET") request.headers.set("X-CSRF-Token", csrf);
    return request;
  },
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response);
    return undefined;
  },
});

/** The body of an answer; what the service refused is thrown as `Problem`. */
export async function ask<T>(asked: Promise<{ data?: T | undefined }>): Promise<T> {
  return (await asked).data as T;
}

/** JSON from a path that the document has no types for (GeoJSON); refusals are thrown as `Problem`. */
export async function getJson<T>(path: string, query: Record<string, string | number | undefined> = {}): Promise<T> {
  const told = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const search = new URLSearchParams(told.map(([name, value]) => [name, String(value)]));
  const answer = await fetch(`${root}${path}${told.length ? `?${search}` : ""}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw await problemOf(answer);
  return (await answer.json()) as T;
}

/** A change with a body of JSON or a form; refusals are thrown as `Problem`. */
export async function send<T>(method: "POST" | "PATCH" | "PUT" | "DELETE", path: string, body?: unknown): Promise<T> {
  const form = body instanceof FormData;
  const headers: Record<string, string> = { Accept: "application/json", ...csrfHeader() };
  if (body !== undefined && !form) headers["Content-Type"] = "application/json";
  const answer = await fetch(`${root}${path}`, { method, headers, ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }) });
  if (!answer.ok) throw await problemOf(answer);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}
