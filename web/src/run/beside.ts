/** Figures of two models beside each other. */
export interface Beside {
  group: string;
  name: string;
  champion: number | null;
  challenger: number | null;
  /** Which of the two is better; null where one is not told, or they are equal. */
  better: "champion" | "challenger" | null;
}

/** Figures of which less is better. */
const LESS = /^(false|missed|error)/;
/** How a model was measured, and no merit of it. */
const SIZES = /^(cases|places|objects|pairs|count|area)|_m2$|_low$|_high$/;

type Figures = Record<string, unknown>;

function numbers(figures: Figures): Map<string, { group: string; name: string; value: number }> {
  const found = new Map<string, { group: string; name: string; value: number }>();
  for (const [group, told] of Object.entries(figures)) {
    for (const [name, value] of Object.entries((told ?? {}) as Figures)) {
      if (typeof value === "number" && !SIZES.test(name)) found.set(`${group} ${name}`, { group, name, value });
    }
  }
  return found;
}

/** Every figure that one of the two tells, those of both first. */
export function beside(champion: Figures, challenger: Figures): Beside[] {
  const one = numbers(champion);
  const other = numbers(challenger);
  const keys = [...new Set([...one.keys(), ...other.keys()])].sort((a, b) => Number(one.has(b) && other.has(b)) - Number(one.has(a) && other.has(a)));
  return keys.flatMap((key) => {
    const known = one.get(key) ?? other.get(key);
    if (known === undefined) return [];
    const { group, name } = known;
    const before = one.get(key)?.value ?? null;
    const after = other.get(key)?.value ?? null;
    const gain = before === null || after === null ? 0 : LESS.test(name) ? before - after : after - before;
    return [{ group, name, champion: before, challenger: after, better: gain > 0 ? "challenger" : gain < 0 ? "champion" : null }];
  });
}
