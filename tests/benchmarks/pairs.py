"""Scans of real pairs against their labels."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from geodata.errors import AlignmentError, UsablePixelsError
from geodata.evaluate import Evaluation, evaluate_label, pool
from geodata.scan import scan
from geodata.scan_images import Judge
from geodata.types import ScanOptions

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
DATES = ScanOptions(
    before_date=datetime(2010, 1, 1, tzinfo=UTC),
    after_date=datetime(2020, 1, 1, tzinfo=UTC),
)
"""The real pairs carry no dates; any two in the right order do."""
AMBIGUOUS = ("instances_test_377",)
"""Labelled as demolished and new at once by its publisher."""


@dataclass(frozen=True)
class Pairs:
    """Real pairs with their labels.

    Args:
        folder: Folder of `before`, `after` and the labels.
        labels: Name of the labels' folder.
        title: What they are called.
    """

    folder: Path
    labels: str
    title: str


def real_pairs(
    pairs: Pairs, console: Console, options: ScanOptions, judge: Judge | None = None
) -> tuple[Evaluation, dict[str, Any]] | None:
    """Scan every pair of a folder and measure it against its label; what is refused is counted and left out."""
    folder, labels, title = pairs.folder, pairs.labels, pairs.title
    names = sorted(p.name for p in (folder / labels).glob("*.tif") if not p.stem.startswith(AMBIGUOUS))
    if not names:
        console.print(f"[yellow]skipped: {folder} is not there[/yellow]")
        return None
    parts: list[Evaluation] = []
    refused: list[str] = []
    begun = time.perf_counter()
    for name in names:
        try:
            found = scan(folder / "before" / name, folder / "after" / name, options=options, judge=judge).findings
        except (AlignmentError, UsablePixelsError) as error:
            refused.append(f"{Path(name).stem} ({error.code})")
        else:
            parts.append(evaluate_label(found, folder / labels / name, name=Path(name).stem))
    total = pool(parts, name=f"{title}, {len(parts)} of {len(names)} real pairs")
    console.print(total.pairs_table())
    console.print(total.table())
    seconds = time.perf_counter() - begun
    console.print(f"{len(parts)} pairs scanned and measured in {seconds:.1f} s, {len(refused)} refused")
    return total, {**total.as_dict(), "refused": refused, "seconds": seconds}


TEXAS = Pairs(DATA / "levir_dev", "label", "Texas")
FRANCE = Pairs(DATA / "france_pairs", "change", "France")
