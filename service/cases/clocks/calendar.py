"""Which days are working days in China: the published lists, and a bureau's own table on top.

The lists of holidays and make-up workdays (调休) that the State Council publishes year by year are those of
`chinesecalendar`. A table of overrides corrects them, or brings the next year before a new version of that package
does:

```yaml
known_until: 2027-12-31       # this table and the lists before it tell every exception up to this day
days:
  - {day: 2027-01-01, kind: holiday, source: "the notice it stands in", note: New Year}
  - {day: 2027-01-09, kind: workday, source: "the notice it stands in"}
```

Beyond the last day known, weekends are assumed; whatever rests on such a day is provisional.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import chinese_calendar

from geodata.yaml_lines import read_yaml
from service.cases.errors import WorkCalendarError

_DAY = timedelta(days=1)
_REMEDY = "Write it as described in docs/clocks.md."


class DayKind(StrEnum):
    """What a day is."""

    WORKDAY = "workday"
    MAKEUP_WORKDAY = "makeup_workday"
    """A day of a weekend worked in exchange for a holiday (调休)."""
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    """A day that the published list gives as part of a statutory holiday."""


@dataclass(frozen=True)
class Override:
    """A day that is other than the published list says.

    Args:
        day: The day.
        kind: `holiday` or `workday`.
        source: Where that is told.
        note: In words.
    """

    day: date
    kind: str
    source: str
    note: str = ""


@dataclass(frozen=True)
class WorkCalendar:
    """The working days of China.

    Args:
        overrides: Days of a bureau's own table.
        own_known_until: Last day for which that table tells every exception; None: it says nothing of that.
    """

    overrides: Mapping[date, Override] = field(default_factory=lambda: MappingProxyType({}))
    own_known_until: date | None = None

    @property
    def known_from(self) -> date:
        """First day of the published lists."""
        return _span()[0]

    @property
    def known_until(self) -> date:
        """Last day for which holidays and make-up workdays are known."""
        last = _span()[1]
        return max(last, self.own_known_until or last)

    @property
    def version(self) -> str:
        """Names the lists for ever: the last day known, and a checksum of every exception."""
        told = [f"{day} {name}" for day, name in sorted(_published().items())]
        told += [f"{day} worked" for day in sorted(chinese_calendar.constants.workdays)]
        told += [f"{day} {self.overrides[day].kind}" for day in sorted(self.overrides)]
        return f"{self.known_until}+{hashlib.sha256('; '.join(told).encode()).hexdigest()[:8]}"

    def is_known(self, day: date) -> bool:
        """Whether a list tells what this day is; otherwise weekends are assumed."""
        return day in self.overrides or self.known_from <= day <= self.known_until

    def kind(self, day: date) -> DayKind:
        """What a day is."""
        weekend = day.weekday() >= 5
        own = self.overrides.get(day)
        if own is not None:
            if own.kind == "holiday":
                return DayKind.HOLIDAY
            return DayKind.MAKEUP_WORKDAY if weekend else DayKind.WORKDAY
        if day in _published():
            return DayKind.HOLIDAY
        if day in chinese_calendar.constants.workdays:
            return DayKind.MAKEUP_WORKDAY
        return DayKind.WEEKEND if weekend else DayKind.WORKDAY

    def is_working_day(self, day: date) -> bool:
        """Whether people work on that day: a weekday that is no holiday, or a make-up workday."""
        return self.kind(day) in (DayKind.WORKDAY, DayKind.MAKEUP_WORKDAY)

    def is_rest_day(self, day: date) -> bool:
        """Whether it is a holiday or a weekend that is not worked (法定休息日, 民事诉讼法 85)."""
        return not self.is_working_day(day)

    def is_statutory_holiday(self, day: date) -> bool:
        """Whether enforcement is barred on that day (法定节假日, 行政强制法 43).

        Our reading: every day of a published holiday, those taken in exchange for a make-up workday and the weekend
        within it too; a weekend alone is none. Ask `is_known` beside it: of a day beyond the lists nobody knows.
        """
        return self.kind(day) is DayKind.HOLIDAY

    def name(self, day: date, language: str = "en") -> str:
        """What a holiday is called; empty for other days and where no list names it."""
        own = self.overrides.get(day)
        if own is not None:
            return own.note if own.kind == "holiday" else ""
        english = _published().get(day, "")
        return chinese_calendar.Holiday(english).chinese if english and language == "zh" else english

    def next_working_day(self, day: date) -> date:
        """The day itself if it is worked, else the first one after it that is."""
        while not self.is_working_day(day):
            day += _DAY
        return day

    def add_working_days(self, day: date, amount: int) -> date:
        """The last of so many working days, the first being the first one after the day; backwards if negative.

        >>> str(WorkCalendar().add_working_days(date(2025, 9, 30), 5))
        '2025-10-14'
        """
        step = _DAY if amount >= 0 else -_DAY
        left = abs(amount)
        while left:
            day += step
            left -= self.is_working_day(day)
        return day

    def with_file(self, file: Path) -> WorkCalendar:
        """This calendar with the table of a file on top.

        Raises:
            WorkCalendarError: If the file cannot be read or used.
        """
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise WorkCalendarError(f"The table {file.name} cannot be read: {error}.", remedy=_REMEDY) from error
        return self.with_table(text, file.name)

    def with_table(self, text: str, what: str = "table of holidays") -> WorkCalendar:
        """This calendar with a bureau's own table on top.

        Args:
            text: The YAML of the table.
            what: Its name for messages.

        Raises:
            WorkCalendarError: If the table cannot be used, with every fault.
        """
        known, days = _table(text, what)
        until = max((d for d in (known, self.own_known_until) if d is not None), default=None)
        return WorkCalendar(MappingProxyType({**self.overrides, **days}), until)


@cache
def _span() -> tuple[date, date]:
    """First and last day of the published lists."""
    years = [day.year for day in _published()]
    return date(min(years), 1, 1), date(max(years), 12, 31)


def _published() -> Mapping[date, str]:
    return chinese_calendar.constants.holidays  # type: ignore[no-any-return]


def _table(text: str, what: str) -> tuple[date | None, dict[date, Override]]:
    try:
        lines, raw = read_yaml(text)
    except ValueError as error:
        raise WorkCalendarError(f"The {what} cannot be used: {error}.", remedy=_REMEDY) from error
    if not isinstance(raw, dict) or set(raw) - {"known_until", "days"}:
        raise WorkCalendarError(f"The {what} must hold known_until and days, nothing else.", remedy=_REMEDY)
    known, rows = raw.get("known_until"), raw.get("days") or []
    faults = [] if known is None or _is_day(known) else [f"known_until: {known!r} is no day"]
    if not isinstance(rows, list):
        faults, rows = [*faults, "days: a list is wanted"], []
    days: dict[date, Override] = {}
    for number, row in enumerate(rows):
        fault = _fault(row, days)
        if fault:
            faults.append(f"line {lines.at(('days', number))}: {fault}")
        else:
            days[row["day"]] = Override(row["day"], row["kind"], row["source"], row.get("note", ""))
    if faults:
        raise WorkCalendarError(f"The {what} cannot be used: {'; '.join(faults)}.", remedy=_REMEDY, faults=faults)
    return known, days


def _fault(row: Any, before: Mapping[date, Override]) -> str:
    """What is wrong with a row; empty: nothing."""
    if not isinstance(row, dict):
        return "it must hold day, kind, source and perhaps note"
    if set(row) - {"day", "kind", "source", "note"}:
        return f"unknown: {', '.join(sorted(str(k) for k in set(row) - {'day', 'kind', 'source', 'note'}))}"
    day, kind = row.get("day"), row.get("kind")
    if not _is_day(day):
        return f"{day!r} is no day; write YYYY-MM-DD"
    if day in before:
        return f"{day} stands there twice"
    if kind not in ("holiday", "workday"):
        return f"{day}: kind is holiday or workday, not {kind!r}"
    if not isinstance(row.get("source"), str) or not row["source"].strip():
        return f"{day}: say in source where that is told"
    if not isinstance(row.get("note", ""), str):
        return f"{day}: note is no text"
    return ""


def _is_day(value: Any) -> bool:
    return type(value) is date
