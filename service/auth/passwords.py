"""Passwords: argon2id, made anew when its cost changes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from service.errors import PasswordError

MIN_LENGTH = 12
MAX_LENGTH = 256


@dataclass(frozen=True)
class Cost:
    """What a guess costs (OWASP's least for argon2id is 19 MiB, two passes).

    Args:
        passes: Passes over the memory.
        memory_kib: Memory, KiB.
        lanes: Threads.
    """

    passes: int = 3
    memory_kib: int = 65_536
    lanes: int = 1


def check_password(password: str, name: str) -> None:
    """See that a password is worth hashing.

    Raises:
        PasswordError: If it is short, over-long, of few characters, or holds the name.
    """
    length = len(password)
    if not MIN_LENGTH <= length <= MAX_LENGTH:
        raise PasswordError(
            f"The password has {length} characters.",
            remedy=f"Choose {MIN_LENGTH} to {MAX_LENGTH}: a sentence is easy to keep in mind.",
            length=length,
        )
    if len(set(password)) < 5:
        raise PasswordError(
            f"The password has {len(set(password))} different characters.", remedy="Choose at least 5 different ones."
        )
    if len(name) >= 4 and name.lower() in password.lower():
        raise PasswordError("The password holds the name.", remedy="Choose one that does not.")


def hash_password(password: str, cost: Cost) -> str:
    """The text to store in place of a password: salt, cost and hash."""
    return _hasher(cost).hash(password)


def verify_password(stored: str | None, password: str, cost: Cost) -> tuple[bool, str | None]:
    """Whether a password is the one that was stored.

    Without a stored one the same work is done, so that the time tells nobody which names there are.

    Returns:
        Whether it is right, and the text to store instead where the cost has changed since.
    """
    hasher = _hasher(cost)
    try:
        hasher.verify(stored or _nobodys(cost), password)
    except (VerificationError, InvalidHashError):
        return False, None
    if stored is None:
        return False, None
    return True, hasher.hash(password) if hasher.check_needs_rehash(stored) else None


def _hasher(cost: Cost) -> PasswordHasher:
    return PasswordHasher(cost.passes, cost.memory_kib, cost.lanes, type=Type.ID)


@lru_cache(maxsize=4)
def _nobodys(cost: Cost) -> str:
    return _hasher(cost).hash("the password of nobody")
