"""The tables of alarms, beside the others."""

from __future__ import annotations

import sqlalchemy as sa

from service.store.schema import UtcTime, metadata

__all__ = ["alarms", "channels", "deliveries", "delivery_items", "metadata", "rules", "system_alarms"]


def _seq() -> sa.Column[int]:
    return sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True)


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String(64), nullable=False, unique=True)


channels = sa.Table(
    "alarm_channels",
    metadata,
    _seq(),
    _id(),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("owner_id", sa.ForeignKey("people.id"), index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("hint", sa.String(255), nullable=False),
    sa.Column("sealed", sa.Text),
    sa.Column("chips", sa.Boolean, nullable=False),
    sa.Column("events", sa.JSON, nullable=False),
    sa.Column("cursors", sa.JSON, nullable=False),
    # a line that was dead is tried again then, by one message for all that wait
    sa.Column("busy_until", UtcTime),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("removed_at", UtcTime),
    sqlite_autoincrement=True,
)

rules = sa.Table(
    "alarm_rules",
    metadata,
    _seq(),
    _id(),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("person_id", sa.ForeignKey("people.id"), nullable=False, index=True),
    sa.Column("wanted", sa.JSON, nullable=False),
    sa.Column("timing", sa.JSON, nullable=False),
    sa.Column("channels", sa.JSON, nullable=False),
    sa.Column("escalate_to", sa.ForeignKey("people.id")),
    sa.Column("escalate_after_s", sa.Float, nullable=False),
    sa.Column("cursor", sa.BigInteger, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("created_by", sa.String(64), nullable=False),
    sa.Column("removed_at", UtcTime),
    sqlite_autoincrement=True,
)

alarms = sa.Table(
    "alarms",
    metadata,
    _seq(),
    _id(),
    sa.Column("rule_id", sa.ForeignKey("alarm_rules.id"), nullable=False),
    sa.Column("person_id", sa.ForeignKey("people.id"), nullable=False, index=True),
    sa.Column("structure_id", sa.String(64), nullable=False),
    sa.Column("finding_id", sa.ForeignKey("findings.fid"), nullable=False, index=True),
    sa.Column("step", sa.String(32), nullable=False),
    sa.Column("grade", sa.String(16), nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),
    sa.Column("uploaded_at", UtcTime, nullable=False),
    sa.Column("raised_at", UtcTime, nullable=False, index=True),
    sa.Column("due_at", UtcTime, nullable=False),
    sa.Column("gathered_at", UtcTime),
    sa.Column("told_at", UtcTime),
    sa.Column("acknowledged_at", UtcTime),
    sa.Column("acknowledged_by", sa.String(64)),
    sa.Column("escalate_to", sa.ForeignKey("people.id"), index=True),
    sa.Column("escalate_at", UtcTime),
    sa.Column("escalated_at", UtcTime),
    sa.Column("withdrawn_at", UtcTime),
    # the same structure never alarms twice for a rule and a step, whoever raises it
    sa.UniqueConstraint("rule_id", "structure_id", "step"),
    sa.Index("ix_alarms_waiting", "gathered_at", "due_at"),
    sqlite_autoincrement=True,
)

deliveries = sa.Table(
    "alarm_deliveries",
    metadata,
    _seq(),
    _id(),
    sa.Column("channel_id", sa.ForeignKey("alarm_channels.id"), nullable=False, index=True),
    sa.Column("person_id", sa.ForeignKey("people.id"), index=True),
    sa.Column("purpose", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("payload", sa.JSON(none_as_null=True)),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("repeated", sa.Boolean, nullable=False),
    sa.Column("next_at", UtcTime, nullable=False),
    sa.Column("claim", sa.String(64)),
    sa.Column("lease_until", UtcTime),
    sa.Column("last_error", sa.Text),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("sent_at", UtcTime),
    sa.Index("ix_alarm_deliveries_state_next_at", "state", "next_at"),
    sqlite_autoincrement=True,
)

delivery_items = sa.Table(
    "alarm_delivery_items",
    metadata,
    _seq(),
    sa.Column("delivery_id", sa.ForeignKey("alarm_deliveries.id"), nullable=False, index=True),
    sa.Column("alarm_id", sa.ForeignKey("alarms.id"), nullable=False, index=True),
    sa.Column("channel_id", sa.String(64), nullable=False),
    sa.Column("person_id", sa.String(64), nullable=False),
    sa.Column("structure_id", sa.String(64), nullable=False),
    sa.Column("step", sa.String(32), nullable=False),
    sa.Column("purpose", sa.String(16), nullable=False),
    # one message per structure and step, by whatever rules and replicas
    sa.UniqueConstraint(
        "channel_id", "person_id", "structure_id", "step", "purpose", name="uq_alarm_delivery_items_once"
    ),
    sqlite_autoincrement=True,
)

system_alarms = sa.Table(
    "system_alarms",
    metadata,
    _seq(),
    _id(),
    sa.Column("code", sa.String(64), nullable=False),
    sa.Column("severity", sa.String(16), nullable=False),
    sa.Column("told", sa.JSON, nullable=False),
    sa.Column("raised_at", UtcTime, nullable=False),
    sa.Column("ended_at", UtcTime),
    # a condition is told of once as long as it lasts
    sa.Index(
        "uq_system_alarms_lasting",
        "code",
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)
