"""How long the next attempt to sign in has to wait."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Failures:
    """Failed attempts of a subject.

    Args:
        count: How many in a row.
        last_at: The last of them.
    """

    count: int
    last_at: datetime


@dataclass(frozen=True)
class Patience:
    """A wait that doubles with every failure.

    Args:
        free: So many failures cost nothing.
        first_s: The first wait, s.
        longest_s: The longest, s.
        forget_s: After so long without another they are forgotten, s.
    """

    free: int
    first_s: float = 1.0
    longest_s: float = 900.0
    forget_s: float = 24 * 3600.0

    def wait_s(self, failures: Failures | None, now: datetime) -> float:
        """Seconds until the next attempt is looked at, 0 where it may be made now."""
        if failures is None or failures.count <= self.free or self.forgets(failures, now):
            return 0.0
        doublings = min(failures.count - self.free - 1, 60)
        until = failures.last_at + timedelta(seconds=min(self.first_s * 2**doublings, self.longest_s))
        return max(0.0, (until - now).total_seconds())

    def forgets(self, failures: Failures, now: datetime) -> bool:
        """Whether failures lie so far back that they count no more."""
        return (now - failures.last_at).total_seconds() > self.forget_s


BOTH = Patience(free=4)
"""One name from one address: somebody who has forgotten a password, or guesses one."""
ADDRESS = Patience(free=30)
"""One address, all names: one password tried on many. An office may share an address."""
NAME = Patience(free=20, longest_s=60.0)
"""One name, all addresses: guessed from many. Short, for it keeps the real person out too."""


def subjects(name: str, address: str) -> dict[str, Patience]:
    """What an attempt is counted under, and how patiently."""
    person, place = name.strip().casefold()[:120], network(address)
    return {f"both:{place}:{person}": BOTH, f"address:{place}": ADDRESS, f"name:{person}": NAME}


def network(address: str) -> str:
    """What one sender has: an IPv4 address, or the 2^64 addresses of an IPv6 network."""
    try:
        told = ipaddress.ip_address(address)
    except ValueError:
        return address[:60]
    if isinstance(told, ipaddress.IPv6Address):
        mapped = told.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((told, 64), strict=False))
    return str(told)
