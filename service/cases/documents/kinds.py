"""The kinds of statutory documents: what each is called, rests on, needs and serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml

from service.cases.documents.errors import UnknownKindError
from service.cases.documents.numerals import ordinal


@dataclass(frozen=True)
class Law:
    """A version of a law.

    Args:
        name: Its key.
        title: In English.
        title_zh: Short title in Chinese, without 中华人民共和国.
        version: Year of the version.
        effective: First day on which it holds.
        until: Last day; None while it holds.
        from_memory: Whether nobody read the first day in the statute: check it.
    """

    name: str
    title: str
    title_zh: str
    version: str
    effective: date
    until: date | None = None
    from_memory: bool = False

    @property
    def told(self) -> str:
        """Title, version and first day, as the properties of a template tell them."""
        check = "，施行日期待核" if self.from_memory else ""
        return f"{self.title_zh}（{self.version}，{self.effective}起施行{check}）"


@dataclass(frozen=True)
class Article:
    """An article of a law.

    Args:
        law: The version of the law.
        number: Its number.
    """

    law: Law
    number: int

    @property
    def text(self) -> str:
        """As a document cites it."""
        return f"《中华人民共和国{self.law.title_zh}》第{ordinal(self.number)}条"


@dataclass(frozen=True)
class DocumentKind:
    """A kind of statutory document.

    Args:
        name: Identifier.
        title: In English.
        title_zh: In Chinese; what is printed.
        word: Middle word of its serial number where one is evident, else None: the bureau's configuration decides.
        basis: Articles that its fixed wording rests on; those of the categories come from the case.
        needs: Placeholders that must be told.
        served_by: Kinds of case events that it serves.
        flow: Flow of approval, one of `service.cases.events.FLOWS`, or None.
        receipt: Whether its delivery is put on record.
    """

    name: str
    title: str
    title_zh: str
    word: str | None
    basis: tuple[Article, ...]
    needs: tuple[str, ...]
    served_by: tuple[str, ...]
    flow: str | None = None
    receipt: bool = False

    @property
    def laws(self) -> tuple[Law, ...]:
        """The laws of its basis, each once."""
        return tuple(dict.fromkeys(article.law for article in self.basis))

    @property
    def since(self) -> date | None:
        """First day on which every law of its basis holds as named; None: it rests on none."""
        return max((law.effective for law in self.laws), default=None)

    @property
    def until(self) -> date | None:
        """Last day on which every law of its basis holds as named; None while all do."""
        return min((law.until for law in self.laws if law.until is not None), default=None)


def _laws(raw: Mapping[str, Any]) -> Mapping[str, Law]:
    return {
        name: Law(
            name,
            told["en"],
            told["zh"],
            told["version"],
            told["effective"],
            told.get("until"),
            told.get("effective_from_memory", False),
        )
        for name, told in raw.items()
    }


def _kind(name: str, told: Mapping[str, Any], laws: Mapping[str, Law]) -> DocumentKind:
    basis = (word.split("/") for word in told["basis"])
    return DocumentKind(
        name=name,
        title=told["en"],
        title_zh=told["zh"],
        word=told.get("word"),
        basis=tuple(Article(laws[law], int(number)) for law, number in basis),
        needs=tuple(told["needs"]),
        served_by=tuple(told["served_by"]),
        flow=told.get("flow"),
        receipt=told.get("receipt", False),
    )


def read_kinds(text: str) -> Mapping[str, DocumentKind]:
    """The kinds that a YAML text tells, by name; its form is that of `kinds.yaml`."""
    raw = yaml.safe_load(text)
    laws = _laws(raw["laws"])
    return MappingProxyType({name: _kind(name, told, laws) for name, told in raw["kinds"].items()})


KINDS: Mapping[str, DocumentKind] = read_kinds(
    resources.files("service.cases.documents").joinpath("kinds.yaml").read_text(encoding="utf-8")
)
"""Every kind of document by name."""


def kind_named(name: str) -> DocumentKind:
    """A kind by its name.

    Raises:
        UnknownKindError: If there is none.
    """
    if name not in KINDS:
        raise UnknownKindError(f"There is no kind of document {name!r}.", remedy=f"Known: {', '.join(KINDS)}.")
    return KINDS[name]
