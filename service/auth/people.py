"""People, their sessions, keys of other systems, and links that work once: plain values and when each holds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from service.auth.caller import Caller, Grant, caller

LinkPurpose = Literal["first", "demo", "password"]


@dataclass(frozen=True)
class Person:
    """Somebody who signs in.

    Args:
        id: Their id.
        name: What they sign in with, unique whatever the case.
        display_name: How they are called.
        grant: Their rights.
        active: Whether they may sign in.
        subject: Who they are to the bureau's own sign-in (issuer and subject), None without it.
        created_at: When they were added.
    """

    id: str
    name: str
    display_name: str
    grant: Grant
    created_at: datetime
    active: bool = True
    subject: str | None = None


@dataclass(frozen=True)
class Session:
    """A browser in which somebody has signed in. Its id is the digest of the secret in the cookie.

    Args:
        id: Digest of its secret.
        person_id: Who.
        created_at: When they signed in.
        seen_at: Last request, within a minute.
        expires_at: Its end whatever happens.
        address: From where.
        agent: With what.
        revoked_at: When it was ended.
    """

    id: str
    person_id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str = ""
    agent: str = ""
    revoked_at: datetime | None = None

    def lives(self, now: datetime, idle: timedelta) -> bool:
        """Whether it still holds: neither ended, nor too old, nor unused for too long."""
        return self.revoked_at is None and now < self.expires_at and now < self.seen_at + idle


@dataclass(frozen=True)
class ApiKey:
    """A key of another system. Its secret is shown once; the digest is kept.

    Args:
        id: Its id, harmless to show.
        digest: Digest of its secret.
        name: What it is for.
        grant: Its rights.
        created_at: When it was made.
        expires_at: Its end, None: none.
        owner_id: The person who made it, None for the command line. It never has more rights than its owner has now.
        revoked_at: When it was revoked.
        used_at: Last request, within a minute.
    """

    id: str
    digest: str = field(repr=False)
    name: str
    grant: Grant
    created_at: datetime
    expires_at: datetime | None = None
    owner_id: str | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None

    def lives(self, now: datetime) -> bool:
        """Whether it still holds."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True)
class OnceLink:
    """A link that works once.

    Args:
        digest: Digest of its secret.
        purpose: What it opens: the first administrator, a demonstration, a new password.
        person_id: For whom, None where it makes a person.
        created_at: When it was made.
        expires_at: Its end.
        used_at: When it was used.
    """

    digest: str = field(repr=False)
    purpose: LinkPurpose
    person_id: str | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None

    def lives(self, now: datetime) -> bool:
        """Whether it still opens something."""
        return self.used_at is None and now < self.expires_at


def caller_of_person(person: Person) -> Caller:
    """Somebody who has signed in."""
    return caller("person", person.id, person.display_name, person.grant)


def caller_of_key(key: ApiKey, owner: Person | None) -> Caller | None:
    """Another system; None where the key's owner may no longer sign in."""
    if key.owner_id is None:
        return caller("key", key.id, key.name, key.grant)
    if owner is None or not owner.active:
        return None
    told = caller("key", key.id, key.name, key.grant.narrowed(owner.grant), key.grant.roles)
    return replace(told, owner_id=owner.id)
