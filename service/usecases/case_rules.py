"""What the bureau has set for its cases: the switches of the procedure, the book of terms, the calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from geodata.errors import MissingFileError
from service.case_settings import Cases
from service.cases.clocks.book import load_book
from service.cases.clocks.calendar import WorkCalendar
from service.cases.clocks.clock import Clock
from service.cases.clocks.reckoning import reckon
from service.cases.clocks.terms import Book
from service.cases.events import CaseEvent
from service.cases.workflow.standing import Options
from service.services import Services


@dataclass(frozen=True)
class CaseRules:
    """What holds for the cases of a bureau.

    Args:
        options: The switches of the procedure.
        book: The book of terms in use.
        calendar: Working days and holidays.
    """

    options: Options
    book: Book
    calendar: WorkCalendar

    def clocks(self, events: Sequence[CaseEvent], at: datetime) -> tuple[Clock, ...]:
        """The terms of a case as of a time."""
        return reckon(events, self.book, self.calendar, at)


def rules_of(services: Services) -> CaseRules:
    """What holds now: files that changed are read anew, so that a new list of holidays needs no restart.

    Raises:
        TermBookError: If the bureau's own book cannot be used.
        WorkCalendarError: If its table of holidays cannot be used.
        MissingFileError: If a file that the settings name is not there.
    """
    told = services.settings.cases
    return _rules(told.model_dump_json(), _mark(told.terms_file), _mark(told.holidays_file))


@lru_cache(maxsize=4)
def _rules(settings: str, terms: tuple[int, int], holidays: tuple[int, int]) -> CaseRules:
    told = Cases.model_validate_json(settings)
    calendar = WorkCalendar()
    if told.holidays_file is not None:
        text = told.holidays_file.read_text("utf-8")
        calendar = calendar.with_table(text, told.holidays_file.name)
    options = Options(
        levels=told.levels,
        approvers=told.approvers,
        wait_under_construction=told.wait_under_construction,
        own_power=told.own_power,
        least_confidence=told.least_confidence,
    )
    return CaseRules(options, load_book(told.jurisdictions, told.terms_file), calendar)


def _mark(path: Path | None) -> tuple[int, int]:
    """Changes whenever the file does."""
    if path is None:
        return 0, 0
    try:
        found = path.stat()
    except OSError as error:
        raise MissingFileError(f"{path} cannot be read: {error.strerror}.", remedy="Correct the setting.") from error
    return found.st_mtime_ns, found.st_size
