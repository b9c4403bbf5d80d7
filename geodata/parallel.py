"""Independent pieces of work in threads: reading, filtering and the kernels all leave the interpreter free."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

import cv2

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(work: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    """Results of independent pieces of work, as they come; the rest is dropped when the caller stops early.

    Args:
        work: What is done to each.
        items: The pieces.
        workers: Number of threads; with 1 all is done in the calling one.
    """
    # These threads share the cores already; a library that starts its own on top only gets in their way.
    cv2.setNumThreads(1)
    if min(workers, len(items)) <= 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(min(workers, len(items))) as pool:
        jobs = [pool.submit(work, item) for item in items]
        try:
            for job in as_completed(jobs):
                yield job.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
