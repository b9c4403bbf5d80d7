"""Windows of a scan by processes and by a Dask cluster: the same findings, named ends, no secrets on the way."""

from __future__ import annotations

import json
import pickle
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from geodata.detect.crews import WindowGroup, work_on
from geodata.detect.models import MANIFEST, SHIPPED
from geodata.detect.pair import grouped
from geodata.grid import Window
from geodata.scan import READ
from geodata.steps import freeze
from geodata.types import ScanOptions
from service.bootstrap import open_services, open_with_runner
from service.errors import ClusterCrashError, ClusterError, ClusterSetupError
from service.files import private_folder, take_copy
from service.jobs.executors import OnCluster, OnProcesses, crew_for
from service.jobs.windows import do_group, require_shared
from service.services import Services
from service.settings import Jobs, ObjectStorage, Settings
from service.store.job_records import Claim, Job, Wanted, new_job
from service.usecases.models import detector_for
from service.usecases.scan_run import Hands, JobSteps, scan_again
from service.usecases.scan_windows import plan_for, ticket_for
from service.usecases.scans import ScanOrder, as_request, order_scan
from service.usecases.scenes import SceneFacts, add_scene
from tests.certificates import certificate
from tests.integration.service_kit import environment, free_port, kancha
from tests.machines import die, refuse, rest, scheduler, worker

GROUPS = [WindowGroup(f"windows-{n}", (Window(0, 0, 8, 8),)) for n in range(3)]
NO_PLAN = None
LONG_S = 3600.0


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    # its lookout must not find that nobody alive works on what the tests claim
    jobs = Jobs(recovery_interval_s=LONG_S, lease_s=4 * LONG_S)
    settings = Settings(data=tmp_path_factory.mktemp("data"), store="", jobs=jobs)
    made = open_with_runner(settings)
    yield made
    made.close()


@pytest.fixture(scope="module")
def order(services: Services, pair: tuple[Path, Path]) -> ScanOrder:
    ids = []
    for path in pair:
        with private_folder(services.settings.data / "incoming") as folder:
            ids.append(add_scene(services, take_copy(path, folder), SceneFacts())[0].id)
    return ScanOrder(*ids, options={"detector": "training-free", "window_px": 256})


def own_model(services: Services, name: str) -> str:
    """A copy of a shipped model under a name of the bureau's own."""
    source = next(path.parent for path in sorted(SHIPPED.glob(f"*/{MANIFEST}")))
    target = services.settings.data / "models" / name
    if not target.exists():
        shutil.copytree(source, target)
        told = json.loads((target / MANIFEST).read_text())
        (target / MANIFEST).write_text(json.dumps({**told, "name": name}))
    return detector_for(services.settings, name)


def claimed(services: Services, order: ScanOrder) -> tuple[Job, Claim]:
    """A job that nobody but the test works on."""
    runner = uuid.uuid4().hex
    job = new_job("scan", as_request(order), runner, place=runner)
    services.store.jobs.submit(job)
    found = services.store.jobs.claim(runner, Wanted(place=runner))
    assert found is not None and found[0].id == job.id
    return found


def scanned(services: Services, order: ScanOrder, executor: str) -> list[object]:
    settings = services.settings
    jobs = settings.jobs.model_copy(update={"threads_per_scan": 2})
    services = replace(services, settings=settings.model_copy(update={"executor": executor, "jobs": jobs}))
    job, claim = claimed(services, order)
    crew = crew_for(services, job)
    assert (crew is None) == (executor == "threads")
    result = scan_again(services, order, Hands(steps=JobSteps(services, claim, job.inputs_key), crew=crew))
    services.store.jobs.fail(claim, {"title": "measured", "code": "the-end"})
    features: list[object] = result.feature_collection()["features"]
    return features


def test_processes_find_the_same(services: Services, order: ScanOrder) -> None:
    assert scanned(services, order, "processes") == scanned(services, order, "threads") != []


def test_a_cluster_finds_the_same_with_a_model_that_its_workers_do_not_have(
    services: Services, order: ScanOrder, tmp_path: Path
) -> None:
    order = replace(order, options={**order.options, "detector": own_model(services, "ours-1")})
    port = free_port()
    planner = scheduler(port)
    # a worker with a data folder of its own would not see this store, which is a file
    helper = worker("--windows", data=services.settings.data, KANCHA_EXECUTOR=f"dask://127.0.0.1:{port}")
    try:
        assert scanned(services, order, f"dask://127.0.0.1:{port}") == scanned(services, order, "threads")
        assert helper.said("is done")
        assert helper.stop() == 0
    finally:
        helper.stop()
        planner.stop()


