"""The benchmarks: accuracy on real pairs and on the demonstration, and speed against mere decoding.

    python tests/benchmarks/bench.py [--only NAME] [--json RESULTS]

Figures are printed and, on request, written as JSON. What is not there is skipped with a word.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from ablation import ablation  # noqa: E402  (found through the line above)
from alignment import alignment  # noqa: E402
from assessing import assessing  # noqa: E402
from height import height  # noqa: E402
from layers import layers  # noqa: E402
from learning import cascade, quiet, starter  # noqa: E402
from nights import first_moment, quiet_night  # noqa: E402
from nochange import nochange  # noqa: E402
from pairs import DATA, DATES, FRANCE, TEXAS, real_pairs  # noqa: E402
from roofs import roofs  # noqa: E402
from speed import FORMATS, drawn_part, make_pair, measure_peer, measure_speed, real_parts  # noqa: E402
from usable import usable  # noqa: E402

from geodata.demo import draw_district  # noqa: E402
from geodata.evaluate import evaluate_files  # noqa: E402
from geodata.scan import scan  # noqa: E402
from geodata.types import ScanOptions  # noqa: E402


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"cpu": model, "cores": cores, "python": platform.python_version()}


def levir(console: Console, workers: int) -> dict[str, Any] | None:
    """The 34 pairs of Texas, 0.5 m, default settings."""
    told = real_pairs(TEXAS, console, replace(DATES, workers=workers))
    return None if told is None else told[1]


def france(console: Console, workers: int) -> dict[str, Any] | None:
    """The pairs of France, 0.2 m, 100 m a side: as a user gets them, and with the refusals overridden."""
    options = replace(DATES, workers=workers)
    default = real_pairs(replace(FRANCE, title="France, default settings"), console, options)
    forced = real_pairs(
        replace(FRANCE, title="France, --accept alignment"), console, replace(options, accept=("alignment",))
    )
    return None if default is None or forced is None else {"default": default[1], "accepted": forced[1]}


def demo(console: Console, workers: int) -> dict[str, Any]:
    """The procedural district against its own truth."""
    with tempfile.TemporaryDirectory(prefix="kancha-bench-") as scratch:
        files = draw_district(Path(scratch) / "district")
        begun = time.perf_counter()
        result = scan(files.before, files.after, options=ScanOptions(workers=workers))
        seconds = time.perf_counter() - begun
        target = Path(scratch) / "district.geojson"
        target.write_text(json.dumps(result.feature_collection(), default=str), encoding="utf-8")
        measured = replace(evaluate_files(target, files.truth), name="demonstration district")
    console.print(measured.table())
    console.print(f"scanned in {seconds:.1f} s")
    return {**measured.as_dict(), "seconds": seconds}


def speed(console: Console, workers: int) -> dict[str, Any]:
    """Large RGB pairs in several formats and sizes, against decoding both files and against a peer."""
    columns = ("pair", "s", "MPix/s", "of decode limit", "decode s", *STAGES, "closely", "findings", "peak MiB")
    table = Table(*columns, title=f"scan of large RGB pairs, {workers} threads, start-up included")
    told: dict[str, Any] = {}
    cases = [(8192, name, 8, "drawn") for name in FORMATS] + [
        (8192, "deflate", 8, "--thorough"), (8192, "deflate", 1, "changed everywhere"), (8192, "deflate", 8, "real"),
        (2048, "deflate", 8, "drawn"), (4096, "deflate", 8, "drawn"), (16384, "deflate", 8, "drawn"),
    ]  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="kancha-bench-") as scratch:
        drawn, real = drawn_part(Path(scratch)), real_parts(DATA / "levir_dev")
        for side, stored, changed, kind in cases:
            name = f"{side} {stored}" + (f", {kind}" if kind != "drawn" else "")
            parts = real if kind == "real" else drawn
            if parts is None:
                console.print(f"[yellow]skipped: {DATA / 'levir_dev'} is not there[/yellow]")
                continue
            pair = make_pair(Path(scratch) / "pair", parts, side, stored, changed)
            got = measure_speed(pair, side, workers, thorough=kind == "--thorough")
            if name in ("8192 deflate", "8192 deflate, real"):
                got["peer_s"] = measure_peer(pair, Path(scratch), workers)
            told[name] = got
            stages = [f"{got['stages'].get(k, 0):.2f}" for k in STAGES]
            table.add_row(
                name, f"{got['scan_s']:.2f}", f"{got['mpix_per_s']:.1f}", f"{got['of_decode_limit']:.3f}",
                f"{got['decode_s']:.2f}", *stages, f"{got['looked_at_closely']:.1%}", str(got["findings"]),
                f"{got['peak_mib']:,.0f}",
            )  # fmt: skip
            for file in pair:
                file.unlink()
    console.print(table)
    growth = told["16384 deflate"]["scan_s"] / told["8192 deflate"]["scan_s"]
    console.print(f"16k / 8k: {growth:.2f} times the time for 4 times the ground")
    for name, got in told.items():
        if got.get("peer_s") is not None:
            times = got["peer_s"] / got["scan_s"]
            peer = "Orfeo ToolBox's MultivariateAlterationDetector"
            console.print(f"{name}: {peer} takes {got['peer_s']:.1f} s, {times:.1f} times as long")
    if told["8192 deflate"]["peer_s"] is None:
        console.print("Orfeo ToolBox is not installed (Debian package otb-bin): not compared")
    return told


STAGES = ("checking", "aligning", "detecting", "outlining", "assessing")


BENCHES: dict[str, Callable[[Console, int], dict[str, Any] | None]] = {
    "levir": levir,
    "starter": starter,
    "cascade": cascade,
    "quiet": quiet,
    "ablation": ablation,
    "france": france,
    "align": alignment,
    "demo": demo,
    "height": height,
    "layers": layers,
    "quiet_night": quiet_night,
    "first_moment": first_moment,
    "nochange": nochange,
    "roofs": roofs,
    "assessing": assessing,
    "speed": speed,
    "usable": usable,
}


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", choices=[*BENCHES], help="run one benchmark")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--workers", type=int, default=2, help="threads of a scan (default 2)")
    arguments = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 130)
    results: dict[str, Any] = {"machine": machine()}
    console.print(f"{results['machine']['cpu']}, {results['machine']['cores']} cores")
    for name in [arguments.only] if arguments.only else BENCHES:
        console.rule(name)
        workers = 1 if name in ("levir", "starter", "france", "height") else arguments.workers
        results[name] = BENCHES[name](console, workers)
    if arguments.json:
        partial = arguments.json.with_name(f".{arguments.json.name}.part")
        partial.write_text(json.dumps(results, indent=1), encoding="utf-8")
        partial.replace(arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
