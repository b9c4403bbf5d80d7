"""The map page in a real browser beside the real service: what its tests and benchmarks share.

Where `KANCHA_SCREENSHOTS` names a folder, pictures are kept there.
"""

from __future__ import annotations

import json
import math
import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from geodata.assess.priority import Lead, priority
from geodata.demo import draw_district
from service.auth.caller import Caller
from service.bootstrap import open_services, open_with_runner
from service.files import private_folder, take_copy
from service.services import Services
from service.settings import Settings
from service.store.records import FindingRow, Scene
from service.usecases.demo import demo_link, fill
from service.usecases.layer_facts import LayerFacts
from service.usecases.layer_files import add_layer_file
from service.usecases.people import PersonFacts, add_person, make_link
from service.usecases.scenes import SceneFacts, add_scene
from tests.browser import browser, chromium
from tests.contract.test_store_contract import job, scan
from tests.integration.service_kit import ROOT, Served

DESK: dict[str, Any] = {"viewport": {"width": 1366, "height": 768}, "locale": "zh-CN", "timezone_id": "Asia/Shanghai"}
PHONE: dict[str, Any] = {**DESK, "viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
BUILT = ROOT / "service" / "web" / "manifest.json"


Ring = list[tuple[float, float]]


@dataclass
class Watched:
    """Somebody's page with everything that it did not do well.

    Args:
        page: Playwright's page.
        url: Root of the service.
        faults: What the browser complained of.
    """

    page: Any
    url: str
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda m: self.faults.append(f"console: {m.text}") if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("request", self._asked)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.faults.append(f"request off the host: {request.url}")

    def enter(self, link: str) -> None:
        """Sign in by a link that works once."""
        self.page.goto(link)
        self.page.wait_for_url("**/map*")
        self.page.wait_for_selector("nav a")

    def open(self, address: str) -> None:
        self.page.goto(f"{self.url}/map{address}")
        self.page.wait_for_selector("main .loading", state="detached")
        self.page.wait_for_selector("main >> nth=0")

    def settled(self, wait_ms: int = 700) -> None:
        self.page.wait_for_load_state("load")
        self.page.wait_for_timeout(wait_ms)

    def quiet(self, silence_ms: int = 400) -> None:
        """Wait until nothing has arrived for a while; the line of events stays open and is not waited for."""
        arrived: list[float] = [time.monotonic()]

        def heard(request: Any) -> None:
            arrived.append(time.monotonic())

        self.page.on("request", heard)
        self.page.on("requestfinished", heard)
        while time.monotonic() - arrived[-1] < silence_ms / 1000:
            self.page.wait_for_timeout(50)
        self.page.remove_listener("request", heard)
        self.page.remove_listener("requestfinished", heard)

    def keep(self, name: str) -> None:
        """Keep what is to be seen once all of it has come, where pictures are kept."""
        folder = os.environ.get("KANCHA_SCREENSHOTS")
        if folder:
            self.quiet()
            self.settled(300)
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))

    def violations(self) -> list[str]:
        """What axe finds against WCAG 2.2 A and AA."""
        self.page.evaluate(AXE.read_text("utf-8"))
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
        found = self.page.evaluate(
            "async (tags) => (await axe.run(document, {runOnly: {type: 'tag', values: tags}})).violations", tags
        )
        return [f"{one['id']}: {one['nodes'][0]['html'][:160]} ({len(one['nodes'])})" for one in found]


def need_page() -> None:
    """Skip without Chromium, or where the page is not built."""
    chromium()
    if not BUILT.exists():
        pytest.skip("the map page is not built: make web")


@contextmanager
def demo_desk(folder: Path) -> Iterator[Served]:
    """A service with the demonstration district in it, scanned."""
    need_page()
    files = draw_district(folder / "place", size_px=768)
    services = open_with_runner(Settings(data=folder / "data"))
    try:
        fill(services, files, "training-free", lambda share, what: None)
    finally:
        services.close()
    service = Served(folder / "data")
    try:
        yield service
    finally:
        service.stop()


def add_officer(service: Served, name: str, called: str, *roles: str) -> str:
    """Id of somebody who judges."""
    services = open_services(service.settings)
    try:
        facts = PersonFacts(called, list(roles or ("officer",)), areas=["*"])
        return add_person(services, Caller.local(), name, facts).id
    finally:
        services.close()


def link_of(service: Served, person: str | None = None) -> str:
    """Where somebody is signed in at once; without a name whoever may do everything."""
    services = open_services(service.settings)
    try:
        secret = demo_link(services) if person is None else make_link(services, Caller.local(), "demo", person)
    finally:
        services.close()
    return f"{service.url}/first/{secret}"


@contextmanager
def signed_in(service: Served, profile: Path, person: str | None = None, **how: Any) -> Iterator[Watched]:
    """A browser in which somebody has signed in by a link; without an id one who may do everything."""
    with browser(profile, **how) as context:
        yield _come_in(context, service, person)


@contextmanager
def one_more(launched: Any, service: Served, person: str | None = None, **how: Any) -> Iterator[Watched]:
    """The same in a browser that runs already, apart from all else that it shows."""
    context = launched.new_context(**how)
    context.set_default_timeout(15_000)
    try:
        yield _come_in(context, service, person)
    finally:
        context.close()


def _come_in(context: Any, service: Served, person: str | None) -> Watched:
    watched = Watched(context.new_page(), service.url)
    watched.enter(link_of(service, person))
    return watched