def test_a_worker_elsewhere_fetches_what_it_lacks(services: Services, order: ScanOrder, tmp_path: Path) -> None:
    order = replace(order, options={**order.options, "detector": own_model(services, "ours-2")})
    job, claim = claimed(services, order)
    scan_again(services, order, Hands(steps=JobSteps(services, claim, job.inputs_key)))
    ticket = ticket_for(services, job)
    assert ticket == ticket_for(services, job), "the same model is the same file"
    elsewhere = replace(services, settings=services.settings.model_copy(update={"data": tmp_path / "elsewhere"}))
    plan, here = plan_for(elsewhere, ticket), plan_for(services, ticket)
    assert plan.model is not None and plan.model.identity == order.options["detector"]
    assert plan.model.folder.is_relative_to(tmp_path), "it has the model from the storage"
    group = grouped(list(here.grid.windows(512)))[0]
    assert freeze(work_on(plan, group)) == freeze(work_on(here, group))
    services.store.jobs.fail(claim, {"title": "measured", "code": "the-end"})


def test_ids_and_windows_travel_and_nothing_else(services: Services, order: ScanOrder) -> None:
    job, claim = claimed(services, order)
    storage = ObjectStorage(url="s3://bucket", access_key="access-word", secret_key="secret-word")
    settings = services.settings.model_copy(
        update={"executor": "dask://scheduler:8786", "storage": storage, "store": "postgresql://me:word@db/kancha"}
    )
    crew = crew_for(replace(services, settings=settings), job)
    assert isinstance(crew, OnCluster) and crew.address == "tcp://scheduler:8786"
    sent = pickle.dumps((crew.do, GROUPS[0]))
    assert len(sent) < 600 and job.id.encode() in sent
    for word in (b"word", b"postgresql", b"bucket", str(settings.data).encode(), order.before_scene.encode()):
        assert word not in sent
    services.store.jobs.fail(claim, {"title": "measured", "code": "the-end"})


def test_who_does_not_see_the_job_says_so(services: Services, order: ScanOrder, tmp_path: Path) -> None:
    job, claim = claimed(services, order)
    ticket = ticket_for(services, job)
    with pytest.raises(ClusterSetupError, match="not kept"):
        plan_for(services, ticket)
    with pytest.raises(ClusterSetupError, match="sent by 9"):
        plan_for(services, replace(ticket, code="9"))
    other = open_services(Settings(data=tmp_path / "other"))
    with pytest.raises(ClusterSetupError, match="does not know the job"):
        plan_for(other, ticket)
    other.close()
    assert services.store.steps.kept(job.inputs_key, READ) is None
    services.store.jobs.fail(claim, {"title": "measured", "code": "the-end"})


def test_a_worker_of_nobody_is_refused(services: Services, tmp_path: Path) -> None:
    require_shared(services.settings)
    with pytest.raises(ClusterSetupError, match="holds no database"):
        require_shared(Settings(data=tmp_path))
    with pytest.raises(ClusterSetupError, match="KANCHA_STORAGE__URL"):
        require_shared(Settings(data=tmp_path, store="postgresql://db/kancha"))
    require_shared(
        Settings(data=tmp_path, store="postgresql://db/kancha", storage=ObjectStorage(url="s3://bucket"))
    )  # fmt: skip
    for arguments, executor, code in (
        (("worker",), "threads", "cluster-setup"),
        (("worker", "--windows"), "threads", "there is no cluster to work for"),
        (("worker", "--windows"), "dask://127.0.0.1:1", "cluster-setup"),
        (("worker",), "dask:127.0.0.1", "KANCHA_EXECUTOR"),
    ):
        done = kancha(*arguments, data=tmp_path, KANCHA_EXECUTOR=executor)
        assert done.returncode == 2 and code in done.stderr, done.stderr
    assert kancha("worker", "--check", data=tmp_path).returncode == 1
    assert kancha("worker", "--check", data=services.settings.data, KANCHA_JOBS__LEASE_S="3600").returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_what_lies_on_one_shelf_alone_is_done_there(services: Services, order: ScanOrder) -> None:
    storage = ObjectStorage(url="s3://bucket")
    shared = replace(services, settings=services.settings.model_copy(update={"storage": storage}))
    job, _ = order_scan(shared, order)
    assert shared.store.jobs.get(job.id).place == "", "everybody can do it"
    own = replace(order, options={**order.options, "detector": own_model(services, "ours-3")})
    job, _ = order_scan(shared, own)
    assert services.runner is not None
    assert shared.store.jobs.get(job.id).place == services.runner.place


# --- ends ----------------------------------------------------------------------------------------


def test_a_process_that_is_killed_is_told() -> None:
    with pytest.raises(ClusterCrashError, match="ended abnormally"):
        list(OnProcesses(2, die).work(NO_PLAN, GROUPS))  # type: ignore[arg-type]


