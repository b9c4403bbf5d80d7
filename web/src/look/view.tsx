/** The map: two dates beside or over each other, what was found, and what the papers say. */
import type OlMap from "ol/Map";
import { unByKey } from "ol/Observable";
import { transform, transformExtent } from "ol/proj";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { api, ask } from "../api/client";
import { type Feature, type Finding, type Scene, allScenes, item } from "../api/features";
import { day } from "../app/format";
import { wordOf } from "../app/language";
import { useLive } from "../app/live";
import { replace } from "../app/router";
import { STATUS } from "../app/terms";
import { useAsked } from "../app/use";
import type { ViewProps } from "../app/views";
import { Compare } from "../map/compare";
import { collection, evidence, mask, shift, tianditu, tiandituKey } from "../map/layers";
import { type Bounds, showBounds, viewOf } from "../map/stage";
import { findingStyle, lineStyle } from "../map/styles";
import { Await, Choice, Empty, Field } from "../ui/parts";
import { PairFacts, inputOf } from "./facts";
import { FindingDetail, FindingList } from "./findings";
import { FreePair, type Scan, type Side, isFree, shownOf } from "./shown";
import { COLLECTIONS, EXTRA, type LookState, MODES, addressOf, readState } from "./state";
import { Coordinates, Measure, copy } from "./tools";
import { LAYER_TITLES, w } from "./words";
import "./look.css";

export default function View({ place }: ViewProps) {
  const free = isFree(readState(place.query));
  const asked = useAsked(`scans ${free}`, async () => {
    const scans = (await ask(api.GET("/scans", { params: { query: { limit: 100 } } }))).scans as Scan[];
    return { scans, scenes: free || scans.length === 0 ? await allScenes() : [] };
  });
  const wanted = place.query.get("finding");
  const hasScan = place.query.get("scan") !== null;
  // a link to a finding alone: its own pair is shown
  const chosen = useAsked(`${wanted} ${hasScan}`, async () => (wanted !== null && !hasScan ? (await item<Finding>("findings", wanted)).properties.scan_id : null));
  useLive(["scan.completed"], asked.reload);
  return (
    <Await asked={asked}>
      {({ scans, scenes }) =>
        scans.length + scenes.length === 0 ? (
          <Empty>{w.none}</Empty>
        ) : chosen.loading ? null : (
          <Look scans={scans} scenes={scenes} state={readState(place.query)} own={chosen.value ?? null} />
        )
      }
    </Await>
  );
}

function useMap(state: LookState, bounds: Bounds | undefined) {
  const view = useMemo(() => viewOf(state.system), [state.system]);
  const [map, setMap] = useState<OlMap | null>(null);
  const [bbox, setBbox] = useState<string | null>(null);
  const latest = useRef(state);
  latest.current = state;
  // the place that the map itself wrote into the address; any other comes from a link, and the map goes there
  const written = useRef("");
  const place = state.at?.join() ?? "";
  useEffect(() => {
    if (!map || (place !== "" && place === written.current)) return;
    const { at } = latest.current;
    if (at) {
      view.setCenter(transform([at[0], at[1]], "EPSG:4326", view.getProjection()));
      view.setZoom(at[2]);
    } else if (bounds) showBounds(view, bounds);
  }, [map, view, place]);
  useEffect(() => {
    if (!map) return undefined;
    const rested = (): void => {
      const size = map.getSize();
      const center = view.getCenter();
      if (!size || !center) return;
      const extent = transformExtent(view.calculateExtent(size), view.getProjection(), "EPSG:4326");
      setBbox(extent.map((value) => value.toFixed(6)).join(","));
      const [lon = 0, lat = 0] = transform(center, view.getProjection(), "EPSG:4326");
      const address = addressOf({ ...latest.current, at: [lon, lat, view.getZoom() ?? 16] });
      written.current = readState(new URLSearchParams(address.split("?")[1])).at?.join() ?? "";
      replace(address);
    };
    const key = map.on("moveend", rested);
    return () => unByKey(key);
  }, [map, view]);
  return { view, map, setMap, bbox };
}

