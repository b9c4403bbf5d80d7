"""Who works on the windows of a pair: threads of this process or workers of an executor; and what was done before.

The windows go out in groups of neighbours. What a group gives is kept as a step where steps are kept, so that work
that was interrupted goes on with the groups that are left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, wait
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from geodata.detect.pipeline import WindowResult, process_window
from geodata.detect.windows import WindowPlan
from geodata.grid import Window
from geodata.parallel import in_threads
from geodata.steps import Steps, freeze, recall, thaw


@dataclass(frozen=True)
class WindowGroup:
    """Neighbouring windows that are worked on together.

    Args:
        name: Names the step; the same windows of the same pair have the same.
        windows: The windows.
    """

    name: str
    windows: tuple[Window, ...]


@dataclass(frozen=True)
class GroupResult:
    """What a group gave, a result for each of its windows."""

    windows: tuple[WindowResult, ...]


class Crew(Protocol):
    """Who works on groups of windows."""

    def work(self, plan: WindowPlan, groups: Sequence[WindowGroup]) -> Iterator[tuple[WindowGroup, GroupResult]]:
        """The groups with what they gave, in the order in which they are done."""


@dataclass(frozen=True)
class Threads:
    """Threads of this process: reading, filtering and the kernels all leave the interpreter free.

    Args:
        workers: How many.
    """

    workers: int

    def work(self, plan: WindowPlan, groups: Sequence[WindowGroup]) -> Iterator[tuple[WindowGroup, GroupResult]]:
        """The groups with what they gave, in the order in which they are done."""
        return in_threads(partial(_with_its_group, plan), groups, self.workers)


@dataclass(frozen=True)
class Remote:
    """The workers of an executor, on this machine or others: what goes to them is the windows, and the name of a job.

    Args:
        executor: Where it is done.
        do: Does a group there and gives the frozen result; it and what it holds are small and can be sent.
        look: Asked now and then while nothing comes; may raise to stop the work.
    """

    executor: Executor
    do: Callable[[WindowGroup], bytes]
    look: Callable[[], None] = lambda: None

    LOOK_S = 5.0

    def work(self, plan: WindowPlan, groups: Sequence[WindowGroup]) -> Iterator[tuple[WindowGroup, GroupResult]]:
        """The groups with what they gave, in the order in which they are done."""
        asked = {self.executor.submit(self.do, group): group for group in groups}
        try:
            while asked:
                done, _ = wait(asked, self.LOOK_S, FIRST_COMPLETED)
                if not done:
                    self.look()
                for future in done:
                    # what was handed on is held no longer: thousands of groups must not pile up here
                    yield asked.pop(future), thaw(future.result(), GroupResult)
        finally:
            for future in asked:
                future.cancel()


@dataclass(frozen=True)
class Resumed:
    """Those before, whose groups are kept, and a crew for the rest.

    Args:
        steps: Where groups are kept.
        crew: Does the rest.
    """

    steps: Steps
    crew: Crew

    def work(self, plan: WindowPlan, groups: Sequence[WindowGroup]) -> Iterator[tuple[WindowGroup, GroupResult]]:
        """The groups with what they gave: those that are kept, then the others as they are done."""
        left = []
        for group in groups:
            before = recall(self.steps, group.name, GroupResult)
            if before is None:
                left.append(group)
            else:
                yield group, before
        for group, result in self.crew.work(plan, left):
            self.steps.keep(group.name, freeze(result))
            yield group, result


def work_on(plan: WindowPlan, group: WindowGroup) -> GroupResult:
    """What happens to the windows of a group, one after the other: neighbours share what was read."""
    return GroupResult(tuple(process_window(plan, window) for window in group.windows))


def _with_its_group(plan: WindowPlan, group: WindowGroup) -> tuple[WindowGroup, GroupResult]:
    return group, work_on(plan, group)