def test_a_refusal_comes_back_with_its_figures() -> None:
    with pytest.raises(ClusterSetupError, match="Not here") as caught:
        list(OnProcesses(1, refuse).work(NO_PLAN, GROUPS[:1]))  # type: ignore[arg-type]
    assert (caught.value.remedy, caught.value.measured) == ("Elsewhere.", {"group": "windows-0"})


def test_a_scheduler_that_is_away_is_told() -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(ClusterError, match="did not answer"):
        list(OnCluster(address, "job", rest, connect_s=1).work(NO_PLAN, GROUPS))  # type: ignore[arg-type]
    assert list(OnCluster(address, "job", rest).work(NO_PLAN, [])) == []  # type: ignore[arg-type]


def test_a_cluster_without_workers_is_told() -> None:
    port = free_port()
    planner = scheduler(port)
    crew = OnCluster(f"tcp://127.0.0.1:{port}", "job", rest, workers_s=1)
    try:
        with pytest.raises(ClusterError, match="no worker"):
            list(crew.work(NO_PLAN, GROUPS))  # type: ignore[arg-type]
    finally:
        planner.stop()


def test_windows_that_end_one_worker_after_the_other_are_told(services: Services) -> None:
    port = free_port()
    planner = scheduler(port, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    told = {"KANCHA_EXECUTOR": f"dask://127.0.0.1:{port}"}
    helper = worker("--windows", data=services.settings.data, **told)
    crew = OnCluster(f"tcp://127.0.0.1:{port}", "job", die)
    try:
        with pytest.raises(ClusterCrashError, match="ended 1 workers"):
            list(crew.work(NO_PLAN, GROUPS[:1]))  # type: ignore[arg-type]
        assert helper.process.wait(20) == -signal.SIGKILL
    finally:
        helper.stop()
        planner.stop()


def test_a_worker_waits_for_its_scheduler_and_finds_it_again(services: Services, order: ScanOrder) -> None:
    port = free_port()
    told = {"KANCHA_EXECUTOR": f"dask://127.0.0.1:{port}"}
    helper = worker("--windows", data=services.settings.data, until_said="looking for", **told)
    planner = scheduler(port)
    try:
        helper.expect("takes windows")
        planner.kill()
        planner = scheduler(port)
        crew = OnCluster(f"tcp://127.0.0.1:{port}", "job", refuse)
        with pytest.raises(ClusterSetupError, match="Not here"):
            list(crew.work(NO_PLAN, GROUPS))  # type: ignore[arg-type]
        assert helper.stop() == 0 and helper.said("stopped")
    finally:
        helper.stop()
        planner.stop()


def under_tls(folder: Path) -> dict[str, str]:
    """Settings of Dask with a certificate of the test's own."""
    chain, key = (str(path) for path in certificate(folder))
    tls = "DASK_DISTRIBUTED__COMM__TLS__"
    told = {f"{tls}CA_FILE": chain, "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "True"}
    for who in ("SCHEDULER", "WORKER", "CLIENT"):
        told |= {f"{tls}{who}__CERT": chain, f"{tls}{who}__KEY": key}
    return told


@pytest.mark.soak
def test_a_cluster_under_tls_takes_nobody_without_a_certificate(services: Services, tmp_path: Path) -> None:
    told, port = under_tls(tmp_path), free_port()
    planner = scheduler(port, "--protocol", "tls", **told)
    told |= {"KANCHA_EXECUTOR": f"dasks://127.0.0.1:{port}"}
    helper = worker("--windows", data=services.settings.data, **told)
    code = (
        "from tests.integration.test_executors import *\n"
        f"try: list(OnCluster('tls://127.0.0.1:{port}', 'job', refuse, connect_s=5).work(None, GROUPS))\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    try:
        for env, says in ((told, "ClusterSetupError Not here"), ({}, "Dask knows no certificate")):
            env = environment(tmp_path, **env)
            done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
            assert says in done.stdout, done.stdout + done.stderr
    finally:
        helper.stop()
        planner.stop()


def test_the_group_of_a_job_is_done_with_the_settings_that_are_told(services: Services, order: ScanOrder) -> None:
    job, claim = claimed(services, order)
    scan_again(services, order, Hands(steps=JobSteps(services, claim, job.inputs_key)))
    ticket = ticket_for(services, job)
    plan = plan_for(services, ticket)
    assert plan.grid.shape[0] > 256 and ScanOptions().window_px == 2048
    group = grouped(list(plan.grid.windows(256)))[0]
    do = partial(do_group, ticket, told=services.settings.model_dump_json())
    assert do(group) == freeze(work_on(plan, group)) == do(group)
    services.store.jobs.fail(claim, {"title": "measured", "code": "the-end"})
