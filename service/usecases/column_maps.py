"""Column names of foreign layers, as the command line writes them."""

from __future__ import annotations

from geodata.errors import OptionError
from geodata.types import SCAN_KINDS


def parse_maps(entries: list[str]) -> dict[str, dict[str, str]]:
    """Column mappings by layer kind, wanted to given.

    Raises:
        OptionError: If an entry is written otherwise.

    >>> parse_maps(["parcels.parcel_id=DKBM"])
    {'parcels': {'parcel_id': 'DKBM'}}
    """
    maps: dict[str, dict[str, str]] = {}
    for entry in entries:
        left, equals, source = entry.partition("=")
        kind, dot, target = left.partition(".")
        if not (equals and dot and target and source) or kind not in SCAN_KINDS:
            raise OptionError(
                f"The mapping {entry!r} cannot be read.",
                remedy="Write KIND.target=SOURCE, for example parcels.parcel_id=DKBM.",
            )
        maps.setdefault(kind, {})[target] = source
    return maps
