"""A reading process that is killed from outside is begun again; one that dies every time refuses the file."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from geodata.errors import RasterError
from geodata.io.rasters import inspect_raster
from tests.integration.service_kit import draw_scene


def readers() -> list[int]:
    """Reading processes that this one started."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):
            for child in (task / "children").read_text().split():
                if b"geodata.io.guard" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.append(int(child))
    return found


@contextmanager
def killing(count: int) -> Iterator[set[int]]:
    """Kill the first reading processes that are seen."""
    killed, stop = set[int](), threading.Event()

    def work() -> None:
        while not stop.is_set() and len(killed) < count:
            for pid in set(readers()) - killed:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    killed.add(pid)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield killed
    finally:
        stop.set()
        thread.join()


def test_a_file_is_not_blamed_for_a_kill_from_outside(tmp_path: Path) -> None:
    path = draw_scene(tmp_path / "a_20250401.tif")
    with killing(1) as killed:
        info = inspect_raster(path)
    assert len(killed) == 1 and info.width == 512


def test_a_file_whose_readers_all_die_is_refused(tmp_path: Path) -> None:
    path = draw_scene(tmp_path / "a_20250401.tif")
    with killing(9) as killed, pytest.raises(RasterError, match="status -9"):
        inspect_raster(path)
    assert len(killed) == 3
