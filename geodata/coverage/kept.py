"""Looks as files: made once from a scene's mask, and made again whenever they are not there."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import cast

import numpy as np

from geodata.coverage.looks import F32, Hidden, Look

_STEPS = 250
_TOLD, _SEEN = "__told__", "seen"


def write_look(look: Look, path: Path) -> None:
    """Write a look, shares in steps of 0.4 %; kinds that hide nothing are left out."""
    told = json.dumps({"scene": look.scene, "on": look.on.isoformat()})
    parts: dict[str, F32] = {_SEEN: look.seen}
    parts |= {name: share for name, share in look.hidden.items() if share.any()}
    packed = {name: np.rint(share * _STEPS).astype(np.uint8) for name, share in parts.items()}
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **{_TOLD: np.array(told)}, **packed)


def read_look(path: Path) -> Look:
    """A look that was written."""
    with np.load(path, allow_pickle=False) as kept:
        told = json.loads(str(kept[_TOLD]))
        parts: dict[str, F32] = {
            name: (kept[name] / np.float32(_STEPS)).astype(np.float32) for name in kept.files if name != _TOLD
        }
    seen = parts.pop(_SEEN)
    hidden = {cast(Hidden, name): share for name, share in parts.items()}
    return Look(told["scene"], datetime.fromisoformat(told["on"]), seen, hidden)
