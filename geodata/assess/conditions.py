"""Conditions of a rulebook made ready to be asked: each becomes one function of the facts.

A condition on a measure is graded by the errors of what it compares (`grades.exceeds`); all others hold or do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from geodata.assess.grades import Grade, Measure, Told, exceeds, reaches
from geodata.assess.rulebook import Choice, Condition, Rulebook


@dataclass(frozen=True)
class Later:
    """A fact that costs something and is computed when it is first asked for.

    Args:
        value: Computes it.
    """

    value: Callable[[], Any]


class View:
    """The facts that a rule may ask for: those of its subject, of the structure, and the limits of the rulebook.

    Args:
        own: Facts of the subject.
        structure: Facts of the structure; None: the subject is the structure.
        limits: Limits.
    """

    __slots__ = ("limits", "own", "structure")

    def __init__(
        self, own: dict[str, Any], structure: dict[str, Any] | None = None, limits: Mapping[str, Measure] | None = None
    ) -> None:
        self.own, self.structure, self.limits = own, own if structure is None else structure, limits or {}

    def get(self, name: str) -> Any:
        """A fact, None where it is not known."""
        value = self.own.get(name)
        if type(value) is Later:
            value = self.own[name] = value.value()
        if value is None:
            value = self.structure.get(name)
        return self.limits.get(name) if value is None else value


@dataclass(frozen=True)
class Compared:
    """What a graded condition measured.

    Args:
        fact: Name of the fact.
        value: What was measured.
        limit: What it was compared with, a tolerance included.
        grade: How surely it lies beyond it.
        tolerated: How much of the limit is lawful tolerance.
        basis: The article that grants the tolerance.
    """

    fact: str
    value: Measure
    limit: Measure
    grade: Grade
    tolerated: float = 0.0
    basis: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The comparison as plain values."""
        told = {
            "fact": self.fact,
            "value": round(self.value.value, 3),
            "error": round(self.value.error, 3),
            "limit": round(self.limit.value, 3),
            "unit": self.value.unit,
        }
        return told if not self.tolerated else told | {"tolerated": round(self.tolerated, 3), "tolerance": self.basis}


Answer = tuple[Grade, Compared | None]
Test = Callable[[View], Answer]
_YES: Answer = (Grade.CERTAIN, None)
_NO: Answer = (Grade.NO, None)


def _grade_of(answer: Answer) -> Grade:
    return answer[0]


def test_of(condition: Condition, book: Rulebook) -> Test:
    """A condition as a function of the facts.

    Args:
        condition: The condition.
        book: The rulebook with its tolerances.
    """
    parts = condition.all_of or condition.any_of
    if parts is not None:
        return _group([test_of(part, book) for part in parts], all_of=condition.all_of is not None)
    fact, operand = str(condition.fact), condition.operand
    if condition.operator == "known":
        return lambda facts: _YES if (facts.get(fact) is not None) == operand else _NO
    test = _plain_test(condition.operator, fact, operand) or _measured_test(condition, book)
    return _sure(test) if condition.surely else test


def first_that_holds(choices: Sequence[Choice], book: Rulebook) -> Callable[[View], str | None]:
    """A choice as a function of the facts: what its first part takes whose conditions all hold."""
    parts = [([test_of(condition, book) for condition in choice.when], choice.take) for choice in choices]

    def choose(facts: View) -> str | None:
        return next((take for tests, take in parts if all(test(facts)[0] for test in tests)), None)

    return choose


def _group(tests: list[Test], *, all_of: bool) -> Test:
    pick = min if all_of else max
    return lambda facts: pick((test(facts) for test in tests), key=_grade_of)


def _sure(test: Test) -> Test:
    def sure(facts: View) -> Answer:
        answer = test(facts)
        return answer if answer[0] is Grade.CERTAIN else (Grade.NO, answer[1])

    return sure


def _plain_test(operator: str, fact: str, operand: Any) -> Test | None:
    """The test of an operator that is not graded, None for the others."""
    # A yes within the error is a yes: it chooses the rule, what is measured grades it.
    holds: dict[str, Callable[[Any, View], bool]] = {
        "is": lambda value, facts: (bool(value) if type(value) is Told else value) == operand,
        "one_of": lambda value, facts: value in operand,
        "begins_with": lambda value, facts: str(value).startswith(tuple(operand)),
        "differs_from": lambda value, facts: (other := facts.get(operand)) is not None and value != other,
        "later_than": lambda value, facts: (day := _operand(operand, facts)) is not None and value > day,
    }
    if operator not in holds:
        return None
    hold = holds[operator]

    def test(facts: View) -> Answer:
        value = facts.get(fact)
        return _YES if value is not None and hold(value, facts) else _NO

    return test


def _operand(operand: Any, facts: View) -> Any:
    return facts.get(operand) if isinstance(operand, str) else operand


def _measured_test(condition: Condition, book: Rulebook) -> Test:
    fact, operand, operator = str(condition.fact), condition.operand, condition.operator
    fixed = None if isinstance(operand, str) else Measure(float(operand))

    def test(facts: View) -> Answer:
        value = facts.get(fact)
        limit = fixed if fixed is not None else facts.get(operand)
        if value is None or limit is None:
            return _NO
        if operator == "at_least":
            return reaches(value, limit), None
        if operator == "at_most":
            return reaches(limit, value), None
        if operator == "less_than":
            grade = exceeds(limit, value)
            return grade, Compared(fact, value, limit, grade)
        allowed, basis = tolerated(book, condition.tolerance, limit, facts)
        widened = Measure(limit.value + allowed, limit.error, limit.unit) if allowed else limit
        grade = exceeds(value, widened)
        return grade, Compared(fact, value, widened, grade, allowed, basis)

    return test


def tolerated(book: Rulebook, name: str | None, limit: Measure, facts: View) -> tuple[float, str | None]:
    """Lawful tolerance above a permitted value, and the article that grants it; 0 without a row that holds.

    Args:
        book: The rulebook; the first row of its table that holds decides.
        name: Which tolerance, None: none.
        limit: What is permitted.
        facts: The facts; the kind of permit chooses the row.
    """
    for row in book.tolerances if name else ():
        kind = row.permit_kind is None or row.permit_kind == facts.get("permit.kind")
        if row.measure == name and kind and (row.up_to is None or limit.value <= row.up_to):
            return row.allowed(limit.value), book.articles[row.basis].text
    return 0.0, None
