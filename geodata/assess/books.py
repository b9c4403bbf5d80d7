"""Rulebooks as files: those that Kancha ships, and a bureau's own."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any

import yaml
from pydantic import ValidationError

from geodata.assess.rulebook import Rulebook
from geodata.errors import RulebookError
from geodata.features import parse_day
from geodata.yaml_lines import Lines, Place, read_yaml

NATIONAL = "cn"
TEMPLATE = "template"


@dataclass(frozen=True)
class Book:
    """A rulebook with everything that it extends, ready to judge by.

    Args:
        rules: The rulebook.
        checksum: SHA-256 of its whole content, the extended one's included.
    """

    rules: Rulebook
    checksum: str

    @property
    def name(self) -> str:
        """Id and checksum, by which options name it for ever."""
        return f"{self.rules.id}+{self.checksum[:8]}"

    def as_dict(self) -> dict[str, Any]:
        """What the provenance says of it; `words` are those of the codes that a finding may carry."""
        choices = [*self.rules.authorities, *(c for some in self.rules.consequences.values() for c in some)]
        codes = sorted({choice.take for choice in choices} & set(self.rules.words))
        return {
            "id": self.rules.id,
            "version": self.rules.version,
            "sha256": self.checksum,
            "words": {code: self.rules.words[code].model_dump() for code in codes},
        }

    def require_in_effect(self, as_of: datetime) -> date:
        """The day in Beijing, on which the rulebook must hold.

        Raises:
            RulebookError: If it does not.
        """
        day = parse_day(as_of)
        assert day is not None  # a datetime always has a day; tells the type checker
        since, until = self.rules.since, self.rules.until
        if not self.rules.holds_on(day):
            raise RulebookError(
                f"Rulebook {self.rules.id} holds from {since or 'ever'} to {until or 'further notice'}, not on {day}.",
                remedy="Choose the rulebook of that day.",
                day=str(day),
            )
        return day


def shipped_names() -> list[str]:
    """The rulebooks that Kancha ships, the template left out."""
    files = resources.files("geodata.assess").joinpath("rulebooks").iterdir()
    return sorted(f.name.removesuffix(".yaml") for f in files if f.name.endswith(".yaml") and TEMPLATE not in f.name)


def shipped_text(name: str) -> str:
    """The YAML of a shipped rulebook or of the template.

    Raises:
        RulebookError: If there is none of that name.
    """
    if name not in (*shipped_names(), TEMPLATE):
        raise RulebookError(
            f"There is no rulebook {name!r}.", remedy=f"Shipped: {', '.join(shipped_names())}; or give a YAML file."
        )
    return resources.files("geodata.assess").joinpath("rulebooks", f"{name}.yaml").read_text(encoding="utf-8")


@cache
def shipped_book(name: str = NATIONAL) -> Book:
    """A rulebook that Kancha ships.

    Raises:
        RulebookError: If there is none of that name.
    """
    return parse_book(shipped_text(name), f"rulebook {name}")


def parse_book(text: str, what: str, *, fictitious: bool = False, since: date | None = None) -> Book:
    """A rulebook from its YAML.

    Args:
        text: The YAML.
        what: Name of the text for messages.
        fictitious: Whether made-up tolerances are allowed, as only tests do.
        since: First day on which it holds, whatever the text says; None: as the text says.

    Raises:
        RulebookError: With every fault and its line; `measured` holds them as `faults` and the first line as `line`.
    """
    own, lines = _parsed(text, what)
    if since is not None:
        own = own.model_copy(update={"since": since})
    book = own
    if own.extends is not None:
        try:
            book = own.over(shipped_book(own.extends).rules)
        except ValueError as error:
            raise _refused(what, [_with_line(str(error), lines)]) from error
        except RulebookError as error:
            fault = f"extends: {error.message.removesuffix('.')}; {error.remedy.removesuffix('.')}"
            raise _refused(what, [_at_line(fault, lines.at(("extends",)))]) from error
    faults = [] if fictitious or not any(t.fictitious for t in book.tolerances) else ["it holds fictitious tolerances"]
    try:
        book.check()
    except ValueError as error:
        faults += [_with_line(fault, lines) for fault in str(error).split("; ")]
    if own.since is not None and own.until is not None and own.until < own.since:
        faults.append(_at_line(f"it ends on {own.until}, before it begins on {own.since}", lines.at(("until",))))
    if faults:
        raise _refused(what, faults)
    book = book.flat()
    return Book(book, hashlib.sha256(_content(book).encode()).hexdigest())


def flat_text(book: Book) -> str:
    """A rulebook as one YAML text that extends nothing; parsing it gives the same rulebook."""
    told = book.rules.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return yaml.safe_dump(told, allow_unicode=True, sort_keys=False, width=120)


def _content(book: Rulebook) -> str:
    return json.dumps(book.model_dump(mode="json", by_alias=True), sort_keys=True, ensure_ascii=False)


def _parsed(text: str, what: str) -> tuple[Rulebook, Lines]:
    try:
        lines, raw = read_yaml(text)
    except ValueError as error:
        raise _refused(what, str(error).split("; ")) from error
    if not isinstance(raw, dict):
        raise _refused(what, ["line 1: it is not a mapping of keys to values"])
    try:
        return Rulebook.model_validate(raw), lines
    except ValidationError as error:
        raise _refused(what, [_fault(one, lines) for one in error.errors()]) from error


def _fault(error: Any, lines: Lines) -> str:
    at = ".".join(str(part) for part in error["loc"])
    message = str(error["msg"]).removeprefix("Value error, ")
    return _at_line(f"{at}: {message}" if at else message, lines.at(error["loc"]))


_NAMED = re.compile(r"^(?:(rule|choice) (\S+)|two rules are called (\S+)|without or rests_on)")
_PLACES = {"a tolerance": ("tolerances",), "the last of": ("authorities",), "it holds fictitious": ("tolerances",)}


def _with_line(fault: str, lines: Lines) -> str:
    """What is wrong with the whole, with the line of the part that it names; what lies in the extended has none."""
    named = _NAMED.match(fault)
    if named is None:
        place: Place | None = next((at for word, at in _PLACES.items() if fault.startswith(word)), None)
    elif named[1] == "choice":
        place = ("choices", named[2])
    elif named[1] or named[3]:
        name = named[2] or named[3]
        found = lines.of_item("rules", ("id", "code"), name)
        turned: Place = ("rests_on", name)
        return _at_line(fault, lines.at(turned) if found is None and lines.has(turned) else found)
    else:
        place = ("without",) if lines.has(("without",)) else ("rests_on",)
    return _at_line(fault, lines.at(place) if place is not None and lines.has(place) else None)


def _at_line(fault: str, line: int | None) -> str:
    return fault if line is None else f"line {line}: {fault}"


def _refused(what: str, faults: list[str]) -> RulebookError:
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    line = re.match(r"line (\d+):", faults[0])
    return RulebookError(
        f"The {what} cannot be used: {faults[0]}{more}.",
        remedy="Mend it and run `kancha rules check` again; `kancha rules template` shows the form.",
        faults=faults,
        **({} if line is None else {"line": int(line[1])}),
    )
