"""The tables, as SQLAlchemy Core sees them; `migrations` makes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """Aware times, kept in UTC and given back aware."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """To the database: UTC without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must carry its zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """From the database: aware."""
        return None if value is None else value.replace(tzinfo=UTC)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _seq() -> sa.Column[int]:
    return sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True)


def _fid(length: int = 255) -> sa.Column[str]:
    # ranges of ids are asked for: the order of a database's language would put other ids between
    kind = sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")
    return sa.Column("fid", kind, nullable=False)


def _box(*, nullable: bool = False) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Float, nullable=nullable) for name in ("west", "south", "east", "north")]


scenes = sa.Table(
    "scenes",
    metadata,
    _seq(),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("file_name", sa.String(255), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("acquired_at", UtcTime, nullable=False, index=True),
    sa.Column("declared_at", UtcTime),
    sa.Column("declared_crs", sa.Text),
    sa.Column("crs", sa.Text, nullable=False),
    sa.Column("crs_wkt", sa.Text, nullable=False),
    sa.Column("transform", sa.JSON, nullable=False),
    sa.Column("nodata", sa.Float),
    sa.Column("overviews", sa.JSON, nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("bands", sa.JSON, nullable=False),
    sa.Column("dtype", sa.String(16), nullable=False),
    sa.Column("gsd_m", sa.Float, nullable=False),
    sa.Column("footprint", sa.JSON, nullable=False),
    *_box(),
    sa.Column("attributes", sa.JSON, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("shares", sa.JSON(none_as_null=True)),
    sa.Column("mask_sha256", sa.String(64)),
    sa.Column("cog_sha256", sa.String(64)),
    sa.Column("cog_overviews", sa.JSON(none_as_null=True)),
    sa.Column("secrecy", sa.String(16), nullable=False, server_default="internal"),
    sa.Column("arrived_at", UtcTime),
    sqlite_autoincrement=True,
)

layer_versions = sa.Table(
    "layer_versions",
    metadata,
    _seq(),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False, index=True),
    sa.Column("file_name", sa.String(255), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("read_as", sa.JSON, nullable=False),
    sa.Column("valid_from", UtcTime),
    sa.Column("standing", sa.Boolean, nullable=False),
    sa.Column("columns", sa.JSON, nullable=False),
    sa.Column("report", sa.JSON, nullable=False),
    sa.Column("features", sa.Integer, nullable=False),
    sa.Column("bbox", sa.JSON(none_as_null=True)),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("content_sha256", sa.String(64), nullable=False, server_default=""),
    sa.Column("source", sa.String(120)),
    sa.Column("as_of", sa.Date),
    sa.Column("valid_to", UtcTime),
    sa.Column("secrecy", sa.String(16), nullable=False, server_default="internal"),
    sa.Column("stored_as", sa.String(64), nullable=False, server_default=""),
    sa.Column("file_key", sa.Text),
    sqlite_autoincrement=True,
)

layer_sources = sa.Table(
    "layer_sources",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(120), primary_key=True),
    sa.Column("read_as", sa.JSON, nullable=False),
    sa.Column("updated_at", UtcTime, nullable=False),
)

layer_features = sa.Table(
    "layer_features",
    metadata,
    _seq(),
    sa.Column("version_id", sa.ForeignKey("layer_versions.id"), nullable=False),
    _fid(),
    *_box(nullable=True),
    sa.Column("geojson", sa.Text, nullable=False),
    sa.Column("personal", sa.Text),
    sa.UniqueConstraint("version_id", "fid"),
    sa.Index("ix_layer_features_version_id_seq", "version_id", "seq"),
    sqlite_autoincrement=True,
)

scans = sa.Table(
    "scans",
    metadata,
    _seq(),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("inputs_key", sa.String(64), nullable=False, index=True),
    sa.Column("before_scene", sa.ForeignKey("scenes.id"), nullable=False),
    sa.Column("after_scene", sa.ForeignKey("scenes.id"), nullable=False),
    sa.Column("layers", sa.JSON, nullable=False),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("provenance", sa.JSON, nullable=False),
    sa.Column("counts", sa.JSON, nullable=False),
    sa.Column("bbox", sa.JSON(none_as_null=True)),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("secrecy", sa.String(16), nullable=False, server_default="internal"),
    sqlite_autoincrement=True,
)

findings = sa.Table(
    "findings",
    metadata,
    _seq(),
    sa.Column("scan_id", sa.ForeignKey("scans.id"), nullable=False),
    _fid(),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("change", sa.String(16), nullable=False),
    sa.Column("confidence", sa.Float, nullable=False),
    sa.Column("before_at", UtcTime, nullable=False),
    sa.Column("after_at", UtcTime, nullable=False),
    *_box(),
    sa.Column("geojson", sa.Text, nullable=False),
    sa.Column("priority", sa.Float, nullable=False, server_default="0"),
    # the last verdict, kept here too so that lists need no join; the verdicts themselves are the history
    sa.Column("judged", sa.Boolean),
    sa.Column("suppressed_by", sa.String(255), index=True),
    sa.Column("structure_id", sa.String(64), index=True),
    sa.UniqueConstraint("fid"),
    sa.Index("ix_findings_scan_id_seq", "scan_id", "seq"),
    sa.Index("ix_findings_priority_seq", "priority", "seq"),
    sqlite_autoincrement=True,
)

structures = sa.Table(
    "structures",
    metadata,
    _seq(),
    _fid(64),
    sa.Column("founder", sa.String(255), nullable=False, index=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("first_seen", UtcTime, nullable=False),
    sa.Column("last_seen", UtcTime, nullable=False),
    sa.Column("gone_on", UtcTime),
    *_box(),
    sa.Column("geojson", sa.Text, nullable=False),
    sa.UniqueConstraint("fid"),
    sqlite_autoincrement=True,
)

structure_ids = sa.Table(
    "structure_ids",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    # the finding that the id was given for; an id that is none any more leads to another
    sa.Column("finding_id", sa.ForeignKey("findings.fid"), nullable=False, index=True),
    sa.Column("leads_to", sa.String(64)),
)

verdicts = sa.Table(
    "verdicts",
    metadata,
    _seq(),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("finding_id", sa.ForeignKey("findings.fid"), nullable=False, index=True),
    sa.Column("verdict", sa.Boolean, nullable=False),
    sa.Column("reason", sa.String(32)),
    sa.Column("outline", sa.JSON(none_as_null=True)),
    sa.Column("judged_by", sa.Text, nullable=False),
    sa.Column("judged_at", UtcTime, nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("purpose", sa.String(16), nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    # no foreign key: a verdict outlives the account of its judge
    sa.Column("person_id", sa.String(64)),
    sa.Column("withdrawn_at", UtcTime),
    sqlite_autoincrement=True,
)

audits = sa.Table(
    "audits",
    metadata,
    _seq(),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("seed", sa.Integer, nullable=False),
    sa.Column("cells", sa.JSON, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sqlite_autoincrement=True,
)

audit_answers = sa.Table(
    "audit_answers",
    metadata,
    _seq(),
    sa.Column("audit_id", sa.ForeignKey("audits.id"), nullable=False, index=True),
    sa.Column("cell", sa.String(64), nullable=False),
    sa.Column("missed", sa.Boolean, nullable=False),
    sa.Column("judged_by", sa.Text, nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("created_at", UtcTime, nullable=False),
    sqlite_autoincrement=True,
)

jobs = sa.Table(
    "jobs",
    metadata,
    _seq(),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("progress", sa.Integer, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("inputs_key", sa.String(64), nullable=False),
    sa.Column("scan_id", sa.ForeignKey("scans.id")),
    sa.Column("error", sa.JSON(none_as_null=True)),
    sa.Column("runner", sa.String(64), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("updated_at", UtcTime, nullable=False),
    sa.Column("started_at", UtcTime),
    sa.Column("finished_at", UtcTime),
    sa.Column("secrecy", sa.String(16), nullable=False, server_default="internal"),
    sa.Column("owner", sa.String(64), nullable=False, server_default=""),
    sa.Column("urgency", sa.Integer, nullable=False, server_default="5"),
    sa.Column("area", sa.String(200), nullable=False, server_default=""),
    sa.Column("place", sa.String(64), nullable=False, server_default=""),
    sa.Column("not_before", UtcTime),
    sa.Column("strikes", sa.Integer, nullable=False, server_default="0"),
    sa.Column("result", sa.JSON(none_as_null=True)),
    sa.Index("ix_jobs_state_runner", "state", "runner"),
    sa.Index("ix_jobs_waiting", "state", "urgency", "seq"),
    # two clients that ask for the same at the same moment get one job
    sa.Index(
        "uq_jobs_active_inputs_key",
        "inputs_key",
        unique=True,
        sqlite_where=sa.text("state IN ('accepted', 'running')"),
        postgresql_where=sa.text("state IN ('accepted', 'running')"),
    ),
    sqlite_autoincrement=True,
)

night_runs = sa.Table(
    "night_runs",
    metadata,
    _seq(),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("folder", sa.Text, nullable=False),
    sa.Column("started_at", UtcTime, nullable=False),
    sa.Column("finished_at", UtcTime),
    sa.Column("due_at", UtcTime),
    sa.Column("report", sa.JSON(none_as_null=True)),
    sa.Index("uq_night_runs_due_at", "due_at", unique=True),
    sqlite_autoincrement=True,
)

intake = sa.Table(
    "intake",
    metadata,
    sa.Column("folder", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
    sa.Column("seen_at", UtcTime, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("run_id", sa.String(64)),
    sa.Column("scene_id", sa.ForeignKey("scenes.id")),
    sa.Column("outcome", sa.JSON, nullable=False),
    sa.Index("ix_intake_scene_id", "scene_id"),
    sa.Index("ix_intake_run_id", "run_id"),
    sa.Index("ix_intake_state", "state"),
)

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("name", sa.String(16), primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
)

BOXED = ("findings", "layer_features", "structures", "cases", "leads", "reports")
"""Tables with an index of boxes: see `spaces`."""


def _grant() -> list[sa.Column[Any]]:
    return [
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("areas", sa.JSON(none_as_null=True)),
        sa.Column("clearance", sa.String(16), nullable=False),
        sa.Column("permissions", sa.JSON(none_as_null=True)),
    ]


people = sa.Table(
    "people",
    metadata,
    _seq(),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("name_key", sa.String(255), nullable=False, unique=True),
    sa.Column("display_name", sa.String(120), nullable=False),
    *_grant(),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("subject", sa.String(255), unique=True),
    sa.Column("created_at", UtcTime, nullable=False),
    sqlite_autoincrement=True,
)

credentials = sa.Table(
    "credentials",
    metadata,
    sa.Column("person_id", sa.ForeignKey("people.id"), primary_key=True),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("person_id", sa.ForeignKey("people.id"), nullable=False, index=True),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("seen_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("agent", sa.String(255), nullable=False),
    sa.Column("revoked_at", UtcTime),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    _seq(),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("name", sa.String(120), nullable=False),
    *_grant(),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime),
    sa.Column("owner_id", sa.ForeignKey("people.id")),
    sa.Column("revoked_at", UtcTime),
    sa.Column("used_at", UtcTime),
    sqlite_autoincrement=True,
)

one_time_links = sa.Table(
    "one_time_links",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("purpose", sa.String(16), nullable=False),
    sa.Column("person_id", sa.ForeignKey("people.id")),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Column("used_at", UtcTime),
)

login_failures = sa.Table(
    "login_failures",
    metadata,
    sa.Column("subject", sa.String(255), primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("last_at", UtcTime, nullable=False),
)

audit_log = sa.Table(
    "audit_log",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("actor_id", sa.String(64), nullable=False),
    sa.Column("actor_name", sa.String(120), nullable=False),
    sa.Column("actor_kind", sa.String(16), nullable=False),
    sa.Column("action", sa.String(64), nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
    # text, not JSON: a database may write JSON anew, and the seal is over this very text
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)

audit_head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("name", sa.String(16), primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)
