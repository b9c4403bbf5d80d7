"""Rules of alarms: made, changed, taken away; and rules that are sensible to begin with."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from geodata.errors import OptionError
from geodata.report.words import CHANGE, FLAGS, STAGE, STATUS
from service.alarms.timing import parse_time
from service.alarms.values import AT_ONCE, Rule, Timing, Wanted
from service.auth.people import Person
from service.auth.record import entry_by
from service.auth.roles import Permission
from service.errors import NotFoundError
from service.services import Services
from service.usecases.channels import get_channel, person_of
from service.usecases.sights import require_permission

ESCALATE_S = 4 * 3600.0
_MOST_ESCALATE_S = 30 * 24 * 3600.0
_KNOWN = {"statuses": STATUS, "changes": CHANGE, "stages": STAGE, "flags": FLAGS}


@dataclass(frozen=True)
class RuleFacts:
    """What is said of a rule; None: as it is, or as usual for a new one.

    Args:
        name: What it is called.
        person: Id or name of who is told; None: whoever makes it.
        wanted: Members of `Wanted`; those that are left out stay.
        timing: Members of `Timing`; those that are left out stay.
        channels: Ids of channels.
        escalate_to: Id or name of the person who is told next; empty: nobody.
        escalate_after_s: After how long, s.
        active: Whether it looks.
    """

    name: str | None = None
    person: str | None = None
    wanted: dict[str, Any] | None = None
    timing: dict[str, Any] | None = None
    channels: Sequence[str] | None = None
    escalate_to: str | None = None
    escalate_after_s: float | None = None
    active: bool | None = None


@dataclass(frozen=True)
class Template:
    """A rule that is offered.

    Args:
        id: Which one.
        name: Its name.
        name_zh: The same in Chinese.
        for_whom: For whom it is meant.
        wanted: What it wants.
        timing: How soon it tells.
    """

    id: str
    name: str
    name_zh: str
    for_whom: str
    wanted: Wanted
    timing: Timing


TEMPLATES: tuple[Template, ...] = (
    Template("street", "My streets: the gravest at once, the rest at eight", "辖区：紧急即报，其余每日八点汇总",
             "officers", Wanted(), Timing()),
    Template("gravest", "Being built on protected land, at once", "保护性用地上在建，即报", "chiefs",
             Wanted(stages=("earthworks", "foundation", "under_construction"), flags=("protected_land",),
                    min_confidence=0.3), Timing(at_once="all", gravest_in_quiet=True)),
    Template("rebuilt", "Rebuilt after it was pulled down", "拆后复建", "officers who closed cases",
             Wanted(flags=("rebuilt",)), Timing(at_once="all")),
    Template("all", "Everything new, once a day", "全部新增，每日汇总", "analysts",
             Wanted(statuses=(), min_confidence=0.0), Timing(at_once="none")),
)  # fmt: skip
"""Offered, never forced: nobody is told of anything before a rule is made."""


def add_rule(services: Services, facts: RuleFacts) -> Rule:
    """Make a rule; it looks at what comes from now on.

    Raises:
        OptionError: If a fact cannot be used.
        NotFoundError: Without a channel or person.
        ForbiddenError: If it is for somebody else, and the caller is no administrator.
    """
    now = datetime.now(UTC)
    person = _person(services, facts.person)
    rule = Rule(
        id=uuid.uuid4().hex,
        name=_name(facts.name or ""),
        person_id=person.id,
        wanted=_wanted(Wanted(), facts.wanted or {}),
        timing=_timing(Timing(), facts.timing or {}),
        channels=_channels(services, person.id, facts.channels or ()),
        escalate_to=_escalation(services, person.id, facts.escalate_to or ""),
        escalate_after_s=_after(ESCALATE_S if facts.escalate_after_s is None else facts.escalate_after_s),
        created_at=now,
        created_by=services.caller.id,
        active=facts.active is not False,
    )
    entry = entry_by(services.caller, now, "rule-made", rule.id, **told_rule(rule))
    return services.store.rules.add_rule(rule, entry)


def change_rule(services: Services, rule_id: str, facts: RuleFacts) -> Rule:
    """Change what a rule says; whom it tells stays.

    Raises:
        NotFoundError: Without it, a channel or a person, or where it is another's.
        OptionError: If a fact cannot be used.
    """
    before = get_rule(services, rule_id)
    if facts.person is not None and facts.person != before.person_id:
        raise OptionError("A rule keeps its person.", remedy="Make another rule.")
    told = before.escalate_to
    if facts.escalate_to is not None:
        told = _escalation(services, before.person_id, facts.escalate_to)
    after = replace(
        before,
        name=before.name if facts.name is None else _name(facts.name),
        wanted=_wanted(before.wanted, facts.wanted or {}),
        timing=_timing(before.timing, facts.timing or {}),
        channels=before.channels if facts.channels is None
        else _channels(services, before.person_id, facts.channels, before.channels),
        escalate_to=told,
        escalate_after_s=before.escalate_after_s if facts.escalate_after_s is None else _after(facts.escalate_after_s),
        active=before.active if facts.active is None else facts.active,
    )  # fmt: skip
    entry = entry_by(services.caller, datetime.now(UTC), "rule-changed", rule_id, **told_rule(after))
    return services.store.rules.change_rule(after, entry)


def remove_rule(services: Services, rule_id: str) -> None:
    """Take a rule away; what it raised stays.

    Raises:
        NotFoundError: Without it, or where it is another's.
    """
    rule = get_rule(services, rule_id)
    entry = entry_by(services.caller, datetime.now(UTC), "rule-removed", rule_id, name=rule.name)
    services.store.rules.remove_rule(rule_id, entry)


def list_rules(services: Services) -> Sequence[Rule]:
    """The caller's rules; all for administrators who work everywhere."""
    mine = person_of(services.caller)
    if _is_administrator(services):
        return services.store.rules.rules()
    return [] if mine is None else services.store.rules.rules(mine)


