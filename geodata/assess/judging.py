"""Rules asked of facts: which hold, how surely, and the reason that each gives, in words.

A condition on a measure is graded by the errors of what it compares (`grades.exceeds`); a rule is as sure as the
weakest of its conditions. Nothing here knows what a rule is about: that stands in the rulebook.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from geodata.assess.grades import Certainty, Grade, Measure, Told, exceeds, reaches
from geodata.assess.rulebook import EXCESS, Choice, Condition, Rule, Rulebook, Words
from geodata.assess.vocabulary import FACTS

Facts = Mapping[str, Any]

_AT_MOST = {"certain": Grade.CERTAIN, "possible": Grade.POSSIBLE, "within_error": Grade.WITHIN_ERROR}
_WITHIN = Words(
    en=" This lies within the error of the measurement{by}: no overrun is claimed.",
    zh="该数值在测量误差{by}以内，不认定为超出。",
)
_UNITS = {"m2": (" m²", "平方米"), "m": (" m", "米"), "days": (" days", "天")}


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


@dataclass(frozen=True)
class Reason:
    """One reason, in words.

    Args:
        rule: The rule that gives it.
        message: What is suspected, in both languages.
        basis: The article it rests on, empty where nothing is alleged.
        area_m2: Ground concerned, m² (ellipsoidal), None where it has none.
        certainty: Whether what is behind it exceeds the errors.
        compared: The weakest comparison behind it, None where nothing was measured.
        extra: What names its subject: `zone_kind`, `zone_id`, `permit_id`, `parcel_id`, `building_id`.
    """

    rule: Rule
    message: Words
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
            "message": self.message.en,
            "message_zh": self.message.zh,
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
        facts: Facts of the subject.
        held: Each condition in words, with its grade.
        reason: The reason that it gave, None where it gave none.
        why_not: Why no reason was given, empty where one was.
    """

    rule: Rule
    facts: Facts
    held: Sequence[tuple[str, Grade]]
    reason: Reason | None
    why_not: str = ""


