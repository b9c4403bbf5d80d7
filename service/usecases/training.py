"""Training: from folders and judged findings to a model on the bureau's own shelf, if it is better."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from geodata.errors import OptionError, TrainingError
from service.errors import ConflictError, InternalError
from service.files import sha256_of
from service.jobs.kinds import TRAINING
from service.jobs.states import ACTIVE, JobState
from service.services import Services
from service.store.job_records import Job, Urgency, new_job
from service.usecases import jobs
from service.usecases.judged_pairs import judged_pairs
from service.usecases.models import CURRENT, add, judge_for, require_free
from service.version import code_version

if TYPE_CHECKING:
    from geodata.detect.models import Model
    from geodata.learn.cases import Case
    from geodata.learn.outcome import Outcome

SCRATCH = "scratch"
_MOST_ACTIVE = 10_000


@dataclass(frozen=True)
class TrainOrder:
    """What is asked of a training.

    Args:
        folders: Folders with before, after and label.
        judged: Learn from the verdicts in the store too.
        name: Name of the new model.
        parent: Model to begin from, by its name, or `scratch`.
        size: Size of a network from scratch.
        minutes: Working time.
        seed: Of everything random.
        report: HTML report, None: beside the model.
        keep_worse: Keep the model though it is not better than the one in use.
    """

    folders: tuple[Path, ...]
    judged: bool
    name: str
    parent: str = SCRATCH
    size: str = "base"
    minutes: float = 60.0
    seed: int = 0
    report: Path | None = None
    keep_worse: bool = False


def order_training(services: Services, order: TrainOrder) -> Job:
    """Order a training as a durable run of this data folder: its checkpoints and the models lie there.

    Args:
        services: A service with a runner.
        order: What is asked.

    Returns:
        The job, stored: the one that is under way with the same inputs, or a new one.

    Raises:
        TrainingError: If torch is missing, or there is nothing to learn from.
        MissingFileError: If a folder is not as it must be.
        OptionError: If there is no such size or parent.
        ModelError: If the name is taken, or the model to begin from cannot be used.
        ConflictError: If a model of that name is being trained on something else.
    """
    _require_torch()
    require_free(services.settings, order.name)
    key = _inputs_key(services, order)
    _make_way(services, order.name, key)
    if services.runner is None:
        raise InternalError("This service runs no jobs.")
    while True:
        told = {"place": services.runner.place, "owner": services.caller.id, "urgency": Urgency.NIGHT}
        job, new = jobs.order(services, new_job(TRAINING, as_request(order), key, **told))
        if new or job.state in ACTIVE:
            return job
        # it was trained once, and is on the shelf no more
        key = hashlib.sha256(f"{key}|{job.id}".encode()).hexdigest()


def as_request(order: TrainOrder) -> dict[str, Any]:
    """An order as plain values."""
    report = None if order.report is None else str(order.report)
    return {**asdict(order), "folders": [str(folder) for folder in order.folders], "report": report}


def from_request(request: Mapping[str, Any]) -> TrainOrder:
    """An order from its plain values."""
    report = None if request["report"] is None else Path(request["report"])
    return TrainOrder(**{**request, "folders": tuple(Path(one) for one in request["folders"]), "report": report})


def _make_way(services: Services, name: str, key: str) -> None:
    """Stop a training of the same name that waits: another order takes its place, and goes on with its checkpoints."""
    for state in ACTIVE:
        for job in services.store.jobs.page(_MOST_ACTIVE, state=state).items:
            if job.kind != TRAINING or job.request["name"] != name or job.inputs_key == key:
                continue
            ours = services.runner is not None and job.runner == services.runner.id
            if job.state is JobState.RUNNING and not ours:
                raise ConflictError(
                    f"A model {name} is being trained just now, on something else (job {job.id}).",
                    remedy="Wait for its end, or give the new one another name.",
                )
            jobs.dismiss_job(services, job.id)


def _inputs_key(services: Services, order: TrainOrder) -> str:
    """A hash of everything that decides the result: the files, the verdicts, the models, the code."""
    cases = _known(services, order)
    digest = hashlib.sha256(code_version().encode())
    for folder in order.folders:
        for path in sorted(
            p for part in ("before", "after", "label") for p in (folder / part).iterdir() if p.is_file()
        ):
            digest.update(f"{path.relative_to(folder)}|{sha256_of(path)}\n".encode())
    if order.judged:
        for one in sorted(services.store.verdicts.judged(), key=lambda one: one.verdict.id):
            digest.update(f"{one.verdict.id}|{one.verdict.verdict}|{one.verdict.finding_id}\n".encode())
    parent, champion = _models(services, order)
    told = as_request(order) | {"folders": len(order.folders), "report": None, "cases": len(cases)}
    told |= {"from": "" if parent is None else parent.identity, "in_use": "" if champion is None else champion.identity}
    digest.update(orjson.dumps(told, option=orjson.OPT_SORT_KEYS))
    return digest.hexdigest()


def _known(services: Services, order: TrainOrder) -> list[Case]:
    """What there is to learn from.

    Raises:
        TrainingError: If there is nothing.
        MissingFileError: If a folder is not as it must be.
        OptionError: If there is no such size.
    """
    from geodata.learn.cases import cases_in, judged_cases
    from geodata.learn.network import SIZES

    if order.size not in SIZES:
        raise OptionError(f"There is no size {order.size!r}.", remedy=f"Known: {', '.join(SIZES)}.")
    cases = [case for folder in order.folders for case in cases_in(folder)]
    if order.judged:
        cases += judged_cases(judged_pairs(services))
    if not cases:
        raise TrainingError(
            "There is nothing to learn from.", remedy="Give folders, or --judged once findings have been judged."
        )
    return cases


def _models(services: Services, order: TrainOrder) -> tuple[Model | None, Model | None]:
    """The model to begin from, and the one in use."""
    parent = None if order.parent == SCRATCH else judge_for(services.settings, order.parent, folders=True).model
    return parent, judge_for(services.settings, CURRENT).model


def work_folder(services: Services, name: str) -> Path:
    """Where the training of a model lies: checkpoints, the new model, the report."""
    return services.settings.data / "training" / name


def train_model(services: Services, order: TrainOrder, tell: Callable[[float, str], None]) -> tuple[Outcome, Path]:
    """Train, compare, and keep what is better.

    Args:
        services: The service.
        order: What is asked.
        tell: Hears of the progress.

    Returns:
        What came of it, and the report.

    Raises:
        TrainingError: If torch is missing, too little is known, or the model is not better.
        ModelError: If the name is taken, or the model to begin from cannot be used.
    """
    _require_torch()
    require_free(services.settings, order.name)
    from geodata.learn.bureau import Request, learn
    from geodata.learn.network import Design
    from geodata.learn.report import write_report
    from geodata.learn.training import Budget

    cases = _known(services, order)
    parent, champion = _models(services, order)
    request = Request(
        name=order.name,
        parent=parent,
        champion=champion,
        from_scratch=parent is None,
        design=Design(order.size, twin=True),
        budget=Budget(order.minutes),
        seed=order.seed,
    )
    work = work_folder(services, order.name)
    outcome = learn(cases, request, work, tell)
    report = order.report or work / "report.html"
    write_report(report, outcome)
    if not outcome.better and not order.keep_worse:
        gap, low, high = outcome.difference
        raise TrainingError(
            f"{order.name} is not better on the held-out places: {gap:+.3f} ({low:+.3f} to {high:+.3f}); "
            f"the model in use stays. The report is {report}.",
            remedy="Judge more findings and train again, train longer, or keep it with --keep-worse.",
            difference=round(gap, 4),
        )
    add(services.settings, outcome.model.folder)
    return outcome, report


def _require_torch() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("torch", "onnx") if find_spec(name) is None]
    if missing:
        raise TrainingError(
            f"Training needs {' and '.join(missing)}, which scanning does not.",
            remedy="Install it once: pip install 'kancha[train]', or in a clone ./tools/setup train.",
        )
