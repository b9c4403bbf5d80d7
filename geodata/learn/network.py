"""The network: both dates in, what appeared and what disappeared out, at half the input's resolution.

A U-Net of plain 3 x 3 convolutions behind a stem of stride 2 (methods.md 3.2: the most effective speed trick; plain
convolutions train three times as fast on a CPU as depthwise ones and run as fast). Two designs were compared (see
docs/accuracy.md): `early` joins the dates before the stem; `twin` runs one branch on each date and compares. Both also
tell the roofs of each date, which only training uses: learning what a roof is transfers where learning differences
does not (ChangeStar, Zheng et al. 2021; methods.md 4.1).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

MEAN, SPREAD = 110.0, 60.0
STRIDE = 2
"""Input pixels per output pixel."""

SIZES: dict[str, tuple[int, ...]] = {
    "small": (16, 24, 32, 48, 64),
    "base": (24, 32, 48, 64, 96),
    "large": (32, 48, 64, 96, 128),
}
"""Channels of each level; each level halves the resolution."""


@dataclass(frozen=True)
class Design:
    """What a network looks like.

    Args:
        size: One of `SIZES`.
        twin: One branch on each date, then a comparison; else one stream over both.
    """

    size: str = "base"
    twin: bool = False


def _block(channels_in: int, channels_out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    )


class UNet(nn.Module):
    """Encoder and decoder; the output has half the input's size and the first level's channels."""

    def __init__(self, channels_in: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.stem = _block(channels_in, widths[0], STRIDE)
        before = (widths[0], *widths[:-1])
        self.down = nn.ModuleList(
            nn.Sequential(_block(i, o), _block(o, o)) for i, o in zip(before, widths, strict=True)
        )
        self.up = nn.ModuleList(_block(w + below, w) for w, below in zip(widths[:-1], widths[1:], strict=True))

    def forward(self, x: Tensor) -> Tensor:
        """Features of a picture, (n, c, y, x) -> (n, widths[0], y / 2, x / 2); sides are multiples of 32."""
        x = self.stem(x)
        levels = []
        for k, stage in enumerate(self.down):
            x = stage(x if k == 0 else nnf.max_pool2d(x, 2))
            levels.append(x)
        for k in range(len(levels) - 2, -1, -1):
            x = self.up[k](torch.cat([nnf.interpolate(x, scale_factor=2.0), levels[k]], 1))
        return x


class PairNet(nn.Module):
    """Log-odds of `samples.LABELS` at half the input's size."""

    def __init__(self, design: Design) -> None:
        super().__init__()
        self.design = design
        widths = SIZES[design.size]
        self.trunk = UNet(3 if design.twin else 6, widths)
        if design.twin:
            self.compare = nn.Sequential(_block(2 * widths[0], widths[0]), _block(widths[0], widths[0]))
            self.roof = nn.Conv2d(widths[0], 1, 1)
        self.head = nn.Conv2d(widths[0], 2 if design.twin else 4, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """8-bit RGB of both dates, (n, 6, y, x) -> (n, 4, y / 2, x / 2)."""
        x = (pictures.float() - MEAN) / SPREAD
        if not self.design.twin:
            return self.head(self.trunk(x))
        count = x.shape[0]
        features = self.trunk(torch.cat([x[:, :3], x[:, 3:]], 0))
        old, new = features[:count], features[count:]
        roofs = self.roof(features)
        return torch.cat([self.head(self.compare(torch.cat([old, new], 1))), roofs[:count], roofs[count:]], 1)

    def roofs(self, picture: Tensor) -> Tensor:
        """8-bit RGB of one date, (n, 3, y, x) -> log-odds of a roof, (n, 1, y / 2, x / 2); of a `twin` design."""
        return self.roof(self.trunk((picture.float() - MEAN) / SPREAD))


def parameters_of(net: PairNet) -> int:
    """Number of trained values."""
    return sum(p.numel() for p in net.parameters())


def loss_of(logits: Tensor, labels: Tensor, unknown: int, weights: tuple[float, ...] = (1, 1, 0.5, 0.5)) -> Tensor:
    """Cross-entropy and Dice of each output, over the pixels that somebody judged.

    Args:
        logits: (n, 4, y, x).
        labels: 0, 1 or `unknown` at twice the size, (n, 4, 2 y, 2 x); a half-size pixel is the mean of its judged ones.
        unknown: Label of what nobody judged.
        weights: Weight of each output.
    """
    known = (labels != unknown).float()
    seen = nnf.avg_pool2d(known, STRIDE)
    truth = nnf.avg_pool2d(labels.float() * known, STRIDE) / seen.clamp(min=0.25)
    mask = (seen > 0.6).float()
    entropy = nnf.binary_cross_entropy_with_logits(logits, truth, reduction="none") * mask
    guess, truth = torch.sigmoid(logits) * mask, truth * mask
    total = logits.new_zeros(())
    for k, weight in enumerate(weights):
        both = (guess[:, k] * truth[:, k]).sum()
        dice = 1 - (2 * both + 50) / (guess[:, k].sum() + truth[:, k].sum() + 50)
        total = total + weight * (entropy[:, k].sum() / (mask[:, k].sum() + 1) + 0.5 * dice)
    return total
