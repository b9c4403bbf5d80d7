"""From the events of a case to where it stands: the table of moves, applied one event after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

from service.cases.events import CaseEvent, effective
from service.cases.workflow.conditions import CONDITIONS
from service.cases.workflow.regions import ACTIVE, PROCEDURE
from service.cases.workflow.standing import Options, Standing
from service.cases.workflow.table import BACK, RULES, Way


def stand(events: Sequence[CaseEvent], options: Options) -> Standing:
    """Where a case stands after its events.

    What was recorded is not judged again here: `machine` judges an event before it is recorded.

    Args:
        events: All events in the order of their numbers, corrections included.
        options: What the bureau decided of the procedure.
    """
    standing = Standing(events[0].case_id if events else "")
    for event in effective(events):
        standing = after(standing, event, options)
    return replace(standing, number=events[-1].number if events else 0)


def after(standing: Standing, event: CaseEvent, options: Options) -> Standing:
    """Where a case stands after one more event; one that fits nowhere moves nothing and is noted as stray."""
    way = way_of(standing, event, options)
    regions, origin, entered = dict(standing.regions), standing.origin, dict(standing.entered)
    for region, goes in (way.to if way is not None else {}).items():
        target = standing.origin if goes == BACK else goes
        if region == PROCEDURE and regions[region] in ACTIVE and target not in ACTIVE:
            origin = regions[region]
        if target != regions[region]:
            entered[region] = event.number
        regions[region] = target
    return Standing(
        case_id=event.case_id,
        number=event.number,
        regions=MappingProxyType(regions),
        origin=origin,
        events=(*standing.events, event),
        entered=MappingProxyType(entered),
        stray=standing.stray if way is not None else (*standing.stray, event),
    )


def way_of(standing: Standing, event: CaseEvent, options: Options) -> Way | None:
    """The first way of the table that an event can go from here; None where there is none."""
    for way in RULES[event.kind].ways:
        there = all(standing.regions[region] in states for region, states in way.at.items())
        if there and (way.when is None or CONDITIONS[way.when](standing, event, options)):
            return way
    return None
