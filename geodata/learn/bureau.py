"""`kancha train`: from a bureau's cases to a model, kept only where it is better than the one in use.

Places are split in three and stay apart: to learn from, to stop and calibrate by, and to compare with the model in
use by. Nothing that decides about a model has seen its training places.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geodata.detect.calibration import Calibration, fit, reliability
from geodata.detect.detector import shipped
from geodata.detect.models import NETWORK, SCREEN, WEIGHTS, Model, Points, write_model
from geodata.detect.network import VIEWS
from geodata.errors import KanchaError, TrainingError
from geodata.learn.augment import Light
from geodata.learn.cases import Case, Opened, labelled, opened, places_of
from geodata.learn.examples import examples_in, foremost
from geodata.learn.export import load_weights, save_weights, write_onnx
from geodata.learn.network import Design, PairNet, parameters_of
from geodata.learn.outcome import Example, LeftOut, Outcome
from geodata.learn.samples import LabelledPair, PairSource, Views
from geodata.learn.training import Budget, Recipe, train
from geodata.learn.trial import Trial, best_floor, compared, difference, figures, measures_of, summed, trial
from geodata.learn.validation import Score, score
from geodata.scan_images import Judge

LEAST_PLACES = 3
LEAST_OBJECTS = 20
CONFIRMED_PRECISION = 0.8
EXAMPLES = 6
"""So many of each kind stand in the report."""

Told = Callable[[float, str], None]


@dataclass(frozen=True)
class Request:
    """What a training is asked for.

    Args:
        name: Name of the new model.
        parent: The model to begin from, whose screen the new one keeps; None: from scratch, behind the training-free
            first look.
        champion: The model in use, to be compared with; None: the training-free detector is.
        from_scratch: Begin with random weights even though there is a parent.
        design: Look of a network from scratch; a parent's own otherwise.
        budget: How long.
        seed: Of everything random.
        held_out: Share of the places to calibrate by, and again as many to compare by.
        compare: Names of the places to compare by, None: drawn.
        gsd_m: The model's pixel size.
    """

    name: str
    parent: Model | None = None
    champion: Model | None = None
    from_scratch: bool = False
    design: Design = Design("base", twin=True)
    budget: Budget = Budget(60.0)
    seed: int = 0
    held_out: float = 0.2
    compare: tuple[str, ...] | None = None
    gsd_m: float = 0.55


@dataclass(frozen=True)
class Split:
    """The opened cases of each side, with their places.

    Args:
        learn: To learn from.
        calibrate: To stop and calibrate by.
        compare: To compare by.
    """

    learn: tuple[tuple[Opened, str], ...]
    calibrate: tuple[tuple[Opened, str], ...]
    compare: tuple[tuple[Opened, str], ...]


def learn(cases: Sequence[Case], request: Request, work: Path, tell: Told = lambda share, line: None) -> Outcome:
    """Train a model on cases, calibrate it and compare it.

    Args:
        cases: What is known.
        request: What is wanted.
        work: Folder of the run: checkpoints, the new model, an interrupted run goes on in it.
        tell: Hears of the progress.

    Raises:
        TrainingError: If too little is known to learn or to compare.
    """
    ready, refused = _opened(cases, Judge(shipped()), request, tell)
    split = split_by_place(ready, request)
    pairs = [block for one, place in split.learn for block in labelled(one, place)]
    stop_by = [block for one, place in split.calibrate for block in labelled(one, place)]
    if not any((p.labels == 1).any() for p in pairs):
        raise TrainingError(
            "None of the places to learn from holds a change.", remedy="Judge more findings, or add labelled pairs."
        )
    net = _trained(pairs, stop_by, request, work, tell)
    tell(0.9, "calibrating")
    draft = _draft(net, request, work, score(net, stop_by))
    held = [trial(draft, one, place) for one, place in split.calibrate]
    calibration, points, how = calibrated(held, draft.points, request.parent)
    tell(0.95, "comparing")
    known = {"places_learnt": len({p for _, p in split.learn}), "pairs_learnt": len(split.learn)}
    told = _manifest(net, request, (calibration, points), known | {"calibration": how})
    model = _written(draft, told, work)
    ours, examples = _shown(model, split.compare)
    theirs = [trial(request.champion, one, place) for one, place in split.compare]
    floors = points.candidate, Judge(shipped(), request.champion).candidate
    confidence = np.array([o.confidence for t in ours for o in t.objects])
    _, real = measures_of(ours)
    rows = tuple(reliability(confidence, real)) if confidence.size else ()
    history = tuple(json.loads((work / "run" / "history.json").read_text(encoding="utf-8")))
    return Outcome(
        model=model,
        figures=figures(ours, None, floors[0]),
        champion=figures(theirs, None, floors[1]),
        difference=difference(ours, theirs, floors),
        reliability=rows,
        refused=refused,
        history=history,
        split={side: len({p for _, p in getattr(split, side)}) for side in ("learn", "calibrate", "compare")},
        examples=examples,
    )


def _shown(model: Model, cases: Sequence[tuple[Opened, str]]) -> tuple[list[Trial], tuple[Example, ...]]:
    """Trials of a model with examples of them; each case is looked at once."""
    trials, examples = [], []
    for one, place in cases:
        sides = compared(model, one)
        trials.append(summed(sides, one, place))
        examples += examples_in(sides, one, model.points.candidate, EXAMPLES)
    return trials, foremost(examples, EXAMPLES)


def _opened(
    cases: Sequence[Case], judge: Judge, request: Request, tell: Told
) -> tuple[list[tuple[Opened, str]], tuple[LeftOut, ...]]:
    """Cases brought together with their places, and those that cannot be."""
    ready: list[Opened] = []
    refused: list[LeftOut] = []
    for k, case in enumerate(cases):
        tell(0.05 * k / len(cases), f"aligning {case.name}")
        try:
            ready.append(opened(case, judge, request.gsd_m))
        except KanchaError as error:
            refused.append(LeftOut(case.name, error.title, error.title_zh, str(error)))
    if not ready:
        raise TrainingError(
            f"None of the {len(cases)} cases can be used; the first: {refused[0].why if refused else 'there is none'}.",
            remedy="Give pairs that a scan would accept.",
        )
    return list(zip(ready, places_of(ready), strict=True)), tuple(refused)


def split_by_place(ready: Sequence[tuple[Opened, str]], request: Request) -> Split:
    """Three sides that share no place.

    Raises:
        TrainingError: If there are fewer than `LEAST_PLACES`.
    """
    places = sorted({place for _, place in ready})
    if len(places) < LEAST_PLACES:
        raise TrainingError(
            f"The cases lie in {len(places)} places; at least {LEAST_PLACES} are needed to hold some out.",
            remedy="Add pairs that lie more than 500 m from the others.",
        )
    shuffled = [places[k] for k in np.random.default_rng(request.seed).permutation(len(places))]
    if request.compare is not None:
        named = {place for one, place in ready if one.case.name in request.compare or place in request.compare}
        shuffled = [*sorted(named), *(p for p in shuffled if p not in named)]
        last = len(named)
    else:
        last = max(1, round(request.held_out * len(places)))
    middle = last + max(1, round(request.held_out * (len(places) - last)))
    sides = set(shuffled[:last]), set(shuffled[last:middle]), set(shuffled[middle:])
    compare, calibrate, learnt = (tuple((one, p) for one, p in ready if p in side) for side in sides)
    return Split(learnt, calibrate, compare)


def _trained(
    pairs: list[LabelledPair], stop_by: list[LabelledPair], request: Request, work: Path, tell: Told
) -> PairNet:
    # Bureau pairs are of one city and one scale of colours: they are varied less than what the starter learnt from.
    views = Views(gsd_m=request.gsd_m, light=Light(0.4), scale=(0.85, 1.18), shift_px=0.5, any_angle=0.4)
    design, start = request.design, None
    if request.parent is not None and not request.from_scratch:
        design, start = load_weights(request.parent.folder / WEIGHTS)
    # A network that knows roofs already is moved less far, so that it does not forget them at the first step.
    recipe = Recipe(design, learning_rate=2e-3 if start is None else 1e-3, seed=request.seed)

    def validate(net: PairNet) -> Score:
        return score(net, stop_by)

    def heard(share: float, line: str) -> None:
        tell(0.05 + 0.85 * share, line)

    return train(
        [(PairSource(pairs, views), 1.0)], validate, recipe, request.budget, work / "run", start=start, tell=heard
    )


def _draft(net: PairNet, request: Request, work: Path, held: Score) -> Model:
    """The network as a model without a calibration, to try it with."""
    write_onnx(net, work / NETWORK)
    save_weights(net, work / WEIGHTS)
    at = min(max(held.threshold, 0.2), 0.6)
    points = Points(pixel=round(100 * math.log(at / (1 - at))), candidate=0.0, confirmed=1.0)
    if request.parent is not None and request.parent.screen is not None:
        points = Points(points.pixel, request.parent.points.screen, 0.0, 1.0)
    told = _manifest(net, request, (Calibration(), points), {})
    return _written(None, told, work, folder="draft", parent=request.parent)


def calibrated(trials: Sequence[Trial], points: Points, parent: Model | None) -> tuple[Calibration, Points, str]:
    """Calibration and points of decision from trials on held-out places, and how they were found."""
    measures, real = measures_of(trials)
    if min(real.sum(), (~real).sum()) < LEAST_OBJECTS / 4 or real.size < LEAST_OBJECTS:
        calibration = Calibration() if parent is None else parent.calibration
        how = f"kept from the parent: only {int(real.sum())} right and {int((~real).sum())} wrong objects were held out"
    else:
        calibration = fit(measures, real)
        how = f"logistic, {real.size} objects of {len({t.place for t in trials})} held-out places"
    confidence = [np.array([calibration.probability(o.told) for o in t.objects]) for t in trials]
    candidate, _ = best_floor(trials, confidence)
    confirmed = candidate
    for floor in np.arange(candidate, 0.96, 0.02):
        confirmed = float(floor)
        if figures(trials, confidence, confirmed).object_precision >= CONFIRMED_PRECISION:
            break
    return calibration, Points(points.pixel, points.screen, candidate, round(confirmed, 3)), how


def _manifest(
    net: PairNet, request: Request, decided: tuple[Calibration, Points], known: dict[str, Any]
) -> dict[str, Any]:
    calibration, points = decided
    parent = request.parent
    told: dict[str, Any] = {
        "name": request.name,
        "input": {"bands": ["red", "green", "blue"], "dates": ["before", "after"], "gsd_m": request.gsd_m},
        "network": {
            "size": net.design.size,
            "twin": net.design.twin,
            "parameters": parameters_of(net),
            "views": len(VIEWS),
        },
        "calibration": calibration.as_dict(),
        "points": {name: getattr(points, name) for name in ("pixel", "screen", "candidate", "confirmed")},
        "parent": None if parent is None else parent.identity,
        "training": {
            "minutes": request.budget.minutes,
            "seed": request.seed,
            "from_scratch": request.from_scratch,
            **known,
        },
    }
    if parent is not None and parent.screen is not None:
        told["screen"] = dict(parent.told["screen"])
    return told


def _written(
    draft: Model | None, told: dict[str, Any], work: Path, folder: str = "", parent: Model | None = None
) -> Model:
    """A model folder in the work folder, anew."""
    import shutil

    target = work / (folder or f"model/{told['name']}")
    shutil.rmtree(target, ignore_errors=True)
    networks = {NETWORK: work / NETWORK, WEIGHTS: work / WEIGHTS}
    source = parent if draft is None else draft
    if "screen" in told and source is not None:
        networks[SCREEN] = source.folder / SCREEN
    return write_model(target, told, card_of(told), networks)


def card_of(told: dict[str, Any]) -> str:
    """A card for people from what the manifest says."""
    lines = [
        f"# {told['name']}",
        "",
        f"A network of {told['network']['parameters']:,} parameters for {told['input']['gsd_m']} m.",
    ]
    if told["parent"]:
        lines.append(f"Trained further from {told['parent']}.")
    lines += ["", "## Trained on", ""] + [f"- {key}: {value}" for key, value in told["training"].items()]
    for name, group in told.get("figures", {}).items():
        lines += ["", f"## {name}", ""] + [f"- {key}: {value}" for key, value in group.items()]
    return "\n".join(lines) + "\n"
