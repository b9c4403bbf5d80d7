"""What speaks against a photograph: reuse, editing, time, place. What an honest one raises: nothing."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from PIL import Image, ImageEnhance, ImageOps

from geodata.china import to_gcj02
from geodata.io.dates import BEIJING
from geodata.io.photographs import hashes_of, probe_photo
from service.cases.evidence.doubts import WORDS, PhotoDoubt, Severity
from service.cases.evidence.judging import judge_photo
from service.cases.evidence.matching import BITS, NEAR_BITS, KnownPhoto, near_copies
from service.cases.evidence.photos import MAX_PIXELS, Exif, PhotoFacts, facts_of
from service.cases.evidence.places import sighting_of
from service.cases.evidence.told import Place, Position, Told
from tests.unit.cases.evidence.photo_kit import HOUSE, again, photo, scene

TAKEN = datetime(2026, 5, 1, 10, 20, 30, tzinfo=BEIJING)
RECEIVED = TAKEN + timedelta(minutes=2)
_D = 0.0001
OUTLINE = Place(shapely.box(HOUSE[0] - _D, HOUSE[1] - _D, HOUSE[0] + _D, HOUSE[1] + _D))
"""A house of some 18 by 22 m; the photograph is taken 44 m south of it."""
HERE = Position(HOUSE[0], HOUSE[1] - 0.0005, 10.0)
TOLD = Told("c1", TAKEN, HERE, from_camera=True)


@functools.cache
def _exif() -> Exif:
    return Exif(
        taken="2026-05-01T10:20:30.000", taken_offset_min=480, modified="2026-05-01T10:20:31.000",
        modified_offset_min=480, satellite_time="2026-05-01T02:20:28+00:00", lon=HERE.lon, lat=HERE.lat,
        position_error_m=8.0, bearing_deg=2.0, bearing_reference="T", software="ALN-AL00 4.2.0", focal_35mm=26.0,
    )  # fmt: skip


@functools.cache
def hashes(seed: int) -> dict[str, Any]:
    return hashes_of(scene(seed).convert("L"))


def facts(**changes: Any) -> PhotoFacts:
    """An honest photograph; `exif_...` changes what it tells of itself."""
    own = {name.removeprefix("exif_"): value for name, value in changes.items() if name.startswith("exif_")}
    rest = {name: value for name, value in changes.items() if not name.startswith("exif_")}
    usual: dict[str, Any] = {
        "sha256": "f" * 64, "size_bytes": 1, "format": "JPEG", "width": 640, "height": 480, "orientation": 1,
        "exif": replace(_exif(), **own), "hashes": hashes(1), "contrast": 40.0,
    }  # fmt: skip
    return PhotoFacts(**(usual | rest))


def judged(
    photo_: PhotoFacts | None = None, told: Told = TOLD, known: list[KnownPhoto] | None = None, **more: Any
) -> dict[str, PhotoDoubt]:
    found = judge_photo(photo_ or facts(), told, known or [], more.get("place", OUTLINE), more.get("at", RECEIVED))
    return {one.code: one for one in found}


def test_an_honest_photograph_raises_nothing(tmp_path: Path) -> None:
    assert judged() == {}
    told = probe_photo(str(photo(tmp_path / "a.jpg")), MAX_PIXELS)
    real = facts_of(told | {"sha256": "a", "size_bytes": 1})
    assert judged(real) == {}


def test_every_doubt_has_words_in_both_languages() -> None:
    assert len(WORDS) > 30
    for severity, en, zh in WORDS.values():
        assert isinstance(severity, Severity) and en.endswith(".") and zh.endswith("。")
    assert [code for code, (severity, *_) in WORDS.items() if severity is Severity.REFUSE] == ["same_file"]


# --- reuse ---------------------------------------------------------------------------------------


def test_the_same_file_of_another_case_is_refused() -> None:
    other = KnownPhoto("p7", "c9", "f" * 64, hashes(1))
    found = judged(known=[other])
    assert list(found) == ["same_file"] and found["same_file"].severity is Severity.REFUSE
    assert found["same_file"].photo_id == "p7" and "c9" in found["same_file"].sentence_zh
    assert judged(known=[replace(other, case_id="c1")])["same_file_here"].severity is Severity.NOTE


def test_nearly_the_same_picture_is_told_with_its_distance() -> None:
    kept = [KnownPhoto(f"p{k}", "c9", str(k), hashes(k)) for k in (2, 1, 3)]
    found = judged(known=kept)
    assert list(found) == ["near_copy"] and found["near_copy"].photo_id == "p1"
    assert found["near_copy"].measured | {} == {
        "case": "c9", "bits": 0, "of": BITS, "way": "a copy", "way_zh": "复制"
    }  # fmt: skip
    assert found["near_copy"].severity is Severity.GRAVE
    assert list(judged(known=[replace(one, case_id="c1") for one in kept])) == ["near_copy_here"]


def _cropped(share: float) -> Callable[[Image.Image, random.Random], Image.Image]:
    def crop(image: Image.Image, draw: random.Random) -> Image.Image:
        w, h = image.size
        x, y = draw.random() * share * w, draw.random() * share * h
        return image.crop((int(x), int(y), int(x + w * (1 - share)), int(y + h * (1 - share))))

    return crop


def _labelled(image: Image.Image, _: random.Random) -> Image.Image:
    image = image.copy()
    w, h = image.size
    image.paste((255, 255, 255), (int(w * 0.03), int(h * 0.8), int(w * 0.45), int(h * 0.97)))
    return image


COPIES: dict[str, tuple[Callable[[Image.Image, random.Random], Image.Image], str, float]] = {
    "recompressed": (lambda image, _: again(image, 25), "copy", 1.0),
    "quarter": (lambda image, _: again(image.resize((160, 120)), 60), "copy", 1.0),
    "brighter": (lambda image, _: ImageEnhance.Brightness(image).enhance(1.35), "copy", 1.0),
    "grey": (lambda image, _: ImageOps.grayscale(image), "copy", 1.0),
    "mirrored": (lambda image, _: ImageOps.mirror(image), "turned", 1.0),
    "turned": (lambda image, _: image.transpose(Image.Transpose.ROTATE_270), "turned", 1.0),
    "cropped 5 %": (_cropped(0.05), "cropped", 1.0),
    "cropped 10 %": (_cropped(0.1), "cropped", 1.0),
    "cropped and mirrored": (lambda image, draw: ImageOps.mirror(_cropped(0.1)(image, draw)), "turned_cropped", 1.0),
    "labelled": (_labelled, "copy", 0.9),
}


@functools.cache
def gallery() -> list[KnownPhoto]:
    return [KnownPhoto(str(seed), "c9", str(seed), hashes(seed)) for seed in range(24)]


@pytest.mark.parametrize("name", COPIES)
def test_copies_are_recognised_whatever_was_done_to_them(name: str) -> None:
    change, how, share = COPIES[name]
    draw, hits, ways = random.Random(name), 0, []
    for seed in range(0, 24, 3):
        copy = change(scene(seed), draw).convert("L")
        found = near_copies(hashes_of(copy), gallery())
        assert {one.photo.id for one in found} <= {str(seed)}
        hits += len(found)
        ways += [one.how for one in found]
    assert hits / 8 >= share, hits
    assert max(set(ways), key=ways.count) == how or how == "cropped"


def test_different_pictures_are_not_taken_for_copies() -> None:
    """276 pairs of drawn scenes, and again with the same label in all of them; real imagery: docs/evidence.md."""
    assert sum(len(near_copies(one.hashes, gallery()[:k])) for k, one in enumerate(gallery())) == 0
    labelled = [
        KnownPhoto(str(seed), "c9", "", hashes_of(_labelled(scene(seed), random.Random()).convert("L")))
        for seed in range(24)
    ]
    assert sum(len(near_copies(one.hashes, labelled[:k])) for k, one in enumerate(labelled)) == 0


def test_distances_are_counted_bit_by_bit() -> None:
    def flipped(text: str, count: int) -> str:
        return f"{int(text, 16) ^ ((1 << count) - 1):072x}"

    base = hashes(1)
    for bits, code in ((60, "near_copy"), (61, "like_copy"), (78, "like_copy")):
        other = {**base, "whole": flipped(base["whole"], bits), "cut": [flipped(text, 140) for text in base["cut"]]}
        assert list(judged(known=[KnownPhoto("p", "c9", "", other)])) == [code]
    kept = KnownPhoto(
        "p", "c9", "", {**base, "whole": flipped(base["whole"], 40), "cut": [flipped(t, 140) for t in base["cut"]]}
    )
    assert [(one.distance, one.how) for one in near_copies(base, [kept])] == [(40, "copy")]
    far = KnownPhoto("p", "c9", "", {**base, "whole": flipped(base["whole"], NEAR_BITS + 1), "cut": kept.hashes["cut"]})
    assert near_copies({**base, "cut": [flipped(t, 150) for t in base["cut"]]}, [far]) == []
    assert near_copies(base, []) == []
    # hashes of another release are not compared
    assert near_copies(base, [replace(kept, hashes={"kind": "other"})]) == []


TILES = sorted((Path(__file__).parents[5] / "shared/data/open/naip_california_multiyear/2020").glob("*.tif"))[::9][:40]


@pytest.mark.skipif(len(TILES) < 40, reason="the open imagery is not here")
def test_real_textures_are_told_apart_and_their_copies_found() -> None:
    import rasterio

    def tile(path: Path) -> Image.Image:
        with rasterio.open(path) as file:
            return Image.fromarray(np.moveaxis(file.read([1, 2, 3]), 0, 2))

    draw, tiles = random.Random(2), [tile(path) for path in TILES]
    kept = [KnownPhoto(str(k), "c9", "", hashes_of(one.convert("L"))) for k, one in enumerate(tiles)]
    assert sum(len(near_copies(one.hashes, kept[:k])) for k, one in enumerate(kept)) == 0
    for k, one in enumerate(tiles):
        copy = again(_cropped(0.08)(ImageOps.mirror(one), draw), 50).convert("L")
        assert [match.photo.id for match in near_copies(hashes_of(copy), kept)] == [str(k)]


def test_a_picture_that_shows_nothing_is_no_copy_of_another() -> None:
    flat = hashes_of(Image.fromarray(np.full((60, 80), 90, np.uint8)))
    found = judged(facts(contrast=0.4, hashes=flat), known=[KnownPhoto("p", "c9", "", flat)])
    assert list(found) == ["blank"]
    # the same file is found all the same
    assert "same_file" in judged(facts(contrast=0.4, hashes=flat), known=[KnownPhoto("p", "c9", "f" * 64, flat)])


# --- editing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"exif_software": "Adobe Photoshop 25.0 (Windows)"}, "edited", "Adobe Photoshop 25.0"),
        ({"tool": "美图秀秀"}, "edited", "美图秀秀"),
        ({"exif_software": "今日水印相机"}, "watermark_app", "今日水印相机"),
        ({"machine_made": True}, "machine_made", "machine"),
        ({"thumbnail_difference": 0.31}, "thumbnail", "0.31"),
        ({"exif_modified": "2026-05-01T11:20:30.000"}, "modified", "60 min"),
        ({"exif_width": 4000, "exif_height": 3000}, "size", "4000 x 3000"),
        ({"exif_faults": ("altitude",)}, "exif_damaged", "altitude"),
        ({"format": "PNG"}, "format", "PNG"),
    ],
)
def test_traces_of_editing_are_told(changes: dict[str, Any], code: str, words: str) -> None:
    found = judged(facts(**changes))
    assert list(found) == [code] and words in found[code].sentence


def test_what_cameras_do_themselves_is_no_trace() -> None:
    assert judged(facts(thumbnail_difference=0.07, exif_width=480, exif_height=640)) == {}
    # written later by the clock of another zone, at the same moment
    assert judged(facts(exif_modified="2026-05-01T02:20:31.000", exif_modified_offset_min=0)) == {}


def test_missing_metadata_are_a_doubt_where_the_form_says_camera_and_else_a_note() -> None:
    bare = facts(exif=None)
    assert judged(bare)["no_exif_camera"].severity is Severity.DOUBT
    found = judged(bare, replace(TOLD, from_camera=False))
    assert {code: one.severity for code, one in found.items()} == {
        "no_exif": Severity.NOTE, "position_form": Severity.NOTE
    }  # fmt: skip


# --- time ----------------------------------------------------------------------------------------


def test_a_missing_zone_is_said_whatever_is_made_of_it() -> None:
    found = judged(facts(exif_taken_offset_min=None, exif_satellite_time=None))
    assert list(found) == ["zone_assumed"] and "Beijing" in found["zone_assumed"].sentence
    assert list(judged(facts(exif_taken_offset_min=None))) == ["zone_satellites"]
    # a phone at UTC+6, as some in Xinjiang run: the moment is right, the zone is told
    found = judged(facts(exif_taken="2026-05-01T08:20:30.000", exif_taken_offset_min=None, exif_modified=None))
    assert set(found) == {"zone_satellites", "zone_other"} and "UTC+06:00" in found["zone_other"].sentence
    # no zone is 37 minutes apart: Beijing is assumed, and the satellites contradict
    found = judged(
        facts(exif_taken="2026-05-01T10:57:30.000", exif_taken_offset_min=None), at=RECEIVED + timedelta(hours=1)
    )
    assert set(found) == {"zone_assumed", "satellites", "time_told"}


@pytest.mark.parametrize(
    ("told", "exif", "codes"),
    [
        ({"taken_at": TAKEN - timedelta(minutes=14)}, {}, set()),
        ({"taken_at": TAKEN - timedelta(hours=2)}, {}, {"time_told"}),
        ({"taken_at": TAKEN.astimezone(UTC)}, {}, set()),
        ({"taken_at": None}, {}, set()),
        ({"taken_at": None}, {"exif_taken": None}, {"no_time"}),
        ({"taken_at": RECEIVED + timedelta(minutes=6)}, {}, {"told_future"}),
        ({}, {"exif_taken": "2026-05-01T11:20:30.000"}, {"future", "time_told", "satellites"}),
        ({}, {"exif_taken": "0001-01-01T00:00:00.000", "exif_satellite_time": None}, {"no_time"}),
        ({"proves_after": TAKEN - timedelta(hours=1)}, {}, set()),
        ({"proves_after": TAKEN + timedelta(minutes=4)}, {}, set()),
        ({"proves_after": TAKEN + timedelta(hours=5)}, {}, {"before_event"}),
        ({"proves_after": TAKEN + timedelta(hours=5)}, {"exif_taken": None}, {"no_time", "before_event"}),
    ],
)
def test_times_that_contradict_each_other(told: dict[str, Any], exif: dict[str, Any], codes: set[str]) -> None:
    assert set(judged(facts(**{"exif_modified": None, **exif}), replace(TOLD, **told))) == codes


def test_what_is_proved_is_named() -> None:
    told = replace(TOLD, proves_after=TAKEN + timedelta(hours=5), proves=("Demolition finished", "拆除完成"))
    found = judged(told=told)["before_event"]
    assert found.sentence == "It was taken 5.0 h before what it shall prove (Demolition finished)."
    assert "拆除完成" in found.sentence_zh and found.severity is Severity.GRAVE


def test_a_phone_whose_clock_is_wrong_is_corrected_by_what_it_shows_when_it_sends() -> None:
    """Taken offline with a clock an hour ahead, and sent three hours later."""
    ahead = timedelta(hours=1)
    photo_ = facts(exif_taken="2026-05-01T11:20:30.000", exif_modified=None, exif_satellite_time=None)
    arrived = TAKEN + timedelta(hours=3)
    found = judged(photo_, replace(TOLD, phone_clock=arrived + ahead), at=arrived)
    assert list(found) == ["phone_clock"] and found["phone_clock"].measured == {"minutes": 60.0}
    assert set(judged(photo_, replace(TOLD, phone_clock=arrived), at=arrived)) == {"time_told"}
    # of a picture that did not come from its camera its clock says nothing
    assert "time_told" in judged(photo_, replace(TOLD, phone_clock=arrived + ahead, from_camera=False), at=arrived)


def test_a_late_arrival_is_noted() -> None:
    found = judged(at=TAKEN + timedelta(days=9))
    assert list(found) == ["late"] and found["late"].measured == {"days": 9.0}


# --- place ---------------------------------------------------------------------------------------


def test_distance_and_direction_are_measured_to_the_outline() -> None:
    found = sighting_of(_exif(), TOLD, OUTLINE)
    assert found is not None and found.source == "exif"
    # 0.0004 degrees of latitude at 36.6 north: 110.97 km a degree
    assert found.distance_m == pytest.approx(44.39, abs=0.05) and found.error_m == pytest.approx(8.06, abs=0.01)
    assert found.off_deg == 0.0 and found.points_at_it
    # 26 mm: half a view of 34.7 degrees; 20 of the compass; 10.3 of the position
    assert found.allowed_deg == pytest.approx(34.7 + 20 + 10.3, abs=0.1)
    east = sighting_of(replace(_exif(), bearing_deg=90.0), TOLD, OUTLINE)
    # the near eastern corner lies 8.95 m east and 44.4 m north: 11.4 degrees
    assert east is not None and east.off_deg == pytest.approx(78.6, abs=0.1) and not east.points_at_it
    inside = sighting_of(replace(_exif(), lat=HOUSE[1]), TOLD, OUTLINE)
    assert inside is not None and inside.distance_m == 0 and inside.points_at_it is None
    assert sighting_of(None, replace(TOLD, position=None), OUTLINE) is None


@pytest.mark.parametrize(
    ("exif", "told", "codes"),
    [
        ({"bearing_deg": 180.0}, {}, {"looks_away"}),
        ({"bearing_deg": 61.0}, {}, set()),
        ({"bearing_deg": 85.0}, {}, {"looks_away"}),
        ({"bearing_deg": 85.0, "bearing_reference": "M"}, {}, set()),
        ({"bearing_deg": 358.0}, {}, set()),
        ({"bearing_deg": None}, {}, set()),
        ({"bearing_deg": None}, {"bearing_deg": 180.0}, {"looks_away"}),
        ({"bearing_deg": None, "lat": HOUSE[1] - 0.003}, {"position": None}, {"far"}),
        ({"bearing_deg": None, "lat": HOUSE[1] - 0.003, "position_error_m": 200.0}, {"position": None},
         {"position_rough"}),
        ({"bearing_deg": None, "lat": HOUSE[1] - 0.03}, {"position": None}, {"very_far"}),
        ({"lat": HOUSE[1] - 0.003}, {}, {"far", "position_told"}),
        ({"lon": None, "lat": None}, {}, {"position_form"}),
        ({"lon": None, "lat": None}, {"position": None}, {"no_position"}),
        ({"lon": None, "lat": None, "bearing_deg": None}, {"position": Position(HOUSE[0], 40.0)},
         {"position_form", "very_far"}),
    ],
)  # fmt: skip
def test_places_that_contradict_each_other(exif: dict[str, Any], told: dict[str, Any], codes: set[str]) -> None:
    changed = {f"exif_{name}": value for name, value in exif.items()}
    assert set(judged(facts(**changed), replace(TOLD, **told))) == codes


def test_the_shift_of_web_maps_is_known_for_what_it_is() -> None:
    lon, lat = (float(v) for v in to_gcj02(HERE.lon, HERE.lat))
    found = judged(told=replace(TOLD, position=Position(lon, lat, 10.0)))
    assert list(found) == ["position_gcj02"] and 300 < found["position_gcj02"].measured["metres"] < 900


def test_without_a_structure_the_place_is_judged_by_what_is_told_alone() -> None:
    assert judged(place=None) == {}
    assert list(judged(facts(exif_lat=30.0), place=None)) == ["position_told"]


def test_the_gravest_doubt_comes_first() -> None:
    found = judge_photo(
        facts(exif=None, machine_made=True), replace(TOLD, position=None), [KnownPhoto("p", "c9", "f" * 64, hashes(1))],
        OUTLINE, RECEIVED,
    )  # fmt: skip
    assert [one.severity for one in found] == [Severity.REFUSE, Severity.GRAVE, Severity.DOUBT, Severity.DOUBT]
    assert all(
        set(one.as_dict()) == {"code", "severity", "measured", "sentence", "sentence_zh", "photo_id"} for one in found
    )
