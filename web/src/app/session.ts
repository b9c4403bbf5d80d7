/** Who has signed in, and what they may do. */
import { signal } from "@preact/signals";
import { type Schemas, api, ask, setCsrf } from "../api/client";

export type Session = Schemas["SessionBody"];

export const session = signal<Session | null>(null);

export async function loadSession(): Promise<void> {
  const found = await ask(api.GET("/session"));
  setCsrf(found.csrf_token ?? null);
  session.value = found;
}

export function may(permission: string): boolean {
  return session.value?.permissions.includes(permission) ?? false;
}

/** Whether they work everywhere: some things are of the whole bureau. */
export function everywhere(): boolean {
  return session.value !== null && (session.value.areas === null || session.value.areas === undefined);
}
