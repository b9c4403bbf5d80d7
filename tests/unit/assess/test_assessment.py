"""The assessment on rectangles that can be checked by hand: metres of EPSG:4547 around (468000, 4066000)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import pytest
import shapely
from shapely.geometry import Polygon, box

from geodata.assess import assess
from geodata.crs import CRS84
from geodata.errors import CRSMismatchError, GeometryError, LayerColumnsError
from geodata.types import Layers

EAST, NORTH = 468000.0, 4066000.0
NOON = datetime(2026, 9, 18, 4, tzinfo=UTC)
HOUSE = (10.0, 10.0, 30.0, 20.0)
"""20 m by 10 m: 200 m²."""


def metres(*corners: float) -> Polygon:
    """A rectangle (left, bottom, right, top) in metres from the origin."""
    left, bottom, right, top = corners
    return box(EAST + left, NORTH + bottom, EAST + right, NORTH + top)


def layer(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    """Rows with a `geometry` in metres, in CRS84."""
    shapes = gpd.GeoSeries([row.get("geometry") for row in rows], crs="EPSG:4547")
    names = {name for row in rows for name in row} - {"geometry"}
    data = {name: [row.get(name) for row in rows] for name in sorted(names)}
    return gpd.GeoDataFrame(data, geometry=shapes).to_crs(CRS84)


def house(*corners: float, error_m: float = 0.5, change: str = "appeared") -> gpd.GeoDataFrame:
    """One structure, by default `HOUSE`."""
    shape = metres(*(corners or HOUSE))
    return layer(
        [
            {
                "change": change,
                "area_m2": shape.area,
                "area_error_m2": 5.0,
                "outline_error_m": error_m,
                "geometry": shape,
            }
        ]
    )


def permit(*corners: float, name: str = "G-1", **more: Any) -> dict[str, Any]:
    """A permit in force from 2025 on, without a polygon when no corners are given."""
    ground = metres(*corners) if corners else None
    return {"permit_id": name, "valid_from": "2025-01-01", "valid_to": None, "geometry": ground, **more}


def zone(kind: str, *corners: float, name: str = "Z-1", **more: Any) -> dict[str, Any]:
    """A zone of a kind."""
    return {"zone_id": name, "kind": kind, "geometry": metres(*corners), **more}


def judged(structure: gpd.GeoDataFrame, as_of: datetime = NOON, **layers: list[dict[str, Any]]) -> Any:
    """The assessed row of one structure against layers given as rows."""
    given = Layers(**{kind: layer(rows) for kind, rows in layers.items()})
    return assess(structure, given, as_of=as_of).iloc[0]


def codes(row: Any) -> list[str]:
    """The codes of its reasons, in order."""
    return [reason["code"] for reason in row.reasons]


PLOT = {"parcel_id": "P-1", "geometry": metres(0, 0, 40, 40)}
NEXT_PLOT = {"parcel_id": "P-2", "geometry": metres(40, 0, 80, 40)}
FAR_PERMIT = permit(500, 500, 520, 520, name="G-9")


class TestStatus:
    """The order existing, permitted, suspected."""

    def test_nothing_given_is_unassessed(self) -> None:
        row = judged(house())
        assert (row.status, codes(row)) == ("unassessed", ["no_layers"])

    def test_disappeared_is_unassessed_whatever_is_on_file(self) -> None:
        row = judged(house(change="disappeared"), parcels=[PLOT], permits=[FAR_PERMIT])
        assert (row.status, codes(row), row.parcel_ids) == ("unassessed", ["gone"], ["P-1"])
        assert codes(judged(house(change="disappeared"))) == ["gone"]

    def test_no_permit(self) -> None:
        row = judged(house(), parcels=[PLOT], permits=[FAR_PERMIT])
        assert (row.status, codes(row)) == ("suspected", ["no_permit"])
        reason = row.reasons[0]
        assert reason["basis"] == "城乡规划法第64条"
        assert reason["certainty"] == "certain"
        assert reason["area_m2"] == 200.0
        assert "suspected" in reason["message"] and "疑似" in reason["message_zh"]

    def test_without_a_register_it_is_only_possible(self) -> None:
        reason = judged(house(), parcels=[PLOT]).reasons[0]
        assert (reason["code"], reason["certainty"]) == ("no_permit", "possible")
        assert "No permit register was given" in reason["message"]

    def test_a_permit_tells_what_its_place_was_found_by(self) -> None:
        plots = [PLOT | {"address": "人民路12号"}, NEXT_PLOT | {"address": "人民路14号"}]
        bare = permit(0, 0, 1, 1) | {"geometry": None}
        for told, match, score, flags in (
            ({"parcel_id": "P-1"}, "parcel_number", 1.0, []),
            ({"parcel_id": "p1"}, "parcel_number_normalised", 0.95, []),
            ({"address": "人民路十二號"}, "address", 0.9, ["permit_place_inferred"]),
        ):
            row = judged(house(), parcels=plots, permits=[bare | told])
            assert (row.status, row.permit_ids, row["flags"]) == ("permitted", ["G-1"], flags)
            assert row.permit_matches == [{"permit_id": "G-1", "match": match, "score": score}]

    def test_permit_with_own_polygon(self) -> None:
        row = judged(house(), permits=[permit(9, 9, 31, 21)])
        assert (row.status, row.reasons, row.permit_ids, row["flags"]) == ("permitted", [], ["G-1"], [])

    def test_own_polygon_counts_and_not_the_parcel(self) -> None:
        row = judged(house(), parcels=[PLOT], permits=[permit(31, 0, 40, 40, parcel_id="P-1")])
        assert row.status == "suspected"

    def test_permit_by_its_parcel(self) -> None:
        row = judged(house(), parcels=[PLOT], permits=[permit(parcel_id="P-1")])
        assert (row.status, row.permit_ids) == ("permitted", ["G-1"])

    def test_permit_of_an_unknown_parcel_covers_nothing(self) -> None:
        row = judged(house(), parcels=[PLOT], permits=[permit(parcel_id="P-404")])
        assert (row.status, row.permit_ids) == ("suspected", [])
        assert row.reasons[0]["certainty"] == "possible"
        assert "1 permits on file have no known place" in row.reasons[0]["message"]

    def test_a_permit_listed_for_each_of_its_plots_covers_both(self) -> None:
        plots = [PLOT, NEXT_PLOT]
        listed = [permit(parcel_id="P-1"), permit(parcel_id="P-2")]
        row = judged(house(30, 10, 50, 20), parcels=plots, permits=listed)
        assert (row.status, row.permit_ids) == ("permitted", ["G-1"])
        two_papers = [permit(parcel_id="P-1"), permit(parcel_id="P-2", name="G-2")]
        row = judged(house(30, 10, 50, 20), parcels=plots, permits=two_papers)
        assert (row.status, codes(row)[0]) == ("suspected", "beyond_permit")

    def test_a_parcel_of_two_rows_counts_as_one(self) -> None:
        halves = [
            {"parcel_id": "P-1", "geometry": metres(0, 0, 20, 40)},
            {"parcel_id": "P-1", "geometry": metres(20, 0, 40, 40)},
        ]
        row = judged(house(), parcels=halves, permits=[permit(parcel_id="P-1")])
        assert (row.status, row.reasons, row.parcel_ids) == ("permitted", [], ["P-1"])

    def test_existing_goes_before_permitted(self) -> None:
        known = {"building_id": "B-1", "geometry": metres(*HOUSE)}
        row = judged(house(), permits=[permit(0, 0, 40, 40)], buildings=[known])
        assert (row.status, row.reasons) == ("existing", [])

    def test_known_buildings_count_together_and_once(self) -> None:
        left = {"building_id": "B-1", "geometry": metres(10, 10, 20, 20)}
        right = {"building_id": "B-2", "geometry": metres(20, 10, 28, 20)}
        assert judged(house(), buildings=[left, right]).status == "existing"
        twice = [{**left, "building_id": name} for name in ("B-1", "B-3")]
        assert judged(house(), buildings=twice).status == "suspected"

    @pytest.mark.parametrize(("built", "status"), [("2026-09-18", "existing"), ("2026-09-19", "suspected")])
    def test_a_building_of_a_later_day_is_not_known_yet(self, built: str, status: str) -> None:
        known = {"building_id": "B-1", "built_on": built, "geometry": metres(*HOUSE)}
        assert judged(house(), buildings=[known]).status == status


class TestWithinError:
    """80 % of the outline, of the core when the outline's own error is taken off."""

    @pytest.mark.parametrize(("right", "status"), [(26.0, "permitted"), (25.9, "suspected")])
    def test_without_error_the_share_decides(self, right: float, status: str) -> None:
        assert judged(house(error_m=0.0), permits=[permit(10, 10, right, 20)]).status == status

    def test_the_core_decides_within_the_error(self) -> None:
        # 15.6 of 20 m: 78 %. The core of an outline with 1 m error is 18 m long, 14.6 of them inside: 81 %.
        row = judged(house(error_m=1.0), permits=[permit(10, 10, 25.6, 20)])
        assert (row.status, row["flags"]) == ("permitted", ["within_error"])
        assert judged(house(error_m=0.0), permits=[permit(10, 10, 25.6, 20)]).status == "suspected"

    def test_a_structure_thinner_than_its_error_keeps_a_core(self) -> None:
        row = judged(house(10, 10, 30, 11, error_m=5.0), permits=[permit(9, 9, 31, 12)])
        assert (row.status, row["flags"]) == ("permitted", [])


