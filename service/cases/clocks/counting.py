"""Counting of days, working days, months, years and hours, each with its sentence.

The day of the start is not counted; a period that ends on a rest day ends on the first day after (民事诉讼法 85). A
period of months or years ends on the same day number, or on the last day of its month. A pause leaves out
its first day and those after it; the day on which it ends counts again.
"""

from __future__ import annotations

import calendar as gregorian
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from geodata.io.dates import BEIJING
from service.cases.clocks.calendar import DayKind, WorkCalendar
from service.cases.clocks.clock import Step, Stretch

_DAY = timedelta(days=1)
_LISTED = 30
"""So many days are listed one by one."""
_UNITS = {
    "working_days": ("working day", "个工作日"),
    "calendar_days": ("calendar day", "日"),
    "hours": ("hour", "小时"),
    "months": ("month", "个月"),
    "years": ("year", "年"),
}


@dataclass(frozen=True)
class Rule:
    """How a term is counted.

    Args:
        amount: How long.
        unit: Its unit, never `by_law`.
        start_counted: Whether the day of the start counts.
        rolls_over: Whether the end moves off a rest day.
        source: The article for the two, in English.
        source_zh: In Chinese.
        days_source: The article that says which days count, in English.
        days_source_zh: In Chinese.
    """

    amount: int
    unit: str
    start_counted: bool
    rolls_over: bool
    source: str
    source_zh: str
    days_source: str = ""
    days_source_zh: str = ""

    def longer(self, days: int) -> Rule:
        """The same, longer."""
        return replace(self, amount=self.amount + days)


@dataclass(frozen=True)
class Counted:
    """The end of a count.

    Args:
        due_at: The last instant.
        provisional: Whether a day was used that no list tells.
        steps: The arithmetic.
    """

    due_at: datetime
    provisional: bool
    steps: tuple[Step, ...]


def end_of(day: date) -> datetime:
    """The last instant of a day in Beijing."""
    return datetime.combine(day, time.max, BEIJING)


