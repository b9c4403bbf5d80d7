"""The first tables: scenes, layers, scans, findings, jobs and the memory of the nightly batch."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = ("scenes", "layer_versions", "layer_features", "scans", "findings", "jobs", "night_runs", "intake")
_BOXED = ("findings", "layer_features")


def upgrade() -> None:
    """Make the tables, and on SQLite the indexes of boxes."""
    _scenes()
    _layer_versions()
    _layer_features()
    _scans()
    _findings()
    _jobs()
    _night_runs()
    _intake()
    if op.get_bind().dialect.name == "sqlite":
        for table in _BOXED:
            op.execute(f"CREATE VIRTUAL TABLE {table}_rtree USING rtree(seq, west, east, south, north)")


def downgrade() -> None:
    """Drop everything."""
    for table in _BOXED:
        op.execute(f"DROP TABLE IF EXISTS {table}_rtree")
    for table in reversed(_TABLES):
        op.drop_table(table)


def _scenes() -> None:
    op.create_table(
        "scenes",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("acquired_at", sa.DateTime(), nullable=False),
        sa.Column("declared_at", sa.DateTime()),
        sa.Column("declared_crs", sa.Text()),
        sa.Column("crs", sa.Text(), nullable=False),
        sa.Column("crs_wkt", sa.Text(), nullable=False),
        sa.Column("transform", sa.JSON(), nullable=False),
        sa.Column("nodata", sa.Float()),
        sa.Column("overviews", sa.JSON(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("bands", sa.JSON(), nullable=False),
        sa.Column("dtype", sa.String(length=16), nullable=False),
        sa.Column("gsd_m", sa.Float(), nullable=False),
        sa.Column("footprint", sa.JSON(), nullable=False),
        sa.Column("west", sa.Float(), nullable=False),
        sa.Column("south", sa.Float(), nullable=False),
        sa.Column("east", sa.Float(), nullable=False),
        sa.Column("north", sa.Float(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_scenes"),
        sa.UniqueConstraint("id", name="uq_scenes_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_scenes_acquired_at", "scenes", ["acquired_at"], unique=False)


def _layer_versions() -> None:
    op.create_table(
        "layer_versions",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("read_as", sa.JSON(), nullable=False),
        sa.Column("valid_from", sa.DateTime()),
        sa.Column("standing", sa.Boolean(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("features", sa.Integer(), nullable=False),
        sa.Column("bbox", sa.JSON(none_as_null=True)),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_layer_versions"),
        sa.UniqueConstraint("id", name="uq_layer_versions_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_layer_versions_kind", "layer_versions", ["kind"], unique=False)


def _layer_features() -> None:
    op.create_table(
        "layer_features",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("version_id", sa.String(length=64), nullable=False),
        sa.Column("fid", sa.String(length=255), nullable=False),
        sa.Column("west", sa.Float()),
        sa.Column("south", sa.Float()),
        sa.Column("east", sa.Float()),
        sa.Column("north", sa.Float()),
        sa.Column("geojson", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["layer_versions.id"], name="fk_layer_features_version_id_layer_versions"
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_layer_features"),
        sa.UniqueConstraint("version_id", "fid", name="uq_layer_features_version_id_fid"),
        sqlite_autoincrement=True,
    )


def _scans() -> None:
    op.create_table(
        "scans",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("inputs_key", sa.String(length=64), nullable=False),
        sa.Column("before_scene", sa.String(length=64), nullable=False),
        sa.Column("after_scene", sa.String(length=64), nullable=False),
        sa.Column("layers", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("provenance", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("bbox", sa.JSON(none_as_null=True)),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["after_scene"], ["scenes.id"], name="fk_scans_after_scene_scenes"),
        sa.ForeignKeyConstraint(["before_scene"], ["scenes.id"], name="fk_scans_before_scene_scenes"),
        sa.PrimaryKeyConstraint("seq", name="pk_scans"),
        sa.UniqueConstraint("id", name="uq_scans_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_scans_inputs_key", "scans", ["inputs_key"], unique=False)


def _findings() -> None:
    op.create_table(
        "findings",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("scan_id", sa.String(length=64), nullable=False),
        sa.Column("fid", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("change", sa.String(length=16), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("before_at", sa.DateTime(), nullable=False),
        sa.Column("after_at", sa.DateTime(), nullable=False),
        sa.Column("west", sa.Float(), nullable=False),
        sa.Column("south", sa.Float(), nullable=False),
        sa.Column("east", sa.Float(), nullable=False),
        sa.Column("north", sa.Float(), nullable=False),
        sa.Column("geojson", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name="fk_findings_scan_id_scans"),
        sa.PrimaryKeyConstraint("seq", name="pk_findings"),
        sa.UniqueConstraint("fid", name="uq_findings_fid"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_findings_scan_id_seq", "findings", ["scan_id", "seq"], unique=False)


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("inputs_key", sa.String(length=64), nullable=False),
        sa.Column("scan_id", sa.String(length=64)),
        sa.Column("error", sa.JSON(none_as_null=True)),
        sa.Column("runner", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("started_at", sa.DateTime()),
        sa.Column("finished_at", sa.DateTime()),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name="fk_jobs_scan_id_scans"),
        sa.PrimaryKeyConstraint("seq", name="pk_jobs"),
        sa.UniqueConstraint("id", name="uq_jobs_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_state_runner", "jobs", ["state", "runner"], unique=False)
    op.create_index(
        "uq_jobs_active_inputs_key",
        "jobs",
        ["inputs_key"],
        unique=True,
        sqlite_where=sa.text("state IN ('accepted', 'running')"),
        postgresql_where=sa.text("state IN ('accepted', 'running')"),
    )


def _night_runs() -> None:
    op.create_table(
        "night_runs",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("seq", name="pk_night_runs"),
        sa.UniqueConstraint("id", name="uq_night_runs_id"),
        sqlite_autoincrement=True,
    )


def _intake() -> None:
    op.create_table(
        "intake",
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("run_id", sa.String(length=64)),
        sa.Column("scene_id", sa.String(length=64)),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["scene_id"], ["scenes.id"], name="fk_intake_scene_id_scenes"),
        sa.PrimaryKeyConstraint("folder", "name", name="pk_intake"),
    )
