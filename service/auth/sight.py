"""What of the stored somebody may see: the ground of their areas, and no grade of secrecy above theirs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import shapely

from service.auth.caller import Clearance

_INSET_DEG = 1e-7
"""A centimetre: what only touches the edge of an area lies in its neighbour."""
_SLACK_DEG = 2e-6
"""Two decimetres: outlines of areas that two bureaus drew never agree to the last digit."""


@dataclass(frozen=True)
class Sight:
    """What somebody may see.

    Args:
        ground: Ground in lon-lat that must be met, None: everywhere. An empty one: nowhere.
        hidden: Grades of secrecy that are not shown.
        owner: Whose jobs are shown where the ground is limited.
        areas: Ids of the areas that the ground is made of: they are shown themselves, whatever their outlines are.
    """

    ground: shapely.Geometry | None = None
    hidden: tuple[str, ...] = ()
    owner: str = ""
    areas: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        areas: Iterable[shapely.Geometry] | None,
        clearance: Clearance,
        owner: str = "",
        ids: frozenset[str] = frozenset(),
    ) -> Sight:
        """The sight of somebody who works in some areas (None: everywhere) and has a clearance."""
        hidden = tuple(grade.word for grade in Clearance if grade > clearance)
        if areas is None:
            return cls(None, hidden)
        ground = shapely.union_all(list(areas)).buffer(-_INSET_DEG, join_style="mitre")
        shapely.prepare(ground)
        return cls(ground, hidden, owner, ids)

    @property
    def whole(self) -> bool:
        """Whether it shows all there is."""
        return self.ground is None and not self.hidden

    @cached_property
    def key(self) -> str:
        """A word that differs wherever something else is shown; empty for all."""
        if self.whole:
            return ""
        ground = b"" if self.ground is None else shapely.to_wkb(self.ground)
        told = ",".join(self.hidden).encode() + b"|" + self.owner.encode() + b"|" + ground
        return hashlib.sha256(told).hexdigest()[:16]

    @cached_property
    def _reach(self) -> shapely.Geometry:
        assert self.ground is not None  # asked for by `holds` alone
        reach = self.ground.buffer(_SLACK_DEG, join_style="mitre")
        shapely.prepare(reach)
        return reach

    def meets(self, shape: shapely.Geometry | None) -> bool:
        """Whether a shape lies on the ground, at least in part; what has none is shown to those who see everything."""
        return self.ground is None or (shape is not None and bool(shapely.intersects(self.ground, shape)))

    def holds(self, shape: shapely.Geometry | None) -> bool:
        """Whether a shape lies wholly on the ground."""
        return self.ground is None or (shape is not None and bool(shapely.contains(self._reach, shape)))

    def shows(self, grade: str, shape: shapely.Geometry | None) -> bool:
        """Whether something of a grade at a place is shown."""
        return grade not in self.hidden and self.meets(shape)


EVERYTHING = Sight()
"""The sight of the service itself."""


def highest(grades: Iterable[str]) -> str:
    """The highest of some grades: what is made from secret data is secret."""
    return max((Clearance[grade.upper()] for grade in grades), default=Clearance.PUBLIC).word
