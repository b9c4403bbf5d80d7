"""Bodies of people, keys, sessions, and the record of what was done."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.auth.caller import Caller, Grant
from service.auth.people import ApiKey, Person
from service.auth.record import Break, Sealed
from service.schemas.common import Link

_Roles = list[str]
_AREAS = "Ids of the areas (layer `areas`) that they work in; null: everywhere."


class Credentials(BaseModel):
    """Name and password."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=200)
    password: str = Field(max_length=1000)


class SessionBody(BaseModel):
    """Who has signed in, and what they may do."""

    id: str
    name: str
    kind: Literal["person", "key", "local"]
    roles: _Roles
    permissions: list[str]
    areas: list[str] | None = Field(description=_AREAS)
    clearance: str = Field(description="The highest grade of secrecy that they may see.")
    csrf_token: str | None = Field(description="Send it as X-CSRF-Token with every change; null for keys.")

    @classmethod
    def of(cls, caller: Caller, csrf: str | None) -> SessionBody:
        """The body of a caller."""
        return cls(
            id=caller.id,
            name=caller.name,
            kind=caller.kind,
            roles=sorted(caller.roles),
            permissions=sorted(caller.permissions),
            areas=None if caller.scope is None else sorted(caller.scope),
            clearance=caller.clearance.word,
            csrf_token=csrf,
        )


class PasswordChange(BaseModel):
    """Another password."""

    model_config = ConfigDict(extra="forbid")
    old: str = Field(max_length=1000)
    new: str = Field(max_length=1000)


class GrantBody(BaseModel):
    """Rights."""

    roles: _Roles
    areas: list[str] | None = Field(description=_AREAS)
    clearance: str = Field(description="`public`, `internal` or `secret`.")

    @staticmethod
    def told(grant: Grant) -> dict[str, Any]:
        """Rights as values of a body."""
        areas = None if grant.areas is None else sorted(grant.areas)
        return {"roles": sorted(grant.roles), "areas": areas, "clearance": grant.clearance.word}


class PersonBody(GrantBody):
    """Somebody who signs in."""

    id: str
    name: str = Field(description="What they sign in with.")
    display_name: str
    active: bool
    created_at: datetime

    @classmethod
    def of(cls, person: Person) -> PersonBody:
        """The body of a person."""
        return cls(
            id=person.id,
            name=person.name,
            display_name=person.display_name,
            active=person.active,
            created_at=person.created_at,
            **cls.told(person.grant),
        )


class PersonChange(BaseModel):
    """What changes of a person; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    display_name: str | None = Field(None, max_length=200)
    roles: _Roles | None = Field(None, max_length=20)
    areas: list[str] | None = Field(
        None,
        max_length=1000,
        description='Ids of areas; `["*"]`: everywhere.',
    )
    clearance: str | None = Field(None, max_length=40)
    active: bool | None = None


class NewPerson(PersonChange):
    """A person to add."""

    name: str = Field(max_length=200, description="What they sign in with.")


class PeopleBody(BaseModel):
    """A page of people."""

    people: list[PersonBody]
    numberMatched: int  # noqa: N815 - the name that OGC API uses
    links: list[Link]


class LinkBody(BaseModel):
    """A link that works once."""

    href: str = Field(description="Hand it to the person; it is shown only now.")
    expires_in_s: float


class KeyBody(GrantBody):
    """A key of another system."""

    id: str
    name: str
    permissions: list[str] = Field(description="What it may do.")
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None = Field(description="Its last request, within a minute.")

    @classmethod
    def of(cls, key: ApiKey) -> KeyBody:
        """The body of a key."""
        return cls(**cls.values(key))

    @classmethod
    def values(cls, key: ApiKey) -> dict[str, Any]:
        """Its values."""
        plain = {name: getattr(key, name) for name in ("id", "name", "created_at", "expires_at", "revoked_at")}
        return plain | {"used_at": key.used_at, "permissions": sorted(key.grant.permissions)} | cls.told(key.grant)


class NewKey(BaseModel):
    """A key to make."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=200, description="What it is for.")
    roles: _Roles = Field(max_length=20)
    permissions: list[str] | None = Field(None, max_length=40, description="Keep only these of its roles.")
    areas: list[str] | None = Field(None, max_length=1000, description="Ids of areas; else all that its maker sees.")
    clearance: str | None = Field(None, max_length=40)
    days: float | None = Field(None, gt=0, description="Days until it ends; else it does not.")


class MadeKey(KeyBody):
    """A key with its secret."""

    secret: str = Field(description="Send it as `Authorization: Bearer ...`; it is shown only now.")


class KeysBody(BaseModel):
    """A page of keys."""

    keys: list[KeyBody]
    numberMatched: int  # noqa: N815 - the name that OGC API uses
    links: list[Link]


class EntryBody(BaseModel):
    """Something that was done."""

    number: int
    at: datetime
    actor_id: str
    actor_name: str
    actor_kind: str
    action: str
    target: str
    address: str
    details: Any
    previous: str = Field(description="Seal of the entry before.")
    hash: str = Field(description="Seal of this one.")

    @classmethod
    def of(cls, link: Sealed) -> EntryBody:
        """The body of an entry."""
        told = {name: getattr(link.entry, name) for name in ("at", "actor_id", "actor_name", "actor_kind", "action")}
        told |= {name: getattr(link.entry, name) for name in ("target", "address", "details")}
        return cls(number=link.number, previous=link.previous, hash=link.hash, **told)


class RecordBody(BaseModel):
    """A page of the record, the latest first."""

    entries: list[EntryBody]
    numberMatched: int  # noqa: N815 - the name that OGC API uses
    links: list[Link]


class CheckBody(BaseModel):
    """Whether the record holds."""

    holds: bool
    entries: int = Field(description="Entries that hold, from the first.")
    hash: str = Field(description="Seal of the last.")
    number: int | None = Field(default=None, description="The first entry that does not hold.")
    fault: str | None = Field(default=None, description="`changed`, `missing`, `reordered`, `cut-off` or `head`.")
    message: str | None = None

    @classmethod
    def of(cls, held: int, head: str, found: Break | None) -> CheckBody:
        """The body of a check."""
        if found is None:
            return cls(holds=True, entries=held, hash=head)
        return cls(holds=False, entries=held, hash=head, number=found.number, fault=found.fault, message=found.message)
