"""Leads: what sources told, what it is about, and what was decided of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.schema import UtcTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_GEOM = "ALTER TABLE {table} ADD COLUMN geom geometry(Geometry, 4326) GENERATED ALWAYS AS ({made}) STORED"


def upgrade() -> None:
    """Make the tables; on PostGIS leads and reports have their geometry, as findings have."""
    _make_leads()
    _make_reports()
    if op.get_bind().dialect.name == "sqlite":
        for name in ("leads", "reports"):
            op.execute(f"CREATE VIRTUAL TABLE {name}_rtree USING rtree(seq, west, east, south, north)")
        return
    op.execute(_GEOM.format(table="leads", made="ST_GeomFromGeoJSON(geojson::json ->> 'geometry')"))
    op.execute(
        "ALTER TABLE leads ADD COLUMN properties jsonb GENERATED ALWAYS AS (geojson::jsonb -> 'properties') STORED"
    )
    op.execute(_GEOM.format(table="reports", made="ST_MakeEnvelope(west, south, east, north, 4326)"))
    for name in ("leads", "reports"):
        op.execute(f"CREATE INDEX ix_{name}_geom ON {name} USING gist (geom)")


def _text(name: str, length: int = 64, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _long(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcTime, nullable=nullable)


def _box(*, nullable: bool) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Float(), nullable=nullable) for name in ("west", "south", "east", "north")]


def _fid() -> sa.Column[str]:
    return sa.Column("fid", sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql"), nullable=False)


def _make(name: str, *columns: sa.schema.SchemaItem) -> None:
    seq = sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False)
    key = sa.PrimaryKeyConstraint("seq", name=f"pk_{name}")
    op.create_table(name, seq, *columns, key, sqlite_autoincrement=True)


def _make_leads() -> None:
    _make(
        "leads",
        _fid(),
        _text("founder"),
        sa.Column("number", sa.Integer(), nullable=False),
        _text("state", 16),
        sa.Column("verdict", sa.Integer(), nullable=False),
        _text("ground", 32),
        sa.Column("priority", sa.Float(), nullable=False),
        *(_text(name, nullable=True) for name in ("structure_id", "leads_to", "follows", "case_id")),
        *(_time(name) for name in ("first_seen", "last_seen", "opened_at", "changed_at")),
        _time("triaged_at", nullable=True),
        _text("secrecy", 16),
        *_box(nullable=False),
        _long("geojson"),
        sa.UniqueConstraint("fid", name="uq_leads_fid"),
    )
    for name in ("founder", "structure_id", "leads_to", "case_id", "opened_at"):
        op.create_index(f"ix_leads_{name}", "leads", [name], unique=False)
    _make(
        "lead_events",
        _text("lead_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        _text("kind", 24),
        _time("at"),
        _text("by_id"),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.fid"], name="fk_lead_events_lead_id_leads"),
        sa.UniqueConstraint("lead_id", "number", name="uq_lead_events_lead_id_number"),
    )


def _make_reports() -> None:
    _make(
        "reports",
        _fid(),
        _text("source", 16),
        _text("origin", 120),
        _text("number", 120),
        _time("seen_at"),
        _time("received_at"),
        _text("received_by"),
        _long("place", nullable=True),
        sa.Column("accuracy_m", sa.Float(), nullable=False),
        _text("found_by", 32),
        _long("place_note"),
        *_box(nullable=True),
        _long("address"),
        _text("parcel_id", 120),
        _long("text"),
        _text("category", 120),
        _text("stage", 24, nullable=True),
        sa.Column("attachments", sa.JSON(), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        _text("secrecy", 16),
        _long("reporter", nullable=True),
        _time("erased_at", nullable=True),
        _text("lead_id", nullable=True),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.fid"], name="fk_reports_lead_id_leads"),
        sa.UniqueConstraint("fid", name="uq_reports_fid"),
        sa.UniqueConstraint("source", "origin", "number", name="uq_reports_source_origin_number"),
    )
    op.create_index("ix_reports_lead_id", "reports", ["lead_id"], unique=False)
    _make(
        "report_places",
        _text("report_id"),
        _long("place"),
        sa.Column("accuracy_m", sa.Float(), nullable=False),
        _text("found_by", 32),
        _long("reason"),
        _time("at"),
        _text("by_id"),
        sa.ForeignKeyConstraint(["report_id"], ["reports.fid"], name="fk_report_places_report_id_reports"),
    )
    op.create_index("ix_report_places_report_id", "report_places", ["report_id"], unique=False)


def downgrade() -> None:
    """Drop them: everything about leads is lost."""
    if op.get_bind().dialect.name == "sqlite":
        for name in ("leads", "reports"):
            op.execute(f"DROP TABLE IF EXISTS {name}_rtree")
    for name in ("report_places", "reports", "lead_events", "leads"):
        op.drop_table(name)
