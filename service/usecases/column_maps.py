"""Column names of foreign layers, as the command line writes them."""

from __future__ import annotations

from collections.abc import Collection

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


def parse_map(entries: list[str], known: Collection[str]) -> dict[str, str]:
    """A column mapping of one table, wanted to given.

    Args:
        entries: As they were written: `number=工单编号`.
        known: Columns that may be wanted.

    Raises:
        OptionError: If an entry is written otherwise.

    >>> parse_map(["number=工单编号"], ("number",))
    {'number': '工单编号'}
    """
    found = {}
    for entry in entries:
        target, equals, source = (part.strip() for part in entry.partition("="))
        if not (equals and source) or target not in known:
            raise OptionError(
                f"The mapping {entry!r} cannot be read.",
                remedy=f"Write NAME=COLUMN, for example number=工单编号; names: {', '.join(known)}.",
            )
        found[target] = source
    return found
