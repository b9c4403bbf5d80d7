"""Fit the training-free detector's coefficients and write `geodata/detect/model.json`.

    python tools/fit_detector.py [--work FOLDER]

Additive models by penalised logistic regression, each from what the one before lets through: the first look's
pixels (`screen`), the pieces of suspected ground by themselves (`piece`) and among their neighbours (`context`), whole
objects (`object`); and how many objects of what
confidence unchanged ground gives (`background`). Fitted on openly licensed imagery and two drawn districts (see
`training_pairs.py`). The real pairs of Texas and France are never fitted: what is printed of them is a report.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

sys.path.insert(0, str(Path(__file__).resolve().parent))

from training_pairs import (
    ROOT,
    ArrayReader,
    Pair,
    across_places,
    district,
    normalised,
    unchanged_places,
    varied,
)

from geodata.detect import candidates, judging, pipeline, windows
from geodata.detect.detector import MODEL_FILE, Detector
from geodata.detect.evidence import CHANNELS, channels, describe
from geodata.detect.segments import CELL_HALO_PX, NEAR_CHANNELS, cut_in_pieces
from geodata.grid import Window
from geodata.pairing.patches import LOOK, halved
from geodata.pairing.radiometry import Radiometry

F64 = npt.NDArray[np.float64]
WEIGHTS = {
    "cross": 1.0,
    "cross_varied": 1.0,
    "naip": 0.6,
    "naip_varied": 0.6,
    "district": 0.15,
    "district_varied": 0.15,
}
AS_IS = Radiometry((1.0,) * 3, (0.0,) * 3)
ROUNDS = 2
"""A third round of judging pieces among their neighbours adds 0.005 of F1."""
CONFIDENCES = [0.02, 0.06, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9]


def fit_additive(values: npt.NDArray[Any], names: Sequence[str], y: F64, w: F64, knots: int) -> dict[str, Any]:
    """Penalised logistic regression on piecewise linear functions of each attribute.

    Args:
        values: Attributes, 0 to 255, shape (n, attribute).
        names: What the columns are.
        y: 1 where it is a structure, shape (n,).
        w: Weights.
        knots: Most knots an attribute has, at its quantiles.
    """
    parts, at, where = [], {}, {}
    width = 0
    for column, name in enumerate(names):
        x = values[:, column]
        ends = np.unique(np.round(np.quantile(x, np.linspace(0.01, 0.99, knots))).astype(int))
        if len(ends) > 1:
            parts.append(_hats(x, ends))
            at[name], where[name] = ends, slice(width, width + len(ends))
            width += len(ends)
    basis = np.concatenate(parts, axis=1)
    w = w / w.sum()
    middle = (basis * w[:, None]).sum(axis=0)
    basis -= middle.astype(np.float32)

    def loss(p: F64) -> tuple[float, F64]:
        z = (basis @ p[1:].astype(np.float32)).astype(float) + p[0]
        off = (1 / (1 + np.exp(-z)) - y) * w
        value = float((w * (np.logaddexp(0, z) - y * z)).sum() + 1.5e-4 * (p[1:] ** 2).sum())
        slope = np.r_[off.sum(), basis.T @ off.astype(np.float32)]
        slope[1:] += 3e-4 * p[1:]
        for part in where.values():
            rise = np.diff(p[1:][part])
            value += 5e-4 * float((rise**2).sum())
            slope[1:][part] += 1e-3 * (np.r_[0, rise] - np.r_[rise, 0])
        return value, slope

    p = minimize(loss, np.zeros(width + 1), jac=True, method="L-BFGS-B", options={"maxiter": 250}).x
    intercept = p[0] - middle @ p[1:]
    terms = {}
    for name, part in where.items():
        amounts = p[1:][part]
        intercept += amounts[0]
        terms[name] = {
            "knots": [int(k) for k in at[name]],
            "amounts": [round(float(a - amounts[0]), 3) for a in amounts],
        }
    return {"intercept": round(float(intercept), 3), "terms": terms}


def _hats(x: npt.NDArray[Any], ends: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    at = np.clip(x.astype(float), ends[0], ends[-1])
    low = np.clip(np.searchsorted(ends, at, side="right") - 1, 0, len(ends) - 2)
    share = (at - ends[low]) / (ends[low + 1] - ends[low])
    out = np.zeros((len(x), len(ends)), np.float32)
    out[np.arange(len(x)), low], out[np.arange(len(x)), low + 1] = 1 - share, share
    return out


Rows = tuple[npt.NDArray[Any], F64, F64]
"""Attributes (n, attribute), share that is a structure (n,), weight (n,)."""


def readers_of(pair: Pair) -> list[ArrayReader]:
    """Both dates as the detector reads them."""
    return [
        ArrayReader(date, pair.valid, pair.gsd_m, phase)
        for date, phase in ((pair.before, (0, 0)), (pair.after, pair.phase))
    ]


def first_look(pair: Pair) -> tuple[dict[str, Any], Any]:
    """Evidence of the first look, and where it is valid."""
    looks = [reader.coarsened(LOOK) for reader in readers_of(pair)]
    return channels(*(describe(look.values) for look in looks)), looks[0].valid & looks[1].valid


def screen_rows(pair: Pair) -> Rows:
    """Sampled pixels of the first look."""
    rng = np.random.default_rng(0)
    found, valid = first_look(pair)
    share = halved(pair.roofs[None].astype(np.float32), pair.valid)[0][0].astype(float).ravel()
    values = np.stack([found[name].ravel() for name in CHANNELS], axis=1)
    picked, weights = [], []
    for sure, most in ((share >= 0.75, 250), (share <= 0.25, 700)):
        here = np.flatnonzero(sure & valid.ravel())
        some = rng.choice(here, min(most, len(here)), replace=False)
        picked.append(some)
        weights.append(np.full(len(some), len(here) / max(1, len(some))))
    index = np.concatenate(picked)
    return values[index], (share[index] > 0.5).astype(float), np.concatenate(weights)


def piece_rows(detector: Detector, pair: Pair) -> Rows:
    """Pieces of what the first look suspects, weighted by their pixels.

    By themselves as long as the detector judges no pieces, then among neighbours that it has judged so far.
    """
    found, seen = first_look(pair)
    points = detector.screen.of_images(found)
    marked = pipeline.suspect(points >= detector.operating.suspect) & seen
    marked = marked.repeat(LOOK, axis=0).repeat(LOOK, axis=1)[: pair.valid.shape[0], : pair.valid.shape[1]]
    marked &= pair.valid
    coarse = np.stack([points, *(found[name] for name in NEAR_CHANNELS)], dtype=np.int16)
    rows: list[Rows] = []
    for cell in pipeline.cells_of(Window(0, 0, *pair.valid.shape)):
        reach = cell.grown(CELL_HALO_PX, pair.valid.shape)
        r, c = reach.slices
        if not marked[cell.slices].any():
            continue
        near = coarse[:, r.start // LOOK : -(-r.stop // LOOK), c.start // LOOK : -(-c.stop // LOOK)]
        pieces = cut_in_pieces(pair.before[:, r, c], pair.after[:, r, c], marked[r, c], near)
        values = pieces.attributes
        if detector.piece.names:
            scores, borders = judging.scores(pieces, marked[r, c], detector)
            values = judging.in_context(pieces, borders, scores)
        own = cell.inside(reach)
        labels, roofs = pieces.labels[own], pair.roofs[cell.slices]
        inside = labels >= 0
        pixels = np.bincount(labels[inside], minlength=len(pieces.pixels)).astype(float)
        hit = np.bincount(labels[inside], weights=roofs[inside], minlength=len(pieces.pixels))
        some = pixels > 0
        rows.append((values[some], hit[some] / pixels[some], np.minimum(pixels[some], 3000.0)))
    return _joined(rows, len(judging.CONTEXT_NAMES if detector.piece.names else judging.PIECE_NAMES))


def object_rows(detector: Detector, pair: Pair) -> Rows:
    """Objects that appeared, as the pipeline finds them."""
    plan = windows.WindowPlan(*readers_of(pair), AS_IS, AS_IS, None, None, detector)  # type: ignore[arg-type]
    rows, shares, weights = [], [], []
    for component in pipeline.detect(plan, 1024, 1).components["appeared"]:
        if component.pixels * pair.gsd_m**2 >= 16:
            measured = candidates.measure_object(component, "appeared", detector)
            rows.append(list(measured.attributes.values()))
            part = np.s_[component.row :, component.col :]
            here = pair.roofs[part][: component.mask.shape[0], : component.mask.shape[1]][component.mask]
            shares.append(float(here.mean()))
            weights.append(float(np.sqrt(component.pixels)))
    names = len(candidates.OBJECT_ATTRIBUTES)
    return np.array(rows, np.uint8).reshape(-1, names), np.array(shares), np.array(weights)


def _joined(rows: list[Rows], width: int) -> Rows:
    if not rows:
        return np.empty((0, width), np.uint8), np.empty(0), np.empty(0)
    return tuple(np.concatenate(part) for part in zip(*rows, strict=True))  # type: ignore[return-value]


def gather(work: Callable[[Pair], Rows], pairs: list[Pair]) -> Rows:
    """Rows of all pairs; every kind of pair weighs what `WEIGHTS` says, whatever its area."""
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(work, pairs, chunksize=8))
    total = {kind: sum(f[2].sum() for f, p in zip(found, pairs, strict=True) if p.kind == kind) for kind in WEIGHTS}
    weighted = [(x, y, w * WEIGHTS[p.kind] / total[p.kind]) for (x, y, w), p in zip(found, pairs, strict=True)]
    return _joined(weighted, 0)


def both_ways(rows: Rows) -> Rows:
    """Shares as two weighted rows each, one that is a structure and one that is not."""
    x, y, w = rows
    twice = np.concatenate([x, x]), np.r_[np.ones(len(y)), np.zeros(len(y))], np.r_[y * w, (1 - y) * w]
    used = twice[2] > 0
    return twice[0][used], twice[1][used], twice[2][used]


def background(detector: Detector, pairs: list[Pair]) -> dict[str, Any]:
    """Objects a square kilometre above each confidence on ground where nothing was built."""
    quiet = [p for p in pairs if p.kind.startswith("naip")]
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(partial(object_rows, detector), quiet, chunksize=8))
    scores = np.concatenate([detector.whole.of_rows(x, candidates.OBJECT_ATTRIBUTES) for x, _, _ in found if len(x)])
    confidence = 1 / (1 + np.exp(-scores / 100))
    km2 = sum(p.valid.sum() * p.gsd_m**2 for p in quiet) / 1e6
    rates = [round(float((confidence >= c).sum() / km2), 2) for c in CONFIDENCES]
    return {"confidence": CONFIDENCES, "per_km2": rates}


def main() -> int:
    """Make the pairs, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--work", type=Path, help="keep the pairs here")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    rng = np.random.default_rng(11)
    folder = arguments.work or Path(tempfile.mkdtemp(prefix="kancha-fit-"))
    raw = [replace(pair, phase=tuple(int(v) for v in rng.integers(0, 2, 2))) for pair in kept_pairs(folder, rng)]
    pairs = [normalised(p) for p in raw] + [normalised(varied(p, rng)) for p in raw]
    print(f"{len(pairs)} pairs")
    told: dict[str, Any] = {}
    told["screen"] = fit_additive_rows(gather(screen_rows, pairs), CHANNELS, 7)
    told["piece"] = fit_additive_rows(
        both_ways(gather(partial(piece_rows, Detector.from_dict(told)), pairs)), judging.PIECE_NAMES, 7
    )
    told["context"] = []
    for _ in range(ROUNDS):
        rows = gather(partial(piece_rows, Detector.from_dict(told)), pairs)
        told["context"].append(fit_additive_rows(both_ways(rows), judging.CONTEXT_NAMES, 7))
    rows = gather(partial(object_rows, Detector.from_dict(told)), pairs)
    told["object"] = fit_additive_rows(both_ways(rows), candidates.OBJECT_ATTRIBUTES, 5)
    told["background"] = background(Detector.from_dict(told), pairs)
    write(told)
    print("background per km2:", dict(zip(CONFIDENCES, told["background"]["per_km2"], strict=True)))
    return 0


def kept_pairs(folder: Path, rng: np.random.Generator) -> list[Pair]:
    """All pairs, colours as they are; made once, for reading and aligning them takes minutes."""
    kept = folder / "pairs.pickle"
    if not kept.exists():
        pairs = [*across_places(rng), *unchanged_places(rng), *(district(seed, folder) for seed in (3, 4))]
        kept.write_bytes(pickle.dumps(pairs))
    return list(pickle.loads(kept.read_bytes()))


def fit_additive_rows(rows: Rows, names: Sequence[str], knots: int) -> dict[str, Any]:
    """`fit_additive` on gathered rows."""
    x, y, w = rows
    print(f"{len(names)} attributes, {len(y)} rows, {float((y * w).sum() / w.sum()):.3f} structures")
    return fit_additive(x, names, y, w, knots)


def write(told: dict[str, Any]) -> None:
    """Put the coefficients where the detector reads them."""
    target = MODEL_FILE.relative_to(ROOT)
    MODEL_FILE.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(f"written: {target}")


if __name__ == "__main__":
    sys.exit(main())
