"""Whether the service can work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.watching.conditions import DISK_FULL, RUNNER, STORE, Condition

_NAMES = {"store": (STORE, "answers"), "runner": (RUNNER, "takes jobs"), "disk": (DISK_FULL, "has space")}


@dataclass(frozen=True)
class Check:
    """One thing that must be well."""

    name: str
    good: bool
    detail: str


@dataclass(frozen=True)
class Readiness:
    """Whether the service can work.

    Args:
        checks: What must be well for that.
        warnings: What else is not well.
    """

    checks: Sequence[Check]
    warnings: Sequence[Condition]

    @property
    def ready(self) -> bool:
        """Whether everything that must be well is."""
        return all(check.good for check in self.checks)


def readiness(told: Sequence[Condition]) -> Readiness:
    """What conditions mean for the work: the store answers, the runner takes jobs, the disk has space."""
    found = {one.code: one for one in told}
    checks = [
        Check(name, code not in found, found[code].title if code in found else good)
        for name, (code, good) in _NAMES.items()
    ]
    return Readiness(checks, [one for one in told if not one.blocking])
