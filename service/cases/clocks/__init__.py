"""The terms of a case: which days are counted, which terms there are, how each runs, and why.

`reckon` derives every clock of a case from its events, the book of terms and the calendar; nothing is stored.
"""

from service.cases.clocks.book import load_book, own_template
from service.cases.clocks.calendar import WorkCalendar
from service.cases.clocks.clock import Clock, Moment, State, Step, clock_of, clocks_of, next_moments
from service.cases.clocks.explaining import explain
from service.cases.clocks.fines import LateFine, late_fine, late_fine_of
from service.cases.clocks.quiet import quiet_reasons
from service.cases.clocks.reckoning import reckon
from service.cases.clocks.rows import Term, Whose
from service.cases.clocks.terms import Book

__all__ = [
    "Book",
    "Clock",
    "LateFine",
    "Moment",
    "State",
    "Step",
    "Term",
    "Whose",
    "WorkCalendar",
    "clock_of",
    "clocks_of",
    "explain",
    "late_fine",
    "late_fine_of",
    "load_book",
    "next_moments",
    "own_template",
    "quiet_reasons",
    "reckon",
]
