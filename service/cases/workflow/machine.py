"""What may happen to a case next: the table and the guards, asked before an event is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from geodata.io.dates import BEIJING
from service.cases.errors import CaseMoveError, CaseRightError, CaseTimeError
from service.cases.events import KINDS, CaseEvent
from service.cases.workflow.context import Context, Guard, No
from service.cases.workflow.guards import GUARDS
from service.cases.workflow.regions import PROCEDURE, REGIONS
from service.cases.workflow.replay import after, way_of
from service.cases.workflow.standing import Standing
from service.cases.workflow.table import RULES, WHO

CLOCKS_DIFFER = timedelta(minutes=5)
_HISTORY = 12


@dataclass(frozen=True)
class Refusal:
    """Why an event may not follow.

    Args:
        guard: Which guard refuses.
        articles: On which it rests.
        no: What it says.
    """

    guard: Guard
    articles: tuple[str, ...]
    no: No


def judge(standing: Standing, event: CaseEvent, context: Context) -> Standing:
    """Let an event follow, or refuse it.

    Args:
        standing: Where the case stands.
        event: What shall follow; its facts are checked (`facts.check_facts`).
        context: Who tells it, and what is known at its time.

    Returns:
        Where the case stands behind it.

    Raises:
        CaseRightError: If the actor may not tell it.
        CaseTimeError: If it lies in the future, or before what it follows.
        CaseMoveError: If the table or a guard refuses it: with the article and the history of the case.
    """
    check_actor(event, context)
    _check_time(standing, event, context)
    if way_of(standing, event, context.options) is None:
        raise _no_way(standing, event)
    refused = refusals(standing, event, context)
    if refused:
        raise _refused(standing, event, refused)
    return after(standing, event, context.options)


def check_actor(event: CaseEvent, context: Context) -> None:
    """See that the actor may tell an event.

    Raises:
        CaseRightError: If others tell it.
    """
    rule = RULES[event.kind]
    if not context.actor.powers.intersection(rule.who):
        names = ", ".join(WHO[one][0] for one in rule.who)
        raise CaseRightError(
            f"{event.title} is told by: {names}.", remedy="Ask one of them.", event=event.kind, who=list(rule.who)
        )


def refusals(standing: Standing, event: CaseEvent, context: Context, *, known_only: bool = False) -> Sequence[Refusal]:
    """All guards that refuse an event, in the order of the table.

    Args:
        standing: Where the case stands.
        event: The event.
        context: Who tells it, and what is known at its time.
        known_only: Leave out guards that ask for facts which the event does not tell yet.
    """
    found = []
    for guard in (GUARDS[name] for name in RULES[event.kind].guards):
        if known_only and not set(guard.asks) <= set(event.facts):
            continue
        no = guard.check(standing, event, context)
        if no is not None:
            articles = tuple(one.strip() for one in guard.article.split(";")) if guard.article else ()
            found.append(Refusal(guard, articles, no))
    return found


def following(standing: Standing, context: Context) -> Sequence[str]:
    """Kinds of events that the table lets follow for the actor, guards apart: what a form can offer."""
    found = []
    for kind, rule in RULES.items():
        may = bool(context.actor.powers.intersection(rule.who))
        there = any(all(standing.regions[r] in states for r, states in way.at.items()) for way in rule.ways)
        if may and there:
            found.append(kind)
    return found


def history(standing: Standing) -> list[dict[str, object]]:
    """The last events in short, for a refusal."""
    return [
        {
            "number": event.number,
            "event": event.kind,
            "title_zh": KINDS[event.kind].title_zh,
            "at": event.at.isoformat(),
        }
        for event in standing.events[-_HISTORY:]
    ]


def _check_time(standing: Standing, event: CaseEvent, context: Context) -> None:
    title_zh = KINDS[event.kind].title_zh
    if event.at > context.now + CLOCKS_DIFFER:
        raise CaseTimeError(
            f"{event.title} is told for {event.at.isoformat()}, which is still to come.",
            remedy="Tell it when it has happened.",
            messages_zh=[f"“{title_zh}”的时间{_minute(event.at)}（北京时间）尚未到来，请在办理之后填报。"],
        )
    before = _moved_last(standing)
    if _moves(standing, event, context) and before is not None and event.at < before.at:
        raise CaseTimeError(
            f"{event.title} is told for {event.at.isoformat()}, before {KINDS[before.kind].title} "
            f"({before.at.isoformat()}), which it follows.",
            remedy="Correct the time of the one or the other.",
            messages_zh=[
                f"“{title_zh}”的时间{_minute(event.at)}早于其所依据的“{KINDS[before.kind].title_zh}”"
                f"（{_minute(before.at)}，北京时间），请更正其一。"
            ],
        )


def _minute(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def _moves(standing: Standing, event: CaseEvent, context: Context) -> bool:
    way = way_of(standing, event, context.options)
    return way is not None and PROCEDURE in way.to


def _moved_last(standing: Standing) -> CaseEvent | None:
    number = standing.entered.get(PROCEDURE)
    return next((event for event in standing.events if event.number == number), None)


def _no_way(standing: Standing, event: CaseEvent) -> CaseMoveError:
    rule = RULES[event.kind]
    unmet = [
        [(region, states) for region, states in way.at.items() if standing.regions[region] not in states]
        for way in rule.ways
    ]
    nearest = min(unmet, key=len)
    region = nearest[0][0] if nearest else PROCEDURE
    there, there_zh = REGIONS[region][standing.regions[region]]
    basis = f" ({'; '.join(rule.articles)})" if rule.articles else ""
    ways = dict.fromkeys(" and ".join(_where(*one) for one in way) for way in unmet if way)
    ways_zh = dict.fromkeys("且".join(_where_zh(*one) for one in way) for way in unmet if way)
    remedy = f"It follows where {'; or where '.join(ways)}." if nearest else "What it tells fits no way from here."
    remedy_zh = f"须待案件{'，或'.join(ways_zh)}时办理。" if nearest else "所填内容与案件当前状态不符，请核对。"
    return CaseMoveError(
        f"{event.title} cannot follow: {region} is “{there}” ({there_zh}){basis}.",
        remedy=remedy,
        event=event.kind,
        region=region,
        state=standing.regions[region],
        articles=list(rule.articles),
        messages_zh=[f"案件当前为“{there_zh}”，不能办理“{KINDS[event.kind].title_zh}”。"],
        remedy_zh=remedy_zh,
        history=history(standing),
    )


def _where(region: str, states: Sequence[str]) -> str:
    return f"{region} is {' or '.join(REGIONS[region][state][0] for state in states)}"


def _where_zh(region: str, states: Sequence[str]) -> str:
    return f"处于{'或'.join(f'“{REGIONS[region][state][1]}”' for state in states)}"


def _refused(standing: Standing, event: CaseEvent, refused: Sequence[Refusal]) -> CaseMoveError:
    first = refused[0]
    basis = "; ".join(dict.fromkeys(article for one in refused for article in one.articles))
    said = " ".join(one.no.message for one in refused)
    return CaseMoveError(
        f"{event.title} is refused{f' ({basis})' if basis else ''}: {said}",
        remedy=first.no.remedy,
        event=event.kind,
        guards=[one.guard.name for one in refused],
        articles=[article for one in refused for article in one.articles],
        messages_zh=[one.no.message_zh for one in refused],
        history=history(standing),
    )


def corrected(standing: Standing, event: CaseEvent) -> CaseEvent:
    """The event that a correction means, as it stands.

    Raises:
        CaseMoveError: If there is none of that number, or it is itself a correction.
    """
    known = {one.number: one for one in standing.events}
    if event.corrects not in known:
        raise CaseMoveError(
            f"There is no event {event.corrects} to correct.",
            remedy="Name the number of an event of this case that is no correction.",
            history=history(standing),
        )
    return replace(known[event.corrects])
