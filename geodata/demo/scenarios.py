"""What happens between the two dates: the table of scenarios from which the truth is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Place = Literal["inside", "crossing"]
Paper = Literal["none", "polygon", "parcel", "expired", "future", "register"]


@dataclass(frozen=True)
class Scenario:
    """One way in which a structure comes to stand.

    Attributes:
        name: How the truth names it.
        count: How many of it on a square kilometre.
        roles: The roles of parcels on which it is tried.
        length_m: Range of its length; `width_m` likewise.
        skins: Its possible roofs.
        height_m: Range of its height.
        place: Inside one parcel, or across a parcel line.
        paper: What is on file for it.
        zone: The kind of zone in which it must stand; None keeps it clear of every restricting zone.
        apron: The cover that its building site leaves around it.
        any_way: Whether it may also stand across the parcel's direction; blocks of flats face south.
    """

    name: str
    count: int
    roles: tuple[str, ...]
    length_m: tuple[float, float]
    width_m: tuple[float, float]
    skins: tuple[str, ...]
    height_m: tuple[float, float] = (3.2, 4.5)
    place: Place = "inside"
    paper: Paper = "none"
    zone: str | None = None
    apron: str = "earth"
    any_way: bool = True


_SHEDS = ("blue_steel", "blue_steel", "white_steel", "red_steel")
_HOUSES = ("tile_red", "flat", "tile_grey", "hip_red")
_LOTS = ("industrial", "vacant")

SCENARIOS: tuple[Scenario, ...] = (
    Scenario("farm_shed", 3, ("field",), (12, 30), (7, 14), _SHEDS, zone="permanent_basic_farmland"),
    Scenario("factory_shed", 3, _LOTS, (14, 30), (8, 18), _SHEDS, (5, 8), apron="concrete"),
    Scenario(
        "hall_permitted",
        2,
        _LOTS,
        (36, 58),
        (22, 34),
        ("hall_blue", "hall_white"),
        (8, 10),
        paper="polygon",
        apron="concrete",
    ),
    Scenario(
        "shed_permitted",
        1,
        (*_LOTS, "garden", "field", "outskirts"),
        (10, 18),
        (7, 10),
        _SHEDS,
        paper="polygon",
    ),
    Scenario("village_house", 3, ("homestead_empty",), (9, 12), (7, 9.5), _HOUSES, (3.6, 7.2), apron="yard"),
    Scenario(
        "village_house_permitted",
        3,
        ("homestead_empty",),
        (9, 12),
        (7, 9.5),
        _HOUSES,
        (3.6, 7.2),
        paper="parcel",
        apron="yard",
    ),
    Scenario("crossing", 3, ("field", "garden", "vacant"), (13, 22), (7, 11), _SHEDS, (3.5, 5), place="crossing"),
    Scenario(
        "crossing_permitted",
        1,
        ("field", "garden", "vacant"),
        (14, 22),
        (8, 12),
        ("flat", "white_steel"),
        (3.5, 5),
        place="crossing",
        paper="polygon",
    ),
    Scenario("riverside", 2, ("river",), (8, 16), (5, 8), ("blue_steel", "flat", "tile_red"), zone="river"),
    Scenario(
        "in_red_line",
        2,
        ("vacant", "garden", "field", "industrial"),
        (10, 22),
        (4.6, 5.8),
        ("blue_steel", "flat", "red_steel"),
        zone="road_redline",
        apron="pavement",
    ),
    Scenario("permit_expired", 1, (*_LOTS, "garden", "field"), (16, 28), (9, 15), _SHEDS, (5, 8), paper="expired"),
    Scenario("permit_to_come", 1, (*_LOTS, "garden", "field"), (16, 28), (9, 15), _SHEDS, (5, 8), paper="future"),
    Scenario(
        "on_file",
        1,
        (*_LOTS, "homestead_empty", "garden"),
        (9, 12),
        (7, 9.5),
        ("flat", "tile_grey"),
        (3.6, 7.2),
        paper="register",
    ),
    Scenario(
        "slab_permitted",
        2,
        ("phase_two",),
        (36, 50),
        (13, 14),
        ("slab",),
        (17, 19),
        paper="polygon",
        apron="graded",
        any_way=False,
    ),
    Scenario("unfinished", 1, ("phase_two", *_LOTS), (16, 26), (11, 15), ("unfinished",), (4, 8), apron="graded"),
    Scenario(
        "yard_shed",
        3,
        ("homestead",),
        (5, 8),
        (4, 5.5),
        ("blue_steel", "white_steel"),
        (2.8, 3.4),
        apron="yard",
    ),
    Scenario("small_shed", 2, ("garden", "outskirts", "vacant", "lane"), (5.5, 7), (4, 5), _SHEDS, (2.6, 3.0)),
    Scenario("field_house", 2, ("field", "garden"), (10, 16), (7, 9), ("flat", "blue_steel", "tile_grey"), (3.3, 6)),
)

EXTENSIONS = 4
DEMOLITIONS = 4

RESTRICTING = frozenset({"permanent_basic_farmland", "ecological_redline", "river", "water", "road_redline", "green"})
"""The kinds of zones in which a structure gets the reason `in_zone`."""
