"""Roles and what each may do, as one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from geodata.errors import OptionError


class Permission(StrEnum):
    """What somebody may do."""

    READ = "read"
    """See scenes, layers, findings, structures, coverage, rulebooks and models."""
    EXPORT = "export"
    """Take them away as files."""
    JUDGE = "judge"
    """Say whether a finding is right; answer recall audits; with `cases`, tell what officers tell."""
    UPLOAD = "upload"
    """Store scenes."""
    LAYERS = "layers"
    """Store layers."""
    SCAN = "scan"
    """Order and stop scans."""
    RULES = "rules"
    """Put rulebooks and models to use."""
    PERSONAL = "personal"
    """See names and telephone numbers in the clear; every look is recorded."""
    LEADS = "leads"
    """Record and triage leads: reports of patrols, the hotline and others."""
    CASES = "cases"
    """Take part in cases: open them, tell what happened, as far as one's other permissions go."""
    LEGAL = "legal"
    """Review cases (法制审核)."""
    APPROVE = "approve"
    """Approve filing, decision and closing."""
    PEOPLE = "people"
    """Add people, give roles, end access."""
    KEYS = "keys"
    """Make and revoke keys of other systems."""
    AUDIT = "audit"
    """Read the record of what was done."""
    METRICS = "metrics"
    """Read the metrics of the service."""


class Role(StrEnum):
    """What somebody is in the bureau."""

    READER = "reader"
    ANALYST = "analyst"
    OFFICER = "officer"
    LEGAL_REVIEWER = "legal_reviewer"
    CHIEF = "chief"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    MONITOR = "monitor"


_P = Permission
RIGHTS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.READER: frozenset({_P.READ}),
        Role.ANALYST: frozenset({_P.READ, _P.EXPORT, _P.UPLOAD, _P.LAYERS, _P.SCAN, _P.LEADS}),
        Role.OFFICER: frozenset({_P.READ, _P.EXPORT, _P.JUDGE, _P.PERSONAL, _P.LEADS, _P.CASES}),
        Role.LEGAL_REVIEWER: frozenset({_P.READ, _P.EXPORT, _P.PERSONAL, _P.CASES, _P.LEGAL}),
        Role.CHIEF: frozenset(
            {_P.READ, _P.EXPORT, _P.JUDGE, _P.SCAN, _P.PERSONAL, _P.RULES, _P.LEADS, _P.CASES, _P.APPROVE}
        ),
        # whoever reads the record, or gives rights, does not judge: three powers, three people
        Role.AUDITOR: frozenset({_P.READ, _P.AUDIT}),
        # leads, so that the key of a hotline's system can be made; to judge a lead takes more
        Role.ADMINISTRATOR: frozenset(
            {_P.READ, _P.EXPORT, _P.UPLOAD, _P.LAYERS, _P.SCAN, _P.RULES, _P.PEOPLE, _P.KEYS, _P.METRICS, _P.LEADS}
        ),
        # a machine that asks every few seconds, whose key lies in a file of another system: it sees nothing else
        Role.MONITOR: frozenset({_P.METRICS}),
    }
)
ROLE_NAMES_ZH: Mapping[Role, str] = MappingProxyType(
    {
        Role.READER: "查阅人员",
        Role.ANALYST: "分析人员",
        Role.OFFICER: "执法人员",
        Role.LEGAL_REVIEWER: "法制审核人员",
        Role.CHIEF: "负责人",
        Role.AUDITOR: "审计人员",
        Role.ADMINISTRATOR: "系统管理员",
        Role.MONITOR: "监控系统",
    }
)


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """All that somebody of several roles may do."""
    return frozenset().union(*(RIGHTS[role] for role in roles))


def parse_roles(names: Iterable[str]) -> frozenset[Role]:
    """Roles by name.

    Raises:
        OptionError: If there is no such role, or none is named.
    """
    found = set()
    for name in names:
        if name not in [role.value for role in Role]:
            raise OptionError(f"There is no role {name[:40]!r}.", remedy=f"Known: {', '.join(Role)}.")
        found.add(Role(name))
    if not found:
        raise OptionError("No role is named.", remedy=f"Name at least one of {', '.join(Role)}.")
    return frozenset(found)


def parse_permissions(names: Iterable[str]) -> frozenset[Permission]:
    """Permissions by name.

    Raises:
        OptionError: If there is no such permission.
    """
    found = set()
    for name in names:
        if name not in [permission.value for permission in Permission]:
            raise OptionError(f"There is no permission {name[:40]!r}.", remedy=f"Known: {', '.join(Permission)}.")
        found.add(Permission(name))
    return frozenset(found)
