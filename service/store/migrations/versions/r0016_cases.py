"""Cases: their events, terms, parties, documents with serial numbers, and files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.schema import UtcTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TABLES = ("case_files", "case_documents", "serials", "case_parties", "case_timers", "case_events")


def upgrade() -> None:
    """Make the tables; on PostGIS cases have their geometry and properties, as findings have."""
    _make_cases()
    _make_events()
    _make_papers()


def _text(name: str, length: int = 64, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, UtcTime, nullable=nullable)


def _make(name: str, *columns: sa.schema.SchemaItem, of_case: bool = True) -> None:
    seq = sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False)
    more: list[sa.schema.SchemaItem] = []
    if of_case:
        more = [
            _text("case_id"),
            sa.ForeignKeyConstraint(["case_id"], ["cases.fid"], name=f"fk_{name}_case_id_cases"),
        ]
    op.create_table(
        name, seq, *columns, *more, sa.PrimaryKeyConstraint("seq", name=f"pk_{name}"), sqlite_autoincrement=True
    )
    if of_case:
        op.create_index(f"ix_{name}_case_id", name, ["case_id"], unique=False)


def _make_cases() -> None:
    fid = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
    _make(
        "cases",
        sa.Column("fid", fid, nullable=False),
        _text("serial", 120),
        sa.Column("number", sa.Integer(), nullable=False),
        _text("state", 24),
        _text("path", 16),
        _text("stage", 24),
        _text("outcome", 24),
        _text("unit", 120),
        _text("structure_id", nullable=True),
        _time("opened_at", nullable=False),
        _time("changed_at", nullable=False),
        _time("closed_at"),
        _time("due_at"),
        sa.Column("secrecy", sa.String(16), nullable=False, server_default="internal"),
        *(sa.Column(name, sa.Float(), nullable=False) for name in ("west", "south", "east", "north")),
        sa.Column("geojson", sa.Text(), nullable=False),
        sa.UniqueConstraint("fid", name="uq_cases_fid"),
        sa.UniqueConstraint("serial", name="uq_cases_serial"),
        of_case=False,
    )
    op.create_index("ix_cases_structure_id", "cases", ["structure_id"], unique=False)
    op.create_index("ix_cases_due_at", "cases", ["due_at"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE cases_rtree USING rtree(seq, west, east, south, north)")
        return
    op.execute(
        "ALTER TABLE cases ADD COLUMN geom geometry(Geometry, 4326) "
        "GENERATED ALWAYS AS (ST_GeomFromGeoJSON(geojson::json ->> 'geometry')) STORED, "
        "ADD COLUMN properties jsonb GENERATED ALWAYS AS (geojson::jsonb -> 'properties') STORED"
    )
    op.execute("CREATE INDEX ix_cases_geom ON cases USING gist (geom)")


def _make_events() -> None:
    _make(
        "case_events",
        sa.Column("number", sa.Integer(), nullable=False),
        _text("kind", 48),
        _time("at", nullable=False),
        _time("recorded_at", nullable=False),
        _text("by_id"),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("corrects", sa.Integer()),
        _text("previous"),
        _text("hash"),
        sa.UniqueConstraint("case_id", "number", name="uq_case_events_case_id_number"),
    )
    op.create_index("ix_case_events_kind_at", "case_events", ["kind", "at"], unique=False)
    _make(
        "case_timers",
        _text("term"),
        sa.Column("started", sa.Integer(), nullable=False),
        _text("step", 48),
        _time("at", nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        _time("done_at"),
        sa.UniqueConstraint("case_id", "term", "started", "step", name="uq_case_timers_case_id_term_started_step"),
    )
    op.create_index("ix_case_timers_waiting", "case_timers", ["done_at", "at"], unique=False)


def _make_papers() -> None:
    _make(
        "case_parties",
        _text("id"),
        sa.Column("sealed", sa.Text()),
        _time("created_at", nullable=False),
        _text("created_by"),
        _time("erased_at"),
        sa.UniqueConstraint("id", name="uq_case_parties_id"),
    )
    op.create_table(
        "serials",
        _text("series"),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", "year", name="pk_serials"),
    )
    _make(
        "case_documents",
        _text("id"),
        _text("kind", 48),
        _text("series"),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer()),
        _text("serial", 120),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("template", sa.JSON(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        _time("created_at", nullable=False),
        _text("created_by"),
        _time("voided_at"),
        sa.Column("voided_why", sa.Text()),
        sa.UniqueConstraint("id", name="uq_case_documents_id"),
        sa.UniqueConstraint("series", "year", "place", name="uq_case_documents_series_year_place"),
    )
    _make(
        "case_files",
        _text("id"),
        _text("kind", 32),
        _text("name", 255),
        _text("media", 80),
        _text("sha256"),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("looks", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("doubts", sa.JSON(), nullable=False),
        _time("taken_at"),
        _time("received_at", nullable=False),
        _text("received_by"),
        sa.UniqueConstraint("id", name="uq_case_files_id"),
    )
    op.create_index("ix_case_files_sha256", "case_files", ["sha256"], unique=False)


def downgrade() -> None:
    """Drop them: everything about cases is lost."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE IF EXISTS cases_rtree")
    for name in (*_TABLES, "cases"):
        op.drop_table(name)
