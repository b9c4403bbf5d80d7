"""Who asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from geodata.errors import OptionError
from service.auth.roles import Permission, Role, permissions_of

CallerKind = Literal["person", "key", "local"]


class Clearance(IntEnum):
    """The highest grade of secrecy (密级) that somebody may see: each includes those below it."""

    PUBLIC = 0
    INTERNAL = 1
    SECRET = 2

    @property
    def word(self) -> str:
        """Its name in lower case, as it is stored and sent."""
        return self.name.lower()


def parse_clearance(word: str) -> Clearance:
    """A grade by its name.

    Raises:
        OptionError: If there is no such grade.
    """
    if word.upper() not in Clearance.__members__:
        known = ", ".join(grade.word for grade in Clearance)
        raise OptionError(f"There is no grade of secrecy {word[:40]!r}.", remedy=f"Known: {known}.")
    return Clearance[word.upper()]


@dataclass(frozen=True)
class Caller:
    """Whoever sends a request or gives a command, with all that decides what they get.

    Args:
        id: Id of the person or the key; `local` for the command line.
        name: For people: shown and recorded.
        kind: A person, another system by its key, or the operator of the data folder.
        roles: What they are.
        scope: Ids of the areas that they work in, None for everywhere.
        clearance: The highest grade of secrecy that they may see.
        permissions: What they may do.
        owner_id: Of a key: the person who made it.
    """

    id: str
    name: str
    kind: CallerKind
    roles: frozenset[Role]
    scope: frozenset[str] | None
    clearance: Clearance
    permissions: frozenset[Permission]
    owner_id: str | None = None

    @classmethod
    def local(cls) -> Caller:
        """Whoever has the data folder itself has everything in it."""
        return cls("local", "local operator", "local", frozenset(Role), None, Clearance.SECRET, frozenset(Permission))

    def may(self, permission: Permission) -> bool:
        """Whether they may do something."""
        return permission in self.permissions


@dataclass(frozen=True)
class Grant:
    """Rights as they are given to a person or a key.

    Args:
        roles: Roles.
        areas: Ids of areas, None for everywhere.
        clearance: Highest grade of secrecy.
        only: The permissions that are kept of those of the roles; None: all.
    """

    roles: frozenset[Role]
    areas: frozenset[str] | None = None
    clearance: Clearance = Clearance.INTERNAL
    only: frozenset[Permission] | None = None

    @property
    def permissions(self) -> frozenset[Permission]:
        """What it allows."""
        allowed = permissions_of(self.roles)
        return allowed if self.only is None else allowed & self.only

    def seen_by(self, giver: Caller) -> bool:
        """Whether it lets nobody see what its giver does not see."""
        areas = giver.scope is None or (self.areas is not None and self.areas <= giver.scope)
        return areas and self.clearance <= giver.clearance

    def within(self, giver: Caller) -> bool:
        """Whether it gives nothing that its giver does not have."""
        return self.seen_by(giver) and self.permissions <= giver.permissions

    def narrowed(self, other: Grant) -> Grant:
        """What both allow."""
        both = self.permissions & other.permissions
        roles = self.roles | other.roles
        return Grant(roles, _both(self.areas, other.areas), min(self.clearance, other.clearance), both)


def _both(one: frozenset[str] | None, two: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or two is None:
        return two if one is None else one
    return one & two


def caller(kind: CallerKind, who: str, name: str, grant: Grant, roles: Iterable[Role] | None = None) -> Caller:
    """Somebody with rights that were given."""
    told = frozenset(grant.roles if roles is None else roles)
    return Caller(who, name, kind, told, grant.areas, grant.clearance, grant.permissions)
