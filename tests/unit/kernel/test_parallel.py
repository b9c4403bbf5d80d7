"""Pieces of work in threads: the same results as one after the other, errors and early stops included."""

from __future__ import annotations

import threading

import pytest

from geodata.errors import ScanCancelledError
from geodata.parallel import in_threads


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_every_piece_is_done_once(workers: int) -> None:
    assert sorted(in_threads(lambda x: x * x, list(range(20)), workers)) == [x * x for x in range(20)]
    assert list(in_threads(abs, [-3], workers)) == [3]
    assert list(in_threads(abs, [], workers)) == []


def test_one_worker_is_the_caller_and_two_run_at_once() -> None:
    assert set(in_threads(lambda _: threading.get_ident(), [0, 1, 2], 1)) == {threading.get_ident()}
    both = threading.Barrier(2, timeout=10)
    # Each waits for the other: one after the other they would never meet.
    assert sorted(in_threads(lambda _: both.wait(), [0, 1], 2)) == [0, 1]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_piece_reaches_the_caller(workers: int) -> None:
    def work(item: int) -> int:
        if item == 3:
            raise ScanCancelledError("Stopped.")
        return item

    with pytest.raises(ScanCancelledError):
        list(in_threads(work, list(range(8)), workers))


@pytest.mark.parametrize("workers", [1, 2])
def test_who_stops_early_drops_the_rest(workers: int) -> None:
    started: list[int] = []
    gate = threading.Event()

    def work(item: int) -> int:
        started.append(item)
        # From the third piece on each waits until the caller has gone.
        if item > 1:
            gate.wait(10)
        return item

    results = in_threads(work, list(range(50)), workers)
    next(results)
    threading.Timer(0.3, gate.set).start()
    results.close()  # type: ignore[attr-defined]
    assert len(started) < 10


def test_neighbours_stay_in_one_thread() -> None:
    both = threading.Barrier(2, timeout=10)
    who: dict[int, int] = {}

    def work(item: int) -> None:
        who[item] = threading.get_ident()
        both.wait()

    # In step with each other, each thread goes through its own half.
    list(in_threads(work, list(range(10)), 2))
    assert [len({who[k] for k in run}) for run in (range(5), range(5, 10))] == [1, 1] and who[0] != who[9]


def test_who_is_done_helps_the_other() -> None:
    slow, helped = threading.Event(), []

    def work(item: int) -> None:
        if item == 0:
            slow.wait(10)
        elif item in (1, 2, 3):
            helped.append(item)
            if len(helped) == 3:
                slow.set()

    list(in_threads(work, list(range(8)), 2))
    # Taken from the end, so that what the other reads next is still next to what it read.
    assert helped == [3, 2, 1]
