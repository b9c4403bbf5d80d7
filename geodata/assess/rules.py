"""What may speak against a structure: reason codes, their words and their legal basis.

The words are always of a suspicion: an image finding is a lead for an officer, never a verdict. Every basis
is a national article; what local rules add belongs to a bureau's own rulebook.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from geodata.assess.overlay import Certainty

PLANNING_64 = "城乡规划法第64条"
"""Built without a planning permit or against it."""
PLANNING_65 = "城乡规划法第65条"
"""The same in a village planning area: the township government is competent."""
PLANNING_66 = "城乡规划法第66条"
"""Temporary structures: unapproved, not as approved, or not removed at expiry."""
LAND_77 = "土地管理法第77条"
"""Land occupied without approval, or more of it than was approved."""
FARMLAND = "土地管理法第75条、第77条"
"""Farmland damaged or unlawfully occupied."""
TEMPORARY_LAND = "土地管理法第57条；土地管理法实施条例第52条"
"""Permanent building on land for temporary use."""

PROTECTIVE_KINDS: dict[str, tuple[str, str]] = {
    "permanent_basic_farmland": ("permanent basic farmland", "永久基本农田"),
    "ecological_redline": ("an ecological red-line area", "生态保护红线"),
    "road": ("road land", "道路用地"),
    "road_redline": ("a road red line", "道路红线"),
    "river": ("a river's area", "河道"),
    "water": ("a water area", "水域"),
    "green": ("green space", "绿地"),
    "square": ("a public square", "广场"),
    "public_land": ("public land", "公共用地"),
    "temporary_land": ("land for temporary use", "临时用地"),
    "heritage": ("a heritage protection area", "文物保护范围"),
    "utility": ("a utility corridor", "市政公用设施用地"),
    "fire_lane": ("a fire lane", "消防车通道"),
}
"""Kinds of zones in which building calls for a reason, with their names in English and Chinese."""

PROTECTED_KINDS = frozenset({"permanent_basic_farmland", "ecological_redline"})
"""Kinds that raise the flag `protected_land`."""

URBAN_MANAGEMENT = "urban_management_bureau"
"""城市管理综合执法局: competent in city and town, and where nothing else is known."""
TOWNSHIP = "township_government"
"""乡镇人民政府: competent in village planning areas (城乡规划法 65)."""
NATURAL_RESOURCES = "natural_resources"
"""自然资源主管部门: competent for farmland (土地管理法 75, 77)."""

_ZONE_BASIS = {"permanent_basic_farmland": FARMLAND, "temporary_land": TEMPORARY_LAND}


@dataclass(frozen=True)
class Reason:
    """One reason, in words.

    Args:
        code: Its code.
        message: What is suspected, in English.
        message_zh: The same in Chinese.
        basis: The article it rests on, empty where nothing is alleged.
        area_m2: Ground concerned, m² (ellipsoidal), None where it has none.
        certainty: Whether the overlap behind it exceeds the error of the outlines.
        zone_kind: Kind of the zone, for `in_zone`.
        zone_id: The zone, for `in_zone`.
    """

    code: str
    message: str
    message_zh: str
    basis: str
    area_m2: float | None
    certainty: Certainty
    zone_kind: str | None = None
    zone_id: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The reason as plain values; `zone_kind` and `zone_id` only where there is a zone."""
        value: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "message_zh": self.message_zh,
            "basis": self.basis,
            "area_m2": None if self.area_m2 is None else round(self.area_m2, 1),
            "certainty": self.certainty,
        }
        if self.zone_kind is not None:
            value |= {"zone_kind": self.zone_kind, "zone_id": self.zone_id}
        return value


def gone(area_m2: float) -> Reason:
    """A structure that disappeared needs no permit."""
    return Reason(
        "gone",
        "The structure seems to have been removed between the two dates.",
        "两期影像之间该建筑物疑似已拆除。",
        "",
        area_m2,
        "possible",
    )


def lowered(area_m2: float) -> Reason:
    """A structure that lost height and still stands needs no permit."""
    return Reason(
        "lowered",
        "The structure seems to have lost height between the two dates; part of it still stands.",
        "两期之间该建筑物高度降低，疑似部分拆除，剩余部分仍在。",
        "",
        area_m2,
        "possible",
    )


def concealment(area_m2: float) -> Reason:
    """The heights show what the picture does not."""
    return Reason(
        "concealment",
        "The surface rose although the picture shows no new roof or a cover of netting or tarpaulin: look in 3-D.",
        "地表高程已增加，但影像未见新增屋顶，或有防尘网、篷布覆盖，疑似遮盖：请结合三维数据核查。",
        "",
        area_m2,
        "possible",
    )


