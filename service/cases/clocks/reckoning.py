"""Every clock of a case, from its events alone.

`reckon` is a pure function: the same events, book, calendar and moment give the same clocks. Computed again with a
longer calendar, what was provisional is settled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from service.cases.clocks.calendar import WorkCalendar
from service.cases.clocks.clock import Clock, Moment, State, Step, Stretch
from service.cases.clocks.counting import Counted, Rule, count, end_of, length_words
from service.cases.clocks.history import History, Hit, day_at, facing, merged
from service.cases.clocks.moments import moments_of
from service.cases.clocks.rows import Statute, Term, Whose
from service.cases.clocks.terms import Book
from service.cases.events import KINDS, CaseEvent

_NEVER = 10**9
"""Number of a start that no event is: later than every event of its day."""


@dataclass(frozen=True)
class _Desk:
    """What a case is reckoned with."""

    history: History
    book: Book
    calendar: WorkCalendar
    at: datetime


@dataclass(frozen=True)
class _Start:
    """What one clock starts on: an event, or the end of other terms."""

    hit: Hit | None
    from_at: datetime
    number: int
    steps: tuple[Step, ...]

    def before(self, hit: Hit) -> bool:
        """Whether an event lies after this start, so that it may end the clock."""
        key = self.hit.key if self.hit is not None else (self.from_at.date(), _NEVER)
        return hit.key > key


def reckon(events: Sequence[CaseEvent], book: Book, calendar: WorkCalendar, at: datetime) -> tuple[Clock, ...]:
    """All clocks of a case.

    Args:
        events: The events of the case with their corrections.
        book: The book of terms in use.
        calendar: The working days.
        at: Now; events that happened later are not looked at.

    Returns:
        In the order of the book, and of the start within a term. A term that started twice has two clocks.
    """
    desk = _Desk(History(events, at), book, calendar, at)
    found: list[Clock] = []
    # terms that follow others come after all that they may follow
    for term in sorted(book.terms, key=lambda row: row.follows is not None):
        starts = _by_event(term, desk) if term.starts else _by_terms(term, found, desk)
        for start in starts:
            clock = _clock(term, start, desk) if _applies(term, start, desk) else None
            if clock is not None:
                found.append(clock)
    order = {row.id: n for n, row in enumerate(book.terms)}
    return tuple(sorted(found, key=lambda clock: order[clock.term_id]))


def _by_event(term: Term, desk: _Desk) -> list[_Start]:
    days = [ref.day for ref in term.starts]
    found = []
    for hit in desk.history.hits(term.starts):
        told = facing(hit, days, desk.book)
        found.append(_Start(hit, told.from_at, hit.event.number, told.steps))
    return found


def _by_terms(term: Term, clocks: Sequence[Clock], desk: _Desk) -> list[_Start]:
    """The start of a term that follows others: once all are over, and the last of them ran out."""
    follows = term.follows
    assert follows is not None  # the check of the book allows no row without one or the other
    before = [clock for clock in clocks if clock.term_id in follows.terms]
    used = any(c.state is State.MET for c in before if c.term_id in follows.unless_met)
    # a right that was used too late had run out all the same
    lapsed = [clock for clock in before if clock.state in (State.LAPSED, State.MET_LATE)]
    if used or not lapsed or any(clock.open or clock.state is State.OVERDUE for clock in before):
        return []
    last = max(lapsed, key=lambda clock: clock.due_at)
    step = Step(
        f"{last.title} ended on {last.due_on} ({last.source}).",
        f"“{last.title_zh}”于{last.due_on}届满（{last.source_zh}）。",
    )
    return [_Start(None, last.due_at, desk.history.last_number(last.due_on), (step,))]


def _applies(term: Term, start: _Start, desk: _Desk) -> bool:
    history, number = desk.history, start.number
    return (
        desk.book.in_force(term, start.from_at.date())
        and history.stood(term.when, number)
        and not (term.unless is not None and history.stood(term.unless, number))
    )


def _clock(term: Term, start: _Start, desk: _Desk) -> Clock | None:
    told = _counted(term, start, desk)
    if told is None:
        return None
    counted, pauses = told
    ends = [hit for hit in desk.history.hits(term.ends) if start.before(hit) and _same(term, start, hit)]
    calls = [hit for hit in desk.history.hits(term.cancelled_by) if start.before(hit)]
    state, by = _state(term, counted.due_at, ends[:1], calls[:1])
    if state is State.RUNNING:
        state = _now(term, counted.due_at, pauses, desk.at)
    number = start.hit.event.number if start.hit is not None else None
    steps = (*_began(term, start, desk), *counted.steps, *_planned(term, start, counted), *_ended(state, by, counted))
    clock = Clock(
        key=f"{term.id}#{number if number is not None else 'after'}",
        term_id=term.id,
        title=term.title,
        title_zh=term.title_zh,
        source=desk.book.cite(term.source, "en"),
        source_zh=desk.book.cite(term.source, "zh"),
        whose=term.whose,
        started_by=number,
        started_on=start.from_at.date(),
        started_at=start.from_at,
        due_at=counted.due_at,
        state=state,
        provisional=counted.provisional,
        pauses=pauses,
        steps=steps,
        ended_by=by.event.number if by is not None else None,
        ended_on=by.day if by is not None else None,
        marks=term.marks,
    )
    return replace(clock, moments=_moments(clock, term, desk))


def _same(term: Term, start: _Start, hit: Hit) -> bool:
    """Whether an event is about what the start was about: an objection is answered by its own answer alone."""
    if term.same is None or start.hit is None:
        return True
    return bool(hit.event.facts.get(term.same) == start.hit.event.facts.get(term.same))


def _moments(clock: Clock, term: Term, desk: _Desk) -> tuple[Moment, ...]:
    return moments_of(clock, desk.book.timers, desk.calendar, hours=term.unit == "hours")


def _counted(term: Term, start: _Start, desk: _Desk) -> tuple[Counted, tuple[Stretch, ...]] | None:
    """The end with every extension and pause; None where nobody told how long the term is."""
    if term.until_fact is not None:
        named = start.hit.event.facts.get(term.until_fact) if start.hit is not None else None
        if named is None:
            return None
        due = end_of(day_at(named).date())
        return Counted(due, False, (Step(f"The day named is {named}.", f"写明之日为{named}。"),)), ()
    rule, notes = _rule(term, start, desk)
    if rule is None:
        return None
    stretches = [
        one
        for name in term.pauses
        for one in desk.history.stretches(desk.book.pauses[name], desk.book.cite_both(desk.book.pauses[name].source))
    ]
    pauses = merged(stretches, start.from_at)
    counted = count(start.from_at, rule, pauses, desk.calendar, desk.at)
    for extension in term.extended_by:
        left = extension.at_most
        for event in desk.history.events:
            if event.kind != extension.event or (start.hit is not None and event.number < start.hit.event.number):
                continue
            days = int(event.facts.get(extension.days, 0))
            granted = days if left is None else min(days, left)
            if event.at > counted.due_at:
                granted = 0
            notes.append(_extended(event, days, granted))
            left = None if left is None else left - granted
            rule = rule.longer(granted)
            counted = count(start.from_at, rule, pauses, desk.calendar, desk.at)
    reached = tuple(pause for pause in pauses if pause.since < counted.due_at)
    steps = (*notes, *(_paused(pause) for pause in reached), *counted.steps)
    return replace(counted, steps=steps), reached


def _rule(term: Term, start: _Start, desk: _Desk) -> tuple[Rule | None, list[Step]]:
    amount, notes = term.length, []
    if term.length_from is not None:
        own = start.hit.event if start.hit is not None else None
        kind = term.length_of or (own.kind if own is not None else "")
        told = desk.history.told(kind, term.length_from, start.number)
        amount = None if told is None else int(told)
        if amount is not None and term.at_least is not None and amount < term.at_least:
            notes.append(
                Step(
                    f"{amount} days are named, at least {term.at_least} are asked: these count.",
                    f"写明{amount}日，少于规定的{term.at_least}日，按{term.at_least}日计。",
                )
            )
            amount = term.at_least
    if not amount:
        return None, notes
    statute = desk.book.statute_of(term)
    by_law = term.unit == "by_law"
    days = term.unit in ("by_law", "working_days", "calendar_days")
    source, source_zh = _counting(statute, desk.book)
    rule = Rule(
        amount=amount,
        unit=statute.unit_of(amount) if by_law else term.unit,
        start_counted=statute.start_day_counted,
        rolls_over=statute.rolls_over if term.rolls_over is None else term.rolls_over,
        source=source,
        source_zh=source_zh,
        days_source=f"{statute.title} {statute.days_source}" if days and statute.days_source else "",
        days_source_zh=f"{statute.title_zh} {statute.days_source}" if days and statute.days_source else "",
    )
    return rule, notes


def _state(term: Term, due: datetime, ends: list[Hit], calls: list[Hit]) -> tuple[State, Hit | None]:
    """How the clock ended, and by what; running where nothing ended it."""
    end, call = next(iter(ends), None), next(iter(calls), None)
    if call is not None and (end is None or call.key < end.key):
        # a right that has run out, or a bar that is over, is not taken back by what comes after
        late = call.at > due and term.whose in (Whose.PARTY, Whose.BAR)
        return (State.LAPSED, None) if late else (State.CANCELLED, call)
    if end is None:
        return State.RUNNING, None
    in_time = end.at <= due
    if term.whose is Whose.BAR:
        return (State.BREACHED if in_time else State.LAPSED), end
    if term.whose is Whose.PARTY:
        return (State.MET if in_time else State.LAPSED), end
    return (State.MET if in_time else State.MET_LATE), end


def _now(term: Term, due: datetime, pauses: Sequence[Stretch], at: datetime) -> State:
    if any(pause.until is None or pause.until > at for pause in pauses):
        return State.PAUSED
    if at <= due:
        return State.RUNNING
    return State.LAPSED if term.whose in (Whose.PARTY, Whose.BAR) else State.OVERDUE


# --- sentences ---------------------------------------------------------------------------------------


def _began(term: Term, start: _Start, desk: _Desk) -> list[Step]:
    version = desk.book.version_of(term, start.from_at.date())
    statute = desk.book.statute_of(term)
    law, law_zh = desk.book.cite(term.source, "en"), desk.book.cite(term.source, "zh")
    wording, wording_zh = (
        ("", "")
        if version is None or version.version == "own"
        else (f", version {version.version}", f"，{version.version}年版")
    )
    how, how_zh = _length(term)
    steps = [Step(f"{law}{wording}: {how}.", f"{law_zh}{wording_zh}：{how_zh}。")]
    if term.changed_by:
        steps.append(
            Step(f"Changed by the bureau's own book: {term.changed_by}.", f"本机关期限表另有规定：{term.changed_by}。")
        )
    if start.hit is not None:
        event = start.hit.event
        steps.append(
            Step(
                f"{start.hit.day}: {event.title} (event {event.number}).",
                f"{start.hit.day}：{_title_zh(event)}（第{event.number}号事件）。",
            )
        )
    steps += start.steps
    if term.unit != "hours" and term.until_fact is None:
        day, (source, source_zh) = start.from_at.date(), _counting(statute, desk.book)
        if statute.start_day_counted:
            steps.append(Step(f"{day} is counted, by setting of the bureau.", f"{day}计算在内（本机关设定）。"))
        else:
            steps.append(Step(f"{day} itself is not counted ({source}).", f"{day}当日不计算在内（{source_zh}）。"))
    return steps


def _counting(statute: Statute, book: Book) -> tuple[str, str]:
    """By what the day of the start and rest days at the end are treated so, in English and Chinese."""
    sure = {"reading": (", usual reading", "，通常理解"), "setting": (", by setting", "，按设定")}
    mark, mark_zh = sure.get(statute.counting_mark or "", ("", ""))
    en, zh = book.cite_both(statute.counting_source)
    return f"{en}{mark}", f"{zh}{mark_zh}"


def _length(term: Term) -> tuple[str, str]:
    if term.length is None:
        where = "to the day named" if term.until_fact else "as long as is told"
        return where, "至写明之日" if term.until_fact else "以写明的天数为准"
    if term.unit == "by_law":
        return f"{term.length} days", f"{term.length}日"
    return length_words(term.length, term.unit, "en"), length_words(term.length, term.unit, "zh")


def _planned(term: Term, start: _Start, counted: Counted) -> list[Step]:
    """That the barred act is planned for a day on which it is not yet allowed."""
    day = start.hit.event.facts.get(term.planned) if term.planned and start.hit is not None else None
    if day is None or day_at(day) > counted.due_at:
        return []
    first = counted.due_at.date() + timedelta(days=1)
    return [Step(f"Planned for {day}: too early, not before {first}.", f"拟定于{day}：过早，不得早于{first}。")]


def _ended(state: State, by: Hit | None, counted: Counted) -> list[Step]:
    if by is None:
        return []
    words = {
        State.MET: ("in time", "在期限内"),
        State.MET_LATE: ("after the end", "逾期"),
        State.BREACHED: ("before it was allowed", "期满前实施"),
        State.CANCELLED: ("the term is pointless from then on", "期限不再适用"),
        State.LAPSED: ("after the end", "期满之后"),
    }
    en, zh = words[state]
    if state is State.CANCELLED and by.at > counted.due_at:
        en, zh = f"{en}; it was overdue by then", f"{zh}；其时已逾期"
    event = by.event
    return [
        Step(
            f"{by.day}: {event.title} (event {event.number}), {en}.",
            f"{by.day}：{_title_zh(event)}（第{event.number}号事件），{zh}。",
        )
    ]


def _paused(pause: Stretch) -> Step:
    since, until = (None if m is None else f"{m:%Y-%m-%d}" for m in (pause.since, pause.until))
    if until is None:
        return Step(
            f"Paused since {since}: {pause.why}; the end told is the earliest that it can be.",
            f"自{since}起暂停：{pause.why_zh}；所示期满日为最早可能之日。",
        )
    return Step(f"Paused from {since} to {until}: {pause.why}.", f"{since}至{until}暂停：{pause.why_zh}。")


def _extended(event: CaseEvent, days: int, granted: int) -> Step:
    more = "" if granted == days else f", of which {granted} count"
    more_zh = "" if granted == days else f"，计入{granted}日"
    return Step(
        f"{event.day}: {event.title} by {days} days (event {event.number}){more}.",
        f"{event.day}：{_title_zh(event)}{days}日（第{event.number}号事件）{more_zh}。",
    )


def _title_zh(event: CaseEvent) -> str:
    return KINDS[event.kind].title_zh
