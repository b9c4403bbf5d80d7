/** Unfinished uploads, kept in the browser over a reload: what was begun, for which file, by whom. */

const KEPT = "kancha.uploads";

export interface Kept {
  id: string;
  mark: string;
  name: string;
  size: number;
  /** Who began it: on a shared machine the next person has uploads of their own. */
  person: string;
  begun: string;
}

export interface Keeper {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
}

function isKept(one: unknown): one is Kept {
  const told = one as Partial<Kept> | null;
  return typeof told === "object" && told !== null && typeof told.id === "string" && typeof told.mark === "string" && typeof told.name === "string" && typeof told.size === "number";
}

function all(keeper: Keeper): Kept[] {
  try {
    const told: unknown = JSON.parse(keeper.getItem(KEPT) ?? "[]");
    return Array.isArray(told) ? told.filter(isKept) : [];
  } catch {
    return [];
  }
}

function write(keeper: Keeper, list: readonly Kept[]): void {
  try {
    keeper.setItem(KEPT, JSON.stringify(list));
  } catch {
    // a browser that keeps nothing begins anew after a reload
  }
}

export function keptOf(keeper: Keeper, person: string): Kept[] {
  return all(keeper).filter((one) => one.person === person);
}

export function keep(keeper: Keeper, one: Kept): void {
  write(keeper, [...all(keeper).filter((other) => other.id !== one.id), one]);
}

export function forget(keeper: Keeper, id: string): void {
  write(keeper, all(keeper).filter((one) => one.id !== id));
}
