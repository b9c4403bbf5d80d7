"""`kancha models`: list, show and add models, and say which one scans take."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scripts.opened import Data, opened

if TYPE_CHECKING:
    from service.usecases.models import ModelEntry

app = typer.Typer(no_args_is_help=True, help="List, show and add models, and say which one scans take.")
_SHORT = {"pixel_f1": "F1", "object_f1": "object F1", "false_per_km2": "false/km2"}


@app.command("list")
def show_all(data: Data = None) -> None:
    """List the models; the first is always there."""
    # loaded on demand: the other commands need none of it
    from service.settings import read_settings
    from service.usecases.models import list_models

    found = list_models(read_settings(data=data))
    table = Table(title=f"{len(found)} models", title_justify="left")
    for name in ("in use", "name", "checksum", "pixel m", "figures", "trained on"):
        table.add_column(name, overflow="fold", justify="right" if name == "pixel m" else "left")
    for entry in found:
        gsd_m = entry.input.get("gsd_m")
        table.add_row(
            "yes" if entry.in_use else "",
            escape(entry.name),
            entry.checksum or "-",
            "-" if gsd_m is None else f"{gsd_m:g}",
            escape(figures_in_short(entry.figures)),
            escape(f"cannot be used: {entry.fault}" if entry.fault else data_in_words(entry.training, short=True)),
        )
    # a pipe or a log has no width of its own
    console = Console() if sys.stdout.isatty() else Console(width=200)
    console.print(table)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Name of the model, or training-free.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    data: Data = None,
) -> None:
    """Show the card of a model, and what it reached."""
    from service.settings import read_settings
    from service.usecases.models import get_model

    entry = get_model(read_settings(data=data), name)
    if as_json:
        typer.echo(json.dumps(asdict(entry), ensure_ascii=False, indent=1))
        return
    for line in lines_of(entry):
        typer.echo(line)


@app.command("add")
def add(folder: Annotated[Path, typer.Argument(help="Folder of a model.")], data: Data = None) -> None:
    """Copy a model to the data folder; it never changes there."""
    from service.usecases import models as usecase

    with opened(data, changes="models add") as services:
        entry, new = usecase.add(services.settings, folder)
    typer.echo(f"{'added' if new else 'already there'}: {entry.name}+{entry.checksum}")


@app.command("use")
def use(
    name: Annotated[str, typer.Argument(help="Name of the model, or training-free.")],
    data: Data = None,
) -> None:
    """Let scans take a model where nobody says otherwise."""
    from service.usecases import models as usecase

    with opened(data, changes="models use") as services:
        typer.echo(f"in use: {usecase.use(services.settings, name)}")


def figures_in_short(figures: Mapping[str, Any]) -> str:
    """The best known figures of each group: `held out: F1 0.61, object F1 0.72`."""
    told = []
    for group, values in figures.items():
        known = [f"{word} {values[key]}" for key, word in _SHORT.items() if key in values]
        told.append(f"{group}: {', '.join(known)}" if known else str(group))
    return "; ".join(told)


def data_in_words(training: Mapping[str, Any], *, short: bool = False) -> str:
    """Names and licences of what a model was trained on: `drawn fields (CC0-1.0)`.

    Args:
        training: What is told of the training.
        short: Leave out what follows the name of a licence: the attribution.
    """
    told = []
    for one in training.get("data", ()):
        data = one if isinstance(one, Mapping) else {"name": one, "licence": ""}
        licence = str(data.get("licence", "licence unknown"))
        licence = licence.partition(";")[0] if short else licence
        told.append(f"{data.get('name')} ({licence})" if licence else str(data.get("name")))
    return ", ".join(told)


def lines_of(entry: ModelEntry) -> list[str]:
    """A model for people: what it is, its figures, its data, its card."""
    lines = [f"{entry.name}+{entry.checksum}" if entry.checksum else entry.name]
    lines += ["in use"] if entry.in_use else []
    lines += [f"cannot be used: {entry.fault}"] if entry.fault else []
    for title, values in (("input", entry.input), ("points", entry.points)):
        lines += [f"{title}: {', '.join(f'{key} {value}' for key, value in values.items())}"] if values else []
    for group, figures in entry.figures.items():
        lines.append(f"{group}: {', '.join(f'{key} {value}' for key, value in figures.items())}")
    lines += [f"trained on: {trained}"] if (trained := data_in_words(entry.training)) else []
    return [*lines, "", entry.card.rstrip()] if entry.card else lines
