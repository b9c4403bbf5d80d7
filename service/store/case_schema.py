"""The tables of cases, beside the others."""

from __future__ import annotations

import sqlalchemy as sa

from service.store.alarm_schema import metadata
from service.store.schema import UtcTime

__all__ = [
    "campaigns",
    "case_documents",
    "case_events",
    "case_files",
    "case_looks",
    "case_parties",
    "case_timers",
    "cases",
    "metadata",
    "objections",
    "serials",
]


def _seq() -> sa.Column[int]:
    return sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True)


def _case() -> sa.Column[str]:
    return sa.Column("case_id", sa.ForeignKey("cases.fid"), nullable=False, index=True)


cases = sa.Table(
    "cases",
    metadata,
    _seq(),
    sa.Column("fid", sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql"), nullable=False),
    sa.Column("serial", sa.String(120), nullable=False),
    # what stands below is derived from the events, and kept here so that lists need not read them
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("state", sa.String(24), nullable=False),
    sa.Column("path", sa.String(16), nullable=False),
    sa.Column("stage", sa.String(24), nullable=False),
    sa.Column("outcome", sa.String(24), nullable=False),
    sa.Column("unit", sa.String(120), nullable=False),
    sa.Column("structure_id", sa.String(64), index=True),
    sa.Column("opened_at", UtcTime, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
    sa.Column("closed_at", UtcTime),
    sa.Column("due_at", UtcTime, index=True),
    sa.Column("secrecy", sa.String(16), nullable=False, server_default="internal"),
    *[sa.Column(name, sa.Float, nullable=False) for name in ("west", "south", "east", "north")],
    sa.Column("geojson", sa.Text, nullable=False),
    sa.UniqueConstraint("fid"),
    sa.UniqueConstraint("serial"),
    sqlite_autoincrement=True,
)

case_events = sa.Table(
    "case_events",
    metadata,
    _seq(),
    _case(),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(48), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("recorded_at", UtcTime, nullable=False),
    sa.Column("by_id", sa.String(64), nullable=False),
    # text, not JSON: a database may write JSON anew, and the seal is over this very text
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("corrects", sa.Integer),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    # whoever comes second is refused, whatever the lock
    sa.UniqueConstraint("case_id", "number"),
    sa.Index("ix_case_events_kind_at", "kind", "at"),
    sqlite_autoincrement=True,
)

case_timers = sa.Table(
    "case_timers",
    metadata,
    _seq(),
    _case(),
    sa.Column("term", sa.String(64), nullable=False),
    # number of the event that began the term
    sa.Column("started", sa.Integer, nullable=False),
    sa.Column("step", sa.String(48), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("told", sa.JSON, nullable=False),
    sa.Column("done_at", UtcTime),
    sa.UniqueConstraint("case_id", "term", "started", "step"),
    sa.Index("ix_case_timers_waiting", "done_at", "at"),
    sqlite_autoincrement=True,
)

case_parties = sa.Table(
    "case_parties",
    metadata,
    _seq(),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    _case(),
    sa.Column("sealed", sa.Text),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("created_by", sa.String(64), nullable=False),
    sa.Column("erased_at", UtcTime),
    sqlite_autoincrement=True,
)

serials = sa.Table(
    "serials",
    metadata,
    sa.Column("series", sa.String(64), primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("last", sa.Integer, nullable=False),
)

case_documents = sa.Table(
    "case_documents",
    metadata,
    _seq(),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    _case(),
    sa.Column("kind", sa.String(48), nullable=False),
    sa.Column("series", sa.String(64), nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("place", sa.Integer),
    sa.Column("serial", sa.String(120), nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("template", sa.JSON, nullable=False),
    sa.Column("files", sa.JSON, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("created_by", sa.String(64), nullable=False),
    sa.Column("voided_at", UtcTime),
    sa.Column("voided_why", sa.Text),
    # no number twice, whoever draws it
    sa.UniqueConstraint("series", "year", "place"),
    sqlite_autoincrement=True,
)

case_files = sa.Table(
    "case_files",
    metadata,
    _seq(),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    _case(),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("media", sa.String(80), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, index=True),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("looks", sa.JSON, nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),
    sa.Column("doubts", sa.JSON, nullable=False),
    sa.Column("taken_at", UtcTime),
    sa.Column("received_at", UtcTime, nullable=False),
    sa.Column("received_by", sa.String(64), nullable=False),
    sqlite_autoincrement=True,
)

objections = sa.Table(
    "objections",
    metadata,
    _seq(),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    # of the word by which whoever objected asks how it stands
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("case_id", sa.ForeignKey("cases.fid"), index=True),
    sa.Column("sealed", sa.Text),
    sa.Column("received_at", UtcTime, nullable=False),
    sa.Column("answer", sa.Text),
    sa.Column("upheld", sa.Boolean),
    sa.Column("answered_at", UtcTime),
    sa.Column("answered_by", sa.String(64)),
    sqlite_autoincrement=True,
)

case_looks = sa.Table(
    "case_looks",
    metadata,
    _seq(),
    _case(),
    sa.Column("scene_id", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("earlier_id", sa.String(64)),
    sa.Column("shown_at", UtcTime, nullable=False),
    sa.Column("looked_at", UtcTime, nullable=False, index=True),
    sa.Column("seen", sa.String(24), nullable=False),
    sa.Column("confidence", sa.Float, nullable=False),
    sa.Column("effect", sa.String(16), nullable=False),
    sa.Column("event", sa.Integer),
    sa.Column("told", sa.JSON, nullable=False),
    # a scene is looked at once for a case, however often its scan is made
    sa.UniqueConstraint("case_id", "scene_id", "kind"),
    sqlite_autoincrement=True,
)

campaigns = sa.Table(
    "campaigns",
    metadata,
    _seq(),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("secrecy", sa.String(16), nullable=False, server_default="internal"),
    # what stood on the day, and what is to be reached by when: never changed
    sa.Column("baseline", sa.JSON, nullable=False),
    sa.Column("targets", sa.JSON, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("created_by", sa.String(64), nullable=False),
    sqlite_autoincrement=True,
)
