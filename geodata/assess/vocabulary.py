"""The words that rules are written in: every fact that is known of a structure and of what lies under or beside it.

A fact belongs to a subject. A rule is about one subject and may ask for facts of that subject and of the structure.
What is not known is no fact: a condition on it does not hold, unless it asks just that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from geodata.assess.grades import Unit

Subject = Literal["structure", "permit", "parcel", "zone", "line", "building"]
SUBJECTS: Mapping[Subject, str] = MappingProxyType(
    {
        "structure": "the structure itself",
        "permit": "each permit that shares ground with it, the greatest share first",
        "parcel": "the parcel with most of it",
        "zone": "the zones of one kind in which it stands, together",
        "line": "each zone with `setback_m` that it comes too close to or enters",
        "building": "each known building that touches it or is near, the nearest first",
    }
)
"""What a rule may be about."""

Holds = Literal["measure", "day", "word", "yes"]


@dataclass(frozen=True)
class Fact:
    """One word of the vocabulary.

    Args:
        holds: Type of its value: a measure with its error, a day, a word, or a yes or no.
        meaning: What it tells.
        unit: Unit of a measure.
    """

    holds: Holds
    meaning: str
    unit: Unit = ""


FACTS: Mapping[str, Fact] = MappingProxyType(
    {
        "structure.change": Fact("word", "appeared, altered or disappeared"),
        "structure.stage": Fact("word", "earthworks, foundation, under_construction, finished or unknown"),
        "structure.area_m2": Fact("measure", "area of its outline on the ground", "m2"),
        "structure.height_m": Fact("measure", "its height above ground, where surface models or a register tell", "m"),
        "structure.lower": Fact("yes", "whether it lost height and still stands"),
        "structure.hidden": Fact("yes", "whether heights show what the picture does not"),
        "structure.use": Fact("word", "what it is used for, where a register tells"),
        "structure.titled": Fact("yes", "whether a property register lists it (`register_id`, in a survey)"),
        "structure.seen_on": Fact("day", "the day as of which it is assessed"),
        "structure.first_seen_on": Fact("day", "the earliest day on which it is known to have stood"),
        "structure.absent_on": Fact("day", "the latest day on which it is known not to have stood"),
        "structure.assessed": Fact("yes", "whether any layer was given to assess it against"),
        "structure.register": Fact("yes", "whether a permit register was given"),
        "structure.permitted": Fact("yes", "whether a permit in force covers at least 80 % of it, within its error"),
        "structure.touched": Fact("yes", "whether a permit in force holds more than 5 % of it"),
        "structure.unplaced_permits": Fact("measure", "permits in force whose ground is unknown"),
        "structure.village": Fact("yes", "whether most of it lies outside the urban development boundary"),
        "structure.boundary_known": Fact("yes", "whether an urban development boundary was given"),
        "structure.farmland": Fact("yes", "whether it stands in permanent basic farmland"),
        "permit.id": Fact("word", "its number"),
        "permit.kind": Fact("word", "planning, village or temporary"),
        "permit.use": Fact("word", "the use that it allows"),
        "permit.valid_from": Fact("day", "its first day"),
        "permit.valid_to": Fact("day", "its last day, inclusive"),
        "permit.in_force": Fact("yes", "whether it holds on the day of the assessment"),
        "permit.expired": Fact("yes", "whether it ended before the day of the assessment"),
        "permit.early": Fact("yes", "whether it begins after the day of the assessment"),
        "permit.covers": Fact("yes", "whether it covers at least 80 % of the structure, within its error"),
        "permit.best": Fact("yes", "whether no other permit in force holds more of the structure"),
        "permit.share": Fact("measure", "share of the structure on its ground", "share"),
        "permit.outside_m2": Fact("measure", "ground of the structure outside it", "m2"),
        "permit.outside_depth_m": Fact("measure", "how far the structure reaches out of it", "m"),
        "permit.area_m2": Fact("measure", "the area that it allows", "m2"),
        "permit.height_m": Fact("measure", "the height that it allows", "m"),
        "permit.match": Fact("word", "how its ground was found: polygon, parcel_number, address ..."),
        "permit.match_score": Fact("measure", "how well, 0 to 1"),
        "parcel.id": Fact("word", "its number"),
        "parcel.land_use": Fact("word", "its land class by GB/T 21010"),
        "parcel.owner_kind": Fact("word", "kind of its owner"),
        "parcel.share": Fact("measure", "share of the structure on it", "share"),
        "parcel.outside_share": Fact("measure", "share of the structure beyond it", "share"),
        "parcel.outside_m2": Fact("measure", "ground of the structure beyond it", "m2"),
        "parcel.outside_depth_m": Fact("measure", "how far the structure reaches beyond it", "m"),
        "zone.kind": Fact("word", "kind of the zones"),
        "zone.id": Fact("word", "the zone of the kind that holds most of it"),
        "zone.use": Fact("word", "the use that the plan gives that zone"),
        "zone.share": Fact("measure", "share of the structure in zones of the kind", "share"),
        "zone.area_m2": Fact("measure", "its ground in them, counted once", "m2"),
        "zone.depth_m": Fact("measure", "how far it reaches into them", "m"),
        "zone.max_height_m": Fact("measure", "the least height that one of them allows", "m"),
        "line.kind": Fact("word", "kind of the zone"),
        "line.id": Fact("word", "its id"),
        "line.distance_m": Fact("measure", "how far the structure stands from it", "m"),
        "line.setback_m": Fact("measure", "how far it must stand from it", "m"),
        "building.id": Fact("word", "its id"),
        "building.distance_m": Fact("measure", "how far the structure stands from it", "m"),
        "building.adjoins": Fact("yes", "whether the structure is built onto it or on top of it"),
        "limit.spacing_m": Fact("measure", "the least distance between buildings that the rulebook sets", "m"),
    }
)
"""Every fact. `limit.*` come from the rulebook's own table and belong to every subject."""


def subject_of(fact: str) -> str:
    """What a fact is of: the word before the dot."""
    return fact.partition(".")[0]
