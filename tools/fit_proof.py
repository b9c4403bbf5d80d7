"""Fit what judges a look at a known structure, and measure it: writes `geodata/verify/image_model.json`.

    for s in drawn-fit california drawn-check texas texas-standing france; do
        python tools/proof_samples.py $s WORK/$s.jsonl
    done
    python tools/fit_proof.py WORK [--keep]

Fitted on `drawn-fit` and `california`; everything else is measured only. Figures of what was fitted on are
cross-validated over places.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from geodata.verify.images import LEAST_SEEN, judged_images  # noqa: E402  (found through the line above)
from geodata.verify.judging import (  # noqa: E402
    CELL_NAMES,
    MODEL,
    WHOLE_NAMES,
    ImageModel,
    Logistic,
    cell_features,
    fitted,
    whole_features,
)
from geodata.verify.measures import MEASURE_NAMES, Cell, Measures  # noqa: E402

FITTED_ON = ("drawn-fit", "california")
SOURCES = (*FITTED_ON, "drawn-check", "texas", "texas-standing", "france")
FOLDS = 5
CLOSES = 0.8


@dataclass(frozen=True)
class Sample:
    """A structure of known fate, measured."""

    source: str
    place: str
    fate: str
    how: str
    measures: Measures
    cells: tuple[Cell, ...]
    lost: tuple[bool, ...]


def samples(work: Path) -> list[Sample]:
    """What was measured; what was not usably seen, or not aligned, is left out as a look leaves it out."""
    found = []
    for source in SOURCES:
        for line in (work / f"{source}.jsonl").read_text(encoding="utf-8").splitlines():
            row: dict[str, Any] = json.loads(line)
            if row["seen_share"] < LEAST_SEEN or not row["reliable"]:
                continue
            fate, how, *_ = *row["fate"].split("/"), ""
            lost = tuple(bool(cell.pop("lost")) for cell in row["cells"])
            cells = tuple(Cell(**{**cell, "centre": tuple(cell["centre"])}) for cell in row["cells"])
            measures = Measures(**{name: row[name] for name in MEASURE_NAMES})
            found.append(Sample(source, row["place"], fate, how, measures, cells, lost))
    return found


def model_of(learnt: Sequence[Sample]) -> ImageModel:
    """Fit both models."""
    pairs = [(cell, lost) for one in learnt for cell, lost in zip(one.cells, one.lost, strict=True)]
    cell = fitted(np.array([cell_features(c) for c, _ in pairs]), np.array([lost for _, lost in pairs]))
    rows = [whole_features(one.measures, [cell.probability(cell_features(c)) for c in one.cells]) for one in learnt]
    gone = np.array([one.fate in ("gone", "refilled") for one in learnt])
    counts = Counter(f"{one.source}: {one.fate}" for one in learnt)
    return ImageModel(cell, fitted(np.array(rows), gone), dict(sorted(counts.items())))


def upper(wrong: int, of: int) -> float:
    """Upper end of the 95 % interval of a share (Clopper and Pearson, two-sided)."""
    from scipy.stats import beta

    return 1.0 if wrong == of else float(beta.ppf(0.975, wrong + 1, of - wrong))


def tell(checked: Sequence[tuple[Sample, Any]]) -> None:
    """Confusion, false `gone` at the confidence that closes a case, reliability."""
    groups: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for sample, found in checked:
        groups[sample.source, sample.fate].append(found)
    print("source | truth | n | gone | refilled | partly_gone | covered | still_there | unknown | gone at 0.8")
    for (source, fate), looks in sorted(groups.items()):
        said = Counter(one.seen for one in looks)
        sure = sum(one.seen == "gone" and one.confidence >= CLOSES for one in looks)
        names = ("gone", "refilled", "partly_gone", "covered", "still_there", "unknown")
        print(f"{source} | {fate} | {len(looks)} | " + " | ".join(str(said[n]) for n in names) + f" | {sure}")
        if fate != "gone":
            print(
                f"    false gone at {CLOSES}: {sure}/{len(looks)} = {sure / len(looks):.2%},"
                f" up to {upper(sure, len(looks)):.2%}"
            )
    print("reliability of `gone`: confidence, n, share truly without a roof, share truly gone")
    bins: dict[float, list[Sample]] = defaultdict(list)
    for sample, found in checked:
        if found.seen == "gone" and sample.source != "texas-standing":
            bins[min(0.9, math.floor(found.confidence * 10) / 10)].append(sample)
    for low, members in sorted(bins.items()):
        bare = sum(m.fate in ("gone", "refilled") for m in members) / len(members)
        gone = sum(m.fate == "gone" for m in members) / len(members)
        print(f"{low:.1f} | {len(members)} | {bare:.2f} | {gone:.2f}")


def main() -> None:
    """Fit, measure, and keep with `--keep`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("work", type=Path)
    parser.add_argument("--keep", action="store_true")
    asked = parser.parse_args()
    known = samples(asked.work)
    learnt = [one for one in known if one.source in FITTED_ON]
    model = model_of(learnt)
    places = sorted({one.place for one in learnt})
    fold = dict(zip(places, np.random.default_rng(0).integers(0, FOLDS, len(places)).tolist(), strict=True))
    held = {k: model_of([one for one in learnt if fold[one.place] != k]) for k in range(FOLDS)}
    checked = []
    for one in known:
        judge = held[fold[one.place]] if one.source in FITTED_ON else model
        checked.append((one, judged_images(one.measures, one.cells, judge)))
    tell(checked)
    if asked.keep:
        told = {"cell": _told(model.cell, CELL_NAMES), "whole": _told(model.whole, WHOLE_NAMES)}
        path = ROOT / "geodata" / "verify" / MODEL
        path.write_text(json.dumps(told | {"fitted_on": model.told}, indent=1) + "\n", encoding="utf-8")


def _told(model: Logistic, names: Sequence[str]) -> dict[str, Any]:
    weights = {name: round(weight, 4) for name, weight in zip(names, model.weights, strict=True)}
    return {"intercept": round(model.intercept, 4), "weights": weights}


if __name__ == "__main__":
    main()
