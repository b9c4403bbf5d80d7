// The map page: findings of one scan over its two dates. Plain script, no library, nothing from elsewhere.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const canvas = $("canvas"), pen = canvas.getContext("2d");
  const COLOURS = { suspected: "#ff3b30", permitted: "#34c759", existing: "#0a84ff", unassessed: "#ffcc00" };
  const WORDS = {
    suspected: "疑似 suspected", permitted: "已许可 permitted", existing: "既有 existing",
    unassessed: "未评估 unassessed", appeared: "新增 appeared", disappeared: "消失 disappeared",
    altered: "改变 altered", certain: "确定 certain", possible: "可能 possible", within_error: "误差之内 within error",
  };
  const LABELS = {
    status: "状态 Status", change: "变化 Change", confidence: "置信度 Confidence", area_m2: "面积 Area m²",
    area_error_m2: "面积误差 Area error m²", stage: "阶段 Stage", height_gain_m: "增高 Height gain m",
    storeys: "层数 Storeys",
    cues: "疑点 Cues", flags: "标记 Flags", tier: "级别 Tier", parcel_ids: "宗地 Parcels",
    permit_ids: "许可 Permits", permit_matches: "许可定位 Permits found by", authority: "主管机关 Authority", before_acquired_at: "前期 Before",
    after_acquired_at: "后期 After", structure_id: "建筑编号 Structure", outline_error_m: "轮廓误差 Outline error m",
    priority: "优先级 Priority", judged: "核查结论 Judged", judged_reason: "排除原因 Reason", suppressed_by: "与已排除图斑相同 Repeats",
  };
  const MIN_SPAN = 1e-5;
  const state = { scan: null, scenes: {}, findings: [], chosen: null, mode: "after", swipe: 0.5, view: null, pictures: {} };

  async function get(url) {
    const answer = await fetch(url);
    const body = await answer.json();
    if (!answer.ok) throw new Error(`${body.title_zh || ""} ${body.title || ""}: ${body.detail || answer.status}`);
    return body;
  }
  function tell(error) { $("message").textContent = error ? String(error.message || error) : ""; }
  function word(value) { return WORDS[value] || String(value); }
  // every text from data goes in by textContent: nothing in a file can become markup
  function element(name, text, className) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  // --- the view: equirectangular around its centre, `scale` pixels per degree of latitude
  function squeeze() { return Math.cos((state.view.lat * Math.PI) / 180); }
  function toScreen(lon, lat) {
    const v = state.view;
    return [canvas.clientWidth / 2 + (lon - v.lon) * v.scale * squeeze(), canvas.clientHeight / 2 - (lat - v.lat) * v.scale];
  }
  function toGround(x, y) {
    const v = state.view;
    return [v.lon + (x - canvas.clientWidth / 2) / (v.scale * squeeze()), v.lat - (y - canvas.clientHeight / 2) / v.scale];
  }
  function fit(box) {
    const lat = (box[1] + box[3]) / 2, c = Math.cos((lat * Math.PI) / 180);
    const width = Math.max(MIN_SPAN, (box[2] - box[0]) * c), height = Math.max(MIN_SPAN, box[3] - box[1]);
    const scale = 0.92 * Math.min(canvas.clientWidth / width, canvas.clientHeight / height);
    state.view = { lon: (box[0] + box[2]) / 2, lat, scale };
    changed();
  }
  function visible() {
    const a = toGround(0, canvas.clientHeight), b = toGround(canvas.clientWidth, 0);
    return [a[0], a[1], b[0], b[1]];
  }

  // --- imagery: one picture per date for what is seen, fetched anew when the view rests
  let resting = 0;
  function changed() {
    draw();
    clearTimeout(resting);
    resting = setTimeout(fetchPictures, 220);
  }
  function fetchPictures() {
    if (!state.view) return;
    for (const which of ["before", "after"]) {
      const scene = state.scenes[which];
      if (!scene || (state.mode !== "swipe" && state.mode !== which)) continue;
      const seen = visible(), whole = scene.bbox;
      const box = [Math.max(seen[0], whole[0]), Math.max(seen[1], whole[1]), Math.min(seen[2], whole[2]), Math.min(seen[3], whole[3])];
      if (box[0] >= box[2] || box[1] >= box[3]) continue;
      const [left, bottom] = toScreen(box[0], box[1]), [right, top] = toScreen(box[2], box[3]);
      const ratio = window.devicePixelRatio || 1;
      const size = Math.min(2048, Math.max(32, Math.ceil(Math.max(right - left, bottom - top) * ratio)));
      const url = `scenes/${encodeURIComponent(scene.id)}/preview.png?bbox=${box.map((n) => n.toFixed(8)).join(",")}&width=${size}`;
      const now = state.pictures[which];
      if (now && now.url === url) continue;
      const image = new Image();
      image.onload = () => { if (state.scenes[which] === scene) { state.pictures[which] = { image, box, url }; draw(); } };
      image.src = url;
    }
  }

  function draw() {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio), height = Math.round(canvas.clientHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
    if (!state.view) return;
    const edge = canvas.clientWidth * state.swipe;
    if (state.mode === "swipe") {
      picture("before", 0, edge);
      picture("after", edge, canvas.clientWidth);
      pen.fillStyle = "#fff";
      pen.fillRect(edge - 1, 0, 2, canvas.clientHeight);
    } else picture(state.mode, 0, canvas.clientWidth);
    for (const finding of state.findings) if (finding !== state.chosen) outline(finding, 1.6);
    if (state.chosen) outline(state.chosen, 3.4);
  }
  function picture(which, left, right) {
    const shown = state.pictures[which];
    if (!shown) return;
    const [x0, y1] = toScreen(shown.box[0], shown.box[1]), [x1, y0] = toScreen(shown.box[2], shown.box[3]);
    pen.save();
    pen.beginPath();
    pen.rect(left, 0, right - left, canvas.clientHeight);
    pen.clip();
    pen.drawImage(shown.image, x0, y0, x1 - x0, y1 - y0);
    pen.restore();
  }
  function rings(geometry) {
    const parts = geometry.type === "MultiPolygon" ? geometry.coordinates : [geometry.coordinates];
    return parts.flat();
  }
  function path(finding) {
    const made = new Path2D();
    for (const ring of rings(finding.geometry)) {
      ring.forEach(([lon, lat], i) => { const [x, y] = toScreen(lon, lat); if (i) made.lineTo(x, y); else made.moveTo(x, y); });
      made.closePath();
    }
    return made;
  }
  function outline(finding, width) {
    const shape = path(finding);
    pen.lineWidth = width + 1.6; pen.strokeStyle = "#000a"; pen.stroke(shape);
    pen.lineWidth = width; pen.strokeStyle = COLOURS[finding.properties.status] || "#fff"; pen.stroke(shape);
  }
  function boxOf(finding) {
    const points = rings(finding.geometry).flat();
    const lons = points.map((p) => p[0]), lats = points.map((p) => p[1]);
    return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
  }

  // --- the list and the detail
  function list() {
    $("list").replaceChildren(...state.findings.map((finding) => {
      const told = finding.properties, row = element("li"), button = element("button");
      const dot = element("span", undefined, "dot");
      dot.style.background = COLOURS[told.status] || "#999";
      button.append(dot, element("span", `${(told.confidence * 100).toFixed(0)} %`), element("span", `${Math.round(told.area_m2)} m²`), element("span", word(told.status)));
      button.className = finding === state.chosen ? "chosen" : "";
      button.onclick = () => choose(finding, true);
      row.append(button);
      return row;
    }));
  }
  function choose(finding, zoom) {
    state.chosen = finding;
    list();
    detail();
    if (finding && zoom) {
      const b = boxOf(finding), grow = 1.5 * Math.max(b[2] - b[0], b[3] - b[1], 2e-4);
      fit([b[0] - grow, b[1] - grow, b[2] + grow, b[3] + grow]);
    } else draw();
  }
  function text(value) {
    if (value === null || value === undefined || (Array.isArray(value) && !value.length)) return "–";
    if (Array.isArray(value)) return value.map(text).join(", ");
    if (typeof value === "number") return String(Math.round(value * 1000) / 1000);
    return typeof value === "object" ? JSON.stringify(value) : word(value);
  }
  function detail() {
    const home = $("detail");
    home.replaceChildren();
    if (!state.chosen) return;
    const told = state.chosen.properties, facts = element("dl");
    home.append(element("h2", `图斑 Finding ${state.chosen.id}`));
    for (const reason of told.reasons || []) {
      const made = element("div", undefined, "reason");
      made.append(element("div", text(reason.message)));
      const basis = [reason.basis, reason.certainty && word(reason.certainty)].filter(Boolean).map(text).join(" · ");
      made.append(element("small", basis));
      home.append(made);
    }
    for (const [name, value] of Object.entries(told)) {
      if (["reasons", "id", "scan_id"].includes(name)) continue;
      const shown = name === "permit_matches" ? value.map((m) => `${m.permit_id}: ${m.match} ${m.score}`) : value;
      facts.append(element("dt", LABELS[name] || name), element("dd", text(shown)));
    }
    home.append(facts);
  }

  // --- loading
  async function allFindings(id, status) {
    const found = [];
    let url = `scans/${encodeURIComponent(id)}/findings?limit=5000${status ? `&status=${encodeURIComponent(status)}` : ""}`;
    while (url && found.length < 20000) {
      const page = await get(url);
      found.push(...page.features);
      const next = page.links.find((link) => link.rel === "next");
      url = next ? `scans/${encodeURIComponent(id)}/findings${new URL(next.href).search}` : null;
    }
    return found.sort((a, b) => b.properties.confidence - a.properties.confidence);
  }
  async function show(id, keepView) {
    tell();
    try {
      const scan = await get(`scans/${encodeURIComponent(id)}`);
      const [before, after, findings] = await Promise.all([
        get(`scenes/${encodeURIComponent(scan.before_scene)}`),
        get(`scenes/${encodeURIComponent(scan.after_scene)}`),
        allFindings(id, $("status").value),
      ]);
      Object.assign(state, { scan, findings, chosen: null });
      if (!keepView) { state.scenes = { before, after }; state.pictures = {}; }
      $("count").textContent = String(findings.length);
      $("dates").textContent = `前期 ${before.acquired_at.slice(0, 10)} → 后期 ${after.acquired_at.slice(0, 10)}`;
      list();
      detail();
      if (keepView) draw(); else fit(after.bbox);
    } catch (error) { tell(error); }
  }
  function mode(name) {
    state.mode = name;
    for (const id of ["before", "after", "swipe"]) $(id).classList.toggle("on", id === name);
    changed();
  }

  // --- hands
  let grip = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (!state.view) return;
    canvas.setPointerCapture(event.pointerId);
    const onEdge = state.mode === "swipe" && Math.abs(event.offsetX - canvas.clientWidth * state.swipe) < 12;
    grip = { x: event.offsetX, y: event.offsetY, moved: false, onEdge };
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!grip) return;
    const dx = event.offsetX - grip.x, dy = event.offsetY - grip.y;
    if (!grip.moved && Math.hypot(dx, dy) < 4) return;
    grip.moved = true;
    if (grip.onEdge) { state.swipe = Math.min(1, Math.max(0, event.offsetX / canvas.clientWidth)); draw(); return; }
    state.view.lon -= dx / (state.view.scale * squeeze());
    state.view.lat += dy / state.view.scale;
    grip.x = event.offsetX; grip.y = event.offsetY;
    changed();
  });
  canvas.addEventListener("pointerup", (event) => {
    const held = grip;
    grip = null;
    if (!held || held.moved) return;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    const hit = state.findings.find((finding) => pen.isPointInPath(path(finding), event.offsetX, event.offsetY));
    choose(hit || null, false);
  });
  function zoom(factor, x, y) {
    const [lon, lat] = toGround(x, y);
    state.view.scale = Math.min(1e8, Math.max(50, state.view.scale * factor));
    const [newLon, newLat] = toGround(x, y);
    state.view.lon += lon - newLon;
    state.view.lat += lat - newLat;
    changed();
  }
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (state.view) zoom(Math.exp(-event.deltaY * 0.0015), event.offsetX, event.offsetY);
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    if (!state.view) return;
    const step = 60 / state.view.scale, moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    const move = moves[event.key];
    if (move) { state.view.lon += move[0] / squeeze(); state.view.lat += move[1]; changed(); event.preventDefault(); }
    if (event.key === "+" || event.key === "=") zoom(1.4, canvas.clientWidth / 2, canvas.clientHeight / 2);
    if (event.key === "-") zoom(1 / 1.4, canvas.clientWidth / 2, canvas.clientHeight / 2);
  });
  window.addEventListener("resize", changed);
  for (const id of ["before", "after", "swipe"]) $(id).onclick = () => mode(id);
  $("fit").onclick = () => state.scenes.after && fit(state.scenes.after.bbox);
  $("status").onchange = () => state.scan && show(state.scan.id, true);
  $("scan").onchange = () => show($("scan").value, false);

  async function begin() {
    mode("after");
    try {
      const { scans } = await get("scans?limit=200");
      $("scan").replaceChildren(...scans.map((scan) => {
        const option = element("option", `${scan.created_at.slice(0, 16).replace("T", " ")} · ${scan.id}`);
        option.value = scan.id;
        return option;
      }));
      const wanted = new URLSearchParams(location.search).get("scan");
      if (wanted) $("scan").value = wanted;
      if (wanted || scans.length) await show(wanted || scans[0].id, false);
      else tell("尚无扫描结果 No scan yet");
    } catch (error) { tell(error); }
  }
  begin();
})();
