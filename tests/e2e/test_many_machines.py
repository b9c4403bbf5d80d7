"""Many machines on one: a database, object storage, a Dask cluster, two replicas and a worker that share them.

Each has a data folder of its own, as each machine has. What one process knows another learns only from the database
and the storage.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from geodata.scan import scan
from geodata.types import ScanOptions
from tests.integration.service_kit import Served, draw_pair, finished, free_port, post_scene, until
from tests.machines import Talking, object_storage, scheduler, shared, worker
from tests.postgres import Cluster

WINDOW_PX = 256
SIZE_PX = 3072
GROUPS = 81
"""9 x 9 windows in groups of one: the common grid of a scan for 40 m2 has pixels of 0.7 m."""
TOLD = ("change", "confidence", "area_m2", "outline_error_m", "stage", "tier", "cues", "flags")


@dataclass
class Machines:
    """What runs."""

    env: dict[str, str]
    folder: Path
    replicas: tuple[Served, Served]
    scheduler: Talking
    windows: list[Talking]
    jobs: Talking
    port: int

    def another(self) -> Talking:
        """One more worker of the cluster, on a machine of its own."""
        made = worker("--windows", data=self.folder / f"windows-{len(self.windows)}", **self.env)
        self.windows.append(made)
        return made


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return draw_pair(tmp_path_factory.mktemp("pair"), size=SIZE_PX)


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory, postgis: Cluster) -> Iterator[Machines]:
    folder, port = tmp_path_factory.mktemp("machines"), free_port()
    with object_storage() as endpoint:
        env = {
            **shared(postgis.new_database(), endpoint, port),
            "KANCHA_JOBS__RETRY_S": "0.3",
        }
        one = Served(folder / "one", **env)
        two = Served(folder / "two", key=one.key, **env)
        planner = scheduler(port)
        made = Machines(env, folder, (one, two), planner, [], worker(data=folder / "jobs", **env), port)
        made.another()
        made.another()
        try:
            yield made
        finally:
            for process in (*made.windows, made.jobs, made.scheduler):
                process.stop()
            for replica in made.replicas:
                replica.stop()


@pytest.fixture(scope="module")
def scenes(machines: Machines, pair: tuple[Path, Path]) -> dict[str, str]:
    """Both dates, sent to the first replica."""
    ids = [post_scene(machines.replicas[0].client, path).json()["id"] for path in pair]
    return {"before_scene": ids[0], "after_scene": ids[1]}


def ordered(replica: Served, scenes: dict[str, str], min_area_m2: int) -> str:
    fields = {**scenes, "detector": "training-free", "window_px": str(WINDOW_PX), "min_area_m2": str(min_area_m2)}
    told = replica.client.post("/scans", data=fields)
    assert told.status_code == 202, told.text
    return str(told.json()["jobID"])


def found_by(replica: Served, job: str) -> list[Any]:
    told = finished(replica.client, job)
    assert told["status"] == "successful", (told, replica.client.get(f"/jobs/{job}/log").text)
    link = next(link["href"] for link in told["links"] if link["rel"].endswith("results"))
    # a replica links to itself; another one is asked by the path alone
    features = replica.client.get(link.removeprefix(replica.url)).json()["features"]
    return sorted(([f["geometry"], *(f["properties"][name] for name in TOLD)] for f in features), key=str)


def found_here(pair: tuple[Path, Path], min_area_m2: int) -> list[Any]:
    """What a plain scan on this machine finds, without a service."""
    import orjson

    result = scan(*pair, options=ScanOptions(min_area_m2=min_area_m2))
    features = orjson.loads(
        orjson.dumps(result.feature_collection()["features"], option=orjson.OPT_SERIALIZE_NUMPY, default=str)
    )
    return sorted(([f["geometry"], *(f["properties"][name] for name in TOLD)] for f in features), key=str)


def groups(words: list[str], job: str) -> list[str]:
    """Groups of windows of a job that a worker says it did."""
    return [line.split("windows: ")[1].split()[0] for line in words if "is done" in line and job in line]


def log_of(machines: Machines, name: str, job: str) -> Path:
    """What a job says on the machine that runs it."""
    return machines.folder / name / "logs" / f"{job}.log"


def events(replica: Served, job: str) -> list[str]:
    return [one["what"] for one in replica.client.get(f"/jobs/{job}/history").json()["events"]]


def test_what_one_replica_was_sent_another_scans_and_all_workers_find_the_same(
    machines: Machines, scenes: dict[str, str], pair: tuple[Path, Path]
) -> None:
    one, two = machines.replicas
    job = ordered(two, scenes, 40)
    assert found_by(one, job) == found_by(two, job) == found_here(pair, 40) != []
    did = [groups(process.words, job) for process in machines.windows]
    assert all(did), "each worker had a share"
    assert len(did[0]) + len(did[1]) == len(set(did[0]) | set(did[1])) == GROUPS, "each group was done once"


@pytest.mark.soak
def test_a_worker_killed_in_the_middle_loses_nothing(
    machines: Machines, scenes: dict[str, str], pair: tuple[Path, Path]
) -> None:
    one = machines.replicas[0]
    victim = machines.windows[0]
    before = len(victim.said("is done"))
    job = ordered(one, scenes, 41)
    until(lambda: len(victim.said("is done")) > before + 3, 60, 0.01)
    victim.kill()
    assert found_by(one, job) == found_here(pair, 41) != []
    assert "retried" not in events(one, job) and "crashed" not in events(one, job)
    did = groups(machines.windows[1].words, job)
    assert len(set(did) | set(groups(victim.words, job))) == GROUPS
    assert len(did) < GROUPS, "it was killed in the middle"
    machines.windows.remove(victim)
    machines.another()


@pytest.mark.soak
def test_a_scheduler_killed_in_the_middle_is_waited_for_and_what_was_done_is_kept(
    machines: Machines, scenes: dict[str, str], pair: tuple[Path, Path]
) -> None:
    two = machines.replicas[1]
    job = ordered(two, scenes, 42)
    until(lambda: any(groups(process.words, job) for process in machines.windows), 60, 0.01)
    until(lambda: len(two.client.get(f"/jobs/{job}/history").json()["steps"]) > 3, 30, 0.02)
    machines.scheduler.kill()
    until(lambda: "retried" in events(two, job), 60)
    kept = len(two.client.get(f"/jobs/{job}/history").json()["steps"]) - 1
    done = {id(process): len(groups(process.words, job)) for process in machines.windows}
    machines.scheduler = scheduler(machines.port)
    assert found_by(two, job) == found_here(pair, 42) != []
    again = sum(len(groups(process.words, job)) - done[id(process)] for process in machines.windows)
    # besides, each worker may have ended the group that it had in hand, for nobody
    assert 0 < kept < GROUPS and again <= GROUPS - kept + 2, "what was kept is not done anew"
    history = two.client.get(f"/jobs/{job}/history").json()["events"]
    assert next(one for one in history if one["what"] == "retried")["detail"] == "the cluster was away"


@pytest.mark.soak
def test_a_job_that_is_stopped_leaves_the_workers(machines: Machines, scenes: dict[str, str]) -> None:
    one = machines.replicas[0]
    job = ordered(one, scenes, 43)
    until(lambda: any(groups(process.words, job) for process in machines.windows), 60, 0.01)
    assert one.client.delete(f"/jobs/{job}").status_code == 200
    # another job has the cluster for itself: what was asked for the stopped one is dropped
    assert found_by(one, ordered(one, scenes, 44)) != []
    assert sum(len(groups(process.words, job)) for process in machines.windows) < GROUPS


def test_a_worker_of_jobs_takes_them_says_so_and_leaves_in_peace(machines: Machines, scenes: dict[str, str]) -> None:
    one, two = machines.replicas
    assert machines.jobs.said("takes jobs of all")
    ids = [ordered(one, scenes, least) for least in range(50, 53)]
    for job in ids:
        assert finished(two.client, job)["status"] == "successful"
    took = {name for name in ("one", "two", "jobs") for job in ids if log_of(machines, name, job).exists()}
    assert "jobs" in took and len(took) > 1, "more than one process took jobs"
    machines.jobs.process.send_signal(signal.SIGTERM)
    assert machines.jobs.stop() == 0
    assert machines.jobs.said("stopping")
