"""Rulebooks as files: those that Kancha ships, and a bureau's own."""

from __future__ import annotations

import hashlib
import json
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


def parse_book(text: str, what: str, *, fictitious: bool = False) -> Book:
    """A rulebook from its YAML.

    Args:
        text: The YAML.
        what: Name of the text for messages.
        fictitious: Whether made-up tolerances are allowed, as only tests do.

    Raises:
        RulebookError: With every fault and where it stands.
    """
    own = _parsed(text, what)
    book = own
    if own.extends is not None:
        try:
            book = own.over(shipped_book(own.extends).rules)
        except ValueError as error:
            raise _refused(what, [str(error)]) from error
    faults = [] if fictitious or not any(t.fictitious for t in book.tolerances) else ["it holds fictitious tolerances"]
    try:
        book.check()
    except ValueError as error:
        faults += str(error).split("; ")
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


def _parsed(text: str, what: str) -> Rulebook:
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _refused(what, [" ".join(str(error).split())]) from error
    if not isinstance(raw, dict):
        raise _refused(what, ["it is not a mapping of keys to values"])
    try:
        return Rulebook.model_validate(raw)
    except ValidationError as error:
        raise _refused(what, [_fault(one) for one in error.errors()]) from error


def _fault(error: Any) -> str:
    at = ".".join(str(part) for part in error["loc"])
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{at}: {message}" if at else message


def _refused(what: str, faults: list[str]) -> RulebookError:
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return RulebookError(
        f"The {what} cannot be used: {faults[0]}{more}.",
        remedy="Mend it and run `kancha rules check` again; `kancha rules template` shows the form.",
        faults=faults,
    )
