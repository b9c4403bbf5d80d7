"""Changes are counted, so that an answer may say whether it is still true; PostGIS keeps geometries and properties."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BOXED = {"findings": 255, "layer_features": 255, "structures": 64}
"""Length of the ids."""


def upgrade() -> None:
    """Make the table; on PostGIS the generated columns, their indexes, and ids that are ordered by code point."""
    op.create_table(
        "changes",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_changes"),
    )
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, length in _BOXED.items():
        # ranges of ids are asked for: the order of the database's language would put other ids between
        op.execute(f'ALTER TABLE {table} ALTER COLUMN fid TYPE varchar({length}) COLLATE "C"')
        op.execute(
            f"ALTER TABLE {table} "
            "ADD COLUMN geom geometry(Geometry, 4326) "
            "GENERATED ALWAYS AS (ST_GeomFromGeoJSON(geojson::json ->> 'geometry')) STORED, "
            "ADD COLUMN properties jsonb GENERATED ALWAYS AS (geojson::jsonb -> 'properties') STORED"
        )
        op.execute(f"CREATE INDEX ix_{table}_geom ON {table} USING gist (geom)")


def downgrade() -> None:
    """Drop them."""
    op.drop_table("changes")
    if op.get_bind().dialect.name == "postgresql":
        for table in _BOXED:
            op.execute(f"ALTER TABLE {table} DROP COLUMN geom, DROP COLUMN properties")
