"""The network in a scan: log-odds of change over cells of a fixed lattice, without torch.

A cell is always computed from the same square of pixels around it, so its result depends neither on the window nor on
the number of threads. Beyond the border of what was seen, that of the grid or another, the square is a mirror image.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from geodata.errors import ModelError

U8 = npt.NDArray[np.uint8]
I16 = npt.NDArray[np.int16]
F32 = npt.NDArray[np.float32]

STRIDE = 2
GREY = 128
LIMIT = 32000
INPUT, OUTPUT = "pictures", "changes"
MULTIPLE_PX = 32
VIEWS = ((1, 1, 1.0), (-1, 1, 1.2), (1, -1, 1.0), (-1, -1, 1.2))
"""Steps along rows and columns, and enlargement: a picture as it is, then mirrored and a little larger, which shows
edges finer. What errs from one side seldom errs from all: docs/accuracy.md has what each is worth."""
NEAR_ENOUGH = 1.25
"""Pixel sizes within this factor of the network's own are taken as they are: it was trained with more."""


@dataclass(frozen=True)
class Network:
    """A network as ONNX: 8-bit `pictures` (n, 6, y, x) in, log-odds `changes` (n, 2, y / 2, x / 2) out.

    Args:
        path: The file.
        sha256: Its checksum.
        gsd_m: The pixel size it was trained for, m.
        views: From how many sides it looks, the first of `VIEWS`; their log-odds are averaged.
    """

    path: Path
    sha256: str
    gsd_m: float
    views: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.views <= len(VIEWS):
            raise ModelError(
                f"{self.path.name} is to look from {self.views} sides.", remedy=f"Give 1 to {len(VIEWS)} views."
            )

    @cached_property
    def session(self) -> Any:
        """The loaded network; one thread a call, since windows run in threads of their own."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(str(self.path), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise ModelError(
                f"{self.path.name} cannot be loaded as a network: {str(error)[:160]}.",
                remedy="Add the model again from its folder.",
            ) from error
        told = {one.name: (one.type, len(one.shape), *one.shape[1:2]) for one in _ends(session)}
        if told != {INPUT: ("tensor(uint8)", 4, 6), OUTPUT: ("tensor(float)", 4, 2)}:
            raise ModelError(
                f"{self.path.name} is of {told}, not of six 8-bit bands of {INPUT} and two of {OUTPUT}.",
                remedy="Export it with `kancha train`.",
            )
        return session

    def points(self, before: U8, after: U8, gsd_m: float) -> I16:
        """Hundredths of a log-odds that something appeared, that something disappeared, at the pictures' size.

        Args:
            before: First date, RGB, shape (3, y, x).
            after: Second date.
            gsd_m: Their pixel size; they are brought to the network's own where it is far from it.

        Returns:
            Shape (2, y, x).
        """
        both = np.concatenate([before, after])
        total = np.zeros((2, *both.shape[1:]), np.float32)
        for enlarged in sorted({enlarged for _, _, enlarged in VIEWS[: self.views]}):
            sides_of = [(down, across) for down, across, size in VIEWS[: self.views] if size == enlarged]
            total += self._seen(both, gsd_m, enlarged, sides_of)
        return np.asarray(np.clip(np.rint(total * (100 / self.views)), -LIMIT, LIMIT), np.int16)

    def _seen(self, both: U8, gsd_m: float, enlarged: float, sides_of: list[tuple[int, int]]) -> F32:
        """Log-odds at the pictures' size, summed over some sides of one size."""
        zoom = gsd_m / self.gsd_m
        zoom = enlarged * (1.0 if 1 / NEAR_ENOUGH <= zoom <= NEAR_ENOUGH else zoom)
        size = both.shape[2], both.shape[1]
        sides = [max(1, round(length * zoom / MULTIPLE_PX)) * MULTIPLE_PX for length in both.shape[1:]]
        if (sides[0], sides[1]) != both.shape[1:]:
            how = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
            both = np.stack([cv2.resize(band, (sides[1], sides[0]), interpolation=how) for band in both])
        changes = self._run(np.stack([both[:, ::down, ::across] for down, across in sides_of]))
        turned = zip(changes, sides_of, strict=True)
        total = np.sum([one[:, ::down, ::across] for one, (down, across) in turned], axis=0)
        return np.stack([cv2.resize(one, size, interpolation=cv2.INTER_LINEAR) for one in total])

    def _run(self, both: U8) -> F32:
        session = self.session
        try:
            return np.asarray(session.run([OUTPUT], {INPUT: both})[0], np.float32)
        except Exception as error:
            raise ModelError(
                f"{self.path.name} cannot be run on pictures of {both.shape[2]} x {both.shape[3]}: {str(error)[:160]}.",
                remedy="Export it with `kancha train`.",
            ) from error


def _ends(session: Any) -> list[Any]:
    return [*session.get_inputs(), *session.get_outputs()]
