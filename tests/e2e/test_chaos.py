"""A hundred kills at random moments: every run ends, what is found is what is found undisturbed, nothing is left."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import obstore
import orjson
import psycopg
import pytest
from obstore.store import S3Store

from service.bootstrap import open_services, open_with_runner
from service.jobs.states import ACTIVE
from service.settings import Jobs, Settings
from service.store.queries import FeatureQuery
from service.usecases.jobs import wait_for
from service.usecases.layer_facts import LayerFacts
from service.usecases.layer_files import add_layer_file
from service.usecases.layers import newest_versions
from service.usecases.listing import every
from service.usecases.scans import ScanOrder, order_scan
from tests.integration.alarm_kit import Bureau, Receiver, receiving
from tests.integration.service_kit import Served, draw_scene, free_port, until, write_parcels
from tests.integration.test_nights import store
from tests.machines import BUCKET, Talking, object_storage, scheduler, shared, worker
from tests.postgres import Cluster, binaries

DETECTOR = "training-free"
PLACES = {"east": 500_000.0, "west": 500_300.0}
DATES = 8
SPOTS = [(20, 150, 44, 60), (20, 380, 40, 52), (200, 40, 48, 44), (300, 330, 44, 64)]
WINDOW_PX = 256
Found = Mapping[tuple[str, str, int], list[str]]
"""Findings as GeoJSON texts by earlier scene, later scene, and the least area that was asked for."""


def series(folder: Path) -> dict[str, list[Path]]:
    """Two places at the same dates: here and there something is built, or gone."""
    rng, made = random.Random(8), dict[str, list[Path]]()
    for place, left in PLACES.items():
        standing: set[int] = set()
        for number in range(DATES):
            standing ^= {rng.randrange(len(SPOTS))} if number else set()
            path = folder / f"{place}_2025{number + 1:02d}01.tif"
            more = [SPOTS[spot] for spot in sorted(standing)]
            made.setdefault(place, []).append(draw_scene(path, seed=rng.randrange(1 << 30), left=left, more=more))
    return made


def undisturbed(data: Path, scenes: Mapping[str, list[Path]], parcels: Path, rounds: int) -> Found:
    """What is found where nobody kills anything: on one machine, with a database of its own."""
    services = open_with_runner(Settings(data=data, jobs=Jobs(workers=2)))
    try:
        add_layer_file(services, "parcels", parcels, LayerFacts())
        ids = {place: [store(services, path) for path in paths] for place, paths in scenes.items()}
        jobs = []
        for least in range(20, 20 + rounds):
            options = {"detector": DETECTOR, "window_px": WINDOW_PX, "min_area_m2": least}
            for some in ids.values():
                for pair in zip(some, some[1:], strict=False):
                    jobs.append(
                        order_scan(services, ScanOrder(*pair, newest_versions(services), options=options))[0].id
                    )
        assert all(job.scan_id for job in wait_for(services, jobs))
        return found(services)
    finally:
        services.close()


def found(services: Any) -> Found:
    told: dict[tuple[str, str, int], list[str]] = {}
    for scan in every(services.store.scans.page):
        features = [orjson.loads(text) for text in services.store.scans.all_findings(FeatureQuery(within=scan.id))]
        # a structure is named by what saw it first, and here the scans end in any order
        rows = [{**one, "properties": {k: v for k, v in one["properties"].items() if k not in _NAMED}}
                for one in features]  # fmt: skip
        key = (scan.before_scene, scan.after_scene, int(scan.options["min_area_m2"]))
        told[key] = sorted(orjson.dumps(row, option=orjson.OPT_SORT_KEYS).decode() for row in rows)
    return told


def _differing(some: Found, others: Found) -> list[Any]:
    """Where two differ: findings of one of them alone, else the properties."""
    told = []
    for key in sorted(some.keys() | others.keys()):
        one, other = some.get(key), others.get(key)
        if one is None or other is None or len(one) != len(other):
            told.append((key, one if one is None else len(one), other if other is None else len(other)))
            continue
        for a, b in zip(map(orjson.loads, one), map(orjson.loads, other), strict=True):
            names = {n for n in a["properties"] if a["properties"][n] != b["properties"].get(n)}
            if names or a != b:
                told.append((key, {n: (a["properties"][n], b["properties"].get(n)) for n in names}, a["id"], b["id"]))
    return told


_NAMED = ("structure_id", "scan_id", "suppressed_by", "flags", "priority")


@dataclass
class Topology:
    """What runs, and may be killed.

    Args:
        folder: Where the data folders are.
        cluster: The database's server.
        env: Settings of all processes.
        planner: The Dask scheduler.
    """

    folder: Path
    cluster: Cluster
    env: dict[str, str]
    planner: Talking
    rng: random.Random
    service: Served = field(init=False)
    jobs: Talking = field(init=False)
    windows: list[Talking] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)

    def start(self) -> None:
        self.service = Served(self.folder / "service", **self.env)
        self.jobs = worker(data=self.folder / "jobs", **self.env)
        self.windows = [self._windows(i) for i in range(2)]

    def _windows(self, number: int) -> Talking:
        return worker("--windows", data=self.folder / f"windows-{number}", **self.env)

    def kill_one(self) -> None:
        """Kill something, and start it again as its supervisor would."""
        kinds: dict[str, Callable[[], bool]] = {
            "service": self._service,
            "worker": self._worker,
            "child": self._child,
            "database": self._database,
            "windows": self._window_worker,
        }
        # children die cheaply and come again at once, so that they are killed most
        kind = self.rng.choices(list(kinds), weights=[2, 2, 5, 2, 2])[0]
        if kinds[kind]():
            self.kills[kind] += 1

    def _service(self) -> bool:
        port, key = self.service.port, self.service.key
        self.service.kill()
        self.service = Served(self.folder / "service", port=port, key=key, **self.env)
        return True

    def _worker(self) -> bool:
        self.jobs.kill()
        self.jobs = worker(data=self.folder / "jobs", **self.env)
        return True

    def _child(self) -> bool:
        """A process of a job, or one that it started."""
        below = [pid for process in (self.service.process, self.jobs.process) for pid in _below(process.pid)]
        if not below:
            return False
        with suppress(ProcessLookupError):
            os.kill(self.rng.choice(below), signal.SIGKILL)
        return True

    def _database(self) -> bool:
        self.cluster.restart()
        return True

    def _window_worker(self) -> bool:
        number = self.rng.randrange(len(self.windows))
        self.windows[number].kill()
        self.windows[number] = self._windows(number)
        return True

    def stop(self) -> None:
        for process in (*self.windows, self.jobs, self.planner):
            process.stop()
        self.service.stop()


def _below(pid: int) -> list[int]:
    """The processes that a process started, and those that they did."""
    with suppress(OSError):
        children = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        for thread in Path(f"/proc/{pid}/task").iterdir():
            children += [int(one) for one in (thread / "children").read_text().split()]
        return [one for child in set(children) for one in (child, *_below(child))]
    return []


@contextmanager
def topology(folder: Path, cluster: Cluster, seed: int) -> Iterator[Topology]:
    port = free_port()
    with object_storage() as endpoint:
        env = {
            **shared(cluster.new_database(), endpoint, port),
            "KANCHA_JOBS__RETRY_S": "0.2",
            "KANCHA_JOBS__LEASE_S": "8",
            "KANCHA_JOBS__RECOVERY_INTERVAL_S": "0.5",
            # the kills are no fault of any job
            "KANCHA_JOBS__MAX_ATTEMPTS": "1000",
            "KANCHA_NIGHTLY__AT_ONCE": "true",
            "KANCHA_NIGHTLY__DETECTOR": DETECTOR,
            "KANCHA_ALARMS__NETWORKS": '["127.0.0.0/8"]',
            "KANCHA_ALARMS__INTERVAL_S": "1",
            "KANCHA_ALARMS__RETRY_S": "1",
            "KANCHA_ALARMS__PER_HOUR": "1000",
            "KANCHA_UPLOADS__SWEEP_INTERVAL_S": "1",
        }
        made = Topology(folder, cluster, env, scheduler(port, **env), random.Random(seed))
        made.start()
        try:
            yield made
        finally:
            made.stop()


def patient(ask: Callable[[], httpx.Response], seconds: float = 120) -> httpx.Response:
    """An answer, however often one has to ask: the service may be dead just now, or its database."""

    def answer() -> httpx.Response | None:
        try:
            told = ask()
        except (httpx.TransportError, RuntimeError):
            return None  # RuntimeError: the client of a service that was just killed is closed
        assert told.status_code < 500 or told.status_code == 503, told.text
        return None if told.status_code == 503 else told

    got: httpx.Response = until(answer, seconds)
    return got


def send(made: Topology, path: Path) -> str:
    def post() -> httpx.Response:
        with path.open("rb") as file:
            return made.service.client.post("/scenes", files={"raster": (path.name, file)})

    told = patient(post)
    assert told.status_code in (200, 201), told.text
    return str(told.json()["id"])


def order(made: Topology, pair: tuple[str, str], least: int) -> str:
    fields = {"before_scene": pair[0], "after_scene": pair[1], "detector": DETECTOR, "window_px": str(WINDOW_PX),
              "min_area_m2": str(least), "parcels_layer": "newest"}  # fmt: skip
    told = patient(lambda: made.service.client.post("/scans", data=fields))
    assert told.status_code in (200, 201, 202), told.text
    return str(told.json()["jobID"])


def await_jobs(made: Topology, jobs: list[str], seconds: float = 600) -> None:
    """Until every job has ended well."""

    def ended() -> bool:
        for job in list(left):
            told = patient(lambda job=job: made.service.client.get(f"/jobs/{job}")).json()  # type: ignore[misc]
            assert told["status"] not in ("failed", "dismissed"), told
            if told["status"] == "successful":
                left.remove(job)
        return not left

    left = list(jobs)
    until(ended, seconds, 0.3)


@pytest.mark.soak
@pytest.mark.parametrize("kills", [int(os.environ.get("KANCHA_KILLS", "100"))])
def test_kills_change_nothing(kills: int, tmp_path: Path) -> None:
    bin_ = binaries()
    if bin_ is None:
        pytest.skip("there is no PostGIS here")
    drawn = tmp_path / "drawn"
    drawn.mkdir()
    scenes, parcels = series(drawn), write_parcels(tmp_path / "parcels.geojson")
    cluster = Cluster(bin_, lasting=True)
    try:
        with topology(tmp_path, cluster, kills) as made, receiving() as heard:
            _people(made, heard, parcels)
            begun = time.monotonic()
            with killing(made, kills):
                ids = {place: [send(made, path) for path in paths] for place, paths in scenes.items()}
                pairs = [pair for some in ids.values() for pair in zip(some, some[1:], strict=False)]
                rounds = 0
                while not rounds or made.kills.total() < kills:
                    await_jobs(made, [order(made, pair, 20 + rounds) for pair in pairs])
                    rounds += 1
            took = time.monotonic() - begun
            night = patient(lambda: made.service.client.post("/nights")).json()["jobID"]
            await_jobs(made, [night])
            _settled(made)
            services = open_services(_settings(made, tmp_path / "reader"))
            try:
                whole = undisturbed(tmp_path / "alone", scenes, parcels, rounds)
                disturbed = {key: rows for key, rows in found(services).items() if key in whole}
                assert _differing(disturbed, whole) == [] and any(whole.values())
                repeated = _no_duplicate_alarm(heard)
                _no_orphan(made, services)
            finally:
                services.close()
            print(f"{made.kills.total()} kills in {took:.0f} s ({dict(made.kills)}), {len(pairs) * rounds} scans and a "
                  f"night: all ended well, findings equal, {len(heard.got)} messages of {len(set(_ids(heard)))} "
                  f"({repeated} came twice under one id), no structure in two, no file left over")  # fmt: skip
    finally:
        cluster.stop()


@contextmanager
def killing(made: Topology, kills: int) -> Iterator[None]:
    """Kill in a thread beside the work, until there were enough."""
    stop, trouble = threading.Event(), list[BaseException]()

    def work() -> None:
        try:
            while made.kills.total() < kills and not stop.wait(made.rng.uniform(0.3, 2.0)):
                made.kill_one()
        except BaseException as error:  # shown in the test's own thread
            trouble.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert not trouble, trouble


def _settings(made: Topology, data: Path) -> Settings:
    names = {name.removeprefix("KANCHA_STORAGE__").lower(): value for name, value in made.env.items()
             if name.startswith("KANCHA_STORAGE__")}  # fmt: skip
    alarms = {"networks": ["127.0.0.0/8"]}
    return Settings(data=data, store=made.env["KANCHA_STORE"], storage=names, alarms=alarms)  # type: ignore[arg-type]


def _people(made: Topology, heard: Receiver, parcels: Path) -> None:
    services = open_services(_settings(made, made.folder / "service"))
    try:
        add_layer_file(services, "parcels", parcels, LayerFacts())
        bureau = Bureau(services)
        officer = bureau.person("Li")
        bureau.rule(officer, bureau.webhook(officer, heard.url)[0])
    finally:
        services.close()


def _settled(made: Topology) -> None:
    """Until nothing is under way any more: no job, no message, no folder of a dead process."""
    client = made.service.client

    def quiet() -> bool:
        jobs = [patient(lambda state=state: client.get(f"/jobs?status={state}")).json()["numberMatched"]
                for state in ACTIVE]  # type: ignore[misc]  # fmt: skip
        return not any(jobs) and not list(_private(made))

    until(quiet, 120)
    time.sleep(5)


def _private(made: Topology) -> Iterator[Path]:
    for data in made.folder.iterdir():
        for name in ("incoming", "work"):
            if (data / name).is_dir():
                yield from (data / name).iterdir()


def _ids(heard: Receiver) -> list[str]:
    return [one.headers["webhook-id"] for one in heard.got]


def _no_duplicate_alarm(heard: Receiver) -> int:
    """A structure is told of once; who was killed before it could note that a message arrived sends that one again."""
    by_structure: dict[str, set[str]] = {}
    for one in heard.got:
        for alarm in one.json["data"]["alarms"]:
            by_structure.setdefault(alarm["structure_id"], set()).add(one.headers["webhook-id"])
    assert by_structure and all(len(ids) == 1 for ids in by_structure.values()), by_structure
    return len(_ids(heard)) - len(set(_ids(heard)))


def _no_orphan(made: Topology, services: Any) -> None:
    """Every object of the storage is named by a row, nothing half-written lies about, no step is kept for nothing."""
    told = made.env
    shelf = S3Store(BUCKET, endpoint=told["KANCHA_STORAGE__ENDPOINT"], region="us-east-1", access_key_id="a",
                    secret_access_key="b", virtual_hosted_style_request=False,
                    client_options={"allow_http": True})  # fmt: skip
    stored = {str(one["path"]).rpartition("/")[2] for part in obstore.list(shelf) for one in part}
    named = {sha for scene in every(services.store.scenes.page) for sha in
             (scene.sha256, scene.mask_sha256, scene.cog_sha256) if sha}  # fmt: skip
    named |= {version.sha256 for version in every(services.store.layers.page)}
    assert stored <= named, stored - named
    assert not [path for path in made.folder.glob("*/blob-cache/**/.*") if path.is_file()]
    with psycopg.connect(told["KANCHA_STORE"]) as connection:
        row = connection.execute("SELECT count(*) FROM job_steps").fetchone()
    assert row == (0,), "steps of jobs that have ended"
