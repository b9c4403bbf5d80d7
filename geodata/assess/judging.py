"""Rules asked of facts: which hold, how surely, and the reason that each gives, in words.

A rule is as sure as the weakest of its conditions. Nothing here knows what a rule is about: that stands in the
rulebook.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from geodata.assess.conditions import Answer, Compared, Test, View, first_that_holds, test_of
from geodata.assess.grades import Certainty, Grade, Measure
from geodata.assess.rulebook import EXCESS, Rule, Rulebook, Words
from geodata.assess.wording import described, filled, shown

Facts = dict[str, Any]

_AT_MOST = {"certain": Grade.CERTAIN, "possible": Grade.POSSIBLE, "within_error": Grade.WITHIN_ERROR}
_WITHIN = (
    " This lies within the error of the measurement{by}: no overrun is claimed.",
    "该数值在测量误差{by}以内，不认定为超出。",
)
_NAMES = (
    ("zone.kind", "zone_kind"),
    ("zone.id", "zone_id"),
    ("line.kind", "zone_kind"),
    ("line.id", "zone_id"),
    ("permit.id", "permit_id"),
    ("parcel.id", "parcel_id"),
    ("building.id", "building_id"),
)


@dataclass(frozen=True)
class Reason:
    """One reason, in words.

    Args:
        rule: The rule that gives it.
        message: What is suspected, in English.
        message_zh: The same in Chinese.
        basis: The article it rests on, empty where nothing is alleged.
        area_m2: Ground concerned, m² (ellipsoidal), None where it has none.
        certainty: Whether what is behind it exceeds the errors.
        compared: The weakest comparison behind it, None where nothing was measured.
        extra: What names its subject: `zone_kind`, `zone_id`, `permit_id`, `parcel_id`, `building_id`.
    """

    rule: Rule
    message: str
    message_zh: str
    basis: str
    area_m2: float | None
    certainty: Certainty
    compared: Compared | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """Its code."""
        return self.rule.code

    @property
    def counts(self) -> bool:
        """Whether it speaks against the structure: it alleges something and is not within the error."""
        return self.rule.alleges and self.certainty != "within_error"

    def as_dict(self) -> dict[str, Any]:
        """The reason as plain values."""
        return {
            "code": self.code,
            "message": self.message,
            "message_zh": self.message_zh,
            "basis": self.basis,
            "area_m2": None if self.area_m2 is None else round(self.area_m2, 1),
            "certainty": self.certainty,
            "category": self.rule.category,
            "severity": self.rule.severity,
            "measured": None if self.compared is None else self.compared.as_dict(),
            **self.extra,
        }


@dataclass(frozen=True)
class Trial:
    """One rule tried on one subject, for whoever asks why.

    Args:
        rule: The rule.
        facts: View of the subject.
        held: Each condition in words, with its grade.
        reason: The reason that it gave, None where it gave none.
        why_not: Why no reason was given, empty where one was.
    """

    rule: Rule
    facts: View
    held: Sequence[tuple[str, Grade]]
    reason: Reason | None
    why_not: str = ""


@dataclass(frozen=True)
class _Ready:
    """A rule whose conditions are ready to be asked."""

    rule: Rule
    tests: tuple[Test, ...]
    notes: tuple[tuple[tuple[Test, ...], Words], ...]


class Judge:
    """The rules of one rulebook on one day.

    Args:
        book: The rulebook, with everything that it extends.
        day: The day.
    """

    def __init__(self, book: Rulebook, day: date) -> None:
        self.book = book
        self._rules = [_ready(rule, book) for rule in book.rules_on(day)]
        self._limits = {f"limit.{k}": Measure(v, unit="m") for k, v in book.limits.items() if v is not None}
        self._authority = first_that_holds(book.authorities, book)
        self._consequences = {name: first_that_holds(choice, book) for name, choice in book.consequences.items()}
        self._choices = {name: first_that_holds(choice, book) for name, choice in book.choices.items()}

    def reasons(self, subjects: Mapping[str, Sequence[Facts]]) -> list[Reason]:
        """The reasons that rules give for one structure.

        Args:
            subjects: Facts by subject (`vocabulary.SUBJECTS`).
        """
        return [reason for _, _, reason, _ in self._tried(subjects) if reason is not None]

    def trials(self, subjects: Mapping[str, Sequence[Facts]]) -> list[Trial]:
        """Every rule tried on every subject, in order, with each of its conditions in words."""
        out = []
        for ready, facts, reason, why_not in self._tried(subjects):
            pairs = zip(ready.rule.when, ready.tests, strict=True)
            held = [(described(condition, facts), test(facts)[0]) for condition, test in pairs]
            out.append(Trial(ready.rule, facts, held, reason, why_not))
        return out

    def _tried(self, subjects: Mapping[str, Sequence[Facts]]) -> Iterator[tuple[_Ready, View, Reason | None, str]]:
        told: set[str] = set()
        (structure,) = subjects["structure"]
        for ready in self._rules:
            rule = ready.rule
            earlier = [code for code in rule.unless_told if code in told]
            for one in subjects.get(rule.about, ()):
                facts = View(one, structure, self._limits)
                grade, compared = _weakest(ready.tests, facts)
                if grade is Grade.NO or earlier:
                    why_not = f"{', '.join(earlier)} was told already" if grade else "a condition does not hold"
                    yield ready, facts, None, why_not
                    continue
                yield ready, facts, self._reason(ready, facts, min(grade, _AT_MOST[rule.at_most]), compared), ""
                told.add(rule.code)
                if not rule.each:
                    break

    def authority(self, structure: Facts) -> str:
        """Who is competent for a structure."""
        return self._authority(View(structure)) or ""

    def consequence(self, name: str, structure: Facts) -> str | None:
        """What follows of a reason, by the stage of the structure."""
        return self._consequences[name](View(structure))

    def basis(self, name: str, facts: View) -> str:
        """The text of an article, or of the one that a choice takes."""
        chosen = self._choices[name](facts) if name in self._choices else name
        return self.book.articles[chosen].text if chosen else ""

    def _reason(self, ready: _Ready, facts: View, grade: Grade, compared: Compared | None) -> Reason:
        rule = ready.rule
        en, zh = filled(rule.message, facts, self.book.words)
        for tests, message in ready.notes:
            if all(test(facts)[0] for test in tests):
                more = filled(message, facts, self.book.words)
                en, zh = f"{en} {more[0]}", zh + more[1]
        if grade is Grade.WITHIN_ERROR:
            by = "" if compared is None else shown(Measure(compared.value.error, unit=compared.value.unit), 1, "")
            en += _WITHIN[0].replace("{by}", f" (±{by})" if by else "")
            zh += _WITHIN[1].replace("{by}", f"（±{by}）" if by else "")
        return Reason(
            rule,
            en,
            zh,
            self.basis(rule.basis, facts),
            _concerned(rule, facts, compared),
            grade.certainty,
            compared,
            {key: facts.own[name] for name, key in _NAMES if name in facts.own},
        )


def _ready(rule: Rule, book: Rulebook) -> _Ready:
    notes = tuple((tuple(test_of(c, book) for c in note.when), note.message) for note in rule.notes)
    return _Ready(rule, tuple(test_of(condition, book) for condition in rule.when), notes)


def _weakest(tests: Sequence[Test], facts: View) -> Answer:
    """The weakest grade of some tests, with the weakest comparison among them; the first that fails ends it."""
    weakest, compared = Grade.CERTAIN, None
    for test in tests:
        grade, measured = test(facts)
        if grade is Grade.NO:
            return grade, measured
        if measured is not None and (compared is None or grade < weakest):
            compared = measured
        weakest = min(weakest, grade)
    return weakest, compared


def _concerned(rule: Rule, facts: View, compared: Compared | None) -> float | None:
    """The ground that a reason concerns, m²."""
    if rule.area == EXCESS:
        return None if compared is None else compared.value.value - compared.limit.value
    area = facts.get(rule.area) if rule.area else None
    return area.value if isinstance(area, Measure) else None
