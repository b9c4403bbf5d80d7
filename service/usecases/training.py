"""Training: from folders and judged findings to a model on the bureau's own shelf, if it is better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from geodata.errors import OptionError, TrainingError
from service.services import Services
from service.usecases.judged_pairs import judged_pairs
from service.usecases.models import CURRENT, add, judge_for, require_free

if TYPE_CHECKING:
    from geodata.learn.outcome import Outcome

SCRATCH = "scratch"


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
    from geodata.learn.cases import cases_in, judged_cases
    from geodata.learn.network import SIZES, Design
    from geodata.learn.report import write_report
    from geodata.learn.training import Budget

    if order.size not in SIZES:
        raise OptionError(f"There is no size {order.size!r}.", remedy=f"Known: {', '.join(SIZES)}.")
    cases = [case for folder in order.folders for case in cases_in(folder)]
    if order.judged:
        cases += judged_cases(judged_pairs(services))
    if not cases:
        raise TrainingError(
            "There is nothing to learn from.", remedy="Give folders, or --judged once findings have been judged."
        )
    parent = None if order.parent == SCRATCH else judge_for(services.settings, order.parent, folders=True).model
    request = Request(
        name=order.name,
        parent=parent,
        champion=judge_for(services.settings, CURRENT).model,
        from_scratch=parent is None,
        design=Design(order.size, twin=True),
        budget=Budget(order.minutes),
        seed=order.seed,
    )
    work = services.settings.data / "training" / order.name
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
