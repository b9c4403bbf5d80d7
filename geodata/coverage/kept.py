"""Looks as files: made once from a scene's mask, and made again whenever they are not there."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from geodata.coverage.looks import PackedLook


def write_look(look: PackedLook, path: Path) -> None:
    """Write a look: a line of JSON, then its shares."""
    told = {"scene": look.scene, "on": look.on.isoformat(), "row": look.row, "col": look.col, "shape": look.shape}
    path.write_bytes(json.dumps(told).encode() + b"\n" + look.data)


def read_look(path: Path) -> PackedLook:
    """A look that was written."""
    head, _, data = path.read_bytes().partition(b"\n")
    told = json.loads(head)
    shape = (int(told["shape"][0]), int(told["shape"][1]))
    return PackedLook(
        told["scene"], datetime.fromisoformat(told["on"]), int(told["row"]), int(told["col"]), shape, data
    )
