"""Judging against the clock: how long a keystroke takes until the next finding is fully drawn.

    .venv/bin/python -m tests.benchmarks.bench_judge [--count 64]

The measure is 60 judged findings in 10 minutes, 10 s each: what is not told here is left to the eye. Chromium without
a window draws by software, as an old office PC does. Drawn is: the words of the next finding, its small picture, both
dates on the map, and the frame after all of it.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.e2e.page_kit import DESK, add_officer, drawn_desk, signed_in
from tests.integration.service_kit import until

KEYS = "jstvj"
DRAWN = """(document.querySelector('.judge-verdicts .judge-right:enabled')
  && document.querySelector('img.judge-chip')?.complete && document.querySelector('img.judge-chip').naturalWidth > 0
  && document.querySelector('.judge-stack .now [data-drawn]'))"""
WATCH = f"""() => {{
  window.kanchaTook = [];
  const shown = () => document.querySelector('.judge-head code')?.textContent ?? '';
  addEventListener('keydown', (event) => {{
    const from = shown(), began = event.timeStamp;
    const look = () => {{
      if (shown() !== from && shown() !== '' && {DRAWN}) {{
        requestAnimationFrame((now) => window.kanchaTook.push(now - began));
      }} else requestAnimationFrame(look);
    }};
    requestAnimationFrame(look);
  }}, true);
}}"""


def judged(page: Any, count: int, look_ms: int) -> list[float]:
    """What each of so many keystrokes took, ms, where every finding is looked at for a while."""
    before = page.evaluate("window.kanchaTook.length")
    for k in range(count):
        page.wait_for_timeout(look_ms)
        page.keyboard.press(KEYS[k % len(KEYS)])
        until(lambda k=k: page.evaluate("window.kanchaTook.length") == before + k + 1, 60, 0.02)
    took: list[float] = page.evaluate(f"window.kanchaTook.slice({before})")
    return sorted(took)


def main() -> None:
    """Draw, judge, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=64, help="findings at each pace")
    count = parser.parse_args().count
    console = Console(width=140)
    with (
        tempfile.TemporaryDirectory() as folder,
        drawn_desk(Path(folder) / "desk", 2 * count + 4, size_px=1024) as drawn,
    ):
        person = add_officer(drawn.service, "wang", "王五")
        with signed_in(drawn.service, Path(folder) / "profile", person, **DESK) as it:
            it.open(f"#/judge?learn_share=0&capacity={len(drawn.ids)}")
            until(lambda: it.page.evaluate(f"Boolean({DRAWN})"), 60)
            it.page.evaluate(WATCH)
            for look_ms in (2_000, 500):
                took = judged(it.page, count, look_ms)
                median, p95 = statistics.median(took), took[int(0.95 * len(took))]
                console.print(
                    f"{count} findings, looked at for {look_ms / 1000:g} s each: from the key to the next finding, "
                    f"fully drawn: median {median:.0f} ms, p95 {p95:.0f} ms, longest {took[-1]:.0f} ms; "
                    f"of 10 minutes for 60 the machine takes {60 * statistics.mean(took) / 1000:.1f} s"
                )
            until(lambda: it.page.locator(".judge-progress b").first.inner_text() == str(2 * count), 30)
            assert it.faults == [], it.faults
        told = drawn.service.client.get("/queue?capacity=1000&learn_share=0").json()["rows"]
        assert len(told) == len(drawn.ids) - 2 * count, "every verdict is stored"
    console.print(f"{os.cpu_count()} cores, {platform.machine()}")


if __name__ == "__main__":
    main()
