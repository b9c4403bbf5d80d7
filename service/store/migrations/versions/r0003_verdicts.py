"""Verdicts on findings; findings have a priority and say whether they are judged or repeat a dismissed one."""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

from geodata.assess.priority import Lead, priority

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_CHUNK = 1_000
_MEMBERS = ("priority", "judged", "judged_reason", "suppressed_by")


def upgrade() -> None:
    """Make the table and the columns; the findings that are stored already get their priority."""
    op.create_table(
        "verdicts",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("finding_id", sa.String(length=255), nullable=False),
        sa.Column("verdict", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=32)),
        sa.Column("outline", sa.JSON(none_as_null=True)),
        sa.Column("judged_by", sa.Text(), nullable=False),
        sa.Column("judged_at", sa.DateTime(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.fid"], name="fk_verdicts_finding_id_findings"),
        sa.PrimaryKeyConstraint("seq", name="pk_verdicts"),
        sa.UniqueConstraint("id", name="uq_verdicts_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_verdicts_finding_id", "verdicts", ["finding_id"], unique=False)
    op.add_column("findings", sa.Column("priority", sa.Float(), nullable=False, server_default="0"))
    op.add_column("findings", sa.Column("judged", sa.Boolean()))
    op.add_column("findings", sa.Column("suppressed_by", sa.String(length=255)))
    _rewrite(_ranked)
    op.create_index("ix_findings_priority_seq", "findings", ["priority", "seq"], unique=False)
    op.create_index("ix_findings_suppressed_by", "findings", ["suppressed_by"], unique=False)


def downgrade() -> None:
    """Drop them; every verdict is lost."""
    op.drop_index("ix_findings_suppressed_by", "findings")
    op.drop_index("ix_findings_priority_seq", "findings")
    _rewrite(_plain)
    for name in ("suppressed_by", "judged", "priority"):
        op.drop_column("findings", name)
    op.drop_index("ix_verdicts_finding_id", "verdicts")
    op.drop_table("verdicts")


def _rewrite(how: Any) -> None:
    """Write every finding anew, in bounded portions."""
    findings = sa.table("findings", sa.column("seq"), sa.column("geojson"), sa.column("priority"))
    connection, last = op.get_bind(), 0
    wanted = sa.select(findings.c.seq, findings.c.geojson).order_by(findings.c.seq).limit(_CHUNK)
    while rows := connection.execute(wanted.where(findings.c.seq > last)).all():
        for seq, text in rows:
            feature = orjson.loads(text)
            values = how(feature["properties"])
            values["geojson"] = orjson.dumps(feature).decode()
            connection.execute(sa.update(findings).where(findings.c.seq == seq).values(values))
        last = rows[-1].seq


def _ranked(told: dict[str, Any]) -> dict[str, Any]:
    told |= dict.fromkeys(_MEMBERS)
    told["priority"] = priority(Lead.of(told))
    return {"priority": told["priority"]}


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    for name in _MEMBERS:
        told.pop(name, None)
    return {}
