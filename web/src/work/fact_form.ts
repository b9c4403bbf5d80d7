/** What a form holds, as facts of an event: checked before it is sent, as the service checks it. */
import type { Schemas } from "../api/client";
import type { GeoJSON } from "../api/features";

export type Fact = Schemas["FactOut"];
/** What fields hold: texts as they are typed, lists of what is chosen. */
export type Held = Record<string, string | string[]>;
export type Why = "missing" | "number" | "count" | "day" | "moment" | "geometry";
export interface Wrong {
  name: string;
  why: Why;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/;

/** A time of the field `datetime-local`, which is told in Beijing time whatever zone the computer keeps. */
export function inBeijing(local: string): string {
  return `${local.length === 16 ? `${local}:00` : local}+08:00`;
}

function polygon(text: string): unknown {
  const told = JSON.parse(text) as { type?: string; geometry?: unknown; features?: { geometry?: unknown }[] } | null;
  if (told?.type === "FeatureCollection") return told.features?.length === 1 ? told.features[0]?.geometry : undefined;
  return told?.type === "Feature" ? told.geometry : told;
}

/** The polygon of a text; undefined for what is none. */
export function shapeOf(text: string): GeoJSON | undefined {
  try {
    const shape = polygon(text) as GeoJSON | null | undefined;
    return shape?.type === "Polygon" || shape?.type === "MultiPolygon" ? shape : undefined;
  } catch {
    return undefined;
  }
}

function valueOf(fact: Fact, text: string): { value: unknown } | { why: Why } {
  if (fact.form === "truth") return { value: text === "true" };
  if (fact.form === "number") {
    const value = Number(text);
    return Number.isFinite(value) && value >= 0 && value < 1e12 ? { value } : { why: "number" };
  }
  if (fact.form === "count") {
    const value = Number(text);
    return Number.isInteger(value) && value >= 1 && value <= 10_000 ? { value } : { why: "count" };
  }
  if (fact.form === "day") return DAY.test(text) ? { value: text } : { why: "day" };
  if (fact.form === "moment") return MOMENT.test(text) ? { value: inBeijing(text) } : { why: "moment" };
  if (fact.form === "geometry") {
    const shape = shapeOf(text);
    return shape === undefined ? { why: "geometry" } : { value: shape };
  }
  if (fact.form === "ids" || fact.form === "people") return { value: listOf(text) };
  return { value: text };
}

/** What is told in one field as a list: a line each, or commas between. */
export function listOf(text: string): string[] {
  return [...new Set(text.split(/[\n,，、;；]/).map((one) => one.trim()).filter(Boolean))];
}

/** The facts that fields hold, and what is wrong with them; what is empty and not needed is left out. */
export function factsOf(facts: readonly Fact[], held: Held): { facts: Record<string, unknown>; wrong: Wrong[] } {
  const told: Record<string, unknown> = {};
  const wrong: Wrong[] = [];
  for (const fact of facts) {
    const given = held[fact.name];
    if (Array.isArray(given)) {
      if (given.length > 0) told[fact.name] = given;
      else if (fact.needed) wrong.push({ name: fact.name, why: "missing" });
      continue;
    }
    const text = (given ?? "").trim();
    if (text === "") {
      if (fact.needed) wrong.push({ name: fact.name, why: "missing" });
      continue;
    }
    const found = valueOf(fact, text);
    if ("why" in found) wrong.push({ name: fact.name, why: found.why });
    else told[fact.name] = found.value;
  }
  return { facts: told, wrong };
}
