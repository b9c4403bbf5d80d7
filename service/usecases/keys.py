"""Keys of other systems: made, listed, revoked."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from geodata.errors import OptionError
from service.auth.caller import Caller, Clearance, Grant, parse_clearance
from service.auth.people import ApiKey
from service.auth.record import entry_by
from service.auth.roles import parse_permissions, parse_roles
from service.auth.tokens import digest, new_key
from service.errors import ForbiddenError
from service.services import Services
from service.store.records import Page
from service.usecases.people import parse_areas, told_grant

MAX_DAYS = 3653.0


@dataclass(frozen=True)
class KeyFacts:
    """What a key is for, and what it may do.

    Args:
        name: What it is for.
        roles: Its roles.
        permissions: The permissions that are kept of those of its roles; None: all.
        areas: Ids of areas; None or `["*"]`: everywhere that its maker may see.
        clearance: Highest grade of secrecy; None: internal, or less where its maker has less.
        days: After how many days it ends; None: never.
    """

    name: str
    roles: Sequence[str]
    permissions: Sequence[str] | None = None
    areas: Sequence[str] | None = None
    clearance: str | None = None
    days: float | None = None


def create_key(services: Services, by: Caller, facts: KeyFacts) -> tuple[ApiKey, str]:
    """Make a key.

    Returns:
        The key and its secret, which is shown once and kept nowhere.

    Raises:
        OptionError: If a fact cannot be used.
        ForbiddenError: If it would have more rights than its maker.
    """
    name = " ".join(facts.name.split())
    if not 1 <= len(name) <= 120 or not name.isprintable():
        raise OptionError(f"{name[:80]!r} is no name of a key.", remedy="Say in 1 to 120 characters what it is for.")
    if facts.days is not None and not 0 < facts.days <= MAX_DAYS:
        raise OptionError(f"A key cannot last {facts.days:g} days.", remedy="Choose up to ten years, 3653 days.")
    grant = _grant(by, facts)
    if not grant.within(by):
        raise ForbiddenError(
            "The key would have more rights than you have.",
            remedy="Leave out roles, areas or secrecy that you do not have, or narrow it by permissions.",
            missing=sorted(grant.permissions - by.permissions),
        )
    secret, now = new_key(), datetime.now(UTC)
    key = ApiKey(
        id=uuid.uuid4().hex[:12],
        digest=digest(secret),
        name=name,
        grant=grant,
        created_at=now,
        expires_at=None if facts.days is None else now + timedelta(days=facts.days),
        owner_id=by.id if by.kind == "person" else None,
    )
    told = told_grant(grant) | {"name": name, "expires_at": None if facts.days is None else str(key.expires_at)}
    services.store.access.add_key(key, entry_by(by, now, "key-made", key.id, **told))
    return key, secret


def _grant(by: Caller, facts: KeyFacts) -> Grant:
    areas = parse_areas(["*"] if facts.areas is None else facts.areas)
    usual = min(Clearance.INTERNAL, by.clearance)
    return Grant(
        parse_roles(facts.roles),
        by.scope if areas is None else areas,
        usual if facts.clearance is None else parse_clearance(facts.clearance),
        None if facts.permissions is None else parse_permissions(facts.permissions),
    )


def list_keys(services: Services, limit: int, after_key: int = 0) -> Page[ApiKey]:
    """Keys, the latest first, without their secrets."""
    return services.store.access.keys(limit, after_key)


def revoke_key(services: Services, by: Caller, key_id: str) -> ApiKey:
    """End a key for ever; it holds no more from the next request on.

    Raises:
        NotFoundError: Without it.
    """
    now = datetime.now(UTC)
    return services.store.access.revoke_key(key_id, now, entry_by(by, now, "key-revoked", key_id))
