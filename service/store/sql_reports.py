"""Reports as rows and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import orjson
import shapely
import sqlalchemy as sa

from service.cases.leads.places import reach
from service.cases.leads.values import Attachment, LeadEvent, LeadRow, Report, SourceKind, Spot
from service.store.lead_schema import leads, reports

PART = 200
"""So many values or boxes in one question: SQLite joins no more than 500 selects."""
_PLAIN = (
    "origin", "number", "seen_at", "received_at", "received_by", "address", "parcel_id", "text", "category", "stage",
    "anonymous", "secrecy", "reporter", "erased_at", "lead_id",
)  # fmt: skip
_LEAD = [c.name for c in leads.c if c.name not in ("seq", "fid", "founder", "west", "south", "east", "north")]
T = TypeVar("T")


def parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Values in portions that one question holds."""
    return (values[at : at + PART] for at in range(0, len(values), PART))


def report_values(one: Report) -> dict[str, Any]:
    """The columns of a report; it has no lead yet."""
    told = {name: getattr(one, name) for name in _PLAIN}
    return told | {
        "fid": one.id,
        "source": one.source.value,
        "attachments": [each.as_dict() for each in one.attachments],
        "facts": dict(one.facts),
        "lead_id": None,
        **spot_values(one.spot),
    }


def spot_values(spot: Spot) -> dict[str, Any]:
    """The columns of a place; the box is widened by its error: whatever it may mean lies within."""
    box: Sequence[float | None] = (None, None, None, None)
    if spot.geometry is not None:
        box = reach(shapely.geometry.shape(dict(spot.geometry)).bounds, spot.accuracy_m)
    return {
        "place": None if spot.geometry is None else orjson.dumps(dict(spot.geometry)).decode(),
        "accuracy_m": spot.accuracy_m,
        "found_by": spot.found_by,
        "place_note": spot.note,
        **dict(zip(("west", "south", "east", "north"), box, strict=True)),
    }


def report_of(row: sa.Row[Any]) -> Report:
    """A report from its row."""
    return Report(
        id=row.fid,
        source=SourceKind(row.source),
        spot=Spot(None if row.place is None else orjson.loads(row.place), row.accuracy_m, row.found_by, row.place_note),
        attachments=tuple(Attachment(**each) for each in row.attachments),
        facts=row.facts,
        **{name: getattr(row, name) for name in _PLAIN},
    )


def reports_where(connection: sa.Connection, *wheres: sa.ColumnElement[bool]) -> list[Report]:
    """Reports by when they were seen."""
    wanted = sa.select(reports).where(*wheres).order_by(reports.c.seen_at, reports.c.fid)
    return [report_of(row) for row in connection.execute(wanted)]


def lead_values(row: LeadRow) -> dict[str, Any]:
    """The columns of a lead but its id and founder."""
    west, south, east, north = row.box
    told = {name: getattr(row, name) for name in _LEAD}
    return told | {"west": west, "south": south, "east": east, "north": north}


def lead_of(row: sa.Row[Any]) -> LeadRow:
    """A lead from its row."""
    box = (row.west, row.south, row.east, row.north)
    return LeadRow(id=row.fid, box=box, **{name: getattr(row, name) for name in _LEAD})


def event_of(row: sa.Row[Any]) -> LeadEvent:
    """An event from its row."""
    return LeadEvent(row.lead_id, row.number, row.kind, row.at, row.by_id, row.facts)
