"""The survey of the stock on a few houses that can be checked by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import geopandas as gpd
import pytest

from geodata.assess.stock import counts, progress, survey
from geodata.errors import LayerError
from geodata.types import Layers
from tests.unit.assess.case_kit import frame

NOON = datetime(2026, 9, 18, 4, tzinfo=UTC)


def house(name: str, left: float, **more: Any) -> dict[str, Any]:
    """A house of 20 m by 10 m."""
    return {"building_id": name, "at": [left, 0, left + 20, 10], **more}


def permit(name: str, left: float, **more: Any) -> dict[str, Any]:
    """A permit for such a house and a metre around it."""
    return {"permit_id": name, "at": [left - 1, -1, left + 21, 11], "valid_from": "2010-01-01", **more}


def surveyed(
    houses: list[dict[str, Any]], *, cut_off: date | None = None, **layers: list[dict[str, Any]]
) -> gpd.GeoDataFrame:
    """A survey by the name of the house."""
    given = Layers(buildings=frame(houses), **{kind: frame(rows) for kind, rows in layers.items()})
    return survey(given, as_of=NOON, cut_off=cut_off).set_index("building_id", drop=False)


def test_permitted_unpermitted_and_no_longer_planned() -> None:
    found = surveyed(
        [house("A", 0), house("B", 100), house("C", 200)],
        permits=[permit("G", 0, valid_to="2012-01-01"), permit("H", 200)],
        zones=[{"zone_id": "Z", "kind": "road_redline", "at": [190, -50, 260, 50]}],
    )
    assert dict(found["standing"]) == {"A": "conforming", "B": "suspected", "C": "nonconforming"}
    assert dict(found["category"]) == {"A": None, "B": "no_permit", "C": "public_ground"}
    assert found.loc["A", "area_m2"] == pytest.approx(200, rel=1e-3)
    assert found.loc["A", "area_error_m2"] == pytest.approx(0.3 * 30, rel=0.05)


def test_a_title_stands_for_the_papers_and_not_for_the_plan() -> None:
    titled = [house("A", 0, register_id="R-1"), house("B", 100, register_id="R-2"), house("C", 200)]
    road = [{"zone_id": "Z", "kind": "road_redline", "at": [90, -50, 260, 50]}]
    found = surveyed(titled, permits=[permit("G", 900)], zones=road)
    assert dict(found["standing"]) == {"A": "conforming", "B": "nonconforming", "C": "suspected"}
    assert [r["code"] for r in found.loc["B", "reasons"]] == ["in_zone"]
    assert dict(found["status"]) == {"A": "existing", "B": "existing", "C": "suspected"}


def test_a_temporary_permit_that_ran_out_needs_no_new_image() -> None:
    temporary = {"kind": "temporary", "valid_to": "2026-09-17"}
    found = surveyed([house("A", 0)], permits=[permit("G", 0, **temporary)])
    (reason,) = found.loc["A", "reasons"]
    assert (reason["code"], reason["certainty"], reason["basis"]) == ("permit_expired", "certain", "城乡规划法第66条")
    still = surveyed([house("A", 0)], permits=[permit("G", 0, kind="temporary", valid_to="2026-09-18")])
    assert still.loc["A", "standing"] == "conforming"


def test_built_before_its_permit_and_above_it() -> None:
    early = house("A", 0, built_on="2009-05-01", height_m=None)
    tall = house("B", 100, built_on="2015-05-01", height_m=12.0)
    found = surveyed([early, tall], permits=[permit("G", 0), permit("H", 100, height_m=9.0)])
    assert [r["code"] for r in found.loc["A", "reasons"]] == ["built_before_permit"]
    assert [r["code"] for r in found.loc["B", "reasons"]] == ["above_permit_height"]
    assert set(found["standing"]) == {"suspected"}


def test_neighbours_of_the_stock_are_no_additions_to_each_other() -> None:
    found = surveyed([house("A", 0), house("B", 20)], permits=[permit("G", 500)])
    assert {r["code"] for rows in found["reasons"] for r in rows} == {"no_permit"}


def test_old_and_new_by_the_cut_off() -> None:
    houses = [house("A", 0, built_on="2015-12-31"), house("B", 100, built_on="2016-01-01"), house("C", 200)]
    found = surveyed(houses, cut_off=date(2015, 12, 31))
    assert dict(found["period"]) == {"A": "stock", "B": "new_build", "C": "unknown"}
    assert set(surveyed(houses)["period"]) == {"unknown"}


def test_a_house_of_next_year_is_not_there_yet() -> None:
    assert list(surveyed([house("A", 0), house("B", 100, built_on="2027-01-01")]).index) == ["A"]


def test_figures_by_village_add_up() -> None:
    parcels = [
        {"parcel_id": "P", "village": "东村", "at": [-10, -50, 90, 50]},
        {"parcel_id": "Q", "village": None, "at": [90, -50, 190, 50]},
    ]
    found = surveyed([house("A", 0), house("B", 100), house("C", 400)], parcels=parcels, permits=[permit("G", 0)])
    assert dict(found["village"]) == {"A": "东村", "B": "", "C": ""}
    told = [(c.village, c.standing, c.category, c.buildings) for c in counts(found)]
    assert told == [("", "suspected", "no_permit", 2), ("东村", "conforming", None, 1)]
    assert sum(c.area_m2 for c in counts(found)) == pytest.approx(found["area_m2"].sum(), abs=0.2)


def test_progress_to_zero() -> None:
    before = surveyed([house("A", 0), house("B", 100), house("C", 200)], permits=[])
    after = surveyed([house("A", 0), house("C", 200), house("D", 300)], permits=[permit("G", 0)])
    (row,) = progress(before, after)
    # B is gone, A has a permit now, C is open still, D is new
    assert (row.category, row.open_at_first, row.still_open, row.since) == ("no_permit", 3, 1, 1)
    assert row.clear_rate == pytest.approx(2 / 3)
    assert row.area_m2 == pytest.approx(400, rel=1e-3)


def test_without_buildings_there_is_nothing_to_survey() -> None:
    with pytest.raises(LayerError, match="no buildings"):
        survey(Layers(), as_of=NOON)