def get_rule(services: Services, rule_id: str) -> Rule:
    """One rule of the caller.

    Raises:
        NotFoundError: Without it, or where it is another's.
    """
    rule = services.store.rules.rule(rule_id)
    if rule.person_id != person_of(services.caller) and not _is_administrator(services):
        raise NotFoundError(f"There is no rule {rule_id[:80]!r}.", remedy="GET /alarms/rules lists them.")
    return rule


def told_rule(rule: Rule) -> dict[str, Any]:
    """A rule as plain values."""
    names = ("name", "person_id", "escalate_to", "escalate_after_s", "active")
    told = {name: getattr(rule, name) for name in names}
    return told | {"wanted": asdict(rule.wanted), "timing": asdict(rule.timing), "channels": list(rule.channels)}


def _is_administrator(services: Services) -> bool:
    return services.caller.may(Permission.PEOPLE) and services.sight.ground is None


def _person(services: Services, told: str | None) -> Person:
    mine = person_of(services.caller)
    if told is None and mine is None:
        raise OptionError("A rule is for somebody: nobody is named.", remedy="Name them: `person`.")
    found = _found(services, told or str(mine))
    if found.id != mine:
        require_permission(services, Permission.PEOPLE, everywhere=True)
    return found


def _found(services: Services, told: str) -> Person:
    named = services.store.people.named(told)
    return services.store.people.get(told) if named is None else named


def _escalation(services: Services, person_id: str, told: str) -> str | None:
    if not told:
        return None
    found = _found(services, told)
    if found.id == person_id:
        raise OptionError("Nobody is told twice: name somebody else.", remedy="Leave escalate_to empty.")
    return found.id


def _channels(services: Services, person_id: str, wanted: Sequence[str], before: Sequence[str] = ()) -> tuple[str, ...]:
    for name in wanted:
        # one that was taken away meanwhile does not keep the rest of a rule from being changed
        if name in before:
            continue
        channel = get_channel(services, name)
        if channel.owner_id not in (None, person_id):
            raise OptionError("The channel is another person's.", remedy="Name one of theirs, or of the bureau.")
        if channel.events:
            raise OptionError("The channel is a subscription of another system.", remedy="Make one for messages.")
    return tuple(dict.fromkeys(wanted))


def _name(name: str) -> str:
    told = " ".join(name.split())
    if not 1 <= len(told) <= 120 or not told.isprintable():
        raise OptionError("A rule needs a name of 1 to 120 characters.", remedy="Say what it tells of.")
    return told


def _after(seconds: float) -> float:
    if not 60 <= seconds <= _MOST_ESCALATE_S:
        raise OptionError(f"Nobody is told after {seconds:g} s.", remedy="Choose a minute to 30 days.")
    return seconds


def _tuples(told: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}


def _wanted(before: Wanted, told: dict[str, Any]) -> Wanted:
    found = replace(before, **_tuples(told))
    for name, known in _KNOWN.items():
        unknown = [one for one in getattr(found, name) if one not in known]
        if unknown:
            raise OptionError(f"There are no {name} {str(unknown[0])[:40]!r}.", remedy=f"Known: {', '.join(known)}.")
    if not (0 <= found.min_confidence <= 1 and 0 <= found.min_priority <= 1 and found.min_area_m2 >= 0):
        raise OptionError("A bound is out of range.", remedy="Confidence and priority 0 to 1, area from 0.")
    return found


def _timing(before: Timing, told: dict[str, Any]) -> Timing:
    found = replace(before, **_tuples(told))
    if found.at_once not in AT_ONCE:
        raise OptionError(f"at_once={str(found.at_once)[:40]!r} is none.", remedy=f"Known: {', '.join(AT_ONCE)}.")
    if found.quiet is not None and len(found.quiet) != 2:
        raise OptionError("Quiet hours have a beginning and an end.", remedy='["22:00", "07:00"], or null.')
    if not 1 <= len(found.digest_at) <= 24:
        raise OptionError("A rule has 1 to 24 times of digests.", remedy='["08:00"]')
    for text in (*found.digest_at, *(found.quiet or ())):
        parse_time(text)
    return replace(found, digest_at=tuple(sorted(set(found.digest_at))))
