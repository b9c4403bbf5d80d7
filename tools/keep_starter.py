"""Calibrate the trained starter network on composed scenes of held-out places, and keep it as a model folder.

    python tools/keep_starter.py WORK WEIGHTS SCREEN_WEIGHTS NAME

Nothing here reads research-only pairs: the scenes are composed of the openly licensed places that `train_starter.py`
held out, half of them unchanged places in two years. What the model reaches on real pairs is measured afterwards, by
the benchmark, and told in docs/accuracy.md.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tools"))

from train_starter import gathered  # noqa: E402  (found through the lines above)

from geodata.detect.detector import shipped  # noqa: E402
from geodata.detect.models import NETWORK, SCREEN, SHIPPED, WEIGHTS, Model, Points, write_model  # noqa: E402
from geodata.detect.network import VIEWS  # noqa: E402
from geodata.learn.augment import Light  # noqa: E402
from geodata.learn.bureau import calibrated  # noqa: E402
from geodata.learn.cases import cases_in, opened  # noqa: E402
from geodata.learn.export import save_weights, write_onnx  # noqa: E402
from geodata.learn.network import Design, PairNet, parameters_of  # noqa: E402
from geodata.learn.samples import PlaceSource, Shares, Views  # noqa: E402
from geodata.learn.trial import Trial, figures, trial  # noqa: E402
from geodata.scan_images import Judge  # noqa: E402

SCENES = 240
GSD_M = 0.55
SCREEN_GSD_M = 1.1
ATTRIBUTION = {
    "NAIP, California, 2016 to 2020": "CC BY 4.0; J. Ventura et al. (2024), Int. J. Appl. Earth Obs. Geoinf. 130, "
    "103848; NAIP imagery: USDA (public domain). Roof outlines by Kancha, CC0",
    "Banepa, Nepal": "CC BY 4.0; contributors of Open Imagery Network / OpenAerialMap. Buildings: OpenStreetMap "
    "contributors, ODbL 1.0. HOTOSM fAIr",
    "Zanzibar, Kampala, Banepa east, Catanduanes": "CC BY 4.0; contributors of Open Imagery Network / OpenAerialMap. "
    "Buildings: OpenStreetMap contributors, ODbL 1.0. HOTOSM fAIr",
    "SpaceNet 1, Rio de Janeiro": "CC BY-SA 4.0; SpaceNet Dataset by SpaceNet Partners",
    "Drawn districts": "made by Kancha",
}


def write_scenes(work: Path) -> Path:
    """Composed scenes of held-out places as rasters."""
    folder = work / "scenes"
    if folder.exists():
        return folder
    _, held_out, bare, _ = gathered(work)
    part = work / "scenes.part"
    shutil.rmtree(part, ignore_errors=True)
    for name in ("before", "after", "label"):
        (part / name).mkdir(parents=True)
    views = Views(gsd_m=GSD_M, scale=(0.9, 1.1), light=Light(0.5))
    source = PlaceSource(held_out, views, bare, Shares(composed=0.5))
    for k in range(SCENES):
        sample = source.draw(np.random.default_rng((99, k)))
        for name, values in (
            ("before", sample.pictures[:3]),
            ("after", sample.pictures[3:]),
            ("label", sample.labels[:1]),
        ):
            _write(part / name / f"{k:03d}.tif", values, k)
    part.rename(folder)
    return folder


def _write(path: Path, values: Any, k: int) -> None:
    profile = {
        "driver": "GTiff", "count": len(values), "height": values.shape[1], "width": values.shape[2], "dtype": "uint8",
        "crs": "EPSG:32650", "transform": Affine(GSD_M, 0, 5e5 + 1000 * (k % 20), 0, -GSD_M, 4e6 - 1000 * (k // 20)),
        "compress": "deflate", "nodata": 255 if len(values) == 1 else None,
    }  # fmt: skip
    if len(values) == 3:
        profile |= {"photometric": "RGB"}
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(values)


def tried(model: Model, folder: Path) -> list[Trial]:
    """What a model gives on the scenes."""
    judge = Judge(shipped(), model)
    return [trial(model, opened(case, judge, GSD_M), case.name) for case in cases_in(folder)]


def background(trials: list[Trial], confidence: list[Any]) -> dict[str, list[float]]:
    """False objects per km2 above each confidence, on the scenes."""
    values = np.concatenate(confidence)
    real = np.array([o.real for t in trials for o in t.objects])
    km2 = sum(t.area_km2 for t in trials)
    steps = np.round(np.arange(0.05, 1.0, 0.05), 2)
    return {
        "confidence": [0.0, *steps.tolist(), 1.0],
        "per_km2": [round(float((~real & (values >= at)).sum() / km2), 3) for at in (0.0, *steps)] + [0.0],
    }


def card(name: str, told: dict[str, Any]) -> str:
    """The card for people."""
    lines = [
        f"# {name}", "",
        "Kancha's starter network: two dates of 8-bit RGB at about half a metre in, what appeared and disappeared out.",
        f"{told['network']['parameters']:,} parameters ({told['network']['size']}, one branch on each date), "
        f"and a screen of {told['screen']['parameters']:,} at {told['screen']['gsd_m']} m that says where to look.", "",
        "## Trained on", "",
        *(f"- {source}: {terms}" for source, terms in ATTRIBUTION.items()), "",
        "Research-only pairs are not in it. Every eighth outlined place was held out for stopping and calibrating; "
        "bare ground was not, and held-out chips of the drone pictures have learnt neighbours.", "",
        "## What it reaches", "",
        "On held-out composed scenes: " + ", ".join(f"{k} {v}" for k, v in told["figures"]["composed"].items()) + ".",
        "On real pairs that it never saw: docs/accuracy.md.", "",
        "## What to beware of", "",
        "- It knows Californian suburbs best, then drone pictures of Asia and Africa; villages, greenhouses and tin "
        "roofs of other regions are new to it. Train it further on judged findings: `kancha train`.",
        "- Its confidence was calibrated where half of the scenes hold a change. A quiet district holds fewer: there "
        "it is too sure of itself until `kancha train` has seen some verdicts.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def main() -> None:
    """Calibrate and keep."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("screen", type=Path)
    parser.add_argument("name")
    parser.add_argument("--size", default="base")
    parser.add_argument("--screen-size", default="small")
    parser.add_argument("--pixel", type=int, default=0)
    parser.add_argument("--screen-point", type=int, default=-200)
    parser.add_argument("--with-plain", action="store_true")
    parser.add_argument("--out", type=Path, default=SHIPPED)
    ask = parser.parse_args()
    nets = [PairNet(Design(size, twin=True)).eval() for size in (ask.size, ask.screen_size)]
    for net, path in zip(nets, (ask.weights, ask.screen), strict=True):
        net.load_state_dict(torch.load(path, weights_only=True))
    half = ask.work / "kept"
    half.mkdir(parents=True, exist_ok=True)
    write_onnx(nets[0], half / NETWORK)
    write_onnx(nets[1], half / SCREEN)
    save_weights(nets[0], half / WEIGHTS)
    files = {name: half / name for name in (NETWORK, SCREEN, WEIGHTS)}
    told: dict[str, Any] = {
        "name": ask.name,
        "input": {"bands": ["red", "green", "blue"], "dates": ["before", "after"], "gsd_m": GSD_M},
        "network": {"size": ask.size, "twin": True, "parameters": parameters_of(nets[0]), "views": len(VIEWS)},
        "screen": {
            "size": ask.screen_size, "twin": True, "parameters": parameters_of(nets[1]), "gsd_m": SCREEN_GSD_M,
            "with_plain": ask.with_plain,
        },
        "calibration": {"intercept": 0.0, "weights": {"logit": 1.0}, "objects": 0},
        "points": {"pixel": ask.pixel, "screen": ask.screen_point, "candidate": 0.0, "confirmed": 1.0},
        "parent": None,
        "training": {"data": [{"name": name, "licence": terms} for name, terms in ATTRIBUTION.items()]},
        "figures": {"composed": {}},
    }  # fmt: skip
    shutil.rmtree(half / "draft", ignore_errors=True)
    draft = write_model(half / "draft", told, "# draft\n", files)
    trials = tried(draft, write_scenes(ask.work))
    calibration, points, how = calibrated(trials, Points(ask.pixel, ask.screen_point, 0.0, 1.0), None)
    confidence = [np.array([calibration.probability(o.told) for o in t.objects]) for t in trials]
    told["calibration"] = calibration.as_dict() | {"how": how}
    told["points"] |= {"candidate": points.candidate, "confirmed": points.confirmed}
    told["background"] = background(trials, confidence)
    told["figures"]["composed"] = figures(trials, confidence, points.candidate).as_dict()
    model = write_model(ask.out / ask.name, told, card(ask.name, told), files)
    print(model.identity, told["calibration"], told["points"], told["figures"])


if __name__ == "__main__":
    main()
