"""Independent pieces of work in threads: reading, filtering and the kernels all leave the interpreter free."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Generic, TypeVar

import cv2

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(work: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    """Results of independent pieces of work, as they come; the rest is dropped when the caller stops early.

    Pieces that follow each other stay in one thread as far as possible: neighbours share what was read.

    Args:
        work: What is done to each.
        items: The pieces.
        workers: Number of threads; with 1 all is done in the calling one.
    """
    # These threads share the cores already; a library that starts its own on top only gets in their way.
    cv2.setNumThreads(1)
    workers = min(workers, len(items))
    if workers <= 1:
        yield from map(work, items)
        return
    runs = _Runs(items, workers)
    results: SimpleQueue[Future[Result]] = SimpleQueue()

    def work_on(run: int) -> None:
        while (item := runs.take(run)) is not None:
            result: Future[Result] = Future()
            try:
                result.set_result(work(item[0]))
            except BaseException as error:
                result.set_exception(error)
            results.put(result)

    with ThreadPoolExecutor(workers) as pool:
        try:
            for run in range(workers):
                pool.submit(work_on, run)
            for _ in items:
                yield results.get().result()
        finally:
            runs.drop()


class _Runs(Generic[Item]):
    """A run of neighbouring pieces for each thread; who has done its own takes from the end of the longest left."""

    def __init__(self, items: Sequence[Item], count: int) -> None:
        bounds = [k * len(items) // count for k in range(count + 1)]
        self._left = [deque(items[a:b]) for a, b in zip(bounds, bounds[1:], strict=False)]
        self._lock = threading.Lock()

    def take(self, run: int) -> tuple[Item] | None:
        """The next piece of a run, or one of another's; None when nothing is left."""
        with self._lock:
            if self._left[run]:
                return (self._left[run].popleft(),)
            longest = max(self._left, key=len)
            return (longest.pop(),) if longest else None

    def drop(self) -> None:
        """Leave what was not begun."""
        with self._lock:
            for left in self._left:
                left.clear()
