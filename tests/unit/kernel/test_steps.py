"""Steps: what is kept comes back as it was, and nothing but values comes out of bytes."""

from __future__ import annotations

import pickle
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from geodata.detect.crews import GroupResult
from geodata.detect.objects import Component, WindowObjects
from geodata.detect.pipeline import WindowResult
from geodata.errors import DamagedStepError
from geodata.grid import Window
from geodata.steps import freeze, once, recall, thaw


class Kept:
    """Steps in a dict, with what was done."""

    def __init__(self) -> None:
        self.steps: dict[str, bytes] = {}

    def kept(self, name: str) -> bytes | None:
        return self.steps.get(name)

    def keep(self, name: str, content: bytes) -> None:
        self.steps[name] = content


def group() -> GroupResult:
    mask = np.array([[True, False], [True, True]])
    one = Component(3, 4, mask, np.array([1, -2, 2**40], np.int64), 17, borders_unseen=True)
    objects = WindowObjects(Window(0, 0, 8, 8), [one], top=np.array([-1, 0], np.int64))
    return GroupResult((WindowResult({"appeared": [objects], "disappeared": []}, 60, 64, 12),))


def test_what_a_group_gave_comes_back_as_it_was() -> None:
    (window,) = thaw(freeze(group()), GroupResult).windows
    (objects,) = window.objects["appeared"]
    (component,) = objects.components
    assert (window.seen_px, window.wanted_px, window.fine_px) == (60, 64, 12)
    assert (component.row, component.col, component.peak, component.borders_unseen) == (3, 4, 17, True)
    assert component.mask.tolist() == [[True, False], [True, True]] and component.mask.dtype == bool
    assert component.sums.tolist() == [1, -2, 2**40]
    assert objects.top.tolist() == [-1, 0] and objects.window == Window(0, 0, 8, 8)


def test_a_step_is_done_once() -> None:
    steps, done = Kept(), []

    def make() -> Window:
        done.append(1)
        return Window(1, 2, 3, 4)

    assert once(steps, "w", Window, make) == once(steps, "w", Window, make) == Window(1, 2, 3, 4)
    assert len(done) == 1
    assert once(None, "w", Window, make) == Window(1, 2, 3, 4)
    assert len(done) == 2, "where nothing is kept it is done each time"


@pytest.mark.parametrize("content", [b"", b"no", zlib.compress(b"no"), freeze(Window(0, 0, 1, 1))[:-3]])
def test_damaged_bytes_are_done_once_more(content: bytes) -> None:
    with pytest.raises(DamagedStepError):
        thaw(content, Window)
    steps = Kept()
    steps.keep("w", content)
    assert recall(steps, "w", Window) is None


def test_another_value_than_the_step_gives_is_none() -> None:
    with pytest.raises(DamagedStepError, match="WindowObjects, not Window"):
        thaw(freeze(WindowObjects(Window(0, 0, 1, 1))), Window)


@dataclass
class Foreign:
    """A class that is none of the package's."""


class Evil:
    def __init__(self, call: object, *told: object) -> None:
        self.call, self.told = call, told

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call, self.told


def test_nothing_is_called_that_is_no_value(tmp_path: Path) -> None:
    import os
    import subprocess

    from geodata.io.rasters import inspect_raster

    mark = tmp_path / "mark"
    calls = (
        Evil(os.system, f"touch {mark}"),
        Evil(subprocess.check_call, ["touch", str(mark)]),
        Evil(eval, f"open({str(mark)!r}, 'w')"),
        Evil(getattr, "x", "upper"),
        Evil(inspect_raster, mark),
        Foreign(),
    )
    for call in calls:
        with pytest.raises(DamagedStepError, match="is no value"):
            thaw(zlib.compress(pickle.dumps(call)), object)
    assert not mark.exists()
