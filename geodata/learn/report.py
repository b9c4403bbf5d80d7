"""The report of a training: one self-contained HTML file, in Chinese and English, that an analyst can file or print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from geodata.detect.calibration import expected_error
from geodata.evaluate.measures import COVER_SHARE, LEAST_AREA_M2
from geodata.learn.cases import NEIGHBOURS_M
from geodata.learn.charts import learning_curves, reliability_diagram, sample
from geodata.learn.chips import CLAIMED, TRUE, Chips, draw_example
from geodata.learn.outcome import KINDS, Example, Kind, Outcome
from geodata.report.files import write_whole
from geodata.report.view import beijing, percent
from geodata.report.words import Text

FEW_PLACES = 5
"""With fewer places to compare by, the interval says little."""
_UNKNOWN = Text("—", "")
_FREE = Text("免训练检测器", "training-free detector")

_FIGURES: tuple[tuple[str, Text, str, bool], ...] = (
    ("pixel_f1", Text("像元 F1", "pixel F1"), ".3f", True),
    ("object_recall", Text("查全率", "found"), ".3f", True),
    ("object_precision", Text("查准率", "object precision"), ".3f", True),
    ("object_f1", Text("图斑 F1", "object F1"), ".3f", True),
    ("false_per_km2", Text("虚警（个/km²）", "false per km²"), ".1f", False),
)
"""Name, words, format, and whether more is better."""

_SIDES: tuple[tuple[str, Text], ...] = (
    ("learn", Text("用于学习", "to learn from")),
    ("calibrate", Text("用于选优和校准", "to stop and calibrate by")),
    ("compare", Text("用于比较", "to compare by")),
)

_CURVES: tuple[tuple[str, Text], ...] = (
    ("pixel_f1", Text("像元 F1", "pixel F1")),
    ("object_recall", Text("查全率", "objects found")),
    ("object_f1", Text("图斑 F1", "object F1")),
)

_KINDS: dict[Kind, tuple[Text, Text]] = {
    "found": (Text("正确发现", "Found"), Text("置信度最高者在前", "the most confident first")),
    "false": (Text("虚警", "False"), Text("置信度最高者在前", "the most confident first")),
    "missed": (Text("漏检", "Missed"), Text("面积最大者在前", "the largest first")),
}


@dataclass(frozen=True)
class FigureView:
    """One figure of both models as shown.

    Args:
        name: What it is.
        new: Of the new model.
        used: Of the model in use.
        gap: The difference.
        leads: Which of both is ahead: `new`, `used`, or nothing where they are level.
    """

    name: Text
    new: str
    used: str
    gap: str
    leads: str


@dataclass(frozen=True)
class ExampleView:
    """One example as shown.

    Args:
        chips: Its pictures.
        confidence: In per cent, empty for a missed one.
        area_m2: Its size.
    """

    chips: Chips
    confidence: str
    area_m2: str


def write_report(path: Path, outcome: Outcome) -> None:
    """Write the report of a training: one HTML file that loads nothing and runs nothing.

    It is written beside the target and then renamed, so that no half-written report is ever seen.

    Args:
        path: The HTML file to write.
        outcome: What came of the training.

    Raises:
        OSError: If the file cannot be written.
    """
    write_whole(Path(path), render(outcome))


def render(outcome: Outcome) -> str:
    """The report as HTML text; see `write_report`."""
    environment = Environment(
        loader=PackageLoader("geodata.learn"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("training.html").render(
        identity=outcome.model.identity,
        parent=parent_of(outcome),
        verdict=verdict(outcome),
        cautions=cautions(outcome),
        better=outcome.better,
        figures=figure_views(outcome),
        sides=[(words, int(outcome.split.get(key, 0))) for key, words in _SIDES],
        refused=outcome.refused,
        curves=learning_curves(outcome.history),
        legend=[(sample(name), words) for name, words in _CURVES],
        reliability=reliability_diagram(outcome.reliability),
        objects=sum(row.objects for row in outcome.reliability),
        error=f"{expected_error(outcome.reliability):.3f}",
        examples=_grouped(outcome.examples),
        colours={"claimed": CLAIMED, "true": TRUE},
        facts=facts(outcome.model.told),
        apart_m=f"{NEIGHBOURS_M:g}",
        least_m2=f"{LEAST_AREA_M2:g}",
        cover=f"{100 * COVER_SHARE:g}",
        made_at=beijing(datetime.now(UTC).isoformat()),
    )


def parent_of(outcome: Outcome) -> Text:
    """The model that the new one was compared with, in words."""
    parent = outcome.model.told.get("parent")
    return Text(str(parent), "") if parent else _FREE


def verdict(outcome: Outcome) -> Text:
    """Whether the new model is better, by how much and on how many places, in one sentence."""
    gap, low, high = outcome.difference
    places = int(outcome.split.get("compare", 0))
    zh, en = ("优于现用模型", "Better") if outcome.better else ("不优于现用模型", "Not better")
    where = "place" if places == 1 else "places"
    return Text(
        f"{zh}：{places} 个保留地点上相差 {gap:+.3f}（95 % 区间 {low:+.3f} 至 {high:+.3f}）。",
        f"{en} than the model in use: {gap:+.3f} (95 % interval {low:+.3f} to {high:+.3f}) "
        f"on {places} held-out {where}.",
    )


def cautions(outcome: Outcome) -> list[Text]:
    """What has to be said beside the verdict."""
    _, low, high = outcome.difference
    said = []
    if not outcome.better:
        said.append(Text("现用模型保留不变。", "The model in use stays."))
    if low <= 0 <= high:
        said.append(Text("区间包含 0：差异可能出于偶然。", "The interval holds 0: the difference may be chance."))
    if outcome.split.get("compare", 0) < FEW_PLACES:
        said.append(Text("保留地点很少，区间仅供参考。", "The held-out places are few: the interval says little."))
    return said


def figure_views(outcome: Outcome) -> list[FigureView]:
    """The figures of the new model beside those of the model in use."""
    views = []
    for name, words, shown, more in _FIGURES:
        new, used = (float(getattr(one, name)) for one in (outcome.figures, outcome.champion))
        told = format(new, shown), format(used, shown)
        leads = "" if told[0] == told[1] else "new" if (new > used) == more else "used"
        views.append(FigureView(words, *told, format(new - used, "+" + shown), leads))
    return views


def facts(told: Mapping[str, Any]) -> list[tuple[Text, Text]]:
    """What the model's manifest says of it, in words; what it does not say shows a dash."""
    network, points, training = (told.get(key, {}) for key in ("network", "points", "training"))
    count, gsd_m = network.get("parameters"), told.get("input", {}).get("gsd_m")
    size = f"{network.get('size', '')}{', twin' if network.get('twin') else ''}"
    begun = _UNKNOWN
    if "from_scratch" in training:
        scratch = training["from_scratch"] or not told.get("parent")
        begun = Text("随机初值", "random weights") if scratch else Text(str(told["parent"]), "")
    rows: list[tuple[Text, Text | str | None]] = [
        (Text("网络", "Network"), size or None),
        (Text("参数量", "Parameters"), None if count is None else f"{count:,}"),
        (Text("像元大小", "Pixel size"), None if gsd_m is None else f"{gsd_m:g} m"),
        (Text("初始权重", "Begun from"), begun),
        (Text("学习地点", "Places learnt"), training.get("places_learnt")),
        (Text("学习影像对", "Pairs learnt"), training.get("pairs_learnt")),
        (Text("训练时长", "Working time"), _minutes(training.get("minutes"))),
        (Text("随机种子", "Seed"), training.get("seed")),
        (Text("置信度校准", "Calibration"), training.get("calibration")),
        (Text("一般线索起点", "Candidate from"), points.get("candidate")),
        (Text("高置信线索起点", "Confirmed from"), points.get("confirmed")),
        (Text("网络校验和", "Network SHA-256"), network.get("sha256")),
    ]
    return [(name, _as_text(value)) for name, value in rows]


def _minutes(value: Any) -> str | None:
    return None if value is None else f"{float(value):g} min"


def _as_text(value: Any) -> Text:
    if isinstance(value, Text):
        return value
    return _UNKNOWN if value is None else Text(str(value), "")


def _grouped(examples: tuple[Example, ...]) -> list[tuple[Kind, Text, Text, list[ExampleView]]]:
    """The examples of each kind; empty where there is none of any."""
    if not examples:
        return []
    return [(kind, *_KINDS[kind], [_shown(e) for e in examples if e.kind == kind]) for kind in KINDS]


def _shown(example: Example) -> ExampleView:
    confidence = "" if example.confidence is None else f"{percent(example.confidence)} %"
    area = f"{example.area_m2:,.0f} m²" if example.area_m2 else ""
    return ExampleView(draw_example(example), confidence, area)
