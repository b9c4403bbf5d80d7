"""The report of a training: one file that loads and runs nothing, with all that came of it, whatever that is."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from geodata.detect.calibration import Reliability
from geodata.detect.models import Model
from geodata.learn.charts import kept_row, learning_curves, reliability_diagram, ticks
from geodata.learn.chips import CLAIMED, TRUE, draw_example
from geodata.learn.figures import Figures
from geodata.learn.outcome import Example, Kind, LeftOut, Outcome
from geodata.learn.report import cautions, facts, figure_views, render, verdict, write_report
from geodata.learn.samples import UNKNOWN
from geodata.shares import wilson

NASTY = '<script>alert("1")</script>\'&'
TOLD: dict[str, Any] = {
    "input": {"gsd_m": 0.55},
    "network": {"size": "base", "twin": True, "parameters": 612_345, "sha256": "ab" * 32},
    "points": {"pixel": 0, "screen": -200, "candidate": 0.24, "confirmed": 0.62},
    "parent": "starter-2+1a2b3c4d",
    "training": {"minutes": 60.0, "seed": 7, "from_scratch": False, "calibration": "logistic, 475 objects"},
}


def row(minutes: float, f1: float, loss: float = 0.5) -> dict[str, Any]:
    figures = {"pixel_f1": f1, "object_recall": f1 + 0.1, "object_precision": f1, "object_f1": f1 + 0.05}
    return {"step": int(100 * minutes), "seconds": 60 * minutes, "loss": loss, "threshold": 0.4, **figures}


def example(kind: Kind, confidence: float | None = None) -> Example:
    """A bright square; the left half of it is claimed, all of it is true, and the lowest rows nobody judged."""
    before = np.full((96, 96, 3), 90, np.uint8)
    after, claimed, truth = before.copy(), np.zeros((96, 96), np.uint8), np.zeros((96, 96), np.uint8)
    after[30:60, 30:60] = 200
    claimed[30:60, 30:45] = 1
    truth[30:60, 30:60] = 1
    truth[80:] = UNKNOWN
    return Example(kind, before, after, claimed, truth, confidence, 272.25)


OUTCOME = Outcome(
    model=Model(Path("bureau-1"), "bureau-1", TOLD),
    figures=Figures(0.6, 0.8, 0.7, 16.6),
    champion=Figures(0.4, 0.9, 0.3, 58.5),
    difference=(0.244, 0.158, 0.326),
    reliability=(Reliability(0.2, 0.3, 0.25, 0.25, 30), Reliability(0.9, 1.0, 0.95, 0.75, 10)),
    refused=(LeftOut("city/north", "No common ground", "无公共区域", "The pair has no common ground."),),
    history=(row(5, 0.3, 0.9), row(10, 0.6, 0.5), row(15, 0.5, 0.4)),
    split={"learn": 21, "calibrate": 5, "compare": 6},
    examples=(example("found", 0.93), example("false", 0.8), example("missed")),
)


class Page(HTMLParser):
    """Collects what a browser would load or run, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.tags: list[str] = []
        self.handlers: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [v or "" for k, v in attrs if k in ("src", "href", "srcset", "data", "action")]
        self.handlers += [k for k, _ in attrs if k.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


def page(html: str) -> Page:
    parsed = Page()
    parsed.feed(html)
    parsed.text = re.sub(r"\s+", " ", parsed.text)
    return parsed


@pytest.fixture(scope="module")
def html() -> str:
    return render(OUTCOME)


def test_it_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("an older one")
    write_report(path, OUTCOME)
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_it_loads_and_runs_nothing(html: str) -> None:
    told = page(html)
    assert len(told.sources) == 3 * len(OUTCOME.examples)
    assert all(source.startswith("data:image/png;base64,") for source in told.sources)
    assert not re.search(r"https?://|url\(|@import", html)
    assert not {"script", "link", "iframe", "object"} & set(told.tags) and not told.handlers


def test_it_says_what_came_of_the_training(html: str) -> None:
    text = page(html).text
    for words in (
        OUTCOME.model.identity,
        "starter-2+1a2b3c4d",
        "优于现用模型：6 个保留地点上相差 +0.244（95 % 区间 +0.158 至 +0.326）。",
        "Better than the model in use: +0.244 (95 % interval +0.158 to +0.326) on 6 held-out places.",
        "city/north",
        "The pair has no common ground.",
        "to stop and calibrate by",
        "612,345",
        "0.55 m",
        "logistic, 475 objects",
        "93.0 %",
        "272 m²",
    ):
        assert words in text, words


def test_both_models_stand_side_by_side() -> None:
    told = {view.name.en: (view.new, view.used, view.gap, view.leads) for view in figure_views(OUTCOME)}
    assert told["pixel F1"] == ("0.600", "0.400", "+0.200", "new")
    assert told["found"] == ("0.800", "0.900", "-0.100", "used")
    assert told["object F1"] == ("0.747", "0.450", "+0.297", "new")
    assert told["false per km²"] == ("16.6", "58.5", "-41.9", "new")
    level = figure_views(replace(OUTCOME, champion=OUTCOME.figures))
    assert {view.leads for view in level} == {""}


def test_what_is_not_better_is_told_so() -> None:
    worse = replace(OUTCOME, difference=(-0.012, -0.05, 0.03), split={"compare": 1})
    assert verdict(worse).en.startswith("Not better than the model in use: -0.012")
    assert verdict(worse).en.endswith("on 1 held-out place.")
    assert [said.en for said in cautions(worse)] == [
        "The model in use stays.",
        "The interval holds 0: the difference may be chance.",
        "The held-out places are few: the interval says little.",
    ]
    assert cautions(OUTCOME) == []
    assert 'class="verdict worse"' in render(worse) and 'class="verdict better"' in render(OUTCOME)


def test_nothing_known_is_told_in_words() -> None:
    bare = replace(OUTCOME, history=(), reliability=(), examples=(), refused=(), split={})
    html = render(replace(bare, model=Model(Path("m"), "m", {})))
    text = page(html).text
    for words in ("No course of the training", "no object to check", "There are no examples.", "Every pair was used."):
        assert words in text
    assert "training-free detector" in text
    assert "<svg" not in html and "<img" not in html
    assert {value.zh for _, value in facts({})} == {"—"}


def test_every_text_is_escaped() -> None:
    told = {**TOLD, "parent": NASTY, "training": {"calibration": NASTY, "seed": NASTY}, "network": {"size": NASTY}}
    evil = replace(OUTCOME, model=Model(Path("m"), NASTY, told), refused=(LeftOut(NASTY, NASTY, NASTY, NASTY),))
    html = render(evil)
    assert html.count("&lt;script&gt;alert(") >= 7
    assert "<script" not in html and "script" not in page(html).tags


def test_a_kind_without_examples_says_so() -> None:
    text = page(render(replace(OUTCOME, examples=OUTCOME.examples[:1]))).text
    assert text.count("None.") == 2


def test_the_kept_step_is_the_best_not_the_last() -> None:
    assert kept_row(OUTCOME.history) == 1 and kept_row(()) is None
    curves = learning_curves(OUTCOME.history)
    assert curves is not None
    for curve in curves:
        (kept,) = re.findall(r'<line class="kept" x1="([\d.]+)"', curve)
        ends = [float(x) for x in re.findall(r'<line class="tick" x1="([\d.]+)"', curve)]
        assert (float(kept) - ends[0]) / (ends[-1] - ends[0]) == pytest.approx(10 / 15, abs=0.01)
    loss, held = curves
    assert re.findall(r'<polyline class="curve (\w+)"', loss) == ["loss"]
    assert re.findall(r'<polyline class="curve (\w+)"', held) == ["pixel_f1", "object_recall", "object_f1"]
    assert ">采用 kept<" in loss and ">分钟 minutes<" in loss and ">损失 loss<" in loss


@pytest.mark.parametrize("loss", [float("nan"), 0.0, 1e-9, 4e5])
def test_any_loss_can_be_drawn(loss: float) -> None:
    curves = learning_curves([row(0, 0.0, loss)])
    assert curves is not None and "nan" not in "".join(curves) and "inf" not in "".join(curves)


def test_figures_are_shares_and_their_axis_ends_at_1() -> None:
    curves = learning_curves([row(1, 0.2), row(2, 0.9)])
    assert curves is not None
    shown = [float(t) for t in re.findall(r'text-anchor="end">([\d.]+)</text>', curves[1])]
    assert max(shown) == 1.0 and min(shown) >= 0.0


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0.0, 0.83, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        (0.0, 60.0, (0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0)),
        (0.31, 0.34, (0.31, 0.315, 0.32, 0.325, 0.33, 0.335, 0.34)),
        (0.0, 0.0, (0.0, 0.2)),
        (5.0, 5.0, (5.0, 6.0)),
    ],
)
def test_ticks_are_round_and_enclose(low: float, high: float, wanted: tuple[float, ...]) -> None:
    assert ticks(low, high) == pytest.approx(wanted)


