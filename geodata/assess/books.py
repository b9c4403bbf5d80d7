"""Rulebooks as files: those that Kancha ships, and a bureau's own."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml
from pydantic import ValidationError

from geodata.assess.rulebook import Rulebook
from geodata.errors import RulebookError

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
    def identity(self) -> str:
        """Name, version and checksum, as they stand in the provenance."""
        return f"{self.rules.id}/{self.rules.version}+{self.checksum[:8]}"

    def as_dict(self) -> dict[str, Any]:
        """What the provenance says of it."""
        return {"id": self.rules.id, "version": self.rules.version, "sha256": self.checksum}

    def require_in_effect(self, day: date) -> None:
        """See that the rulebook holds on a day.

        Raises:
            RulebookError: If it does not.
        """
        since, until = self.rules.since, self.rules.until
        if (since is not None and day < since) or (until is not None and day > until):
            raise RulebookError(
                f"Rulebook {self.rules.id} holds from {since or 'ever'} to {until or 'further notice'}, not on {day}.",
                remedy="Choose the rulebook of that day.",
                day=str(day),
            )


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
    content = json.dumps(book.model_dump(mode="json", by_alias=True), sort_keys=True, ensure_ascii=False)
    return Book(book, hashlib.sha256(content.encode()).hexdigest())


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
