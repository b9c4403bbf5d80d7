"""What `kancha train` reaches: four folds by place over the real pairs of Texas, and the learning curve.

    python tests/benchmarks/bench_train.py WORK [--only folds|curve] [--minutes 60] [--curve-minutes 20]

Hours of work on two cores. Everything is kept in WORK: what is finished is not done again, what was interrupted goes
on. Weights trained here are of research-only pairs and stay in WORK; only figures leave it.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from geodata.detect.detector import shipped  # noqa: E402  (found through the line above)
from geodata.detect.models import SHIPPED, Model, find_model  # noqa: E402
from geodata.evaluate import Evaluation, evaluate_label, pool  # noqa: E402
from geodata.learn.bureau import Request, learn  # noqa: E402
from geodata.learn.cases import Case, cases_in, opened, places_of  # noqa: E402
from geodata.learn.training import Budget  # noqa: E402
from geodata.scan import scan  # noqa: E402
from geodata.scan_images import Judge  # noqa: E402
from geodata.types import ScanOptions  # noqa: E402

PAIRS = ROOT.parent / "shared" / "data" / "levir_dev"
FOLDS = 4
EVALUATIONS = "evaluations.pickle"
CURVE = (4, 8, 16, 0)
"""Training pairs of each point of the learning curve; 0: all that are not held out."""
DATES = ScanOptions(before_date=datetime(2010, 1, 1, tzinfo=UTC), after_date=datetime(2020, 1, 1, tzinfo=UTC))


def folds_by_place(cases: list[Case], work: Path) -> list[list[str]]:
    """Names of the cases of each fold; a place is in one fold alone."""
    kept = work / "folds.json"
    if not kept.exists():
        work.mkdir(parents=True, exist_ok=True)
        judge = Judge(shipped())
        places = places_of([opened(case, judge) for case in cases])
        order = sorted(set(places))
        # Large places first, each to the fold that has least.
        order.sort(key=lambda p: (-places.count(p), p))
        folds: list[list[str]] = [[] for _ in range(FOLDS)]
        for place in order:
            min(folds, key=len).extend(c.name for c, p in zip(cases, places, strict=True) if p == place)
        kept.write_text(json.dumps(folds), encoding="utf-8")
    found: list[list[str]] = json.loads(kept.read_text(encoding="utf-8"))
    return found


def run(cases: list[Case], held: list[str], request: Request, work: Path, console: Console) -> dict[str, Any]:
    """Train without the held-out cases, scan those, and keep the figures."""
    done = work / "result.json"
    if not done.exists():
        last = [0.0]

        def tell(share: float, line: str) -> None:
            if "held out" in line or share - last[0] > 0.2:
                last[0] = share
                console.print(f"{work.name} {share:4.0%} {line}")

        outcome = learn(cases, replace(request, compare=tuple(held)), work, tell)
        evaluations = scanned([c for c in cases if c.name in held], outcome.model)
        (work / EVALUATIONS).write_bytes(pickle.dumps(evaluations))
        told = pool(evaluations, name=work.name).as_dict()
        told["model"] = outcome.model.identity
        told["reliability"] = [vars(row) for row in outcome.reliability]
        told["history"] = outcome.history
        done.write_text(json.dumps(told, indent=1), encoding="utf-8")
    kept: dict[str, Any] = json.loads(done.read_text(encoding="utf-8"))
    return kept


def scanned(cases: list[Case], model: Model) -> list[Evaluation]:
    """Scans of the held-out pairs against their labels, as `make bench` measures them."""
    judge = Judge(shipped(), model)
    out = []
    for case in cases:
        assert case.label is not None
        options = replace(DATES, detector=model.identity)
        found = scan(case.before, case.after, options=options, judge=judge).findings
        out.append(evaluate_label(found, case.label, name=case.name))
    return out


def folds(cases: list[Case], ask: argparse.Namespace, parent: Model | None, console: Console) -> dict[str, Any]:
    """Four folds by place, pooled over all pairs."""
    parts = folds_by_place(cases, ask.work)
    evaluations: list[Evaluation] = []
    for k in ask.folds:
        held = parts[k]
        request = Request(f"fold-{k}", parent, parent, budget=Budget(ask.minutes), seed=k, held_out=0.15)
        run(cases, held, request, ask.work / f"fold-{k}", console)
        evaluations += pickle.loads((ask.work / f"fold-{k}" / EVALUATIONS).read_bytes())
    total = pool(evaluations, name=f"{len(ask.folds)} folds by place, {ask.minutes:g} minutes each")
    console.print(total.pairs_table())
    console.print(total.table())
    return total.as_dict()


def curve(cases: list[Case], ask: argparse.Namespace, parent: Model | None, console: Console) -> dict[str, Any]:
    """Held-out figures by the number of training pairs, from the starter and from scratch; one split, one seed."""
    held = folds_by_place(cases, ask.work)[0]
    rest = [c for c in cases if c.name not in held]
    order = [rest[k] for k in np.random.default_rng(0).permutation(len(rest))]
    table = Table("pairs", "from", "pixel F1", "found", "object F1", "false per km2", title="learning curve")
    told: dict[str, Any] = {}
    for count in CURVE:
        for start in ask.begin:
            name = f"curve-{count or 'all'}-{start}"
            some = order[: count or len(order)]
            request = Request(
                name, parent, parent, from_scratch=start == "scratch", budget=Budget(ask.curve_minutes), held_out=0.25
            )
            chosen = [*some, *(c for c in cases if c.name in held)]
            got = told[name] = run(chosen, held, request, ask.work / name, console)
            figures = (f"{got[g][v]:.3f}" for g, v in (("pixel", "f1"), ("object", "recall"), ("object", "f1")))
            table.add_row(str(len(some)), start, *figures, f"{got['false_per_km2']:.0f}")
    console.print(table)
    return told


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--only", choices=["folds", "curve"])
    parser.add_argument("--minutes", type=float, default=60.0, help="working time of a fold (default 60)")
    parser.add_argument("--curve-minutes", type=float, default=20.0, help="working time of a point (default 20)")
    parser.add_argument("--folds", type=int, nargs="+", default=list(range(FOLDS)), help="which of the four folds")
    parser.add_argument("--start", default="starter-2", help="model to begin from")
    parser.add_argument("--begin", nargs="+", default=["starter", "scratch"], help="arms of the curve")
    ask = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 130)
    if not PAIRS.is_dir():
        console.print(f"[yellow]skipped: {PAIRS} is not there[/yellow]")
        return 0
    cases = cases_in(PAIRS)
    parent = find_model(ask.start, SHIPPED)
    results = {}
    for name, bench in (("folds", folds), ("curve", curve)):
        if ask.only in (None, name):
            console.rule(name)
            results[name] = bench(cases, ask, parent, console)
    (ask.work / "figures.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
