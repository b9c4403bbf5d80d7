"""Networks and model folders small enough to check by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from geodata.detect.models import NETWORK, SCREEN, Model, write_model

SLOPE, BIAS = 0.1, -4.0
"""Log-odds: so much per grey value that one date is brighter than the other, and so much to begin with."""

CARD = "# tiny\n\nBrighter is new. CC0.\n"
TOLD: dict[str, Any] = {
    "name": "tiny-1",
    "input": {"bands": ["red", "green", "blue"], "dates": ["before", "after"], "gsd_m": 0.5},
    "network": {},
    "calibration": {"intercept": 0.0, "weights": {"logit": 1.0}, "objects": 40},
    "points": {"pixel": 0, "screen": -100, "candidate": 0.1, "confirmed": 0.9},
    "figures": {"held out": {"pixel_f1": 0.61, "object_f1": 0.72, "false_per_km2": 12.0}},
    "training": {"data": [{"name": "drawn fields", "licence": "CC0-1.0; drawn by the test"}], "minutes": 1},
}


def write_network(
    path: Path,
    *,
    slope: float = SLOPE,
    bias: float = BIAS,
    bands: int = 6,
    takes: int = TensorProto.UINT8,
    side: int = 1,
    relative: bool = False,
) -> Path:
    """A convolution of stride 2: mean of the after date less mean of the before date, and the other way.

    Args:
        path: Where to.
        slope: Log-odds per grey value.
        bias: Log-odds of no difference.
        bands: Bands that it takes; 6 in a network that can be used.
        takes: Type of its input; 8-bit in a network that can be used.
        side: Side of what it sees around a pixel, px, odd.
        relative: Whether the mean of the whole picture is taken off, so that every pixel depends on all of them.
    """
    third = slope / 3 / side**2
    weights = np.array([[-third] * 3 + [third] * 3, [third] * 3 + [-third] * 3], np.float32)[:, :bands, None, None]
    weights = np.ascontiguousarray(np.broadcast_to(weights, (2, bands, side, side)))
    shape = {"kernel_shape": [side, side], "strides": [2, 2], "pads": [side // 2] * 4}
    nodes = [
        helper.make_node("Cast", ["pictures"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Conv", ["numbers", "weights", "bias"], ["raw" if relative else "changes"], **shape),
    ]
    if relative:
        nodes.append(helper.make_node("ReduceMean", ["raw"], ["mean"], axes=[2, 3]))
        nodes.append(helper.make_node("Sub", ["raw", "mean"], ["changes"]))
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("pictures", takes, ["n", bands, "y", "x"])],
        [helper.make_tensor_value_info("changes", TensorProto.FLOAT, ["n", 2, "y2", "x2"])],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.full(2, bias, np.float32), "bias"),
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(made)
    onnx.save(made, path)
    return path


def make_model(folder: Path, *, screen: bool | Path = False, network: Path | None = None, **changed: Any) -> Model:
    """A whole model folder under its name; `changed` overrides the manifest.

    Args:
        folder: Where the model folder goes.
        screen: Its screen, True: the tiny network once more, False: it has none.
        network: The network, None: the tiny one.
        changed: Parts of the manifest.
    """
    told = {**TOLD, **changed}
    folder.mkdir(parents=True, exist_ok=True)
    parts = {NETWORK: network or write_network(folder / f"{told['name']}.{NETWORK}")}
    if screen:
        told["screen"] = {"gsd_m": 1.0}
        path = folder / f"{told['name']}.{SCREEN}"
        parts[SCREEN] = write_network(path) if screen is True else screen
    made = write_model(folder / str(told["name"]), told, CARD, parts)
    for path in parts.values():
        path.unlink(missing_ok=True)
    return made
