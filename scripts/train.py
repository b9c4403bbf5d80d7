"""`kancha train`: a model from labelled pairs and from what officers judged."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from scripts.opened import Data, opened
from scripts.terminal import progress_bar


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
    from service.usecases.training import TrainOrder, train_model

    order = TrainOrder(tuple(folders or ()), judged, name, parent, size, minutes, seed, report, keep_worse)
    shown = [""]

    def tell(share: float, line: str) -> None:
        progress(share, line)
        if "held out" in line and line != shown[0] and not sys.stderr.isatty():
            typer.echo(f"{share:5.0%} {line}", err=True)
        shown[0] = line

    with opened(data, changes="train") as services, progress_bar("train") as progress:
        outcome, written = train_model(services, order, tell)
    table = Table(title=f"{outcome.model.identity} on {outcome.split['compare']} held-out places", title_justify="left")
    for heading in ("", "pixel F1", "found", "object F1", "false per km2"):
        table.add_column(heading, justify="left" if not heading else "right")
    for label, told in (("new", outcome.figures), ("in use", outcome.champion)):
        figures = (f"{v:.3f}" for v in (told.pixel_f1, told.object_recall, told.object_f1))
        table.add_row(label, *figures, f"{told.false_per_km2:.0f}")
    gap, low, high = outcome.difference
    table.caption = f"difference {gap:+.3f} (95 % {low:+.3f} to {high:+.3f})"
    Console().print(table)
    for one in outcome.refused:
        typer.echo(f"left out {one.name}: {one.why}", err=True)
    typer.echo(f"written: {written}\nuse it: kancha models use {outcome.model.name}", err=True)
