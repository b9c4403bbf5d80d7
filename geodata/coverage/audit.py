"""The recall audit: random places without a finding, for people to look at, and what share of them hid something.

A detector cannot tell what it misses. So cells that were seen and hold no finding are drawn at random, officers look at
them, and the share of those that hold a structure nobody reported is the miss rate, with its interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geodata.coverage.cells import Cells
from geodata.coverage.ledger import Ledger
from geodata.crs import CRS84
from geodata.errors import OptionError
from geodata.repair import to_crs
from geodata.shares import Rate, rate

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class AuditCell:
    """A cell for people to look at.

    Args:
        row: Its row in the lattice of the cells.
        col: Its column.
        outline: In CRS84.
    """

    row: int
    col: int
    outline: shapely.Polygon


def audit_cells(ledger: Ledger, findings: npt.NDArray[np.object_], count: int, seed: int) -> list[AuditCell]:
    """Draw cells that were seen in time and that no finding touches, each as likely as its ground in the area.

    Args:
        ledger: What was seen.
        findings: Outlines of all findings, in CRS84.
        count: How many are wanted; fewer are drawn where there are not so many.
        seed: The same seed draws the same cells.

    Raises:
        OptionError: If none is wanted, or none can be drawn.
    """
    if count < 1:
        raise OptionError(f"{count} cells are no audit.", remedy="Ask for one or more.")
    cells = ledger.cells
    rows, cols = np.nonzero(free_cells(ledger, findings))
    if not len(rows):
        raise OptionError(
            "No cell was seen in time without a finding in it, so there is nothing to audit.",
            remedy="Scan newer scenes of the area first.",
        )
    weight = cells.share[rows, cols] / cells.share[rows, cols].sum()
    rng = np.random.default_rng(seed)
    drawn = rng.choice(len(rows), min(count, len(rows)), replace=False, p=weight)
    return [AuditCell(int(rows[k]), int(cols[k]), outline_of(cells, int(rows[k]), int(cols[k]))) for k in drawn]


def free_cells(ledger: Ledger, findings: npt.NDArray[np.object_]) -> BoolArray:
    """Cells that were seen in time and that no finding (CRS84) touches, shape of the cells."""
    cells = ledger.cells
    return np.asarray((ledger.reason < 0) & (cells.share > 0) & ~_touched(cells, findings))


def miss_rate(missed: list[bool]) -> Rate:
    """The share of audited cells that hide a structure nobody reported, with its 95 % interval."""
    return rate(missed)


def outline_of(cells: Cells, row: int, col: int) -> shapely.Polygon:
    """A cell in CRS84."""
    (outline,) = to_crs(cells.squares(np.array([row]), np.array([col])), cells.grid.crs, CRS84)
    return outline


def _touched(cells: Cells, findings: npt.NDArray[np.object_]) -> BoolArray:
    out = np.zeros(cells.grid.shape, bool)
    if len(findings):
        local = to_crs(findings, CRS84, cells.grid.crs)
        left, bottom, right, top = shapely.bounds(local).T
        t = cells.grid.transform
        for c0, c1, r0, r1 in zip(
            np.floor((left - t.c) / t.a), np.floor((right - t.c) / t.a), np.floor((top - t.f) / t.e),
            np.floor((bottom - t.f) / t.e), strict=True,
        ):  # fmt: skip
            out[max(0, int(r0)) : max(0, int(r1) + 1), max(0, int(c0)) : max(0, int(c1) + 1)] = True
    return out
