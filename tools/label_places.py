"""Self-training: outline the roofs of places that nobody outlined, where all their years agree.

    python tools/label_places.py WORK WEIGHTS NEW_WORK --picture LOOK.png

WORK holds what `train_starter.py` gathered, WEIGHTS a trained twin network. A pixel is a roof where the mean of the
years is above 0.7 and no year denies it within a pixel of lean; it is none where every year is below 0.25; else it is
unknown. NEW_WORK gets the same data with these places, to train once more. Look at the picture before you do.
"""

from __future__ import annotations

import argparse
import pickle
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tools"))

import starter_data as data  # noqa: E402  (found through the lines above)
from train_starter import gathered  # noqa: E402

from geodata.learn.network import Design, PairNet  # noqa: E402
from geodata.learn.samples import UNKNOWN  # noqa: E402
from geodata.learn.validation import predicted  # noqa: E402

U8 = npt.NDArray[np.uint8]

ROOF, DENIED, NONE = 0.7, 0.6, 0.25
WEIGHT = 0.35
"""A place with such labels is drawn this often beside one that was outlined by eye."""


def roof_probability(net: PairNet, picture: U8) -> npt.NDArray[np.float32]:
    """Probability of a roof, shape (y, x), averaged over the picture and its mirror image."""
    mirrored = np.ascontiguousarray(picture[:, ::-1])
    return (predicted(net, picture, picture)[3] + predicted(net, mirrored, mirrored)[3][:, ::-1]) / 2


def labelled(net: PairNet, place: data.Place) -> data.Place:
    """A place with the roofs on which its years agree."""
    years = np.stack([roof_probability(net, picture) for picture, _ in place.years])
    near = np.min([cv2.dilate(one, np.ones((3, 3))) for one in years], axis=0)
    roofs = np.full(years.shape[1:], UNKNOWN, np.uint8)
    roofs[years.max(axis=0) < NONE] = 0
    roofs[(years.mean(axis=0) > ROOF) & (near > DENIED)] = 1
    return replace(place, years=tuple((picture, roofs) for picture, _ in place.years), weight=WEIGHT)


def drawn(place: data.Place) -> U8:
    """A place beside itself with its labels: roofs red, unknown yellow."""
    picture, roofs = place.years[0]
    assert roofs is not None
    marked = picture.copy()
    for value, colour in ((1, (255, 0, 0)), (UNKNOWN, (255, 255, 0))):
        here = roofs == value
        marked[here] = (marked[here] / 2 + np.array(colour) / 2).astype(np.uint8)
    return np.hstack([picture[:256, :256], marked[:256, :256]])


def main() -> None:
    """Label, look, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("new_work", type=Path)
    parser.add_argument("--size", default="base")
    parser.add_argument("--picture", type=Path)
    ask = parser.parse_args()
    net = PairNet(Design(ask.size, twin=True))
    net.load_state_dict(torch.load(ask.weights, weights_only=True))
    net = net.eval().to(memory_format=torch.channels_last)
    learnt, judged, bare, districts = gathered(ask.work)
    seen_twice = [p for p in learnt if not p.outlined and len(p.years) > 1]
    further = [labelled(net, place) for place in seen_twice]
    ask.new_work.mkdir(parents=True, exist_ok=True)
    kept = [*(p for p in learnt if p.outlined), *further]
    (ask.new_work / "data.pickle").write_bytes(pickle.dumps((kept, judged, bare, districts)))
    print(f"{len(further)} places labelled")
    if ask.picture is not None:
        chosen = [drawn(further[k]) for k in np.random.default_rng(1).permutation(len(further))[:12]]
        rows = [np.hstack(chosen[k : k + 3]) for k in range(0, 12, 3)]
        cv2.imwrite(str(ask.picture), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    main()