class Judge:
    """The rules of one rulebook on one day.

    Args:
        book: The rulebook, with everything that it extends.
        day: The day.
    """

    def __init__(self, book: Rulebook, day: date) -> None:
        self.book, self.day = book, day
        self.rules = book.rules_on(day)

    def reasons(self, subjects: Mapping[str, Sequence[Facts]]) -> list[Reason]:
        """The reasons that rules give for one structure.

        Args:
            subjects: Facts by subject (`vocabulary.SUBJECTS`).
        """
        return [trial.reason for trial in self.trials(subjects) if trial.reason is not None]

    def trials(self, subjects: Mapping[str, Sequence[Facts]]) -> list[Trial]:
        """Every rule tried on every subject, in order."""
        told: set[str] = set()
        out: list[Trial] = []
        (structure,) = subjects["structure"]
        limits = {f"limit.{k}": Measure(v, unit="m") for k, v in self.book.limits.items() if v is not None}
        for rule in self.rules:
            earlier = [code for code in rule.unless_told if code in told]
            for one in subjects.get(rule.about, ()):
                facts = {**limits, **structure, **one}
                trial = self._try(rule, facts, earlier)
                out.append(trial)
                if trial.reason is not None:
                    told.add(rule.code)
                    if not rule.each:
                        break
        return out

    def authority(self, structure: Facts) -> str:
        """Who is competent for a structure."""
        return self._choose(self.book.authorities, structure) or ""

    def consequence(self, name: str, structure: Facts) -> str | None:
        """What follows of a reason, by the stage of the structure."""
        return self._choose(self.book.consequences[name], structure)

    def basis(self, name: str, facts: Facts) -> str:
        """The text of an article, or of the one that a choice takes."""
        if not name:
            return ""
        chosen = name if name in self.book.articles else self._choose(self.book.choices[name], facts)
        return "" if chosen is None else self.book.articles[chosen].text

    def _choose(self, choices: Sequence[Choice], facts: Facts) -> str | None:
        for choice in choices:
            if all(self._grade(condition, facts)[0] for condition in choice.when):
                return choice.take
        return None

    def _try(self, rule: Rule, facts: Facts, earlier: list[str]) -> Trial:
        held, weakest, compared = [], Grade.CERTAIN, None
        for condition in rule.when:
            grade, measured = self._grade(condition, facts)
            held.append((described(condition, facts), grade))
            if measured is not None and (compared is None or grade < weakest):
                compared = measured
            weakest = min(weakest, grade)
        if weakest is Grade.NO:
            return Trial(rule, facts, held, None, "a condition does not hold")
        if earlier:
            return Trial(rule, facts, held, None, f"{', '.join(earlier)} was told already")
        return Trial(rule, facts, held, self._reason(rule, facts, min(weakest, _AT_MOST[rule.at_most]), compared))

    def _reason(self, rule: Rule, facts: Facts, grade: Grade, compared: Compared | None) -> Reason:
        en, zh = filled(rule.message, facts, self.book.words)
        for note in rule.notes:
            if all(self._grade(condition, facts)[0] for condition in note.when):
                more = filled(note.message, facts, self.book.words)
                en, zh = f"{en} {more[0]}", zh + more[1]
        if grade is Grade.WITHIN_ERROR:
            by = "" if compared is None else shown(Measure(compared.value.error, unit=compared.value.unit), 1, "")
            en += _WITHIN.en.replace("{by}", f" (±{by})" if by else "")
            zh += _WITHIN.zh.replace("{by}", f"（±{by}）" if by else "")
        return Reason(
            rule,
            Words(en=en, zh=zh),
            self.basis(rule.basis, facts),
            _concerned(rule, facts, compared),
            grade.certainty,
            compared,
            {f"{name}_{key}": facts[f"{name}.{key}"] for name, key in _NAMES if f"{name}.{key}" in facts},
        )

    # --- conditions ------------------------------------------------------------------------------

    def _grade(self, condition: Condition, facts: Facts) -> tuple[Grade, Compared | None]:
        """How surely a condition holds, and what it measured."""
        parts = condition.all_of or condition.any_of
        if parts is not None:
            graded = [self._grade(part, facts) for part in parts]
            pick = min if condition.all_of else max
            return pick(graded, key=lambda g: g[0])
        value = facts.get(str(condition.fact))
        if condition.operator == "known":
            return _yes((value is not None) == condition.known), None
        if value is None:
            return Grade.NO, None
        grade, measured = self._compare(condition, value, facts)
        return (Grade.NO if condition.surely and grade is not Grade.CERTAIN else grade), measured

    def _compare(self, condition: Condition, value: Any, facts: Facts) -> tuple[Grade, Compared | None]:
        operand = condition.operand
        match condition.operator:
            case "is":
                # A yes within the error is a yes: it chooses the rule, what is measured grades it.
                return _yes((bool(value) if isinstance(value, Told) else value) == operand), None
            case "one_of":
                return _yes(value in operand), None
            case "differs_from":
                return _yes(operand in facts and value != facts[operand]), None
            case "begins_with":
                return _yes(str(value).startswith(tuple(operand))), None
        limit = facts.get(operand) if isinstance(operand, str) else operand
        if limit is None:
            return Grade.NO, None
        if condition.operator == "later_than":
            return _yes(value > limit), None
        return self._measured(condition, value, limit if isinstance(limit, Measure) else Measure(float(limit)), facts)

    def _measured(
        self, condition: Condition, value: Measure, limit: Measure, facts: Facts
    ) -> tuple[Grade, Compared | None]:
        fact = str(condition.fact)
        match condition.operator:
            case "at_least":
                return reaches(value, limit), None
            case "at_most":
                return reaches(limit, value), None
            case "less_than":
                grade = exceeds(limit, value)
                return grade, Compared(fact, value, limit, grade)
        allowed, basis = self._tolerated(condition.tolerance, limit, facts)
        widened = Measure(limit.value + allowed, limit.error, limit.unit)
        grade = exceeds(value, widened)
        return grade, Compared(fact, value, widened, grade, allowed, basis)

    def _tolerated(self, name: str | None, limit: Measure, facts: Facts) -> tuple[float, str | None]:
        """Lawful tolerance above a permitted value, and the article that grants it; 0 without a row that holds."""
        for row in self.book.tolerances if name else ():
            kind = row.permit_kind is None or row.permit_kind == facts.get("permit.kind")
            if row.measure == name and kind and (row.up_to is None or limit.value <= row.up_to):
                return row.allowed(limit.value), self.book.articles[row.basis].text
        return 0.0, None


