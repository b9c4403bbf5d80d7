"""From torch to ONNX: the network as it runs without torch."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from geodata.errors import MissingFileError
from geodata.learn.network import Design, PairNet

OPSET = 17
_DESIGN = "__design__"
SIDE_PX = 128


class _Changes(nn.Module):
    """The two outputs that a scan uses."""

    def __init__(self, net: PairNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, pictures: Tensor) -> Tensor:
        return self.net(pictures)[:, :2]


class _Roofs(nn.Module):
    """The roofs of the second date, in the shape of what a scan uses; the first date is not looked at."""

    def __init__(self, net: PairNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, pictures: Tensor) -> Tensor:
        roofs = self.net.roofs(pictures[:, 3:])
        return torch.cat([roofs, roofs], 1)


def write_onnx(net: PairNet, path: Path) -> None:
    """Write a network: 8-bit `pictures` (n, 6, y, x) in, log-odds `changes` (n, 2, y / 2, x / 2) out.

    Args:
        net: The network.
        path: Where to.
    """
    _write(_Changes(net), path)


def write_roofs_onnx(net: PairNet, path: Path) -> None:
    """Write the roof branch of a network with one branch a date; ends as in `write_onnx`, both outputs the same.

    Args:
        net: The network, of a `twin` design.
        path: Where to.
    """
    _write(_Roofs(net), path)


def _write(module: nn.Module, path: Path) -> None:
    axes = {0: "count", 2: "height", 3: "width"}
    with warnings.catch_warnings():
        # The exporter that needs no further package is called the old one; the version of torch is fixed.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            (torch.zeros(1, 6, SIDE_PX, SIDE_PX, dtype=torch.uint8),),
            str(path),
            input_names=["pictures"],
            output_names=["changes"],
            dynamic_axes={"pictures": axes, "changes": axes},
            opset_version=OPSET,
            dynamo=False,
        )


def save_weights(net: PairNet, path: Path) -> None:
    """Keep what training further begins from: every value by its name, and the design; no code is stored."""
    values = {name: value.detach().numpy() for name, value in net.state_dict().items()}
    values[_DESIGN] = np.array(json.dumps({"size": net.design.size, "twin": net.design.twin}))
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **values)


def load_weights(path: Path) -> tuple[Design, dict[str, Tensor]]:
    """What `save_weights` kept.

    Raises:
        MissingFileError: If the model was kept without.
    """
    if not path.is_file():
        raise MissingFileError(
            f"The model {path.parent.name} has no {path.name}: it cannot be trained further.",
            remedy="Begin from another model, or from scratch.",
        )
    with np.load(path, allow_pickle=False) as kept:
        design = Design(**json.loads(str(kept[_DESIGN])))
        return design, {name: torch.from_numpy(kept[name]) for name in kept.files if name != _DESIGN}
