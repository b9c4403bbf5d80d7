"""The ids that a structure ever had: two that turn out to be one keep both, and one of them leads to the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from service.store.schema import structure_ids

_PART = 500


def names_of(connection: sa.Connection, wanted: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Every structure with the ids that lead to it: what was told of one of them was told of it."""
    owner = {sid: sid for sid in wanted}
    known = {sid: [sid] for sid in owner}
    ahead = sorted(owner)
    while ahead:
        found = [(old, to) for old, to in _led(connection, structure_ids.c.leads_to, ahead) if old not in owner]
        for old, to in found:
            owner[old] = owner[to]
            known[owner[old]].append(old)
        ahead = [old for old, _ in found]
    return {sid: tuple(names) for sid, names in known.items()}


def aliases(connection: sa.Connection, names: Iterable[str]) -> dict[str, str]:
    """The id of today for ids of structures that are none any more."""
    found: dict[str, str] = {}
    ahead: Mapping[str, str] = {name: name for name in names}
    while ahead:
        led = dict(_led(connection, structure_ids.c.id, sorted(set(ahead.values()))))
        ahead = {name: led[now] for name, now in ahead.items() if now in led and led[now] != name}
        found |= ahead
    return found


def every_name(connection: sa.Connection, structure_id: str) -> tuple[str, ...]:
    """All ids of the structure that an id means today."""
    today = aliases(connection, [structure_id]).get(structure_id, structure_id)
    return names_of(connection, [today])[today]


def _led(connection: sa.Connection, column: sa.Column[str], values: Sequence[str]) -> list[tuple[str, str]]:
    """Ids that lead elsewhere, with where."""
    found = []
    for at in range(0, len(values), _PART):
        wanted = sa.select(structure_ids.c.id, structure_ids.c.leads_to).where(
            column.in_(values[at : at + _PART]), structure_ids.c.leads_to.is_not(None)
        )
        found += [(str(row.id), str(row.leads_to)) for row in connection.execute(wanted)]
    return found
