"""The detector over a whole pair: its windows in groups, a crew that works on them, what they found made one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from geodata.detect.cascade import BLOCK_PX
from geodata.detect.crews import Crew, Threads, WindowGroup
from geodata.detect.objects import Component, merge_windows
from geodata.detect.pipeline import WindowResult, window_side
from geodata.detect.segments import CELL_PX
from geodata.detect.windows import DIRECTIONS, WindowPlan
from geodata.grid import Window
from geodata.types import Change


@dataclass
class Detection:
    """What a whole pair gave.

    Args:
        components: Objects of each direction.
        seen_px: Pixels usable at both dates.
        wanted_px: Pixels of the area of interest.
        fine_px: Pixels that were looked at in full resolution.
    """

    components: dict[Change, list[Component]]
    seen_px: int
    wanted_px: int
    fine_px: int


def detect(
    plan: WindowPlan,
    window_px: int,
    crew: Crew | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> Detection:
    """Run the detector over a pair.

    Args:
        plan: The pair.
        window_px: Side of a window, px, rounded up to whole cells; does not change the result.
        crew: Who works on the windows; does not change the result. None: this thread.
        progress: Called with the share of windows done; may raise to stop.
    """
    windows = _neighbours_together(
        plan.grid.windows(window_side(window_px, CELL_PX if plan.model is None else BLOCK_PX))
    )
    done: list[WindowResult] = []
    for _, result in (crew or Threads(1)).work(plan, grouped(windows)):
        done.extend(result.windows)
        progress(len(done) / len(windows))
    merged = {
        change: merge_windows([cell for r in done for cell in r.objects[change]], plan.grid.shape)
        for change in DIRECTIONS
    }
    return Detection(merged, sum(r.seen_px for r in done), sum(r.wanted_px for r in done), sum(r.fine_px for r in done))


def _neighbours_together(windows: Iterable[Window]) -> list[Window]:
    """Windows along the Z-order curve (Morton 1966): what one reads at its rim, the next ones need soon."""

    def place(window: Window) -> int:
        row, col = window.row // CELL_PX, window.col // CELL_PX
        return sum(((col >> k & 1) | (row >> k & 1) << 1) << 2 * k for k in range(24))

    return sorted(windows, key=place)


_MOST = 64
_PARTS = 64


def grouped(windows: Sequence[Window]) -> list[WindowGroup]:
    """Windows in groups of neighbours, some 64 groups or more: how many it were does not change a result.

    Args:
        windows: Those of a pair, neighbours together.
    """
    size = max(1, min(len(windows) // _PARTS, _MOST))
    side = windows[0].height if windows else 0
    return [
        WindowGroup(f"windows-{side}-{size}-{start // size}", tuple(windows[start : start + size]))
        for start in range(0, len(windows), size)
    ]
