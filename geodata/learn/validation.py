"""How good a network is on held-out places: pooled pixels of the change class, and objects by the relaxed hit.

A quick look for choosing weights while training. What a model is worth is measured by scans (`evaluate`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch

from geodata.evaluate.measures import COVER_SHARE, LEAST_AREA_M2
from geodata.learn.figures import Figures
from geodata.learn.network import STRIDE, PairNet
from geodata.learn.samples import UNKNOWN, LabelledPair

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_MULTIPLE_PX = 32


@dataclass(frozen=True)
class Score(Figures):
    """Figures at the threshold with the best pixel F1.

    Args:
        threshold: Probability at which a pixel counts.
    """

    threshold: float

    def as_dict(self) -> dict[str, float]:
        """The figures by name, with the threshold."""
        return {"threshold": self.threshold, **super().as_dict()}

    def line(self) -> str:
        """One line for a terminal."""
        return (
            f"held out: F1 {self.pixel_f1:.3f}, found {self.object_recall:.2f}, "
            f"{self.false_per_km2:.0f} false per km2, object F1 {self.object_f1:.3f}"
        )


def predicted(net: PairNet, before: U8, after: U8) -> F32:
    """Probability of `samples.LABELS`, shape (4, y, x).

    Args:
        net: The network.
        before: First date, (y, x, 3).
        after: Second date.
    """
    from geodata.learn.training import half_precision

    height, width = before.shape[:2]
    pad = [(0, -height % _MULTIPLE_PX), (0, -width % _MULTIPLE_PX), (0, 0)]
    both = np.concatenate([np.pad(date, pad, mode="edge") for date in (before, after)], axis=2)
    pictures = torch.from_numpy(np.ascontiguousarray(both.transpose(2, 0, 1)))[None]
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=half_precision()):
        logits = net(pictures.to(memory_format=torch.channels_last)).float()
        large = torch.nn.functional.interpolate(logits, scale_factor=STRIDE, mode="bilinear", align_corners=False)
    return np.asarray(torch.sigmoid(large)[0, :, :height, :width].numpy(), np.float32)


def score(net: PairNet, pairs: Sequence[LabelledPair]) -> Score:
    """Judge a network on labelled pairs, both directions together.

    Args:
        net: The network.
        pairs: Held-out pairs.
    """
    sums = np.zeros((len(THRESHOLDS), 7))
    for pair in pairs:
        changes = predicted(net, pair.before, pair.after)[:2]
        for guess, label in zip(changes, pair.labels, strict=True):
            if (label != UNKNOWN).any():
                sums += [_counts(guess, label, pair.gsd_m, at) for at in THRESHOLDS]
        # The ground is looked at once, whichever directions are judged.
        sums[:, 6] += (pair.labels[0] != UNKNOWN).sum() * pair.gsd_m**2 / 1e6
    hit, claimed, true, found, wanted, wrong, area = sums.T
    f1 = 2 * hit / np.maximum(claimed + true, 1)
    best = int(np.argmax(f1))
    return Score(
        pixel_f1=float(f1[best]),
        object_recall=float(found[best] / max(1, wanted[best])),
        # A found object stands for a right alarm: several claims on one roof are one.
        object_precision=float(found[best] / max(1, found[best] + wrong[best])),
        false_per_km2=float(wrong[best] / max(area[best], 1e-9)),
        threshold=THRESHOLDS[best],
    )


def _counts(guess: F32, label: U8, gsd_m: float, threshold: float) -> tuple[float, ...]:
    """Hit, claimed and true pixels; found, true and false objects; nothing for the area."""
    known = label != UNKNOWN
    claimed = cv2.morphologyEx(((guess > threshold) & known).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3)))
    truth = (label == 1).astype(np.uint8)
    least = LEAST_AREA_M2 / gsd_m**2
    found, wanted = _covered(truth, claimed, least)
    right, alarms = _covered(claimed, truth, least)
    return float((claimed & truth).sum()), float(claimed.sum()), float(truth.sum()), found, wanted, alarms - right, 0.0


def _covered(mask: U8, by: U8, least_px: float) -> tuple[float, float]:
    """How many components of a mask are covered by another by `COVER_SHARE`, of how many."""
    count, numbers, stats, _ = cv2.connectedComponentsWithStats(mask)
    large = stats[:, cv2.CC_STAT_AREA] >= least_px
    large[0] = False
    share = np.bincount(numbers[by > 0], minlength=count) / np.maximum(stats[:, cv2.CC_STAT_AREA], 1)
    return float((share[large] >= COVER_SHARE).sum()), float(large.sum())
