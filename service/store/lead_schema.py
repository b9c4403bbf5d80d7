"""The tables of leads, beside the others."""

from __future__ import annotations

import sqlalchemy as sa

from service.store.case_schema import metadata
from service.store.schema import UtcTime

__all__ = ["lead_events", "leads", "metadata", "report_places", "reports"]


def _seq() -> sa.Column[int]:
    return sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True)


def _box(*, nullable: bool) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Float, nullable=nullable) for name in ("west", "south", "east", "north")]


def _fid() -> sa.Column[str]:
    kind = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
    return sa.Column("fid", kind, nullable=False)


leads = sa.Table(
    "leads",
    metadata,
    _seq(),
    _fid(),
    # the report that the id was given for
    sa.Column("founder", sa.String(64), nullable=False, index=True),
    # what stands below is derived from reports and events, and kept here so that lists need not read them
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("verdict", sa.Integer, nullable=False),
    sa.Column("ground", sa.String(32), nullable=False),
    sa.Column("priority", sa.Float, nullable=False),
    sa.Column("structure_id", sa.String(64), index=True),
    sa.Column("leads_to", sa.String(64), index=True),
    sa.Column("follows", sa.String(64)),
    sa.Column("case_id", sa.String(64), index=True),
    sa.Column("first_seen", UtcTime, nullable=False),
    sa.Column("last_seen", UtcTime, nullable=False),
    sa.Column("opened_at", UtcTime, nullable=False, index=True),
    sa.Column("changed_at", UtcTime, nullable=False),
    sa.Column("triaged_at", UtcTime),
    sa.Column("secrecy", sa.String(16), nullable=False),
    *_box(nullable=False),
    sa.Column("geojson", sa.Text, nullable=False),
    sa.UniqueConstraint("fid"),
    sqlite_autoincrement=True,
)

lead_events = sa.Table(
    "lead_events",
    metadata,
    _seq(),
    sa.Column("lead_id", sa.ForeignKey("leads.fid"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(24), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("by_id", sa.String(64), nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),
    sa.UniqueConstraint("lead_id", "number"),
    sqlite_autoincrement=True,
)

reports = sa.Table(
    "reports",
    metadata,
    _seq(),
    _fid(),
    sa.Column("source", sa.String(16), nullable=False),
    sa.Column("origin", sa.String(120), nullable=False),
    sa.Column("number", sa.String(120), nullable=False),
    sa.Column("seen_at", UtcTime, nullable=False),
    sa.Column("received_at", UtcTime, nullable=False),
    sa.Column("received_by", sa.String(64), nullable=False),
    # where it lies, as far as that is known; how it came to be known stands in report_places
    sa.Column("place", sa.Text),
    sa.Column("accuracy_m", sa.Float, nullable=False),
    sa.Column("found_by", sa.String(32), nullable=False),
    sa.Column("place_note", sa.Text, nullable=False),
    # its box, widened by its error
    *_box(nullable=True),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("parcel_id", sa.String(120), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("category", sa.String(120), nullable=False),
    sa.Column("stage", sa.String(24)),
    sa.Column("attachments", sa.JSON, nullable=False),
    sa.Column("anonymous", sa.Boolean, nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),
    sa.Column("secrecy", sa.String(16), nullable=False),
    sa.Column("reporter", sa.Text),
    sa.Column("erased_at", UtcTime),
    sa.Column("lead_id", sa.ForeignKey("leads.fid"), index=True),
    sa.UniqueConstraint("fid"),
    # the same number of the same source is stored once, whoever sends it at the same moment
    sa.UniqueConstraint("source", "origin", "number"),
    sqlite_autoincrement=True,
)

report_places = sa.Table(
    "report_places",
    metadata,
    _seq(),
    sa.Column("report_id", sa.ForeignKey("reports.fid"), nullable=False, index=True),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("accuracy_m", sa.Float, nullable=False),
    sa.Column("found_by", sa.String(32), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("by_id", sa.String(64), nullable=False),
    sqlite_autoincrement=True,
)