def store_findings(services: Services, scenes: Sequence[Scene], outlines: Sequence[Ring]) -> list[str]:
    """A scan of two scenes with a finding of each outline, the first of the highest priority; their ids."""
    before, after = scenes
    rows = []
    for k, ring in enumerate(outlines):
        sure = round(0.95 - 0.5 * k / len(outlines), 4)
        told: dict[str, Any] = {
            "id": f"f{k:03}", "scan_id": "drawn", "change": "appeared", "confidence": sure, "area_m2": 144.0,
            "area_error_m2": 6.0, "outline_error_m": 0.4, "height_gain_m": None, "storeys": None,
            "stage": "unknown", "tier": "confirmed", "cues": ["shadow"] if k % 3 == 0 else [], "flags": [],
            "status": "suspected", "severity": "high", "consequence": None, "authority": None,
            "reasons": [{"code": "no-permit", "message": "No permit is on file.", "message_zh": "没有许可记录。",
                         "basis": None, "certainty": "possible", "severity": "high"}],
            "parcel_ids": [f"P{k}"], "permit_ids": [], "before_acquired_at": before.acquired_at.isoformat(),
            "after_acquired_at": after.acquired_at.isoformat(), "judged": None, "judged_reason": None,
            "suppressed_by": None, "structure_id": None,
        }  # fmt: skip
        told["priority"] = priority(Lead.of(told))
        shape = {"type": "Polygon", "coordinates": [ring]}
        feature = {"type": "Feature", "id": told["id"], "geometry": shape, "properties": told}
        lon, lat = zip(*ring, strict=True)
        box = (min(lon), min(lat), max(lon), max(lat))
        dates = (before.acquired_at, after.acquired_at)
        text = json.dumps(feature)
        rows.append(
            FindingRow(told["id"], box, text, "suspected", "appeared", told["confidence"], *dates, told["priority"])
        )
    services.store.jobs.submit(job("drawn"))
    claimed = services.store.jobs.claim("kit")
    assert claimed is not None
    made = replace(scan("drawn"), before_scene=before.id, after_scene=after.id, provenance={})
    services.store.scans.complete(claimed[1], made, rows)
    return [row.fid for row in rows]


def square(lon: float, lat: float, side_m: float = 12.0) -> Ring:
    """A square to the north-east of a place."""
    north = side_m / 111_320
    east = north / math.cos(math.radians(lat))
    ring = [(lon, lat), (lon + east, lat), (lon + east, lat + north), (lon, lat + north), (lon, lat)]
    return [(round(x, 9), round(y, 9)) for x, y in ring]


@dataclass
class Drawn:
    """A service with findings that were drawn beside corners of parcels.

    Args:
        service: The service.
        ids: Findings, the first of the highest priority.
        corners: The corner of a parcel that lies beside the south-western corner of each.
        rings: Their outlines.
        vertices: All corners of parcels.
    """

    service: Served
    ids: list[str]
    corners: list[tuple[float, float]]
    rings: list[Ring]
    vertices: list[tuple[float, float]]


@contextmanager
def drawn_desk(folder: Path, count: int, away_m: float = 2.0, size_px: int = 768) -> Iterator[Drawn]:
    """The imagery and parcels of the demonstration, and so many findings, none of which a scan had to find.

    Args:
        folder: Where all of it lies.
        count: Findings.
        away_m: How far their south-western corners lie from the corner of a parcel, to the north and to the east.
        size_px: Of the imagery, of half a metre a pixel.
    """
    need_page()
    files = draw_district(folder / "place", size_px=size_px)
    data = folder / "data"
    with closing(open_services(Settings(data=data))) as services:
        add_layer_file(services, "parcels", files.parcels, LayerFacts(source="kit"))
        scenes = []
        for path in (files.before, files.after):
            with private_folder(data / "incoming") as room:
                scenes.append(add_scene(services, take_copy(path, room), SceneFacts())[0])
        vertices = _vertices(files.parcels)
        corners = _apart(vertices, scenes[0].bbox, count)
        north = away_m / 111_320
        rings = [square(x + north / math.cos(math.radians(y)), y + north) for x, y in corners]
        ids = store_findings(services, scenes, rings)
    service = Served(data, KANCHA_AUTH__RATE_PER_S="0")
    try:
        yield Drawn(service, ids, corners, rings, vertices)
    finally:
        service.stop()


def _vertices(parcels: Path) -> list[tuple[float, float]]:
    shapes = gpd.read_file(parcels).to_crs("OGC:CRS84").geometry
    return sorted({(round(float(x), 9), round(float(y), 9)) for x, y in shapely.get_coordinates(shapes.values)})


def _apart(
    vertices: Sequence[tuple[float, float]], box: tuple[float, float, float, float], count: int
) -> list[tuple[float, float]]:
    """Corners of parcels well within a box that lie so far apart that no finding repeats another; always the same."""
    west, south, east, north = box
    edge = 0.0004
    found: list[tuple[float, float]] = []
    points = list(vertices)
    random.Random(11).shuffle(points)
    for least in (0.0004, 0.0002, 0.00015):
        for x, y in points:
            inside = west + edge < x < east - edge and south + edge < y < north - edge
            if len(found) < count and inside and all(math.hypot(x - a, y - b) > least for a, b in found):
                found.append((x, y))
    assert len(found) == count, f"{len(found)} corners of parcels lie in sight"
    return found
