"""Every guard by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from service.cases.workflow import guards_enforcement, guards_people, guards_procedure
from service.cases.workflow.context import Guard

GUARDS: Mapping[str, Guard] = MappingProxyType(
    {guard.name: guard for guard in (*guards_people.GUARDS, *guards_procedure.GUARDS, *guards_enforcement.GUARDS)}
)