class TestPapers:
    """Why the papers do not cover a structure."""

    def test_partly_covered(self) -> None:
        row = judged(house(), permits=[permit(10, 10, 20, 20)])
        assert (codes(row), row.permit_ids) == (["beyond_permit"], ["G-1"])
        assert row.reasons[0]["area_m2"] == pytest.approx(100, abs=0.2)
        assert row.reasons[0]["certainty"] == "certain"

    def test_less_than_a_fifth_is_no_permit(self) -> None:
        row = judged(house(), permits=[permit(10, 10, 13, 20)])
        assert (codes(row), row.reasons[0]["certainty"]) == (["no_permit"], "possible")

    @pytest.mark.parametrize(
        ("dates", "code"),
        [
            ({"valid_to": "2026-09-17"}, "permit_expired"),
            ({"valid_from": "2026-09-19"}, "permit_not_yet_valid"),
        ],
    )
    def test_out_of_time(self, dates: dict[str, str], code: str) -> None:
        row = judged(house(), permits=[permit(0, 0, 40, 40, **dates)])
        assert (row.status, codes(row), row.permit_ids) == ("suspected", [code], ["G-1"])

    def test_both_ends_of_validity_are_inclusive(self) -> None:
        one_day = permit(0, 0, 40, 40, valid_from="2026-09-18", valid_to="2026-09-18")
        assert judged(house(), permits=[one_day]).status == "permitted"

    def test_the_day_is_the_one_in_beijing(self) -> None:
        last = permit(0, 0, 40, 40, valid_to="2026-09-18")
        before_midnight = datetime(2026, 9, 18, 15, 59, tzinfo=UTC)
        after_midnight = datetime(2026, 9, 18, 16, 1, tzinfo=UTC)
        assert judged(house(), as_of=before_midnight, permits=[last]).status == "permitted"
        assert codes(judged(house(), as_of=after_midnight, permits=[last])) == ["permit_expired"]

    def test_a_temporary_permit_that_ran_out_rests_on_article_66(self) -> None:
        old = permit(0, 0, 40, 40, valid_to="2026-01-01", kind="temporary")
        assert judged(house(), permits=[old]).reasons[0]["basis"] == "城乡规划法第66条"


