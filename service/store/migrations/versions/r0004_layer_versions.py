"""Layer versions name their source, the date of their data, an end and the checksum of their content."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_CHUNK = 1_000


def upgrade() -> None:
    """Add the columns; the versions that are stored already get the checksum of what they hold."""
    op.create_index("ix_layer_features_version_id_seq", "layer_features", ["version_id", "seq"], unique=False)
    op.add_column(
        "layer_versions", sa.Column("content_sha256", sa.String(length=64), nullable=False, server_default="")
    )
    op.add_column("layer_versions", sa.Column("source", sa.String(length=120)))
    op.add_column("layer_versions", sa.Column("as_of", sa.Date()))
    op.add_column("layer_versions", sa.Column("valid_to", sa.DateTime()))
    versions = sa.table("layer_versions", sa.column("id"), sa.column("content_sha256"))
    connection = op.get_bind()
    for (name,) in connection.execute(sa.select(versions.c.id)).all():
        wanted = sa.update(versions).where(versions.c.id == name)
        connection.execute(wanted.values(content_sha256=_checksum(connection, name)))


def downgrade() -> None:
    """Drop them."""
    for name in ("valid_to", "as_of", "source", "content_sha256"):
        op.drop_column("layer_versions", name)
    op.drop_index("ix_layer_features_version_id_seq", "layer_features")


def _checksum(connection: sa.Connection, version_id: str) -> str:
    features = sa.table("layer_features", sa.column("seq"), sa.column("version_id"), sa.column("geojson"))
    wanted = sa.select(features.c.geojson).where(features.c.version_id == version_id).order_by(features.c.seq)
    digest = hashlib.sha256()
    for part in connection.execute(wanted).partitions(_CHUNK):
        for (text,) in part:
            digest.update(text.encode() + b"\n")
    return digest.hexdigest()
