/** A scale bar. The library's own writes markup, which the page does not trust. */
import type OlMap from "ol/Map";
import type MapEvent from "ol/MapEvent";
import Control from "ol/control/Control";
import { getPointResolution } from "ol/proj";

/** The longest round length that takes at most so many metres: 1, 2 or 5 times a power of ten. */
export function roundLength(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  return [5, 2, 1].map((step) => step * power).find((length) => length <= most) ?? power;
}

const WIDEST_PX = 120;

export class ScaleBar extends Control {
  readonly #bar: HTMLElement;

  constructor() {
    const element = document.createElement("div");
    element.className = "map-scale ol-unselectable";
    const bar = document.createElement("span");
    element.append(bar);
    super({ element });
    this.#bar = bar;
  }

  override render(event: MapEvent): void {
    const map: OlMap = event.map;
    const view = map.getView();
    const center = view.getCenter();
    const resolution = view.getResolution();
    if (!center || resolution === undefined) return;
    const metres = getPointResolution(view.getProjection(), resolution, center, "m");
    const length = roundLength(metres * WIDEST_PX);
    this.#bar.style.width = `${length / metres}px`;
    this.#bar.textContent = length >= 1_000 ? `${length / 1_000} km` : length >= 1 ? `${length} m` : `${Math.round(length * 100)} cm`;
  }
}