class TestParcels:
    """Crossing a parcel line."""

    def test_crossing_adds_a_reason_and_keeps_the_status(self) -> None:
        across = house(30, 10, 50, 20)  # half on each plot; a little more on the first
        row = judged(house(28, 10, 48, 20), parcels=[PLOT, NEXT_PLOT], permits=[permit(20, 0, 60, 40)])
        assert (row.status, codes(row), row.parcel_ids) == ("permitted", ["beyond_parcel"], ["P-1", "P-2"])
        assert row.reasons[0]["area_m2"] == pytest.approx(80, abs=0.2)
        assert row.reasons[0]["basis"] == "土地管理法第77条"
        assert codes(judged(across, parcels=[PLOT, NEXT_PLOT], permits=[FAR_PERMIT])) == [
            "no_permit",
            "beyond_parcel",
        ]

    @pytest.mark.parametrize(
        ("beyond_m", "accuracy_m", "certainty"),
        [
            (3.0, None, "certain"),
            (1.5, None, "possible"),
            (0.8, None, "within_error"),
            (3.0, 2.0, "possible"),
        ],
    )
    def test_certainty_follows_the_depth(self, beyond_m: float, accuracy_m: float | None, certainty: str) -> None:
        plots = [{**PLOT, "accuracy_m": accuracy_m}, {**NEXT_PLOT, "accuracy_m": accuracy_m}]
        row = judged(house(20 + beyond_m, 10, 40 + beyond_m, 20, error_m=1.0), parcels=plots)
        assert row.reasons[1]["code"] == "beyond_parcel"
        assert row.reasons[1]["certainty"] == certainty

    def test_less_than_two_per_cent_is_no_crossing(self) -> None:
        row = judged(house(20.3, 10, 40.3, 20), parcels=[PLOT, NEXT_PLOT])
        assert (codes(row), row.parcel_ids) == (["no_permit"], ["P-1"])


