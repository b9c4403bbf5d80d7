/** A map on the page: made once, told what to show, taken down with its component. */
import OlMap from "ol/Map";
import View from "ol/View";
import { Zoom } from "ol/control";
import { defaults } from "ol/interaction/defaults";
import type BaseLayer from "ol/layer/Base";
import { transform, transformExtent } from "ol/proj";
import { words } from "../app/language";
import { ScaleBar } from "./scale";
import { type System, codeOf, knowSystems } from "./systems";
import "ol/ol.css";
import "./map.css";

const w = words({ closer: ["放大", "Closer"], farther: ["缩小", "Farther"] });

export interface StageOptions {
  view?: View;
  system: System;
  label: string;
}

/** A view of the ground in a system. */
export function viewOf(system: System): View {
  knowSystems();
  return new View({ projection: codeOf(system), center: transform([105, 35], "EPSG:4326", codeOf(system)), zoom: 4, maxZoom: 23, enableRotation: false, constrainResolution: false });
}

/** A map in an element; the keyboard moves it once it has the focus. */
export function stage(target: HTMLElement, options: StageOptions): OlMap {
  knowSystems();
  target.tabIndex = 0;
  target.setAttribute("role", "application");
  target.setAttribute("aria-label", options.label);
  return new OlMap({
    target,
    view: options.view ?? viewOf(options.system),
    // the controls that write markup stay away: nothing here is trusted to do so
    controls: [new Zoom({ zoomInLabel: "+", zoomOutLabel: "−", zoomInTipLabel: w.closer, zoomOutTipLabel: w.farther }), new ScaleBar()],
    interactions: defaults({ altShiftDragRotate: false, pinchRotate: false }),
    pixelRatio: Math.min(window.devicePixelRatio || 1, 2),
    maxTilesLoading: 24,
  });
}

export type Bounds = readonly [west: number, south: number, east: number, north: number];

/** Show a box of lon-lat, with some room around it. */
export function showBounds(view: View, bounds: Bounds, room = 40, deepest = 21, size?: number[]): void {
  const extent = transformExtent([...bounds], "EPSG:4326", view.getProjection());
  view.fit(extent, { padding: [room, room, room, room], maxZoom: deepest, ...(size ? { size } : {}) });
}

/** Put layers in the place of those on a map, from the lowest to the highest. */
export function showLayers(map: OlMap, layers: readonly BaseLayer[]): void {
  const shown = map.getLayers();
  for (const layer of [...shown.getArray()]) if (!layers.includes(layer)) shown.remove(layer);
  layers.forEach((layer, at) => {
    if (!shown.getArray().includes(layer)) shown.push(layer);
    layer.setZIndex(at);
  });
}
