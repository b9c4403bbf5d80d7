"""Serial numbers of documents (文号): a pattern, and series that count without gaps.

A number is drawn within the transaction that stores its document, so that no number is lost and none is given twice;
a voided document (作废) keeps its number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from string import Formatter
from typing import Protocol

from service.cases.documents.errors import SerialError
from service.cases.documents.kinds import KINDS

DEFAULT_PATTERN = "{place}执{word}字〔{year}〕第{number}号"
_FORMS = {"place": "", "word": "", "year": "", "number": r"0\d"}
_SIZE = 200


@dataclass(frozen=True)
class Serial:
    """What a serial number tells.

    Args:
        kind: Kind of document.
        year: Year of the series; None where numbers run on for ever.
        number: Number in the series, from 1.
    """

    kind: str
    year: int | None
    number: int


@dataclass(frozen=True)
class Series:
    """What is counted by itself: a kind, and where numbers begin anew every year, the year."""

    kind: str
    year: int | None


class Numbering(Protocol):
    """Draws numbers; to be called in the transaction that stores the document."""

    def draw(self, series: Series) -> int:
        """The next number of a series, from 1 without gaps, given to nobody else."""
        ...


@dataclass(frozen=True)
class SerialRule:
    """How a bureau numbers its documents.

    Args:
        place: The bureau's own word, such as 垦.
        pattern: With `{number}` (or `{number:03}`), `{word}`, `{year}`, and perhaps `{place}`.
        words: Middle word by kind; a kind without one has no serial number.
        yearly: Whether numbers begin anew every year.

    Raises:
        SerialError: With every fault.
    """

    place: str
    pattern: str = DEFAULT_PATTERN
    words: Mapping[str, str] | None = None
    yearly: bool = True

    def __post_init__(self) -> None:
        faults = [*_pattern_faults(self), *_word_faults(self)]
        if faults:
            raise SerialError(
                f"The pattern {self.pattern} cannot be used: {'; '.join(faults)}.",
                remedy=f"The usual one is {DEFAULT_PATTERN}.",
                faults=faults,
            )

    @property
    def word_of(self) -> Mapping[str, str]:
        """Middle word by kind."""
        if self.words is not None:
            return self.words
        return {kind.name: kind.word for kind in KINDS.values() if kind.word}


def _pieces(pattern: str) -> list[tuple[str, str | None, str]]:
    """Literal, field behind it and its form."""
    return [(literal, name, form or "") for literal, name, form, _ in Formatter().parse(pattern)]


def _pattern_faults(rule: SerialRule) -> list[str]:
    if len(rule.pattern) > _SIZE or len(rule.place) > _SIZE:
        return ["it is too long"]
    try:
        pieces = _pieces(rule.pattern)
    except ValueError:
        return ["its braces do not match"]
    names = [name for _, name, _ in pieces if name is not None]
    faults = [f"{{{name}}} is unknown" for name in names if name not in _FORMS]
    faults += [f"{{{name}}} stands there twice" for name in _FORMS if names.count(name) > 1]
    faults += ["{number} is missing"] if "number" not in names else []
    faults += ["{word} is missing: two kinds would have the same number"] if "word" not in names else []
    if rule.yearly and "year" not in names:
        faults.append("{year} is missing, and numbers begin anew every year")
    if not rule.yearly and "year" in names:
        faults.append("{year} stands there, but numbers run on for ever")
    for _, name, form in pieces:
        if name in _FORMS and form and not re.fullmatch(_FORMS[name] or "(?!)", form):
            faults.append(f"{{{name}:{form}}} has a form that is not known")
    faults += [f"{one} and {two} touch each other" for one, two in _touching(pieces)]
    return faults


def _touching(pieces: list[tuple[str, str | None, str]]) -> list[tuple[str, str]]:
    """Fields of digits with no text between them, or with a digit at their edge: they could not be told apart."""
    touching = []
    for (_, one, _), (literal, two, _) in zip(pieces, pieces[1:], strict=False):
        if {one, two} == {"number", "year"} and not literal:
            touching.append((str(one), str(two)))
        elif one == "number" and literal[:1].isdigit():
            touching.append((str(one), literal))
    for literal, name, _ in pieces:
        if name == "number" and literal[-1:].isdigit():
            touching.append((literal, name))
    return touching


def _word_faults(rule: SerialRule) -> list[str]:
    words = rule.word_of
    faults = [f"there is no kind {kind}" for kind in words if kind not in KINDS]
    texts = [rule.place, *words.values()]
    if any(re.search(r"[\d\s{}]", text) for text in texts) or not all(words.values()):
        faults.append("a word is empty, or holds digits, blanks or braces")
    faults += [
        f"the word {word} stands for two kinds" for word in sorted({w for w in words.values()}) if _twice(words, word)
    ]
    return faults


def _twice(words: Mapping[str, str], word: str) -> bool:
    return list(words.values()).count(word) > 1


def series_of(rule: SerialRule, kind: str, day: date) -> Series | None:
    """The series that a document of a day counts in; None: its kind has no serial number.

    Args:
        rule: How the bureau numbers.
        kind: Kind of document.
        day: Day of the document in Beijing.
    """
    if kind not in rule.word_of:
        return None
    return Series(kind, day.year if rule.yearly else None)


def format_serial(rule: SerialRule, serial: Serial) -> str:
    """A serial number as it is printed.

    Raises:
        SerialError: If the kind has no word, the number is below 1, or the year does not fit the rule.

    >>> format_serial(SerialRule("垦"), Serial("demolition_order", 2017, 3))
    '垦执拆字〔2017〕第3号'
    """
    year_fits = serial.year is not None and 1000 <= serial.year <= 9999 if rule.yearly else serial.year is None
    if serial.kind not in rule.word_of or serial.number < 1 or not year_fits:
        raise SerialError(
            f"{serial} has no serial number by the pattern {rule.pattern}.",
            remedy="Give the kind a word in the configuration; numbers begin at 1.",
            kind=serial.kind,
        )
    word = rule.word_of[serial.kind]
    return rule.pattern.format(place=rule.place, word=word, year=serial.year, number=serial.number)


def parse_serial(rule: SerialRule, text: str) -> Serial:
    """What a printed serial number tells.

    Raises:
        SerialError: If it does not follow the rule.

    >>> parse_serial(SerialRule("垦"), "垦执拆字〔2017〕第3号")
    Serial(kind='demolition_order', year=2017, number=3)
    """
    kinds = {word: kind for kind, word in rule.word_of.items()}
    fields = {
        "place": re.escape(rule.place),
        "word": f"(?P<word>{'|'.join(re.escape(word) for word in sorted(kinds, key=len, reverse=True))})",
        "year": r"(?P<year>[0-9]{4})",
        "number": r"(?P<number>[0-9]{1,12})",
    }
    wanted = "".join(re.escape(literal) + (fields[name] if name else "") for literal, name, _ in _pieces(rule.pattern))
    found = re.fullmatch(wanted, text)
    serial = None
    if found is not None:
        told = found.groupdict()
        serial = Serial(kinds[told["word"]], int(told["year"]) if rule.yearly else None, int(told["number"]))
    # 第03号 is not how this rule prints number 3
    if serial is None or serial.number < 1 or format_serial(rule, serial) != text:
        raise SerialError(f"{text[:80]} does not follow the pattern {rule.pattern}.", remedy="", text=text[:80])
    return serial