class TestZones:
    """Where it stands."""

    def test_farmland(self) -> None:
        row = judged(house(), zones=[zone("permanent_basic_farmland", 0, 0, 20, 40)], permits=[FAR_PERMIT])
        assert codes(row) == ["no_permit", "in_zone"]
        reason = row.reasons[1]
        assert (reason["zone_kind"], reason["zone_id"]) == ("permanent_basic_farmland", "Z-1")
        assert reason["basis"] == "土地管理法第75条、第77条"
        assert reason["area_m2"] == pytest.approx(100, abs=0.2)
        assert (row.authority, row["flags"]) == ("natural_resources", ["protected_land"])

    def test_ground_under_two_zones_of_a_kind_counts_once(self) -> None:
        twice = [zone("green", 0, 0, 20, 40), zone("green", 0, 0, 25, 40, name="Z-2")]
        row = judged(house(), zones=twice)
        assert codes(row) == ["no_permit", "in_zone"]
        assert row.reasons[1]["area_m2"] == pytest.approx(150, abs=0.2)
        assert row.reasons[1]["zone_id"] == "Z-2"

    @pytest.mark.parametrize("kind", ["planned_use", "no_fly", "secret", "urban_development_boundary"])
    def test_some_kinds_are_no_restriction(self, kind: str) -> None:
        assert codes(judged(house(), zones=[zone(kind, 0, 0, 40, 40)])) == ["no_permit"]

    def test_a_thin_touch_within_the_error_is_none(self) -> None:
        assert codes(judged(house(), zones=[zone("river", 0, 0, 10.8, 40)])) == ["no_permit"]
        deep = judged(house(10, 10, 110, 20, error_m=0.5), zones=[zone("river", 0, 0, 12, 40)])
        assert codes(deep) == ["no_permit", "in_zone"]  # 2 % of it, but four times its error

    def test_only_zones_in_force_count(self) -> None:
        old = zone("road_redline", 0, 0, 40, 40, valid_to="2026-09-17")
        assert codes(judged(house(), zones=[old])) == ["no_permit"]
        last_day = zone("road_redline", 0, 0, 40, 40, valid_to="2026-09-18")
        assert codes(judged(house(), zones=[last_day])) == ["no_permit", "in_zone"]

    def test_outside_the_urban_boundary_the_township_is_competent(self) -> None:
        city = zone("urban_development_boundary", 0, 0, 40, 40)
        inside = judged(house(), zones=[city], permits=[FAR_PERMIT])
        outside = judged(house(100, 100, 120, 110), zones=[city], permits=[FAR_PERMIT])
        assert (inside.authority, inside.reasons[0]["basis"]) == (
            "urban_management_bureau",
            "城乡规划法第64条",
        )
        assert (outside.authority, outside.reasons[0]["basis"]) == ("township_government", "城乡规划法第65条")

    def test_a_permitted_structure_in_a_zone_stays_permitted(self) -> None:
        row = judged(house(), permits=[permit(0, 0, 40, 40)], zones=[zone("temporary_land", 0, 0, 40, 40)])
        assert (row.status, codes(row)) == ("permitted", ["in_zone"])
        assert row.reasons[0]["basis"] == "土地管理法第57条；土地管理法实施条例第52条"


