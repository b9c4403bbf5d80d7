"""Facts, conditions and messages as a reader sees them, in both languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from geodata.assess.conditions import View
from geodata.assess.grades import Measure, Told
from geodata.assess.rulebook import Condition, Words
from geodata.assess.vocabulary import FACTS

_UNITS = {"m2": (" m²", "平方米"), "m": (" m", "米"), "days": (" days", "天")}


def filled(message: Words, facts: View, words: Mapping[str, Words]) -> tuple[str, str]:
    """A message in both languages with its facts; `{fact:1}` shows one decimal, `{fact:%}` a share in per cent."""
    return _fill(message.en, facts, words, 0), _fill(message.zh, facts, words, 1)


def _fill(text: str, facts: View, words: Mapping[str, Words], language: int) -> str:
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


def described(condition: Condition, facts: View) -> str:
    """A condition in words, with what its facts are.

    >>> described(Condition(fact="permit.kind", **{"is": "temporary"}), View({"permit.kind": "planning"}))
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
