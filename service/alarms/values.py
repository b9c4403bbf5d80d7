"""The plain values of alarms: rules, channels, alarms, deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

AtOnce = Literal["gravest", "all", "none"]
AT_ONCE: tuple[AtOnce, ...] = ("gravest", "all", "none")
Kind = Literal["in_app", "webhook", "apprise"]
KINDS: tuple[Kind, ...] = ("in_app", "webhook", "apprise")
Grade = Literal["gravest", "usual"]
Purpose = Literal["alarm", "digest", "escalation", "event", "test", "system", "case"]
DeliveryState = Literal["waiting", "sending", "sent", "failed", "withdrawn"]
STATES: tuple[DeliveryState, ...] = ("waiting", "sending", "sent", "failed", "withdrawn")


@dataclass(frozen=True)
class Wanted:
    """What a rule wants, and how sure it must be; what is empty asks for nothing.

    Args:
        statuses: Statuses of findings.
        changes: Their directions.
        stages: Stages of building.
        flags: Flags of which one must be there.
        codes: Codes of reasons of which one must be there.
        areas: Ids of areas (layer `areas`) of which one must be met; None: everywhere that the person sees.
        min_confidence: Least confidence.
        min_area_m2: Least area, m².
        min_priority: Least priority.
    """

    statuses: tuple[str, ...] = ("suspected", "unassessed")
    changes: tuple[str, ...] = ("appeared", "altered")
    stages: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    areas: tuple[str, ...] | None = None
    min_confidence: float = 0.5
    min_area_m2: float = 0.0
    min_priority: float = 0.0


@dataclass(frozen=True)
class Timing:
    """How soon a rule tells.

    Args:
        at_once: What is told at once: the gravest findings, all, or none; the rest waits for a digest.
        digest_at: Times of the day in Beijing, `08:00`.
        quiet: From when to when nobody is disturbed, in Beijing; None: never.
        gravest_in_quiet: Whether the gravest findings go out in quiet hours all the same.
    """

    at_once: AtOnce = "gravest"
    digest_at: tuple[str, ...] = ("08:00",)
    quiet: tuple[str, str] | None = ("22:00", "07:00")
    gravest_in_quiet: bool = True


@dataclass(frozen=True)
class Rule:
    """Who is told of what, how soon and by which channels.

    Args:
        id: Its id.
        name: What it is called.
        person_id: Who is told; they get what they may see and nothing else.
        wanted: Of what.
        timing: How soon.
        channels: Ids of channels; without one the alarms stand in the application alone.
        escalate_to: Id of the person who is told where nobody acknowledges.
        escalate_after_s: After how long, s.
        created_at: When it was made.
        created_by: Id of who made it.
        cursor: Key of the last finding that it has looked at.
        active: Whether it looks.
    """

    id: str
    name: str
    person_id: str
    wanted: Wanted
    timing: Timing
    channels: tuple[str, ...]
    escalate_to: str | None
    escalate_after_s: float
    created_at: datetime
    created_by: str
    cursor: int = 0
    active: bool = True


@dataclass(frozen=True)
class Channel:
    """A way to reach somebody.

    Args:
        id: Its id.
        name: What it is called.
        owner_id: Whose it is; None: the bureau's.
        kind: How it is reached.
        hint: What of its address may be shown.
        sealed: Its address and secrets, sealed; None where it has none.
        created_at: When it was made.
        chips: Whether pictures go with the messages.
        events: Types of events that are sent to it, each by itself; for other systems.
        cursors: Key of the last event of each type that was taken up.
        active: Whether anything is sent.
    """

    id: str
    name: str
    owner_id: str | None
    kind: Kind
    hint: str
    sealed: str | None = field(repr=False)
    created_at: datetime
    chips: bool = False
    events: tuple[str, ...] = ()
    cursors: Mapping[str, int] = field(default_factory=dict)
    active: bool = True


@dataclass(frozen=True)
class Alarm:
    """A structure that somebody is told of, because of a rule and for a reason that is new.

    Args:
        id: Its id.
        rule_id: The rule.
        person_id: Who is told.
        structure_id: The structure; with rule and step it stands once.
        finding_id: The finding that raised it.
        step: Why now: `first`, or a step that is graver (`matching.GRAVER`).
        grade: Whether it is of the gravest kind.
        facts: What the finding said of itself then (`matching.Facts`), for later steps, and its grade of secrecy.
        uploaded_at: When the later scene arrived.
        raised_at: When it was raised.
        due_at: When it may be told.
        gathered_at: When it was put into messages.
        told_at: When the first message was delivered; of rules without a channel when it stood in the application.
        acknowledged_at: When somebody said that they know.
        acknowledged_by: Id of who.
        escalate_to: Who is told next.
        escalate_at: When.
        escalated_at: When that was done.
        withdrawn_at: When it was found that the person must not be told, or that the finding was dismissed.
        key: Its place in the order of coming.
    """

    id: str
    rule_id: str
    person_id: str
    structure_id: str
    finding_id: str
    step: str
    grade: Grade
    facts: Mapping[str, Any]
    uploaded_at: datetime
    raised_at: datetime
    due_at: datetime
    gathered_at: datetime | None = None
    told_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    escalate_to: str | None = None
    escalate_at: datetime | None = None
    escalated_at: datetime | None = None
    withdrawn_at: datetime | None = None
    key: int = 0


@dataclass(frozen=True)
class Delivery:
    """A message on its way.

    Args:
        id: Its id, the same however often it is sent.
        channel_id: By which channel.
        person_id: To whom; None: to another system.
        purpose: What it is.
        created_at: When it was put together.
        next_at: When it is tried next.
        payload: Its content, where that stands already; that of alarms is written when it is sent.
        alarms: Ids of the alarms that it tells of.
        state: Where it stands.
        attempts: How often it was begun.
        repeated: Whether an earlier try may have arrived.
        last_error: Why the last try failed.
        sent_at: When it was delivered.
        claim: The right to send it.
        key: Its place in the order of coming.
    """

    id: str
    channel_id: str
    person_id: str | None
    purpose: Purpose
    created_at: datetime
    next_at: datetime
    payload: Mapping[str, Any] | None = None
    alarms: tuple[str, ...] = ()
    state: DeliveryState = "waiting"
    attempts: int = 0
    repeated: bool = False
    last_error: str | None = None
    sent_at: datetime | None = None
    claim: str | None = None
    key: int = 0


@dataclass(frozen=True)
class Outcome:
    """How a try to send ended.

    Args:
        sent: Whether it was taken.
        error: Why not.
        unsure: Whether it may have arrived all the same.
        busy: Whether the channel itself is out of reach, so that its other messages wait too.
    """

    sent: bool
    error: str | None = None
    unsure: bool = False
    busy: bool = False


@dataclass(frozen=True)
class Ticking:
    """What the clock needs of a finding: from the upload to the first alarm of it.

    Args:
        finding_id: The finding.
        uploaded_at: When its later scene arrived.
        raised_at: When the first alarm of it was raised.
        told_at: When it was first told; None: not yet.
        grade: Whether it was of the gravest kind.
    """

    finding_id: str
    uploaded_at: datetime
    raised_at: datetime
    told_at: datetime | None
    grade: str


@dataclass(frozen=True)
class Fresh:
    """A finding behind the cursor of a rule.

    Args:
        key: Its place in the order of coming.
        finding_id: Its id.
        structure_ids: Id of its structure, then all ids that lead to it.
        geojson: Its text.
        after_scene: Id of the later scene of its scan.
        secrecy: That of its scan.
    """

    key: int
    finding_id: str
    structure_ids: tuple[str, ...]
    geojson: str
    after_scene: str
    secrecy: str


@dataclass(frozen=True)
class SystemAlarm:
    """A condition of the system that the administrators were told of.

    Args:
        id: Its id.
        code: Which condition.
        severity: How bad.
        told: All that is known of it.
        raised_at: When they were told.
        ended_at: When it was over; None: it lasts.
    """

    id: str
    code: str
    severity: str
    told: Mapping[str, Any]
    raised_at: datetime
    ended_at: datetime | None = None