class TestFrame:
    """What goes in and comes out."""

    def test_flags_and_columns_of_the_structures_stay(self) -> None:
        given = house().assign(flags=[["concealment"]], note=["x"])
        row = judged(given, zones=[zone("ecological_redline", 0, 0, 40, 40)])
        assert (row["flags"], row["note"]) == (["concealment", "protected_land"], "x")
        assert "status" not in given.columns

    def test_no_structures_give_no_findings(self) -> None:
        out = assess(house().iloc[:0], Layers(parcels=layer([PLOT])), as_of=NOON)
        assert len(out) == 0 and {"status", "reasons", "authority"} <= set(out.columns)

    def test_missing_columns_are_named(self) -> None:
        with pytest.raises(LayerColumnsError, match="outline_error_m"):
            assess(house().drop(columns="outline_error_m"), Layers(), as_of=NOON)

    def test_metres_are_refused(self) -> None:
        with pytest.raises(CRSMismatchError, match="EPSG:4547"):
            assess(house().to_crs("EPSG:4547"), Layers(), as_of=NOON)
        with pytest.raises(CRSMismatchError, match="parcels"):
            assess(house(), Layers(parcels=layer([PLOT]).to_crs("EPSG:4547")), as_of=NOON)

    def test_a_structure_without_area_is_refused(self) -> None:
        with pytest.raises(GeometryError, match="no area"):
            assess(house().set_geometry([shapely.Point(113.6, 36.7)], crs=CRS84), Layers(), as_of=NOON)

    def test_structures_in_two_belts_are_each_measured_at_home(self) -> None:
        next_belt = gpd.GeoSeries([metres(*HOUSE)], crs="EPSG:4548").to_crs(CRS84)
        both = gpd.GeoDataFrame(
            {"change": "appeared", "area_m2": 200.0, "outline_error_m": 0.5},
            index=[0, 1],
            geometry=[*house().geometry, *next_belt],
            crs=CRS84,
        )
        out = assess(both, Layers(permits=layer([permit(9, 9, 31, 21)])), as_of=NOON)
        assert list(out["status"]) == ["permitted", "suspected"]


def test_a_storey_on_a_registered_building_is_not_what_is_registered() -> None:
    register = [{"building_id": "B-1", "geometry": metres(*HOUSE)}]
    assert judged(house(), buildings=register).status == "existing"
    raised = house(change="altered").assign(height_gain_m=3.1)
    assert judged(raised, buildings=register, permits=[FAR_PERMIT]).status == "suspected"
    assert judged(raised, buildings=register, permits=[permit(*HOUSE)]).status == "permitted"


def test_what_lost_height_needs_no_permit() -> None:
    lower = house(change="altered").assign(height_gain_m=-3.1)
    row = judged(lower, permits=[FAR_PERMIT], parcels=[PLOT])
    assert row.status == "unassessed" and codes(row) == ["lowered"] and row.parcel_ids == ["P-1"]


@pytest.mark.parametrize("permits", [[FAR_PERMIT], [permit(*HOUSE)], None])
def test_concealment_adds_its_reason_whatever_the_papers_say(permits: list[dict[str, Any]] | None) -> None:
    hidden = house()
    hidden["flags"] = [["concealment"]]
    row = judged(hidden, **({} if permits is None else {"permits": permits}))
    assert codes(row)[-1] == "concealment" and row["flags"][0] == "concealment"
    assert row.reasons[-1]["basis"] == "" and "look in 3-D" in row.reasons[-1]["message"]
    assert "concealment" not in codes(judged(house(), **({} if permits is None else {"permits": permits})))