def test_the_diagram_shows_counts_and_the_error(html: str) -> None:
    diagram = reliability_diagram(OUTCOME.reliability)
    assert diagram is not None and reliability_diagram(()) is None
    assert re.findall(r'<text class="count"[^>]*>(\d+)<', diagram) == ["30", "10"]
    assert diagram.count('<rect class="bin"') == 2 and diagram.count('<line class="error"') == 2
    # (30 * 0 + 10 * 0.2) / 40
    assert "0.050 期望校准误差 expected calibration error" in page(html).text


def test_the_interval_of_a_share_lies_around_it() -> None:
    assert wilson(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(0.0, 5)[0] == pytest.approx(0) and wilson(1.0, 5)[1] == pytest.approx(1)
    assert wilson(0.75, 400)[1] - wilson(0.75, 400)[0] < 0.09


def picture(uri: str) -> np.ndarray:
    raw = np.frombuffer(base64.b64decode(uri.removeprefix("data:image/png;base64,")), np.uint8)
    return np.asarray(cv2.cvtColor(cv2.imdecode(raw, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))


def test_the_pictures_are_enlarged_and_outlined() -> None:
    chips = draw_example(OUTCOME.examples[0])
    before, after, outlined = (picture(uri) for uri in (chips.before, chips.after, chips.outlined))
    assert before.shape == after.shape == outlined.shape == (192, 192, 3)
    assert (before == 90).all() and (after[70:110, 70:110] == 200).all()
    assert (outlined == CLAIMED).all(axis=2).sum() > 50 and (outlined == TRUE).all(axis=2).sum() > 50
    # Where nobody judged it is darker, elsewhere away from the outlines it is the second date.
    assert (outlined[170:, :] == 45).all() and (outlined[:40] == 90).all()


def test_pictures_of_any_size_are_shown() -> None:
    small = replace(
        OUTCOME.examples[0],
        **{name: getattr(OUTCOME.examples[0], name)[:40, :70] for name in ("before", "after", "claimed", "truth")},
    )
    assert picture(draw_example(small).outlined).shape == (80, 140, 3)
