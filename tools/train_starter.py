"""Train the starter network from what may be shipped, and keep it as a model folder.

    python tools/train_starter.py WORK --minutes 40 --size base [--twin]

WORK keeps drawn districts, checkpoints and the trained weights; an interrupted run goes on. The places it learns from
are in `starter_data.py`.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tools"))

import starter_data as data  # noqa: E402  (found through the lines above)

from geodata.learn.augment import Light  # noqa: E402
from geodata.learn.network import Design, PairNet  # noqa: E402
from geodata.learn.samples import LabelledPair, PairSource, PlaceSource, Sample, Shares, Views  # noqa: E402
from geodata.learn.training import Budget, Recipe, train  # noqa: E402
from geodata.learn.validation import Score, score  # noqa: E402

DISTRICTS = range(301, 309)
JUDGED_SAMPLES = 96


def gathered(work: Path) -> tuple[list[data.Place], list[data.Place], list[data.Place], list[LabelledPair]]:
    """Places to learn from, to judge by, bare ones, and districts; read once and kept in WORK."""
    kept = work / "data.pickle"
    if not kept.exists():
        work.mkdir(parents=True, exist_ok=True)
        learnt, judged = data.split([*data.californian_places(), *data.single_date_places()])
        bare = data.bare_places()
        drawn = [data.district(seed, work) for seed in DISTRICTS]
        kept.write_bytes(pickle.dumps((learnt, judged, bare, drawn)))
    found: tuple[list[data.Place], list[data.Place], list[data.Place], list[LabelledPair]]
    found = pickle.loads(kept.read_bytes())
    return found


def halved(picture: npt.NDArray[np.uint8], *, label: bool = False) -> npt.NDArray[np.uint8]:
    """A picture at half its resolution, as the first look has it; a label by its nearest pixel."""
    size = picture.shape[1] // 2, picture.shape[0] // 2
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST if label else cv2.INTER_AREA))


def coarse_place(place: data.Place) -> data.Place:
    """A place at half its resolution."""
    years = tuple((halved(p), None if r is None else halved(r, label=True)) for p, r in place.years)
    return replace(place, years=years, gsd_m=2 * place.gsd_m)


def coarse_pair(pair: LabelledPair) -> LabelledPair:
    """A pair at half its resolution."""
    labels = np.stack([halved(label, label=True) for label in pair.labels])
    return replace(pair, before=halved(pair.before), after=halved(pair.after), labels=labels, gsd_m=2 * pair.gsd_m)


def judged_pairs(places: list[data.Place], bare: list[data.Place], views: Views) -> list[LabelledPair]:
    """Fixed composed pairs of the held-out places, to stop by and to calibrate with."""
    source = PlaceSource(places, views, bare)

    def pair(seed: int, sample: Sample) -> LabelledPair:
        before, after = (np.ascontiguousarray(sample.pictures[k : k + 3].transpose(1, 2, 0)) for k in (0, 3))
        return LabelledPair(f"composed/{seed}", before, after, sample.labels[:2], views.gsd_m)

    return [pair(k, source.draw(np.random.default_rng((77, k)))) for k in range(JUDGED_SAMPLES)]


def main() -> None:
    """Train and keep."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--name", default="run")
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--size", default="base")
    parser.add_argument("--twin", action="store_true")
    parser.add_argument("--gsd", type=float, default=0.55)
    parser.add_argument("--light", type=float, default=0.7)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--drawn", type=float, default=0.1, help="share of samples from drawn districts")
    parser.add_argument("--screen", action="store_true", help="train the screen: half the resolution")
    parser.add_argument("--start", type=Path)
    ask = parser.parse_args()
    cv2.setNumThreads(1)
    learnt, judged, bare, drawn = gathered(ask.work)
    size_px, batch = 256, 8
    if ask.screen:
        ask.gsd, size_px, batch = 2 * ask.gsd, 128, 16
        learnt, judged, bare = ([coarse_place(p) for p in places] for places in (learnt, judged, bare))
        drawn = [coarse_pair(p) for p in drawn]
    views = Views(size_px=size_px, gsd_m=ask.gsd, light=Light(ask.light))
    sources = [(PlaceSource(learnt, views, bare, Shares()), 1 - ask.drawn), (PairSource(drawn, views), ask.drawn)]
    held_out = judged_pairs(judged, bare, views)
    recipe = Recipe(Design(ask.size, ask.twin), batch=batch, seed=ask.seed, patience=99)
    began = time.monotonic()

    def validate(net: PairNet) -> Score:
        return score(net, held_out)

    def tell(share: float, line: str) -> None:
        if "held out" in line:
            print(f"{share:5.0%} {time.monotonic() - began:6.0f} s  {line}", flush=True)

    start = None if ask.start is None else torch.load(ask.start, weights_only=True)
    net = train(sources, validate, recipe, Budget(ask.minutes), ask.work / ask.name, start=start, tell=tell)
    torch.save(net.state_dict(), ask.work / ask.name / "weights.pt")


if __name__ == "__main__":
    main()
