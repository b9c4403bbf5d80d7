"""Looks as files: made once from a scene's mask, and made again whenever they are not there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from geodata.coverage.looks import Look, PackedLook
from geodata.grid import Grid


def write_look(look: PackedLook, path: Path) -> None:
    """Write a look: a line of JSON, then its shares."""
    told = {"row": look.row, "col": look.col, "shape": look.shape}
    path.write_bytes(json.dumps(told).encode() + b"\n" + look.data)


@dataclass(frozen=True)
class KeptLook:
    """A look in a file: read when the ledger comes to it, and not kept in memory.

    Args:
        scene: Id of the scene.
        on: When it was taken.
        path: The file.
    """

    scene: str
    on: datetime
    path: Path

    def over(self, cells: Grid) -> Look | None:
        """What it says of a grid of cells of its lattice; None where it says nothing of them."""
        head, _, data = self.path.read_bytes().partition(b"\n")
        told = json.loads(head)
        shape = (int(told["shape"][0]), int(told["shape"][1]))
        return PackedLook(self.scene, self.on, int(told["row"]), int(told["col"]), shape, data).over(cells)
