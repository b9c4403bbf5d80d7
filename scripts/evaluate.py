"""`kancha evaluate`: detections against the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def evaluate(
    detections: Annotated[Path, typer.Argument(help="GeoJSON of detections, or a folder of them.")],
    truth: Annotated[Path, typer.Argument(help="GeoJSON of the truth, or a folder of them.")],
) -> None:
    """Measure precision, recall, F1, false alarms and recall by area class."""
    # loaded on demand: no other command needs it
    from geodata.evaluate import evaluate_files

    Console().print(evaluate_files(detections, truth).table())
