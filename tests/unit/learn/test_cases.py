"""What is learnt from: the labels that outlines make, pixel by pixel, the places, and folders that cannot be used."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from geodata.detect.detector import shipped
from geodata.errors import LayerError, MissingFileError
from geodata.grid import Window
from geodata.io.warp import ShiftField
from geodata.learn.cases import (
    RING_PX,
    Case,
    Opened,
    Outline,
    cases_in,
    judged_cases,
    labelled,
    opened,
    places_of,
)
from geodata.learn.samples import UNKNOWN
from geodata.scan_images import Judge
from geodata.types import JudgedOutline, JudgedPair
from tests.unit.detect.district_kit import fields, outline, roofed
from tests.unit.io_rasters.raster_kit import write

BOX = (40, 60, 20, 30)
"""Row, column, height and width of an outline, px."""
INSIDE = (slice(40, 60), slice(60, 90))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """Two dates of 512 x 512 px of 0.5 m, taken as lying exactly on each other."""
    folder = tmp_path_factory.mktemp("pair")
    before, after = write(folder / "before.tif", fields(1)), write(folder / "after.tif", roofed(2))
    return shifted(opened(Case("pair", before, after), Judge(shipped()), 0.5), None)


def shifted(one: Opened, shift: ShiftField | None) -> Opened:
    plan = one.prepared.plan
    return replace(one, prepared=replace(one.prepared, plan=replace(plan, after=replace(plan.after, shift=shift))))


def knowing(one: Opened, outlines: Sequence[Outline], *, complete: bool) -> Opened:
    return replace(one, case=replace(one.case, outlines=tuple(outlines), complete=complete))


def labels_of(one: Opened, outlines: Sequence[Outline], *, complete: bool = True) -> Any:
    return knowing(one, outlines, complete=complete).labels(Window(0, 0, 128, 128))


def test_a_complete_label_knows_all_the_ground(pair: Opened) -> None:
    appeared, gone = labels_of(pair, [Outline(outline(*BOX), "appeared")])
    assert (appeared[INSIDE] == 1).all() and appeared.sum() == 20 * 30
    assert not gone.any()


def test_what_disappeared_is_the_other_direction(pair: Opened) -> None:
    appeared, gone = labels_of(pair, [Outline(outline(*BOX), "disappeared")])
    assert not appeared.any()
    assert (gone[INSIDE] == 1).all() and gone.sum() == 20 * 30


def test_what_was_altered_has_appeared_and_nobody_knows_what_went(pair: Opened) -> None:
    appeared, gone = labels_of(pair, [Outline(outline(*BOX), "altered")])
    assert (appeared[INSIDE] == 1).all() and appeared.sum() == 20 * 30
    assert (gone[INSIDE] == UNKNOWN).all() and (gone == UNKNOWN).sum() == 20 * 30


def test_of_judged_findings_only_their_outlines_are_known(pair: Opened) -> None:
    right = Outline(outline(*BOX), "appeared")
    wrong = Outline(outline(90, 10, 10, 10), "appeared", right=False)
    appeared, gone = labels_of(pair, [right, wrong], complete=False)
    assert (appeared[INSIDE] == 1).all() and (gone[INSIDE] == 0).all()
    assert not appeared[90:100, 10:20].any() and not gone[90:100, 10:20].any()
    assert (appeared != UNKNOWN).sum() == (gone != UNKNOWN).sum() == 20 * 30 + 10 * 10


def test_beside_a_corrected_outline_the_ground_is_known(pair: Opened) -> None:
    """Near it nobody knows to the pixel, then a ring is known not to be the structure, beyond it nothing is known."""
    appeared, gone = labels_of(pair, [Outline(outline(*BOX), "appeared", exact=True)], complete=False)
    near, far = RING_PX
    row = appeared[50]
    assert (row[60:90] == 1).all()
    assert (row[90 : 90 + near] == UNKNOWN).all()
    assert (row[90 + near : 90 + far] == 0).all()
    assert (row[90 + far :] == UNKNOWN).all()
    assert (appeared == 0).sum() == (20 + 2 * far) * (30 + 2 * far) - (20 + 2 * near) * (30 + 2 * near)
    assert (gone == 0).sum() == 20 * 30 + (appeared == 0).sum()


def test_a_ring_takes_nothing_from_a_neighbour(pair: Opened) -> None:
    beside = outline(40, 95, 20, 10)
    appeared, _ = labels_of(
        pair, [Outline(beside, "appeared"), Outline(outline(*BOX), "appeared", exact=True)], complete=False
    )
    assert (appeared[40:60, 95:105] == 1).all()


def test_right_wins_over_wrong(pair: Opened) -> None:
    both = [Outline(outline(*BOX), "appeared"), Outline(outline(30, 50, 50, 50), "appeared", right=False)]
    for order in (both, both[::-1]):
        appeared, _ = labels_of(pair, order)
        assert (appeared[INSIDE] == 1).all() and (appeared == 1).sum() == 20 * 30


def test_what_appeared_where_another_went_is_both(pair: Opened) -> None:
    old, new = Outline(outline(40, 60, 20, 20), "disappeared"), Outline(outline(40, 70, 20, 20), "appeared")
    for order in ([old, new], [new, old]):
        appeared, gone = labels_of(pair, order)
        assert (gone == 1).sum() == (appeared == 1).sum() == 20 * 20
        assert (gone[40:60, 60:80] == 1).all() and (appeared[40:60, 70:90] == 1).all()


def test_nothing_changed_is_known_as_such(pair: Opened) -> None:
    labels = labels_of(pair, [Outline(outline(*BOX), "none")], complete=False)
    assert (labels != UNKNOWN).sum() == 2 * 20 * 30 and not labels[:, INSIDE[0], INSIDE[1]].any()


def test_labels_of_the_second_date_follow_its_shift(pair: Opened) -> None:
    """What lies at column c of the common grid is seen at column c + 4 and row r - 3 of the second date."""
    nodes = np.full((17, 17), 1.0)
    moved = shifted(pair, ShiftField(4 * nodes, -3 * nodes, 32))
    known = [Outline(outline(*BOX), "appeared"), Outline(outline(90, 10, 10, 10), "disappeared")]
    appeared, gone = labels_of(moved, known)
    assert (appeared[43:63, 56:86] == 1).all() and (appeared == 1).sum() == 20 * 30
    assert (gone[90:100, 10:20] == 1).all() and (gone == 1).sum() == 10 * 10
    whole = knowing(moved, known, complete=True).labels(pair.grid.full_window)
    part = Window(30, 50, 40, 44)
    np.testing.assert_array_equal(whole[:, *part.slices], knowing(moved, known, complete=True).labels(part))


def test_only_blocks_with_something_known_are_learnt_from(pair: Opened) -> None:
    assert list(labelled(knowing(pair, [], complete=False), "here")) == []
    (block,) = labelled(knowing(pair, [Outline(outline(*BOX), "appeared")], complete=True), "here")
    assert block.place == "here" and block.gsd_m == 0.5
    assert block.before.shape == block.after.shape == (512, 512, 3) and block.labels.shape == (2, 512, 512)
    assert (block.labels[0][INSIDE] == 1).all()


def moved_by(one: Opened, east_m: float, north_m: float) -> Opened:
    """The same pair elsewhere."""
    plan = one.prepared.plan
    t = plan.grid.transform
    grid = replace(plan.grid, transform=type(t)(t.a, t.b, t.c + east_m, t.d, t.e, t.f + north_m))
    return replace(one, prepared=replace(one.prepared, plan=replace(plan, before=replace(plan.before, grid=grid))))


@pytest.mark.parametrize(
    ("east_m", "north_m", "same"), [(700, 0, True), (0, 700, True), (800, 0, False), (0, 800, False)]
)
def test_pairs_within_500_m_are_one_place(pair: Opened, east_m: float, north_m: float, same: bool) -> None:
    """The pairs are 256 m wide: moved by 700 m, 444 m lie between them; by 800 m, 544 m."""
    first, second = places_of([pair, moved_by(pair, east_m, north_m)])
    assert (first == second) is same


def test_neighbours_of_neighbours_are_one_place(pair: Opened) -> None:
    places = places_of([moved_by(pair, k * 600.0, 0) for k in (0, 2, 1, 9)])
    assert places[0] == places[1] == places[2] != places[3]


def folder_of(path: Path, polygons: list[dict[str, Any]] | None = None) -> Path:
    """A folder with one pair and a polygon label."""
    for part in ("before", "after", "label"):
        (path / part).mkdir(parents=True)
    write(path / "before" / "north.tif", fields(1)[:, :64, :64])
    write(path / "after" / "north.tif", fields(2)[:, :64, :64])
    rows = [{"change": "appeared"}] if polygons is None else polygons
    geometry = shapely.geometry.mapping(outline(10, 10, 20, 20))
    features = [{"type": "Feature", "geometry": geometry, "properties": row} for row in rows]
    (path / "label" / "north.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_a_folder_gives_its_cases(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "city")
    write(folder / "before" / "south.tiff", fields(1)[:, :64, :64])
    write(folder / "after" / "south.tif", fields(1)[:, :64, :64])
    write(folder / "label" / "south.tif", np.zeros((1, 64, 64), np.uint8))
    (folder / "label" / "south.tif.aux.xml").write_text("<PAMDataset/>")
    (folder / "label" / ".hidden").write_text("")
    north, south = cases_in(folder)
    assert (north.name, north.label, north.complete) == ("city/north", None, True)
    (drawn,) = north.outlines
    assert (drawn.change, drawn.right, drawn.exact) == ("appeared", True, True)
    assert (south.name, south.label) == ("city/south", folder / "label" / "south.tif")
    assert south.before.name == "south.tiff" and south.outlines == ()


def test_with_a_column_judged_only_the_polygons_are_known(tmp_path: Path) -> None:
    rows = [{"change": "altered", "judged": True}, {"change": "appeared", "judged": False}]
    (case,) = cases_in(folder_of(tmp_path / "city", rows))
    assert not case.complete
    assert [(o.change, o.right) for o in case.outlines] == [("altered", True), ("appeared", False)]


@pytest.mark.parametrize("part", ["before", "after", "label"])
def test_a_missing_folder_is_named(tmp_path: Path, part: str) -> None:
    folder = folder_of(tmp_path / "city")
    (folder / part).rename(tmp_path / "elsewhere")
    with pytest.raises(MissingFileError, match=f"no folder {part}"):
        cases_in(folder)


@pytest.mark.parametrize("part", ["before", "after"])
def test_a_missing_raster_is_named(tmp_path: Path, part: str) -> None:
    folder = folder_of(tmp_path / "city")
    (folder / part / "north.tif").unlink()
    with pytest.raises(MissingFileError, match=rf"{part} has no raster north\.tif"):
        cases_in(folder)


def test_an_empty_folder_of_labels_is_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "city")
    (folder / "label" / "north.geojson").unlink()
    with pytest.raises(MissingFileError, match="is empty"):
        cases_in(folder)


def test_an_unknown_change_is_named(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match=r"north\.geojson has a polygon of the change 'moved'.*Known: appeared"):
        cases_in(folder_of(tmp_path / "city", [{"change": "moved"}]))


def test_judged_findings_become_cases() -> None:
    day = datetime(2025, 4, 12, tzinfo=UTC)
    judged = JudgedOutline("f1", outline(*BOX), "appeared", False, "shadow", True)
    pair = JudgedPair("s1", Path("a.tif"), Path("b.tif"), "EPSG:4547", None, day, day, False, (judged,))
    (case,) = judged_cases([pair, replace(pair, scan_id="s2", surfaces=True)])
    assert (case.name, case.complete, case.systems) == ("scan/s1", False, ("EPSG:4547", None))
    assert case.outlines == (Outline(judged.outline, "appeared", right=False, exact=True),)