def _concerned(rule: Rule, facts: Facts, compared: Compared | None) -> float | None:
    """The ground that a reason concerns, m²."""
    if rule.area == EXCESS:
        return None if compared is None else compared.value.value - compared.limit.value
    area = facts.get(rule.area) if rule.area else None
    return area.value if isinstance(area, Measure) else None


_NAMES = (("zone", "kind"), ("zone", "id"), ("line", "kind"), ("line", "id"), ("permit", "id"), ("parcel", "id"),
          ("building", "id"))  # fmt: skip


def _yes(truth: bool) -> Grade:
    return Grade.CERTAIN if truth else Grade.NO


# --- words -------------------------------------------------------------------------------------------


def filled(message: Words, facts: Facts, words: Mapping[str, Words]) -> tuple[str, str]:
    """A message in both languages with its facts; `{fact:1}` shows one decimal, `{fact:%}` a share in per cent."""
    return _fill(message.en, facts, words, 0), _fill(message.zh, facts, words, 1)


def _fill(text: str, facts: Facts, words: Mapping[str, Words], language: int) -> str:
    def one(match: re.Match[str]) -> str:
        name, _, spec = match[1].partition(":")
        value = facts.get(name)
        if isinstance(value, Measure):
            return shown(value, language, spec)
        text = "?" if value is None else str(value)
        return (words[text].en, words[text].zh)[language] if text in words else text

    return re.sub(r"\{([^{}]+)\}", one, text)


def shown(value: Measure, language: int, spec: str) -> str:
    """A measure as a reader sees it, with its error where it has one.

    >>> shown(Measure(12.34, 0.5, "m"), 0, "1")
    '12.3 m (±0.5)'
    """
    if spec == "%" or value.unit == "share":
        return f"{value.value:.0%}"
    unit = _UNITS.get(value.unit, ("", ""))[language]
    digits = int(spec) if spec else (1 if value.unit == "m" else 0)
    error = f" (±{value.error:.{digits}f})" if value.error >= 0.5 * 10**-digits else ""
    return f"{value.value:.{digits}f}{unit}{error}"


def described(condition: Condition, facts: Facts) -> str:
    """A condition in words, with what its facts are.

    >>> described(Condition(fact="permit.kind", **{"is": "temporary"}), {"permit.kind": "planning"})
    'permit.kind (planning) is temporary'
    """
    parts = condition.all_of or condition.any_of
    if parts is not None:
        word = " and " if condition.all_of else " or "
        return "(" + word.join(described(part, facts) for part in parts) + ")"
    value, operand = facts.get(str(condition.fact)), condition.operand
    told = _plain(value)
    against = f"{operand} ({_plain(facts.get(operand))})" if isinstance(operand, str) and operand in FACTS else operand
    more = " surely" if condition.surely else ""
    more += f" beyond the tolerance of {condition.tolerance}" if condition.tolerance else ""
    return f"{condition.fact} ({told}){more} {condition.operator.replace('_', ' ')} {_listed(against)}"


def _listed(value: Any) -> str:
    return (
        ", ".join(value) if isinstance(value, tuple) else str(value).lower() if isinstance(value, bool) else str(value)
    )


def _plain(value: Any) -> str:
    match value:
        case None:
            return "not known"
        case Measure():
            return shown(value, 0, "%" if value.unit == "share" else "2" if value.unit else "")
        case Told():
            return "no" if not value else f"yes, {value.grade.certainty.replace('_', ' ')}"
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)
