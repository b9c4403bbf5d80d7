"""What decides between the ways of one event: conditions on what it tells. They are no guards: none of them refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from service.cases.events import FLOWS, CaseEvent
from service.cases.workflow.standing import Options, Standing, overturns

Condition = Callable[[Standing, CaseEvent, Options], bool]


def suffices(standing: Standing, event: CaseEvent, options: Options) -> bool:
    """Whether a proof shows, surely enough, the end that the decision orders (without one: any lawful end)."""
    wanted = {"gone", "corrected"}
    if standing.outcome == "demolished":
        wanted = {"gone"}
    elif standing.outcome == "partly_demolished":
        wanted = {"gone", "partly_gone"}
    return event.facts["seen"] in wanted and event.facts["confidence"] >= options.least_confidence


def falls_short(standing: Standing, event: CaseEvent, options: Options) -> bool:
    """Whether a proof shows, surely enough, that the end was not reached: covered, refilled, in part, not at all."""
    return not suffices(standing, event, options) and event.facts["confidence"] >= options.least_confidence


def _flow(name: str) -> Condition:
    return lambda _, event, __: event.facts["flow"] == name


def _last(name: str) -> Condition:
    def completes(standing: Standing, event: CaseEvent, options: Options) -> bool:
        levels = options.levels.get(name, ())
        return event.facts["flow"] == name and len(standing.granted(name)) + 1 >= len(levels)

    return completes


def _outcome(*names: str) -> Condition:
    return lambda _, event, __: event.facts["outcome"] in names


def _fine_alone(standing: Standing, event: CaseEvent, _: Options) -> bool:
    return bool(event.facts["outcome"] == "fined" == standing.outcome)


CONDITIONS: Mapping[str, Condition] = MappingProxyType(
    {
        **{flow: _flow(flow) for flow in FLOWS},
        **{f"{flow}_last": _last(flow) for flow in FLOWS},
        "accepted": lambda _, event, __: bool(event.facts["accepted"]),
        "overturns": lambda _, event, __: overturns(event),
        "final": lambda _, event, __: bool(event.facts["final"]),
        "own_will": lambda _, event, __: event.facts["by_whom"] in ("self", "assisted"),
        "suffices": suffices,
        "falls_short": falls_short,
        "end_proved": _outcome("corrected", "demolished", "partly_demolished"),
        "confiscated": _outcome("confiscated"),
        "fine_alone": _fine_alone,
        "no_penalty": _outcome("no_penalty"),
        "not_filed": _outcome("not_filed"),
        "transferred": _outcome("transferred"),
        "withdrawn": _outcome("withdrawn"),
        "terminated": _outcome("terminated"),
    }
)
"""Every condition of the table by name."""
