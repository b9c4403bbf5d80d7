"""People: added, changed, given rights; passwords and links that set them."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from geodata.errors import OptionError
from service.auth.caller import Caller, Grant, parse_clearance
from service.auth.passwords import check_password, hash_password
from service.auth.people import LinkPurpose, OnceLink, Person
from service.auth.record import entry_by
from service.auth.roles import Role, parse_roles
from service.auth.tokens import digest, new_token
from service.errors import ConflictError, ForbiddenError, LinkError, NotFoundError
from service.services import Services
from service.store.records import Page


@dataclass(frozen=True)
class PersonFacts:
    """What is said of a person; None: left as it is, or as usual for a new one.

    Args:
        display_name: How they are called; else their name.
        roles: What they are.
        areas: Ids of the areas that they work in; empty: nowhere yet, `["*"]`: everywhere.
        clearance: `public`, `internal` (usual) or `secret`.
        active: Whether they may sign in.
    """

    display_name: str | None = None
    roles: Sequence[str] | None = None
    areas: Sequence[str] | None = None
    clearance: str | None = None
    active: bool | None = None


def add_person(services: Services, by: Caller, name: str, facts: PersonFacts, password: str | None = None) -> Person:
    """Add a person; without a password they set one by a link (`password_link`).

    Raises:
        OptionError: If the name or a right cannot be used.
        ConflictError: If the name is taken.
        PasswordError: If the password is weak.
    """
    name = checked_name(name)
    now = datetime.now(UTC)
    grant = _grant(facts, Grant(parse_roles(facts.roles or []), frozenset()))
    _check_giver(by, grant)
    person = Person(uuid.uuid4().hex, name, _shown(facts.display_name or name), grant, now)
    hashed = None if password is None else _hashed(services, name, password)
    services.store.people.add(person, hashed, entry_by(by, now, "person-added", person.id, **told_person(person)))
    return person


def change_person(services: Services, by: Caller, person_id: str, facts: PersonFacts) -> Person:
    """Change what is said of a person.

    Raises:
        NotFoundError: Without them.
        OptionError: If a right cannot be used.
        ConflictError: If no administrator would be left, or somebody gives rights to themselves.
    """
    before = services.store.people.get(person_id)
    after = replace(
        before,
        display_name=_shown(facts.display_name or before.display_name),
        grant=_grant(facts, before.grant),
        active=before.active if facts.active is None else facts.active,
    )
    own = person_id in (by.id, by.owner_id)
    if own and (after.grant != before.grant or not after.active):
        raise ConflictError(
            "Nobody changes their own rights.", remedy="Let another administrator do it, or `kancha people change`."
        )
    _check_giver(by, before.grant)
    _check_giver(by, after.grant)
    if after != before:
        told: dict[str, Any] = {"before": told_person(before), "after": told_person(after)}
        services.store.people.change(after, entry_by(by, datetime.now(UTC), "person-changed", person_id, **told))
    return after


def get_person(services: Services, person_id: str) -> Person:
    """One person; `NotFoundError` without them."""
    return services.store.people.get(person_id)


def person_named(services: Services, name: str) -> Person:
    """A person by the name that they sign in with.

    Raises:
        NotFoundError: Without them.
    """
    found = services.store.people.named(name)
    if found is None:
        raise NotFoundError(f"There is nobody named {name[:80]!r}.", remedy="`kancha people list` shows who there is.")
    return found


def list_people(services: Services, limit: int, after_key: int = 0) -> Page[Person]:
    """People in the order of their coming."""
    return services.store.people.page(limit, after_key)


def set_password(services: Services, by: Caller, person_id: str, password: str) -> None:
    """Set a person's password; every session of theirs ends.

    Raises:
        NotFoundError: Without them.
        PasswordError: If it is weak.
    """
    person = services.store.people.get(person_id)
    now = datetime.now(UTC)
    hashed = _hashed(services, person.name, password)
    services.store.people.set_password(person_id, hashed, now, entry_by(by, now, "password-set", person_id))


# --- links that work once ------------------------------------------------------------------------


def password_link(services: Services, by: Caller, person_id: str) -> str:
    """The secret of a link by which a person sets a password.

    Raises:
        NotFoundError: Without them.
        ForbiddenError: If the person sees more than who gives the link.
    """
    person = services.store.people.get(person_id)
    # whoever sets a password can sign in as the person: nobody gets further so than they are
    _check_giver(by, person.grant)
    return make_link(services, by, "password", person.id)


def first_link(services: Services) -> str | None:
    """The secret of a link that makes the first administrator; None where there is one."""
    if services.store.people.has_administrator():
        return None
    return make_link(services, Caller.local(), "first", None)


def make_link(services: Services, by: Caller, purpose: LinkPurpose, person_id: str | None) -> str:
    """The secret of a new link that works once."""
    secret, now = new_token(), datetime.now(UTC)
    ends = now + timedelta(seconds=services.settings.auth.link_s)
    link = OnceLink(digest(secret), purpose, person_id, now, ends)
    services.store.access.add_link(link, entry_by(by, now, "link-made", person_id or "", purpose=purpose))
    return secret


def open_link(services: Services, secret: str) -> tuple[OnceLink, Person | None]:
    """What a link would do, and for whom.

    Raises:
        LinkError: If it opens nothing any more.
    """
    link = services.store.access.link(digest(secret))
    if link is None or not link.lives(datetime.now(UTC)):
        raise LinkError("The link was used, has run out, or was never made.", remedy="Ask for a new one.")
    return link, None if link.person_id is None else services.store.people.get(link.person_id)


def follow_link(services: Services, secret: str, name: str, password: str, address: str) -> Person:
    """Do what a link is for: make the first administrator, or set the password of the person that it was made for.

    Raises:
        LinkError: If it opens nothing any more.
        OptionError: If the name cannot be used.
        PasswordError: If the password is weak.
    """
    link, person = open_link(services, secret)
    now = datetime.now(UTC)
    if link.purpose == "demo":
        raise LinkError("The link signs in; it sets no password.", remedy="Open it in a browser.")
    if person is None:
        return _first_administrator(services, link, checked_name(name), password, address)
    if not person.active:
        raise LinkError("The person may not sign in.", remedy="An administrator can let them in again.")
    hashed = _hashed(services, person.name, password)
    if services.store.access.use_link(link.digest, now) is None:
        raise LinkError("The link was used a moment ago.", remedy="Ask for a new one.")
    entry = entry_by(None, now, "password-set", person.id, address=address, by="link")
    services.store.people.set_password(person.id, hashed, now, entry)
    return person


def _first_administrator(services: Services, link: OnceLink, name: str, password: str, address: str) -> Person:
    now = datetime.now(UTC)
    grant = Grant(frozenset({Role.ADMINISTRATOR}))
    person = Person(uuid.uuid4().hex, name, name, grant, now)
    entry = entry_by(None, now, "first-administrator", person.id, address=address, **told_person(person))
    services.store.people.add(person, _hashed(services, name, password), entry, link=link.digest)
    return person


# --- checks --------------------------------------------------------------------------------------


def checked_name(name: str) -> str:
    """A name to sign in with: composed, without blanks.

    Raises:
        OptionError: If it cannot be used.
    """
    told = unicodedata.normalize("NFC", name.strip())
    if not 2 <= len(told) <= 60 or any(c.isspace() or not c.isprintable() for c in told):
        raise OptionError(
            f"{told[:80]!r} is no name to sign in with.", remedy="Use 2 to 60 letters, digits and signs without blanks."
        )
    return told


def _shown(name: str) -> str:
    told = unicodedata.normalize("NFC", " ".join(name.split()))
    if not 1 <= len(told) <= 120 or not told.isprintable():
        raise OptionError(f"{told[:80]!r} cannot be shown as a name.", remedy="Use 1 to 120 printable characters.")
    return told


def parse_areas(areas: Sequence[str]) -> frozenset[str] | None:
    """Ids of areas; `*` alone means everywhere.

    Raises:
        OptionError: If one is empty, over-long, or stands beside `*`.
    """
    if list(areas) == ["*"]:
        return None
    for area in areas:
        if not 1 <= len(area) <= 255 or area == "*":
            raise OptionError(f"{area[:40]!r} is no id of an area.", remedy="Name ids of the layer areas, or * alone.")
    return frozenset(areas)


def _grant(facts: PersonFacts, before: Grant) -> Grant:
    return Grant(
        before.roles if facts.roles is None else parse_roles(facts.roles),
        before.areas if facts.areas is None else parse_areas(facts.areas),
        before.clearance if facts.clearance is None else parse_clearance(facts.clearance),
    )


def _check_giver(by: Caller, grant: Grant) -> None:
    """See that somebody gives, and takes, rights within their own areas and secrecy alone.

    Raises:
        ForbiddenError: If the rights reach further.
    """
    if not grant.seen_by(by):
        raise ForbiddenError(
            "The rights reach beyond the areas or the secrecy of who gives them.",
            remedy="Name areas among your own, and no higher grade than yours.",
            areas=None if by.scope is None else sorted(by.scope),
            clearance=by.clearance.word,
        )


def _hashed(services: Services, name: str, password: str) -> str:
    check_password(password, name)
    return hash_password(password, services.settings.auth.cost)


def told_person(person: Person) -> dict[str, Any]:
    """What the record tells of a person."""
    told = {name: getattr(person, name) for name in ("name", "display_name", "active", "subject")}
    return told | told_grant(person.grant)


def told_grant(grant: Grant) -> dict[str, Any]:
    """Rights as plain values."""
    return {
        "roles": sorted(grant.roles),
        "areas": None if grant.areas is None else sorted(grant.areas),
        "clearance": grant.clearance.word,
        **({} if grant.only is None else {"permissions": sorted(grant.only)}),
    }
