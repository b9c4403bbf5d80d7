"""A scan that is interrupted anywhere goes on where it was, and ends as one that was not."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest

from geodata.detect.crews import Remote, Threads, WindowGroup, work_on
from geodata.detect.detector import shipped
from geodata.scan import READ, ScanResult, scan
from geodata.scan_images import Judge, Readings
from geodata.steps import freeze, thaw
from geodata.types import ScanOptions
from tests.integration.service_kit import draw_pair

OPTIONS = ScanOptions(window_px=256)


class PowerCutError(Exception):
    """The power goes."""


@dataclass
class Kept:
    """Steps that last, and a power cut after some of them."""

    steps: dict[str, bytes] = field(default_factory=dict)
    left: int = 10**9
    done: list[str] = field(default_factory=list)

    def kept(self, name: str) -> bytes | None:
        return self.steps.get(name)

    def keep(self, name: str, content: bytes) -> None:
        if self.left == 0:
            raise PowerCutError
        self.left -= 1
        self.steps[name] = content
        self.done.append(name)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return draw_pair(tmp_path_factory.mktemp("pair"), size=768)


@pytest.fixture(scope="module")
def whole(pair: tuple[Path, Path]) -> ScanResult:
    return scan(*pair, options=OPTIONS)


def same(one: ScanResult, other: ScanResult) -> bool:
    return one.feature_collection()["features"] == other.feature_collection()["features"]


def test_a_scan_that_is_cut_off_again_and_again_does_each_step_once(pair: tuple[Path, Path], whole: ScanResult) -> None:
    steps, cuts = Kept(left=2), 0
    while True:
        try:
            result = scan(*pair, options=OPTIONS, steps=steps, crew=Threads(2))
            break
        except PowerCutError:
            cuts += 1
            steps.left = 2
    assert len(whole.findings) > 0 and same(result, whole)
    assert cuts >= 3
    assert len(steps.done) == len(set(steps.done)), "nothing is done twice"
    assert steps.done[0] == READ and len(steps.done) > 6


def test_damaged_steps_are_done_once_more(pair: tuple[Path, Path], whole: ScanResult) -> None:
    steps = Kept()
    scan(*pair, options=OPTIONS, steps=steps)
    first = list(steps.done)
    steps.steps[READ] = b"damaged"
    steps.steps[first[2]] = steps.steps[first[2]][:40]
    steps.done.clear()
    assert same(scan(*pair, options=OPTIONS, steps=steps), whole)
    assert steps.done == [READ, first[2]]


def _elsewhere(read: bytes, group: WindowGroup) -> bytes:
    """What a worker in another process does: it knows the pair by what the first step kept."""
    plan = thaw(read, Readings).plan(None, Judge(shipped()))
    return freeze(work_on(plan, group))


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.mark.usefixtures("processes")
def test_other_processes_find_the_same(
    pair: tuple[Path, Path], whole: ScanResult, processes: ProcessPoolExecutor
) -> None:
    steps = Kept()
    scan(*pair, options=OPTIONS, steps=steps)
    crew = Remote(processes, partial(_elsewhere, steps.steps[READ]))
    assert same(scan(*pair, options=OPTIONS, steps=None, crew=crew), whole)
