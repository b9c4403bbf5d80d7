"""A case as a feature for maps and lists, and the moments at which somebody must be told of its terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from service.cases.clocks.clock import Clock, State, next_moments
from service.cases.clocks.terms import Whose
from service.cases.workflow.regions import PROCEDURE, REGIONS
from service.cases.workflow.standing import Standing
from service.store.case_base import CaseRow, Timer

_DUTIES = (Whose.BUREAU, Whose.AUTHORITY, Whose.PARTY_DUTY)


def case_feature(row: CaseRow, geometry: Mapping[str, Any], standing: Standing, clocks: Sequence[Clock]) -> str:
    """The case as finished GeoJSON; nobody is named in it.

    Args:
        row: The case, as it is stored.
        geometry: Its place.
        standing: Where it stands.
        clocks: Its terms.
    """
    late = [clock for clock in clocks if clock.state is State.OVERDUE and clock.whose is Whose.BUREAU]
    next_term = next((c for c in clocks if c.state is State.RUNNING and c.due_at == row.due_at), None)
    told = {
        "serial": row.serial,
        "state": row.state,
        "state_zh": REGIONS[PROCEDURE][row.state][1],
        "path": row.path,
        "stage": row.stage,
        "categories": list(standing.categories),
        "outcome": row.outcome or None,
        "unit": row.unit or None,
        "structure_id": row.structure_id,
        "opened_at": row.opened_at,
        "changed_at": row.changed_at,
        "closed_at": row.closed_at,
        "due_at": row.due_at,
        "due_term": None if next_term is None else next_term.title,
        "due_term_zh": None if next_term is None else next_term.title_zh,
        "overdue": [clock.term_id for clock in late],
        **{name: standing.regions[name] for name in ("site", "seal", "hold", "court", "review", "suit", "land")},
        "events": row.number,
    }
    feature = {"type": "Feature", "id": row.id, "geometry": geometry, "properties": told}
    return orjson.dumps(feature, option=orjson.OPT_UTC_Z).decode()


def next_due(clocks: Sequence[Clock], now: datetime) -> datetime | None:
    """The next end of a duty that runs."""
    ends = [c.due_at for c in clocks if c.state is State.RUNNING and c.whose in _DUTIES and c.due_at > now]
    return min(ends, default=None)


def timers_of(case_id: str, clocks: Sequence[Clock]) -> list[Timer]:
    """The moments at which somebody must be told of the terms, as they run now."""
    found = []
    for clock in clocks:
        for moment in next_moments(clock):
            told = {
                "title": clock.title,
                "title_zh": clock.title_zh,
                "source": clock.source,
                "source_zh": clock.source_zh,
                "whose": clock.whose.value,
                "due_at": clock.due_at.isoformat(),
                "to": moment.to,
                "to_zh": moment.to_zh,
                "provisional": clock.provisional,
            }
            step = f"{moment.kind}:{moment.to}" if moment.to else moment.kind
            found.append(Timer(case_id, clock.key, clock.started_by or 0, step[:48], moment.at, told))
    return found
