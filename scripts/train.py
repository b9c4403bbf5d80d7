"""`kancha train`: a model from labelled pairs and from what officers judged."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from scripts.opened import Data, opened
from scripts.terminal import progress_bar

if TYPE_CHECKING:
    from geodata.types import ProgressHook
    from service.services import Services
    from service.store.job_records import Job

_POLL_S = 0.3


def train(
    folders: Annotated[list[Path] | None, typer.Argument(help="Folders with before, after and label.")] = None,
    name: Annotated[str, typer.Option(help="Name of the new model.")] = "bureau-1",
    judged: Annotated[bool, typer.Option("--judged", help="Learn from the judged findings of the store too.")] = False,
    parent: Annotated[str, typer.Option("--from", help="Model to begin from, or scratch.")] = "starter-2",
    size: Annotated[str, typer.Option(help="From scratch: small, base or large.")] = "base",
    minutes: Annotated[float, typer.Option(help="Working time; an interrupted training goes on.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    keep_worse: Annotated[
        bool, typer.Option("--keep-worse", help="Keep the model though it is not better than the one in use.")
    ] = False,
    report: Annotated[Path | None, typer.Option(help="HTML report [in the training's folder].")] = None,
    data: Data = None,
) -> None:
    """Train a model on this city, and keep it if it is better on places that it never saw."""
    # loaded on demand: the other commands need none of it
    from service.jobs.states import JobState
    from service.usecases.jobs import failure_of
    from service.usecases.training import TrainOrder, order_training

    # the job may be done by another process, which stands elsewhere
    given = tuple(folder.absolute() for folder in folders or ())
    parent = str(Path(parent).absolute()) if os.sep in parent else parent
    written = None if report is None else report.absolute()
    order = TrainOrder(given, judged, name, parent, size, minutes, seed, written, keep_worse)
    with opened(data, runner=True, changes="train") as services, progress_bar("train") as progress:
        job = _watched(services, order_training(services, order), progress)
        if job.state is not JobState.SUCCESSFUL or job.result is None:
            raise failure_of(job)
    _show(job.result)


def _watched(services: Services, job: Job, progress: ProgressHook) -> Job:
    """The job once it has come to its end."""
    from geodata.errors import KanchaError
    from service.jobs.states import ACTIVE

    shown = ""
    while job.state in ACTIVE:
        progress(job.progress / 100, job.message)
        measured = job.message.partition("held out")[2].strip(": ")
        if measured and measured != shown and not sys.stderr.isatty():
            typer.echo(f"{job.progress:3d}% held out: {measured}", err=True)
            shown = measured
        if services.runner is None or not services.runner.alive:
            raise KanchaError("The runner of the training has stopped.", remedy="Give the same command: it goes on.")
        time.sleep(_POLL_S)
        job = services.store.jobs.get(job.id)
    return job


def _show(told: Mapping[str, Any]) -> None:
    title = f"{told['identity']} on {told['places']['compare']} held-out places"
    table = Table(title=title, title_justify="left")
    for heading in ("", "pixel F1", "found", "object F1", "false per km2"):
        table.add_column(heading, justify="left" if not heading else "right")
    for label, measured in (("new", told["figures"]), ("in use", told["in_use"])):
        figures = (f"{measured[key]:.3f}" for key in ("pixel_f1", "object_recall", "object_f1"))
        table.add_row(label, *figures, f"{measured['false_per_km2']:.0f}")
    gap, low, high = told["difference"]
    table.caption = f"difference {gap:+.3f} (95 % {low:+.3f} to {high:+.3f})"
    Console().print(table)
    for one in told["left_out"]:
        typer.echo(f"left out {one['name']}: {one['why']}", err=True)
    typer.echo(f"written: {told['report']}\nuse it: kancha models use {told['model']}", err=True)
