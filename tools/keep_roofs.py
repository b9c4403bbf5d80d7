"""Export the roof branch of the starter network, calibrate it on held-out places, and keep it with the detector.

Places are those of `starter_data`: every eighth outlined place was never learnt from (held-out chips of the drone
pictures have learnt neighbours). The pixel point is the one with the best pixel F1 there; the confidence is a logistic
function of an object's measures; an object is right where at least half of it is roof.

    python tools/keep_roofs.py
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tools"))

from starter_data import californian_places, single_date_places, split  # noqa: E402  (found through the line above)

from geodata.detect.calibration import Calibration, expected_error, fit, reliability  # noqa: E402
from geodata.detect.models import sha256_of  # noqa: E402
from geodata.detect.network import VIEWS, Network  # noqa: E402
from geodata.detect.roofs import NETWORK, SHIPPED, TOLD, RoofModel, find_roofs, measures_of  # noqa: E402
from geodata.io.rasters import inspect_raster  # noqa: E402
from geodata.learn.export import load_weights, write_roofs_onnx  # noqa: E402
from geodata.learn.network import PairNet  # noqa: E402
from geodata.scan_roofs import RoofOptions, planned  # noqa: E402

STARTER = ROOT / "geodata" / "detect" / "models" / "starter-2"
NAME, GSD_M = "roofs-1", 0.55
POINTS = (-200, -150, -100, -50, 0, 50, 100)
RIGHT_SHARE = 0.5


def held_out() -> list[tuple[Any, Any, float]]:
    """Picture, roofs and pixel size of every year of the held-out places that has its roofs outlined."""
    _, places = split([*californian_places(), *single_date_places()])
    return [(picture, roofs, place.gsd_m) for place in places for picture, roofs in place.years if roofs is not None]


def seen(model: RoofModel, picture: Any, gsd_m: float, folder: Path) -> tuple[Any, Any]:
    """The objects of a picture, and its grid."""
    path = folder / "place_20200101.tif"
    height, width = picture.shape[:2]
    profile = {
        "driver": "GTiff", "count": 3, "height": height, "width": width, "dtype": "uint8", "crs": "EPSG:32650",
        "transform": Affine(gsd_m, 0, 5e5, 0, -gsd_m, 4e6), "photometric": "RGB",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(picture.transpose(2, 0, 1))
    plan = planned(inspect_raster(path), None, RoofOptions(), model)
    return find_roofs(plan, 1024, 1).components, plan.grid


def main() -> None:
    """Export, choose, calibrate, keep."""
    work = Path(tempfile.mkdtemp())
    design, values = load_weights(STARTER / "weights.npz")
    net = PairNet(design)
    net.load_state_dict(values)
    write_roofs_onnx(net.eval(), work / NETWORK)
    sha256 = sha256_of(work / NETWORK)
    draft = RoofModel(NAME, Network(work / NETWORK, sha256, GSD_M, len(VIEWS)), Calibration(), 0, 0.0)
    places = held_out()
    best: tuple[float, int, Any] = (-1.0, 0, None)
    for point in POINTS:
        hit = claimed = true = 0
        objects = []
        for picture, roofs, gsd_m in places:
            components, grid = seen(replace(draft, point=point), picture, gsd_m, work)
            # the grid of a picture that is finer than wanted is coarser than it
            factor = grid.pixel_size[0] / gsd_m
            rows, cols = (
                np.minimum((np.arange(n) + 0.5) * factor, size - 1).astype(int)
                for n, size in zip(grid.shape, roofs.shape, strict=True)
            )
            truth = roofs[np.ix_(rows, cols)] == 1
            true += int(truth.sum())
            for one in components:
                at = truth[one.row : one.row + one.mask.shape[0], one.col : one.col + one.mask.shape[1]]
                share = float((at & one.mask).sum()) / one.pixels
                hit, claimed = hit + int((at & one.mask).sum()), claimed + one.pixels
                if one.pixels * grid.pixel_size[0] ** 2 >= 16:
                    objects.append((measures_of(one), share >= RIGHT_SHARE))
        f1 = 2 * hit / (claimed + true)
        print(
            f"point {point}: pixel F1 {f1:.3f}, precision {hit / claimed:.3f}, recall {hit / true:.3f}, "
            f"{len(objects)} objects"
        )
        best = max(best, (f1, point, objects), key=lambda one: one[0])
    f1, point, objects = best
    measures, real = np.array([m for m, _ in objects]), np.array([r for _, r in objects])
    calibration = fit(measures, real)
    told = np.array([calibration.probability(m) for m in measures])
    error = expected_error(reliability(told, real))
    steps = np.round(np.arange(0.2, 0.8, 0.02), 2)
    scores = [2 * (real & (told >= s)).sum() / ((told >= s).sum() + real.sum()) for s in steps]
    candidate = float(steps[int(np.argmax(scores))])
    SHIPPED.mkdir(exist_ok=True)
    shutil.copy(work / NETWORK, SHIPPED / NETWORK)
    content = {
        "name": NAME, "sha256": sha256, "gsd_m": GSD_M, "views": len(VIEWS), "point": point, "candidate": candidate,
        "calibration": calibration.as_dict(), "from": "the roof branch of starter-2; its data and licences are there",
        "figures": {
            "held_out_pictures": len(places), "pixel_f1": round(f1, 4), "objects": len(objects),
            "right": int(real.sum()), "calibration_error_in_sample": round(error, 4),
        },
    }  # fmt: skip
    (SHIPPED / TOLD).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(content["figures"]), "candidate", candidate)
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
