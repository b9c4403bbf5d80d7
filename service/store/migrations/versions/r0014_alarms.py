"""Alarms: channels, rules, what they raised, and the messages about it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TABLES = ("system_alarms", "alarm_delivery_items", "alarm_deliveries", "alarms", "alarm_rules", "alarm_channels")


def _make(name: str, *parts: Any) -> None:
    """A table with a key in the order of coming and an id."""
    op.create_table(
        name,
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        *parts,
        sa.PrimaryKeyConstraint("seq", name=f"pk_{name}"),
        sqlite_autoincrement=True,
    )


def _id(name: str) -> list[Any]:
    return [sa.Column("id", sa.String(length=64), nullable=False), sa.UniqueConstraint("id", name=f"uq_{name}_id")]


def _refer(name: str, column: str, table: str, key: str = "id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{table}.{key}"], name=f"fk_{name}_{column}_{table}")


def _text(name: str, length: int = 64, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _time(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(), nullable=nullable)


def upgrade() -> None:
    """Make the tables."""
    _make_channels()
    _make_alarms()
    _make_deliveries()


def _make_channels() -> None:
    name = "alarm_channels"
    _make(
        name,
        *_id(name),
        _text("name", 120),
        _text("owner_id", nullable=True),
        _text("kind", 16),
        _text("hint", 255),
        sa.Column("sealed", sa.Text()),
        sa.Column("chips", sa.Boolean(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("cursors", sa.JSON(), nullable=False),
        _time("busy_until"),
        sa.Column("active", sa.Boolean(), nullable=False),
        _time("created_at", nullable=False),
        _time("removed_at"),
        _refer(name, "owner_id", "people"),
    )
    op.create_index("ix_alarm_channels_owner_id", name, ["owner_id"], unique=False)
    name = "alarm_rules"
    _make(
        name,
        *_id(name),
        _text("name", 120),
        _text("person_id"),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("timing", sa.JSON(), nullable=False),
        sa.Column("channels", sa.JSON(), nullable=False),
        _text("escalate_to", nullable=True),
        sa.Column("escalate_after_s", sa.Float(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        _time("created_at", nullable=False),
        _text("created_by"),
        _time("removed_at"),
        _refer(name, "person_id", "people"),
        _refer(name, "escalate_to", "people"),
    )
    op.create_index("ix_alarm_rules_person_id", name, ["person_id"], unique=False)


def _make_alarms() -> None:
    name = "alarms"
    _make(
        name,
        *_id(name),
        _text("rule_id"),
        _text("person_id"),
        _text("structure_id"),
        _text("finding_id", 255),
        _text("step", 32),
        _text("grade", 16),
        sa.Column("facts", sa.JSON(), nullable=False),
        _time("uploaded_at", nullable=False),
        _time("raised_at", nullable=False),
        _time("due_at", nullable=False),
        _time("gathered_at"),
        _time("told_at"),
        _time("acknowledged_at"),
        _text("acknowledged_by", nullable=True),
        _text("escalate_to", nullable=True),
        _time("escalate_at"),
        _time("escalated_at"),
        _time("withdrawn_at"),
        _refer(name, "rule_id", "alarm_rules"),
        _refer(name, "person_id", "people"),
        _refer(name, "finding_id", "findings", "fid"),
        _refer(name, "escalate_to", "people"),
        sa.UniqueConstraint("rule_id", "structure_id", "step", name="uq_alarms_rule_id_structure_id_step"),
    )
    for column in ("person_id", "finding_id", "raised_at", "escalate_to"):
        op.create_index(f"ix_alarms_{column}", name, [column], unique=False)
    op.create_index("ix_alarms_waiting", name, ["gathered_at", "due_at"], unique=False)


def _make_deliveries() -> None:
    name = "alarm_deliveries"
    _make(
        name,
        *_id(name),
        _text("channel_id"),
        _text("person_id", nullable=True),
        _text("purpose", 16),
        _text("state", 16),
        sa.Column("payload", sa.JSON()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("repeated", sa.Boolean(), nullable=False),
        _time("next_at", nullable=False),
        _text("claim", nullable=True),
        _time("lease_until"),
        sa.Column("last_error", sa.Text()),
        _time("created_at", nullable=False),
        _time("sent_at"),
        _refer(name, "channel_id", "alarm_channels"),
        _refer(name, "person_id", "people"),
    )
    for columns in (["channel_id"], ["person_id"], ["state", "next_at"]):
        op.create_index(f"ix_alarm_deliveries_{'_'.join(columns)}", name, columns, unique=False)
    name = "alarm_delivery_items"
    once = ["channel_id", "person_id", "structure_id", "step", "purpose"]
    _make(
        name,
        _text("delivery_id"),
        _text("alarm_id"),
        _text("channel_id"),
        _text("person_id"),
        _text("structure_id"),
        _text("step", 32),
        _text("purpose", 16),
        _refer(name, "delivery_id", "alarm_deliveries"),
        _refer(name, "alarm_id", "alarms"),
        sa.UniqueConstraint(*once, name="uq_alarm_delivery_items_once"),
    )
    for column in ("delivery_id", "alarm_id"):
        op.create_index(f"ix_alarm_delivery_items_{column}", name, [column], unique=False)
    name = "system_alarms"
    _make(
        name,
        *_id(name),
        _text("code"),
        _text("severity", 16),
        sa.Column("told", sa.JSON(), nullable=False),
        _time("raised_at", nullable=False),
        _time("ended_at"),
    )
    lasting = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_system_alarms_lasting", name, ["code"], unique=True, sqlite_where=lasting, postgresql_where=lasting
    )


def downgrade() -> None:
    """Drop them: rules, channels and the memory of what was told are lost."""
    for name in _TABLES:
        op.drop_table(name)
