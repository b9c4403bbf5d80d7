"""From torch to ONNX: the network as it runs without torch."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from geodata.learn.network import PairNet

OPSET = 17
SIDE_PX = 128


class _Changes(nn.Module):
    """The two outputs that a scan uses."""

    def __init__(self, net: PairNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, pictures: Tensor) -> Tensor:
        return self.net(pictures)[:, :2]


def write_onnx(net: PairNet, path: Path) -> None:
    """Write a network: 8-bit `pictures` (n, 6, y, x) in, log-odds `changes` (n, 2, y / 2, x / 2) out.

    Args:
        net: The network.
        path: Where to.
    """
    module = _Changes(net).eval()
    axes = {0: "count", 2: "height", 3: "width"}
    torch.onnx.export(
        module,
        (torch.zeros(1, 6, SIDE_PX, SIDE_PX, dtype=torch.uint8),),
        str(path),
        input_names=["pictures"],
        output_names=["changes"],
        dynamic_axes={"pictures": axes, "changes": axes},
        opset_version=OPSET,
        dynamo=False,
    )
