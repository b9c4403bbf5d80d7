"""The templates at hand: those that Kancha ships and the bureau's own, each in versions, chosen by the day."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Literal

from service.cases.documents.errors import NoTemplateError, TemplateChangedError, TemplateError
from service.cases.documents.inspection import check_content, check_template
from service.cases.documents.kinds import KINDS, kind_named

Source = Literal["built_in", "bureau"]
_FILE = re.compile(r"(?P<kind>[a-z_]+)@(?P<day>\d{4}-\d{2}-\d{2})\.docx")
BUILT_IN_VERSION = "1"
"""Version of the wording that Kancha ships; raised whenever `tools/make_templates.py` writes other files."""


@dataclass(frozen=True)
class TemplateVersion:
    """A version of a template; it never changes.

    Args:
        kind: Kind of document.
        effective_from: First day on which it is taken; None: always.
        content: The Word file.
        sha256: Of the content.
        source: Shipped, or the bureau's own.
        until: Last day on which its laws hold as named; None while they do. Only of shipped ones.
    """

    kind: str
    effective_from: date | None
    content: bytes
    sha256: str
    source: Source
    until: date | None = None

    @property
    def version(self) -> str:
        """How it is told apart from others of its kind."""
        return f"{self.source}-{self.effective_from or 'ever'}-{self.sha256[:8]}"


def bureau_template(kind: str, content: bytes, effective_from: date) -> TemplateVersion:
    """A version of a bureau's own template.

    Args:
        kind: Kind of document.
        content: The Word file.
        effective_from: First day on which it is taken.

    Returns:
        The version.

    Raises:
        UnknownKindError: If there is no such kind.
        TemplateError: If it may not be used.
    """
    check_content(content, kind_named(kind))
    return TemplateVersion(kind, effective_from, content, hashlib.sha256(content).hexdigest(), "bureau")


def built_in(kind: str) -> TemplateVersion:
    """The template that Kancha ships for a kind; it is taken from the day on which all laws hold that it rests on."""
    told = kind_named(kind)
    content = resources.files("service.cases.documents").joinpath("templates", f"{kind}.docx").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return TemplateVersion(kind, told.since, content, digest, "built_in", told.until)


class TemplateShelf:
    """Templates by kind and day.

    Of the versions whose day has come the newest is taken, the bureau's before Kancha's of the same day. So a newer
    wording for a newer law is taken although the bureau replaced an older one.

    Args:
        own: The bureau's versions, whatever they are kept in.

    Raises:
        TemplateChangedError: If two of a kind begin on the same day and differ.
    """

    def __init__(self, own: Iterable[TemplateVersion] = ()) -> None:
        kept: dict[tuple[str, date | None], TemplateVersion] = {}
        for version in own:
            other = kept.setdefault((version.kind, version.effective_from), version)
            if other.sha256 != version.sha256:
                raise TemplateChangedError(
                    f"Two templates of {version.kind} begin on {version.effective_from}: "
                    f"{other.sha256[:12]} and {version.sha256[:12]}.",
                    remedy="A version never changes; give the other one a day of its own.",
                    kind=version.kind,
                )
        self._own = tuple(kept.values())

    @classmethod
    def of_folder(cls, folder: Path) -> TemplateShelf:
        """The shelf with the bureau's templates of a folder, named `KIND@YYYY-MM-DD.docx`.

        Args:
            folder: The folder; without it there are only the shipped ones.

        Raises:
            TemplateError: If a Word file there has another name, or may not be used.
        """
        files = sorted(folder.glob("*.docx")) if folder.is_dir() else []
        # Word keeps a lock file beside what is open
        return cls(_of_file(path) for path in files if not path.name.startswith("~$"))

    def of_kind(self, kind: str) -> Sequence[TemplateVersion]:
        """Every version of a kind, the newest first.

        Raises:
            UnknownKindError: If there is no such kind.
        """
        kind_named(kind)
        all_of = [built_in(kind), *(one for one in self._own if one.kind == kind)]
        return sorted(all_of, key=lambda one: (one.effective_from or date.min, one.source == "bureau"), reverse=True)

    def for_day(self, kind: str, day: date) -> TemplateVersion:
        """The template for a document of a day.

        Args:
            kind: Kind of document.
            day: Day of the document, in Beijing.

        Returns:
            The version.

        Raises:
            UnknownKindError: If there is no such kind.
            NoTemplateError: If none holds on that day.
        """
        for version in self.of_kind(kind):
            begun = version.effective_from is None or version.effective_from <= day
            if begun and (version.until is None or day <= version.until):
                return version
        since = KINDS[kind].since
        raise NoTemplateError(
            f"No template of {KINDS[kind].title_zh} ({kind}) holds on {day}; the shipped one rests on laws that hold "
            f"from {since}.",
            remedy="Give a template of the bureau for that day, checked against the laws of that day.",
            kind=kind,
            day=str(day),
        )


def _of_file(path: Path) -> TemplateVersion:
    named = _FILE.fullmatch(path.name)
    try:
        day = date.fromisoformat(named["day"]) if named else None
    except ValueError:
        day = None
    if named is None or day is None or named["kind"] not in KINDS:
        raise TemplateError(
            f"{path.name} is not named as a template.",
            remedy="Name it KIND@YYYY-MM-DD.docx, such as stop_order@2026-01-01.docx.",
            faults=["its name tells no kind and day"],
        )
    return bureau_template(named["kind"], check_template(path, KINDS[named["kind"]]), day)
