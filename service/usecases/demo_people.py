"""People of the demonstration and of its story: they act, and sign in once somebody gives them a password."""

from __future__ import annotations

from datetime import UTC, datetime

from service.auth.caller import Caller, Clearance, Grant
from service.auth.people import Person
from service.auth.record import entry_by
from service.auth.roles import Role
from service.services import Services

PEOPLE = {
    "wang": ("王执法", frozenset({Role.OFFICER}), Clearance.INTERNAL),
    "li": ("李执法", frozenset({Role.OFFICER}), Clearance.INTERNAL),
    "zhao": ("赵审核", frozenset({Role.LEGAL_REVIEWER}), Clearance.INTERNAL),
    "sun": ("孙负责", frozenset({Role.CHIEF}), Clearance.INTERNAL),
    "demo": ("Demonstration 演示", frozenset(Role), Clearance.SECRET),
}
"""What each is called, may do and may see; the last one may do everything."""


def stand_in(services: Services, name: str) -> Person:
    """Somebody of `PEOPLE`, added where they are not yet known."""
    person = services.store.people.named(name)
    if person is not None:
        return person
    (shown, roles, clearance), now = PEOPLE[name], datetime.now(UTC)
    person = Person(f"story-{name}" if name != "demo" else name, name, shown, Grant(roles, None, clearance), now)
    services.store.people.add(person, None, entry_by(Caller.local(), now, "person-added", person.id, name=name))
    return person