def no_layers() -> Reason:
    """Nothing was given to assess against."""
    return Reason(
        "no_layers",
        "No parcels, permits, zones or buildings were given, so nothing can be said of its lawfulness.",
        "未提供地块、许可、管控区或既有建筑图层，无法判断其合法性。",
        "",
        None,
        "possible",
    )


def planning_basis(*, village: bool, permit_kind: str | None = None) -> str:
    """The planning article: 66 for temporary permits, 65 in villages, else 64."""
    if permit_kind == "temporary":
        return PLANNING_66
    return PLANNING_65 if village or permit_kind == "village" else PLANNING_64


def authority(*, village: bool, farmland: bool) -> str:
    """Who is competent: natural resources on farmland, the township outside the urban boundary."""
    if farmland:
        return NATURAL_RESOURCES
    return TOWNSHIP if village else URBAN_MANAGEMENT


def no_register(area_m2: float, basis: str) -> Reason:
    """No permit register was given, so none could be found."""
    return Reason(
        "no_permit",
        "No permit register was given, so no permit could be looked up; the structure needs checking.",
        "未提供规划许可台账，无法核对许可，需进一步核实。",
        basis,
        area_m2,
        "possible",
    )


def no_permit(area_m2: float, basis: str, certainty: Certainty, unplaced: int) -> Reason:
    """The register holds no permit for the place; `unplaced` permits in force have no known ground."""
    note = f" {unplaced} permits on file have no known place." if unplaced else ""
    note_zh = f"另有{unplaced}件许可无法定位。" if unplaced else ""
    return Reason(
        "no_permit",
        "No permit on file covers this place; the structure is suspected of being built without one." + note,
        "台账中未查到覆盖该位置的规划许可，疑似未取得许可建设。" + note_zh,
        basis,
        area_m2,
        certainty,
    )


def permit_expired(permit_id: str, until: str, area_m2: float, basis: str, certainty: Certainty) -> Reason:
    """A permit covers the place and had run out on the day."""
    return Reason(
        "permit_expired",
        f"Permit {permit_id} covers this place but expired on {until}; "
        "the structure is suspected of lacking a valid one.",
        f"许可{permit_id}覆盖该位置，但已于{until}到期，疑似无有效许可。",
        basis,
        area_m2,
        certainty,
    )


def permit_not_yet_valid(permit_id: str, since: str, area_m2: float, basis: str, certainty: Certainty) -> Reason:
    """A permit covers the place and was not in force on the day."""
    return Reason(
        "permit_not_yet_valid",
        f"Permit {permit_id} covers this place but is valid only from {since}; "
        "the structure is suspected of having been begun too early.",
        f"许可{permit_id}覆盖该位置，但自{since}起才生效，疑似提前建设。",
        basis,
        area_m2,
        certainty,
    )


def beyond_permit(permit_id: str, area_m2: float, share: float, basis: str, certainty: Certainty) -> Reason:
    """A valid permit covers only a part of the structure."""
    return Reason(
        "beyond_permit",
        f"Permit {permit_id} covers only {share:.0%} of the outline; about {area_m2:.0f} m² are suspected of "
        "lying outside it.",
        f"许可{permit_id}仅覆盖轮廓的{share:.0%}，约{area_m2:.0f}平方米疑似超出许可范围。",
        basis,
        area_m2,
        certainty,
    )


def beyond_parcel(parcel_id: str, area_m2: float, certainty: Certainty) -> Reason:
    """The structure crosses the line of the parcel on which most of it stands."""
    return Reason(
        "beyond_parcel",
        f"About {area_m2:.0f} m² seem to lie beyond parcel {parcel_id}.",
        f"约{area_m2:.0f}平方米疑似超出地块{parcel_id}界线。",
        LAND_77,
        area_m2,
        certainty,
    )


def in_zone(kind: str, zone_id: str, area_m2: float, certainty: Certainty) -> Reason:
    """The structure stands in a zone that is to be kept free."""
    english, chinese = PROTECTIVE_KINDS[kind]
    return Reason(
        "in_zone",
        f"About {area_m2:.0f} m² seem to lie in {english} ({zone_id}).",
        f"约{area_m2:.0f}平方米疑似位于{chinese}（{zone_id}）内。",
        _ZONE_BASIS.get(kind, PLANNING_64),
        area_m2,
        certainty,
        zone_kind=kind,
        zone_id=zone_id,
    )
