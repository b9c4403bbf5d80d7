"""The report of a small real scan: one file, two languages, nothing loaded, nothing injected."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from geodata.demo import draw_district
from geodata.demo.district import DemoFiles
from geodata.errors import MissingFileError
from geodata.io.rasters import inspect_raster
from geodata.report import page, write_report
from geodata.report.pictures import Scenes, data_uri, nice_length_m
from geodata.report.shifts import draw_shifts
from geodata.report.view import beijing, finding_views, percent
from geodata.report.words import STATUS, basis_text
from geodata.scan import ScanResult, scan

NASTY = '<script>alert("1")</script>\'&'


class Outline(HTMLParser):
    """Collects what a browser would load or run, and the text in each language."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.tags: list[str] = []
        self.words: dict[str, list[str]] = {"zh": [], "en": []}
        self._language: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.sources += [v or "" for k, v in attrs if k in ("src", "href", "srcset", "data", "action")]
        if tag == "span":
            self._language.append(given.get("lang"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "span" and self._language:
            self._language.pop()

    def handle_data(self, data: str) -> None:
        if self._language and self._language[-1] in self.words:
            self.words[self._language[-1] or ""].append(data)


def parsed(html: str) -> Outline:
    outline = Outline()
    outline.feed(html)
    return outline


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return draw_district(tmp_path_factory.mktemp("district"), size_px=512)


@pytest.fixture(scope="module")
def result(district: DemoFiles) -> ScanResult:
    """A scan with one row per status, whatever this small district holds of them."""
    found = scan(district.before, district.after)
    assert len(found.findings) >= 1, "the small district shows no change to report on"
    statuses = [*reversed(STATUS), "suspected"]
    frame = found.findings.iloc[[0] * len(statuses)].reset_index(drop=True)
    frame = frame.assign(
        status=statuses,
        id=[*(f"finding-{s}" for s in reversed(STATUS)), "finding-strong"],
        confidence=[*(0.1 for _ in STATUS), 0.9],
    )
    return replace(found, findings=frame)


@pytest.fixture(scope="module")
def html(result: ScanResult, district: DemoFiles, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(result, district.before, district.after, path)
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]
    return path.read_text(encoding="utf-8")


def test_it_loads_nothing(html: str) -> None:
    outline = parsed(html)
    assert outline.sources
    assert all(s.startswith(("data:image/jpeg;base64,", "#")) for s in outline.sources)
    assert not re.search(r"https?://|url\(|@import", html)
    assert not {"link", "iframe", "object"} & set(outline.tags)


def test_every_finding_stands_in_it_with_two_chips(html: str, result: ScanResult) -> None:
    for finding_id in result.findings["id"]:
        assert html.count(finding_id) == 2
    assert html.count("<img ") == 2 + 2 * len(result.findings)


def test_suspected_come_first_and_the_surest_before_all(html: str) -> None:
    wanted = ["finding-strong", *(f"finding-{s}" for s in STATUS)]
    places = [html.index(name) for name in wanted]
    assert places == sorted(places)


def test_both_languages_say_everything(html: str) -> None:
    words = parsed(html).words
    assert len(words["zh"]) == len(words["en"]) > 50
    assert "仅为线索，不是认定。" in words["zh"]
    assert "A lead, not a verdict." in words["en"]
    # Chinese words in the English text would be a label that was not translated.
    assert not [w for w in words["en"] if re.search(r"[\u4e00-\u9fff]", w) and w != "中文"]


def test_chips_are_pictures_of_the_two_dates(html: str) -> None:
    uris = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', html)
    pictures = [cv2.imdecode(np.frombuffer(base64.b64decode(u), np.uint8), cv2.IMREAD_COLOR) for u in uris]
    assert all(p is not None and p.std() > 5 for p in pictures)
    before, after = (np.asarray(p, dtype=float) for p in pictures[1:3])
    assert before.shape == after.shape
    assert np.abs(before - after).mean() > 2


def test_values_are_escaped(result: ScanResult, district: DemoFiles, tmp_path: Path) -> None:
    evil = result.findings.iloc[[0]].copy()
    evil["parcel_ids"] = [[NASTY]]
    evil["permit_ids"] = [[NASTY]]
    evil["permit_matches"] = [[{"permit_id": NASTY, "match": "address_similar", "score": 0.72}]]
    evil["authority"] = NASTY
    evil["cues"] = [[NASTY]]
    reason = {"code": "x", "message": NASTY, "message_zh": NASTY, "basis": NASTY, "area_m2": 1, "certainty": NASTY}
    evil["reasons"] = [[reason]]
    path = tmp_path / "report.html"
    write_report(replace(result, findings=evil), district.before, district.after, path)
    html = path.read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(" in html
    assert html.count("<script") == 1
    assert "按相近地址，72 %" in html and "by a similar address, 72 %" in html
    assert parsed(html).tags.count("script") == 1


def test_no_finding_is_told_in_words(result: ScanResult, district: DemoFiles, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(replace(result, findings=result.findings.iloc[:0]), district.before, district.after, path)
    html = path.read_text(encoding="utf-8")
    assert "本次比对未发现" in html
    assert "does not prove that there is none" in html
    assert html.count("<img ") == 2


def test_more_findings_than_pictures_are_listed_and_said(result: ScanResult, district: DemoFiles) -> None:
    many = result.findings.iloc[[0] * (page.MAX_CHIPS + 2)].reset_index(drop=True)
    many["id"] = [f"many-{i:04d}" for i in range(len(many))]
    html = page.render(replace(result, findings=many), district.before, district.after)
    assert html.count("<img ") == 2 + 2 * page.MAX_CHIPS
    assert "302 findings in all; the first 300 have pictures" in html
    assert all(name in html for name in many["id"])


def test_a_missing_scene_is_named_and_nothing_is_written(
    result: ScanResult, district: DemoFiles, tmp_path: Path
) -> None:
    with pytest.raises(MissingFileError):
        write_report(result, tmp_path / "gone.tif", district.after, tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_area_in_mu_and_missing_values() -> None:
    from shapely.geometry import box

    row = {"id": "a", "geometry": box(0, 0, 1, 1), "area_m2": 2000.0, "area_error_m2": float("nan"), "cues": None}
    view = finding_views([row], {})[0]
    assert (view.area_mu, view.area_error_m2, view.cues) == ("3.00", "0.0", ())
    assert view.status_key == "unassessed"


def test_times_are_shown_in_beijing() -> None:
    assert beijing("2026-09-17T16:00:00+00:00") == "2026-09-18"
    assert beijing("2026-09-18T03:10:00+00:00") == "2026-09-18 11:10"


@pytest.mark.parametrize(("share", "shown"), [(1.0, "100.0"), (0.9999, "99.9"), (0.5, "50.0"), (0.0, "0.0")])
def test_what_is_not_all_is_not_rounded_to_all(share: float, shown: str) -> None:
    assert percent(share) == shown


def test_articles_in_english() -> None:
    text = basis_text("土地管理法第57条；土地管理法实施条例第52条")
    assert text.en == (
        "Land Administration Law Art. 57; Implementing Regulations of the Land Administration Law Art. 52"
    )


@pytest.mark.parametrize(("longest", "length"), [(87.0, 50.0), (20.0, 20.0), (2300.0, 2000.0), (0.9, 0.5)])
def test_scale_bars_are_round(longest: float, length: float) -> None:
    assert nice_length_m(longest) == pytest.approx(length)


def test_pictures_keep_their_colours() -> None:
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 200
    encoded = base64.b64decode(data_uri(red).split(",", 1)[1])
    decoded = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert np.allclose(decoded.mean(axis=(0, 1)), [0, 0, 200], atol=6)


def test_the_shift_picture_names_its_scale_and_counts_its_points() -> None:
    ties = [[100, 100, 4.0, 0.0, 1, 9.0], [300, 100, 4.0, 0.0, 1, 9.0], [200, 300, -9.0, 5.0, 0, 6.0]]
    given = {"grid": {"shape": [400, 400], "gsd_m": 0.5}, "alignment": {"ties": ties}}
    drawn = draw_shifts(given)
    assert drawn is not None and (drawn.used, drawn.rejected) == (2, 1)
    # an arrow of 4 px is drawn 46 px long on a picture of (640 - 56) / 400 screen px per px
    assert drawn.times == pytest.approx(46 / 4 / (584 / 400))
    assert draw_shifts({"grid": given["grid"], "alignment": {}}) is None


@pytest.mark.parametrize(
    ("change", "heights", "first_m", "second_m"),
    [
        # the later date lies 4 px of 0.5 m further right and 2 px further down
        ("appeared", None, (-2.0, -1.0), (0.0, 0.0)),
        ("disappeared", None, (0.0, 0.0), (2.0, 1.0)),
        ("appeared", {"rmse_m": 1.0}, (0.0, 0.0), (2.0, 1.0)),
    ],
)
def test_each_date_is_shown_where_the_outline_lies(
    district: DemoFiles,
    change: str,
    heights: dict[str, float] | None,
    first_m: tuple[float, float],
    second_m: tuple[float, float],
) -> None:
    info = inspect_raster(district.before)
    told = {"alignment": {"reliable": True, "shift_px": [4.0, 2.0]}, "grid": {"gsd_m": 0.5}, "heights": heights}
    placed = Scenes.around(info, info, told, change)
    assert (placed.before_shift_m, placed.shift_m) == (first_m, second_m)
    unsure = told | {"alignment": {"reliable": False, "shift_px": [4.0, 2.0]}}
    placed = Scenes.around(info, info, unsure, change)
    assert [abs(m) for m in (*placed.before_shift_m, *placed.shift_m)] == [0.0] * 4
