"""What the sender of a layer says about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from geodata.errors import OptionError
from geodata.types import LAYER_KINDS, LayerKind
from service.auth.caller import parse_clearance
from service.errors import NotFoundError
from service.privacy.fields import is_personal

_LONGEST_SOURCE = 120


DECLARED = ("crs", "mapping", "encoding", "transformation")
"""What is declared of a file's reading, and kept for the next delivery of its source."""


@dataclass(frozen=True)
class LayerFacts:
    """What the sender says about a layer.

    Args:
        crs: System of a file that declares none; `GCJ-02` or `BD-09`: a web map's, turned back.
        mapping: Column names, wanted to given: `{"parcel_id": "DKBM"}`.
        encoding: Text encoding of a Shapefile that does not tell it.
        source: Who sends it.
        as_of: The day in Beijing whose state the data show.
        valid_from: Since when the layer holds.
        valid_to: Until when it holds, the day included.
        standing: Whether later scans may take it as the newest of its kind.
        transformation: From Xian 1980 or Beijing 1954 to CGCS2000; see `geodata.datums`.
        accept_place: Whether the layer is not held against the parcels and the areas on file.
        secrecy: Who may see it: `public`, `internal` (None) or `secret`.
        fresh: Whether what the source declared with its last delivery is left aside.
    """

    crs: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    source: str | None = None
    as_of: date | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    standing: bool = True
    transformation: str | None = None
    accept_place: bool = False
    fresh: bool = False
    secrecy: str | None = None

    def __post_init__(self) -> None:
        if self.valid_from is not None and self.valid_to is not None and self.valid_to < self.valid_from:
            raise OptionError(
                f"The layer would hold from {self.valid_from.date()} to {self.valid_to.date()}, which is before it.",
                remedy="Swap the two, or leave one out.",
            )
        parse_clearance(self.secrecy or "internal")
        if self.source is not None:
            object.__setattr__(self, "source", self.source.strip())
        if self.source is not None and not 0 < len(self.source) <= _LONGEST_SOURCE:
            raise OptionError(
                f"The name of the source has {len(self.source)} characters.",
                remedy=f"Give it one of 1 to {_LONGEST_SOURCE} characters, the same with every delivery.",
            )

    def refuse_personal(self) -> None:
        """See that no column of personal data is mapped to one of the schema, which everybody reads.

        Raises:
            OptionError: If one is.
        """
        for wanted, given in self.mapping.items():
            if is_personal(given):
                raise OptionError(
                    f"The column {given[:60]!r} holds personal data and cannot be {wanted}.",
                    remedy=f"Map another column to {wanted}, or leave it out: personal columns are kept sealed.",
                )

    def read_as(self) -> dict[str, Any]:
        """What is declared of its reading, as the fields of `ReadAs`."""
        told = {"crs": self.crs, "mapping": dict(self.mapping), "encoding": self.encoding}
        return told if self.transformation is None else {**told, "transformation": self.transformation}

    def recorded(self) -> dict[str, Any]:
        """What is declared of its reading and place, as `LayerVersion.read_as`."""
        return {**self.read_as(), "place": "accepted"} if self.accept_place else self.read_as()


def layer_kind(text: str) -> LayerKind:
    """The kind that a word names.

    Raises:
        NotFoundError: If it names none.
    """
    if text not in LAYER_KINDS:
        raise NotFoundError(f"There is no layer kind {text!r}.", remedy=f"Known: {', '.join(LAYER_KINDS)}.")
    return text