function Look({ scans, scenes, state, own }: { scans: Scan[]; scenes: Scene[]; state: LookState; own: string | null }) {
  const shown = shownOf(scans, scenes, state, own);
  const scan = shown.scan;
  const { view, map, setMap, bbox } = useMap(state, shown.bounds);
  const [share, setShare] = useState(0.5);
  const [round, setRound] = useState(0);
  const chosen = useRef(state.finding);
  chosen.current = state.finding;
  const change = (more: Partial<LookState>): void => replace(addressOf({ ...state, scan: scan?.id ?? null, before: shown.scene("before"), after: shown.scene("after"), ...more }));
  useLive(["finding.judged", "finding.appeared"], () => setRound((n) => n + 1));

  const zoomTo = (finding: Feature<Finding>): void => {
    change({ finding: finding.id });
    const points = (finding.geometry?.coordinates as number[][][] | undefined)?.flat(finding.geometry?.type === "MultiPolygon" ? 2 : 1) as number[][] | undefined;
    if (!points?.length) return;
    const lons = points.map((point) => point[0] ?? 0);
    const lats = points.map((point) => point[1] ?? 0);
    showBounds(view, [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)], 120, 19);
  };
  useEffect(() => {
    if (state.finding && state.at === null && map) void item<Finding>("findings", state.finding).then(zoomTo);
  }, [own, map]);
  useEffect(() => {
    if (!map) return undefined;
    const key = map.on("singleclick", (event) => {
      const hit = map.forEachFeatureAtPixel(event.pixel, (feature, layer) => (layer?.get("collection") === "findings" ? String(feature.getId() ?? feature.get("id")) : undefined), { hitTolerance: 5 });
      if (hit) change({ finding: hit });
    });
    return () => unByKey(key);
  });
  useEffect(() => {
    // the chosen one is drawn otherwise
    map?.getLayers().forEach((layer) => layer.changed());
  }, [map, state.finding]);

  const title = (side: Side): string => `${side === "before" ? w.before : w.after} ${shown.day(side)}`;
  const later = shown.scene("after");
  return (
    <div class="look">
      <aside class="look-side" aria-label={w.pair}>
        <Field label={w.pair}>
          <select value={scan?.id ?? ""} onChange={(event) => change(event.currentTarget.value ? { scan: event.currentTarget.value, finding: null, at: null } : { scan: null })}>
            {scans.map((one) => (
              <option key={one.id} value={one.id}>
                {day(inputOf(one, "before")?.acquired_at)} → {day(inputOf(one, "after")?.acquired_at)}
              </option>
            ))}
            <option value="">{w.free}</option>
          </select>
        </Field>
        {scan ? <PairFacts scan={scan} bbox={bbox} /> : <FreePair scenes={scenes} shown={shown} choose={(side, id) => change({ [side]: id })} />}
        {state.finding ? (
          <section aria-live="polite">
            <h2>
              {w.detail}{" "}
              <button type="button" class="plain" aria-label="×" onClick={() => change({ finding: null })}>
                ×
              </button>
            </h2>
            <FindingDetail id={state.finding} />
          </section>
        ) : null}
        <section>
          <h2>
            {w.findings} <small>{w.inSight}</small>
          </h2>
          <select aria-label={w.status} value={state.status} onChange={(event) => change({ status: event.currentTarget.value })}>
            <option value="">{w.all}</option>
            {Object.keys(STATUS).map((name) => (
              <option key={name} value={name}>
                {wordOf(STATUS, name)}
              </option>
            ))}
          </select>
          <FindingList scan={scan?.id ?? null} bbox={bbox} status={state.status} chosen={state.finding} choose={zoomTo} round={round} />
        </section>
        <section>
          <h2>{w.place}</h2>
          <Coordinates map={map} />
        </section>
      </aside>
      <div class="look-main">
        <div class="look-bar">
          <Choice label={w.mode} value={state.mode} choose={(mode) => change({ mode })} options={MODES.map((mode) => [mode, w[mode]] as const)} />
          {state.mode === "opacity" ? (
            <input type="range" min="0" max="1" step="0.02" value={share} aria-label={w.later} onInput={(event) => setShare(Number(event.currentTarget.value))} />
          ) : null}
          <Measure map={map} />
          <span class="look-space" />
          <button type="button" onClick={() => shown.bounds && showBounds(view, shown.bounds)}>{w.fit}</button>
          <button type="button" onClick={() => void copy(location.href)}>{w.link}</button>
          <button type="button" onClick={() => print()}>{w.print}</button>
        </div>
        <div class="look-map">
          <Compare
            key={state.system}
            before={shown.date("before")}
            after={shown.date("after")}
            beforeTitle={title("before")}
            afterTitle={title("after")}
            mode={state.mode}
            share={share}
            setShare={setShare}
            system={state.system}
            view={view}
            ready={setMap}
            layersKey={`${shown.scene("before")} ${shown.scene("after")} ${scan?.id} ${state.layers.join()} ${state.extra.join()} ${state.base} ${round}`}
            below={() => (state.base === "none" ? [] : tianditu(state.base, state.system))}
            above={() => [
              ...(state.extra.includes("mask") && later !== null ? [mask(later, state.system)] : []),
              ...(state.extra.includes("scores") && scan ? [evidence(scan.id, state.system)] : []),
              ...(state.extra.includes("shift") && scan ? [shift(scan.id, state.system)] : []),
              ...[...state.layers].reverse().map((name) => collection(name, state.system, name === "findings" ? findingStyle(() => chosen.current, scan?.id ?? null) : lineStyle(name))),
            ]}
          />
          <details class="look-layers">
            <summary>{w.layers}</summary>
            {[...COLLECTIONS, ...EXTRA].map((name) => {
              const on = (state.layers as readonly string[]).includes(name) || state.extra.includes(name);
              const toggled = (names: readonly string[]): string[] => (on ? names.filter((other) => other !== name) : [...names, name]);
              const extra = (EXTRA as readonly string[]).includes(name);
              return (
                <label key={name}>
                  <input type="checkbox" checked={on} onChange={() => change(extra ? { extra: toggled(state.extra) } : { layers: COLLECTIONS.filter((one) => toggled(state.layers).includes(one)) })} />
                  {wordOf(LAYER_TITLES, name)}
                </label>
              );
            })}
            <Field label={w.base}>
              <select value={state.base} onChange={(event) => change({ base: event.currentTarget.value as LookState["base"] })}>
                <option value="none">{w.baseNone}</option>
                {tiandituKey ? <option value="vec">{w.vec}</option> : null}
                {tiandituKey ? <option value="img">{w.img}</option> : null}
              </select>
            </Field>
            <Field label={w.system}>
              <select value={state.system} onChange={(event) => change({ system: event.currentTarget.value as LookState["system"] })}>
                <option value="3857">{w.mercator}</option>
                <option value="4490">{w.degrees}</option>
              </select>
            </Field>
          </details>
        </div>
      </div>
    </div>
  );
}