def add_months(day: date, months: int) -> date:
    """The same day number so many months on, or the last day of that month.

    >>> str(add_months(date(2025, 8, 31), 6)), str(add_months(date(2024, 2, 29), 12))
    ('2026-02-28', '2025-02-28')
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, gregorian.monthrange(year, month + 1)[1]))


def count(start: datetime, rule: Rule, pauses: Sequence[Stretch], calendar: WorkCalendar, at: datetime) -> Counted:
    """The end of a term.

    Args:
        start: When it starts.
        rule: How it is counted.
        pauses: When it does not run, in order and apart; an open one lasts until now.
        calendar: The working days.
        at: Now.
    """
    if rule.unit == "hours":
        return _hours(start, rule, pauses, at)
    day = start.astimezone(BEIJING).date()
    gaps = [(_day(p.since), _day(p.until or at)) for p in pauses]
    if rule.unit == "working_days":
        due, steps, unsure = _working(day, rule, gaps, calendar)
    else:
        due, steps = _calendar(day, rule, gaps, calendar)
        unsure = False
    if rule.rolls_over and rule.unit != "working_days":
        moved = calendar.next_working_day(due)
        unsure = any(not calendar.is_known(due + _DAY * n) for n in range((moved - due).days + 1))
        if moved != due:
            steps.append(_rolled(due, moved, rule, calendar))
        due = moved
    if unsure:
        steps.append(_provisional(calendar))
    return Counted(end_of(due), unsure, tuple(steps))


def _working(
    start: date, rule: Rule, gaps: Sequence[tuple[date, date]], calendar: WorkCalendar
) -> tuple[date, list[Step], bool]:
    day = start if rule.start_counted else start + _DAY
    counted: list[date] = []
    rested: list[date] = []
    unsure = False
    while True:
        paused = any(since <= day < until for since, until in gaps)
        if not paused:
            unsure = unsure or not calendar.is_known(day)
            (counted if calendar.is_working_day(day) else rested).append(day)
        if len(counted) >= rule.amount:
            break
        day += _DAY
    steps = [Step(_listed(counted, rule, calendar, "en"), _listed(counted, rule, calendar, "zh"))]
    if rested:
        steps.append(Step(_rests(rested, calendar, "en"), _rests(rested, calendar, "zh")))
    return day, steps, unsure


def _listed(days: Sequence[date], rule: Rule, calendar: WorkCalendar, language: str) -> str:
    shown = days if len(days) <= _LISTED else [*days[:2], *days[-2:]]
    words = []
    for n, day in enumerate(shown):
        makeup = calendar.kind(day) is DayKind.MAKEUP_WORKDAY
        year = n == 0 or day.year != shown[n - 1].year
        mark = {"en": " (make-up workday)", "zh": "（调休上班）"}[language] if makeup else ""
        words.append(f"{day:%Y-%m-%d}{mark}" if year else f"{day:%m-%d}{mark}")
    if len(days) > _LISTED:
        words.insert(2, "…")
    amount, source = length_words(rule.amount, rule.unit, language), {"en": rule.days_source, "zh": rule.days_source_zh}
    by = source[language]
    if language == "zh":
        return f"{amount}{f'（{by}）' if by else ''}：{'、'.join(words)}。"
    return f"{amount}{f' ({by})' if by else ''}: {', '.join(words)}."


def _rests(days: Sequence[date], calendar: WorkCalendar, language: str) -> str:
    """Rest days passed over, runs of one name together."""
    runs: list[tuple[date, date, str]] = []
    for day in days:
        name = calendar.name(day, language)
        if runs and runs[-1][1] + _DAY == day and runs[-1][2] == name:
            runs[-1] = (runs[-1][0], day, name)
        else:
            runs.append((day, day, name))
    shown = runs if len(runs) <= _LISTED else runs[:_LISTED]
    words = []
    for first, last, name in shown:
        span = f"{first:%m-%d}" if first == last else f"{first:%m-%d} – {last:%m-%d}"
        words.append(f"{span} {name}".strip())
    more = "" if len(runs) <= _LISTED else " …"
    if language == "zh":
        return f"休息日不计：{'、'.join(words)}{more}。"
    return f"Rest days not counted: {', '.join(words)}{more}."


def _calendar(
    start: date, rule: Rule, gaps: Sequence[tuple[date, date]], calendar: WorkCalendar
) -> tuple[date, list[Step]]:
    base = start - _DAY if rule.start_counted else start
    en, zh = (length_words(rule.amount, rule.unit, language) for language in ("en", "zh"))
    by, by_zh = (f" ({rule.days_source})", f"（{rule.days_source_zh}）") if rule.days_source else ("", "")
    if rule.unit == "calendar_days":
        due = base + _DAY * rule.amount
        steps = [
            Step(
                f"{en}{by}: the first is {base + _DAY}, the last is {due}.",
                f"{zh}{by_zh}：第一日{base + _DAY}，最后一日{due}。",
            )
        ]
    else:
        due = add_months(base, rule.amount * (12 if rule.unit == "years" else 1))
        if due.day == base.day:
            steps = [Step(f"{en}: to the same day of the month, {due}.", f"{zh}：至对应日{due}。")]
        else:
            steps = [
                Step(
                    f"{en}: that month has no day {base.day}, its last day is {due} (from memory: check).",
                    f"{zh}：该月无{base.day}日，至该月最后一日{due}（凭记忆，须核对）。",
                )
            ]
    for since, until in gaps:
        end = calendar.next_working_day(due) if rule.rolls_over else due
        first = max(since, base + _DAY)
        left_out = (until - first).days
        if since > end or left_out <= 0:
            continue
        # what begins between a last day and the working day that it moves to holds that working day
        due = (due if since <= due else end) + _DAY * left_out
        last = until - _DAY
        steps.append(
            Step(
                f"{left_out} days not counted ({first} to {last}): the end moves to {due}.",
                f"扣除{left_out}日（{first}至{last}）：期满日顺延至{due}。",
            )
        )
    return due, steps


def _hours(start: datetime, rule: Rule, pauses: Sequence[Stretch], at: datetime) -> Counted:
    due = start + timedelta(hours=rule.amount)
    en, zh = (length_words(rule.amount, rule.unit, language) for language in ("en", "zh"))
    steps = [
        Step(
            f"{en} from {_moment(start)}, to the instant: {_moment(due)}.",
            f"{zh}，自{_moment(start)}起，至{_moment(due)}。",
        )
    ]
    for pause in pauses:
        lasted = (pause.until or at) - max(pause.since, start)
        if pause.since < due and lasted > timedelta(0):
            due += lasted
            steps.append(
                Step(f"Paused: the end moves to {_moment(due)}.", f"扣除暂停时间：期满时刻顺延至{_moment(due)}。")
            )
    return Counted(due, False, tuple(steps))


def length_words(amount: int, unit: str, language: str) -> str:
    """A length in words.

    >>> length_words(5, "working_days", "en"), length_words(6, "months", "zh")
    ('5 working days', '6个月')
    """
    en, zh = _UNITS[unit]
    return f"{amount}{zh}" if language == "zh" else f"{amount} {en}{'' if amount == 1 else 's'}"


def _rolled(due: date, moved: date, rule: Rule, calendar: WorkCalendar) -> Step:
    name, name_zh = calendar.name(due), calendar.name(due, "zh")
    en = f"{due} is a rest day{f' ({name})' if name else ''}: it ends on the first day after, {moved} ({rule.source})."
    zh = f"{due}为休息日{f'（{name_zh}）' if name_zh else ''}，以其后的第一日{moved}为期满日（{rule.source_zh}）。"
    return Step(en, zh)


def _provisional(calendar: WorkCalendar) -> Step:
    until = calendar.known_until
    return Step(
        f"Provisional: holidays are known to {until} only, beyond it weekends are assumed; "
        "it is computed again when the list arrives.",
        f"暂定：节假日安排仅公布至{until}，其后按周末推算，安排公布后重新计算。",
    )


def _day(moment: datetime) -> date:
    return moment.astimezone(BEIJING).date()


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M}"
