"""Permits and their ground: one spelling for numbers and addresses, and which parcel a permit gets."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from geodata.address import SIMILAR, likeness, normalised_address, normalised_number
from geodata.assess.register import Sought, hints_without_ground, resolve_permits


@pytest.mark.parametrize(
    ("given", "text", "numbers"),
    [
        ("人民路12号", "人民路12", (12,)),
        ("人民路１２號", "人民路12", (12,)),
        ("人民路 012 号", "人民路12", (12,)),
        ("人民路十二号", "人民路12", (12,)),
        ("人民路12", "人民路12", (12,)),
        ("河北省邯郸市邯山区人民路12号", "人民路12", (12,)),
        ("邯郸市邯山区人民路12号", "人民路12", (12,)),
        ("邯山区人民路12号", "人民路12", (12,)),
        ("人民路12号3幢", "人民路12-3幢", (12, 3)),
        ("人民路12号院三栋", "人民路12-3幢", (12, 3)),
        ("人民路12-3棟", "人民路12-3幢", (12, 3)),
        ("阳光小区3幢", "阳光小区3幢", (3,)),
        ("邯郸市阳光小区三幢", "阳光小区3幢", (3,)),
        ("王家庄村第三村民小组7号", "王家庄村3村民小组7", (3, 7)),
        ("五一路一百零五号", "五一路105", (105,)),
        ("三里屯路一二三号", "三里屯路123", (123,)),
        ("(开发区)世纪大街8号", "开发区世纪大街8", (8,)),
        ("邯山区三巷5号", "邯山区3巷5", (3, 5)),
    ],
)
def test_one_spelling_of_an_address(given: str, text: str, numbers: tuple[int, ...]) -> None:
    told = normalised_address(given)
    assert (told.text, told.numbers) == (text, numbers)


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("人民路12号", "人民路十二號", 1.0, 1.0),
        ("和平街道人民路12号", "人民路12号", 0.9, 0.9),
        ("光明路王家庄村5号", "光明路王家村5号", SIMILAR, 0.8),
        ("人民路12号", "人民东路12号", 0.5, 0.6),
        ("人民路12号", "人民路13号", 0.0, 0.0),
        ("人民路12号3幢", "人民路12号", 0.0, 0.0),
        ("王家庄村", "王家庄村东", 0.8, 0.9),
    ],
)
def test_how_alike_two_addresses_are(one: str, other: str, least: float, most: float) -> None:
    told = likeness(normalised_address(one), normalised_address(other))
    assert least <= told <= most
    assert told == likeness(normalised_address(other), normalised_address(one))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("G-001", "g1", True),
        ("ｇ－００１／０２", "G1-2", True),
        ("130402 005 007", "130402-5-7", True),
        ("1-12", "11-2", False),
        ("130402005007", "130402-5-7", False),
        ("宗-01", "宗1", True),
        ("宗-01", "地1", False),
    ],
)
def test_one_spelling_of_a_parcel_number(one: str, other: str, same: bool) -> None:
    assert (normalised_number(one) == normalised_number(other)) is same


def square(at: int) -> shapely.Polygon:
    return shapely.box(114 + at * 0.001, 36, 114 + at * 0.001 + 0.0009, 36.0009)


PARCELS = [
    ("G-001", "人民路12号"),
    ("G-002", "人民路14号"),
    ("H-7", "和平街道光明路3号"),
    ("H-07", "光明西路8号"),
    ("K-1", "建设大街青年公寓5号"),
    ("K-2", "建设大街青年公社5号"),
    ("L-1", "滏河大街一号"),
    ("L-2", "滏河大街1号"),
    ("M-1", None),
]
"""Parcel i is a square of its own; H-7 and H-07 are one number, K-1 and K-2 are alike, L-1 and L-2 have one address."""


def parcels() -> gpd.GeoDataFrame:
    rows = {"parcel_id": [name for name, _ in PARCELS], "address": [address for _, address in PARCELS]}
    return gpd.GeoDataFrame(rows, geometry=[square(i) for i in range(len(PARCELS))], crs="OGC:CRS84")


def permits(**told: object) -> gpd.GeoDataFrame:
    row = {"parcel_id": None, "address": None, "point_lon": None, "point_lat": None, **told}
    shape = row.pop("shape", None)
    columns = {"permit_id": ["p"], **{name: [value] for name, value in row.items()}}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([shape], crs="OGC:CRS84"), crs="OGC:CRS84")


TABLE = [
    # parcel_id, address, point in parcel, way, score, parcel, said
    ("G-001", None, None, "parcel_number", 1.0, 0, None),
    ("ｇ００１", None, None, "parcel_number_normalised", 0.95, 0, None),
    ("H-07", None, None, "parcel_number", 1.0, 3, None),
    ("h 007", None, None, "none", 0.0, None, "the number h 007 fits the parcels H-07, H-7 equally well"),
    ("X-9", None, None, "none", 0.0, None, None),
    (None, "邯郸市人民路十二號", None, "address", 0.9, 0, None),
    ("X-9", "人民路14号", None, "address", 0.9, 1, None),
    (None, "滏河大街1号", None, "none", 0.0, None, "the address 滏河大街1号 fits the parcels L-1, L-2 equally well"),
    (None, "光明路3号", None, "address_similar", 0.81, 2, None),
    (None, "建设大街青年公馆5号", None, "none", 0.0, None, "the address 建设大街青年公馆5号 fits the parcels K-1, K-2"),
    (None, "人民路13号", None, "none", 0.0, None, None),
    (None, "人民路13号", 8, "point", 0.7, 8, None),
    (None, None, 4, "point", 0.7, 4, None),
    ("G-002", "人民路12号", 8, "parcel_number", 1.0, 1, None),
    (None, None, 99, "none", 0.0, None, None),
]


@pytest.mark.parametrize(("number", "address", "point", "way", "score", "parcel", "said"), TABLE)
@pytest.mark.parametrize("only_sought", [False, True])
def test_which_parcel_a_permit_gets(
    number: str | None,
    address: str | None,
    point: int | None,
    way: str,
    score: float,
    parcel: int | None,
    said: str | None,
    only_sought: bool,
) -> None:
    lon, lat = (None, None) if point is None else (114 + point * 0.001 + 0.0004, 36.0004)
    register = permits(parcel_id=number, address=address, point_lon=lon, point_lat=lat)
    known = parcels()
    if only_sought:  # what a store gives: the parcels that matter, no others
        sought = Sought(hints_without_ground(register))
        told = zip(known["parcel_id"], known["address"], strict=True)
        matters = [sought.matters(*row) or i == point for i, row in enumerate(told)]
        known = known[matters].reset_index(drop=True)
    found = resolve_permits(register, known)
    assert found is not None
    assert found.parcel_ids[0] == (None if parcel is None else PARCELS[parcel][0])
    assert (found.match[0], found.score[0]) == (way, pytest.approx(score, abs=0.005))
    assert bool(found.unplaced[0]) is (parcel is None)
    assert found.ground[0] is None if parcel is None else found.ground[0].equals(square(parcel))
    assert (found.note[0] or "").startswith(said or "") and (found.note[0] is None) is (said is None)


def test_a_polygon_of_its_own_goes_first_and_parcels_of_one_id_count_together() -> None:
    own = resolve_permits(permits(parcel_id="G-001", shape=square(5)), parcels())
    assert own is not None and own.match[0] == "polygon" and own.ground[0].equals(square(5))
    twice = parcels()
    twice.loc[1, "parcel_id"] = "G-001"
    both = resolve_permits(permits(parcel_id="G-001"), twice)
    assert both is not None and both.ground[0].equals(shapely.union_all([square(0), square(1)]))
    assert both.match[0] == "parcel_number"


def test_without_a_cadastre_a_permit_has_no_ground() -> None:
    found = resolve_permits(permits(parcel_id="G-001"), None)
    assert found is not None and found.match[0] == "none" and found.unplaced.tolist() == [True]
    assert resolve_permits(None, parcels()) is None
