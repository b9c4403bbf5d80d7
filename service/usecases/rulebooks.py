"""Rulebooks: listed, added to the data folder, put to use; and which version a scan is assessed by.

Kancha ships some; a bureau adds its own as YAML. What is added is kept with everything that it extends, under its id,
version and checksum, and never changes, so that an old scan can be assessed again by the rules of its day. Beside them
lies `current`, which names the rulebook that scans take where nobody says otherwise; of its versions the one counts
that is in effect on the day of the later scene.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import orjson
import shapely

from geodata.assess import Assessment, Book, explain, flat_text, parse_book, shipped_book, shipped_names
from geodata.assess.books import NATIONAL
from geodata.assess.judging import Trial
from geodata.crs import CRS84
from geodata.errors import KanchaError, MissingFileError, RulebookError
from geodata.features import parse_day
from service.errors import NotFoundError
from service.files import held_alone, write_beside
from service.services import Services
from service.settings import Settings
from service.usecases.layer_loading import around, load_layers

CURRENT = "current"
"""As rules of a scan: the rulebook in use. In the data folder's `rulebooks`: the file that names it."""


@dataclass(frozen=True)
class BookEntry:
    """A rulebook on the shelf.

    Args:
        name: Its id with its checksum, as scans name it for ever; the file's name where it cannot be read.
        id: Its id.
        version: Its version.
        jurisdiction: Where it holds.
        title: Its title in English.
        title_zh: The same in Chinese.
        since: First day on which it holds.
        until: Last day.
        rules: How many rules it has.
        in_use: Whether scans take it where nobody says otherwise.
        fault: Why it cannot be used, None: it can.
    """

    name: str
    id: str
    version: str = ""
    jurisdiction: str = ""
    title: str = ""
    title_zh: str = ""
    since: date | None = None
    until: date | None = None
    rules: int = 0
    in_use: bool = False
    fault: str | None = None


@dataclass(frozen=True)
class Explained:
    """Why a finding is assessed as it is.

    Args:
        finding_id: The finding.
        book: The rulebook.
        assessment: What is said of it.
        trials: Every rule tried on it.
        facts: Facts of the structure itself.
    """

    finding_id: str
    book: Book
    assessment: Assessment
    trials: Sequence[Trial]
    facts: Mapping[str, Any]


def shelf(settings: Settings) -> Path:
    """Where the bureau's rulebooks lie."""
    return settings.data / "rulebooks"


def lock_of(settings: Settings) -> Path:
    """What whoever changes the shelf holds meanwhile, see `held_alone`."""
    return shelf(settings) / ".lock"


def check(path: Path, *, since: date | None = None) -> Book:
    """The rulebook of a file.

    Args:
        path: The file.
        since: First day on which it holds; None: as the file says.

    Raises:
        MissingFileError: Without the file.
        RulebookError: With every fault.
    """
    if not path.is_file():
        raise MissingFileError(f"There is no file {path}.", remedy="Check the path.")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RulebookError(f"{path.name} is not UTF-8 text.", remedy="Save it as UTF-8.") from error
    return parse_book(text, path.name, since=since)


def add(settings: Settings, path: Path, *, since: date | None = None) -> tuple[Book, bool]:
    """Keep a rulebook; see `check`. Whether it is new is told with it.

    Raises:
        RulebookError: If its id and version are taken by another content.
    """
    book = check(path, since=since)
    with held_alone(lock_of(settings)):
        return book, keep_new(settings, book)


def keep_new(settings: Settings, book: Book) -> bool:
    """Keep a rulebook, for whoever holds the lock of the shelf; whether it is new there.

    Raises:
        RulebookError: If its id and version are taken by another content.
    """
    require_free(settings, book)
    return _keep(settings, book)


def require_free(settings: Settings, book: Book) -> None:
    """Refuse a rulebook whose id and version are taken by another content.

    Raises:
        RulebookError: If they are.
    """
    same = [b for b in _all(settings) if (b.rules.id, b.rules.version) == (book.rules.id, book.rules.version)]
    if any(other.checksum != book.checksum for other in same):
        raise RulebookError(
            f"There is a rulebook {book.rules.id} of version {book.rules.version} with another content.",
            remedy="Versions never change: give this one another version.",
            faults=[f"version: {book.rules.version} is taken"],
        )


def use(settings: Settings, rulebook_id: str) -> list[Book]:
    """Let scans take a rulebook where nobody says otherwise; its versions are told.

    Raises:
        NotFoundError: If there is none.
    """
    with held_alone(lock_of(settings)):
        return take_to_use(settings, rulebook_id)


def take_to_use(settings: Settings, rulebook_id: str) -> list[Book]:
    """As `use`, for whoever holds the lock of the shelf."""
    found = [book for book in _all(settings) if book.rules.id == rulebook_id]
    if not found:
        raise NotFoundError(f"There is no rulebook {rulebook_id[:80]!r}.", remedy=_known(settings))
    write_beside(shelf(settings) / CURRENT, f"{rulebook_id}\n".encode())
    return found


def in_use(settings: Settings) -> str:
    """Id of the rulebook that scans take where nobody says otherwise."""
    path = shelf(settings) / CURRENT
    return (path.read_text(encoding="utf-8").strip() if path.is_file() else "") or NATIONAL


def list_books(settings: Settings) -> list[BookEntry]:
    """Every rulebook by id and day, also those that cannot be used."""
    used = in_use(settings)
    found = sorted(_all(settings), key=lambda b: (b.rules.id, b.rules.since or date.min, b.rules.version))
    entries = [entry_of(book, used) for book in found]
    for path in sorted(shelf(settings).glob("*.yaml")):
        try:
            _read(path)
        except KanchaError as error:
            entries.append(BookEntry(path.stem, path.stem, fault=error.message))
    return entries


def get_book(settings: Settings, given: str, day: date | None = None) -> Book:
    """The rulebook that a word means.

    Args:
        settings: The settings.
        given: `current`, an id, or an id with its checksum.
        day: The day on which it must hold; None: today's version, whatever the day.

    Raises:
        NotFoundError: If there is none.
        RulebookError: If no version of it holds on the day.
    """
    wanted, _, checksum = (in_use(settings) if given == CURRENT else given).partition("+")
    found = [book for book in _all(settings) if book.rules.id == wanted]
    if checksum:
        found = [book for book in found if book.checksum.startswith(checksum)]
    if not found:
        raise NotFoundError(f"There is no rulebook {given[:80]!r}.", remedy=_known(settings))
    if checksum:
        return found[0]
    at = day or date.today()
    holding = [b for b in found if b.rules.holds_on(at)]
    if not holding and day is not None:
        spans = "; ".join(f"{b.rules.version}: {b.rules.since or 'ever'} to {b.rules.until or 'on'}" for b in found)
        raise RulebookError(
            f"No version of the rulebook {wanted} holds on {day}.",
            remedy=f"Its versions: {spans}. Add the one of that day, or choose another rulebook.",
            day=str(day),
        )
    return max(holding or found, key=lambda b: (b.rules.since or date.min, b.rules.version))


def book_for(settings: Settings, given: str, at: datetime | None) -> Book:
    """The rulebook of a command: as `get_book`, or the path of a YAML file.

    Args:
        settings: The settings.
        given: `current`, an id, an id with its checksum, or a path.
        at: When the structures stood; None: now.
    """
    if given.endswith((".yaml", ".yml")) or "/" in given:
        return check(Path(given))
    return get_book(settings, given, None if at is None else parse_day(at))


def explain_finding(services: Services, finding_id: str) -> Explained:
    """Why a stored finding is assessed as it is: every rule tried on it again, with its layers and its rulebook.

    Raises:
        NotFoundError: Without the finding.
    """
    feature = orjson.loads(services.store.scans.finding(finding_id))
    told = feature["properties"]
    scan = services.store.scans.get(told["scan_id"])
    outline = shapely.geometry.shape(feature["geometry"])
    layers, _ = load_layers(services, scan.layers, around(outline.bounds))
    row = {**told, "geometry": outline}
    structure = gpd.GeoDataFrame([row], geometry="geometry", crs=CRS84)
    book = get_book(services.settings, str(scan.options.get("rules", NATIONAL)))
    as_of = datetime.fromisoformat(told["after_acquired_at"])
    found, trials, subjects = explain(structure, layers, as_of=as_of, book=book)
    return Explained(finding_id, book, found, trials, subjects.structure)


def rules_for(settings: Settings, given: str, day: date) -> str:
    """The name by which a scan of a day keeps its rulebook; it is kept for ever.

    Raises:
        NotFoundError: If there is no such rulebook.
        RulebookError: If no version of it holds on the day.
    """
    book = get_book(settings, given, day)
    _keep(settings, book)
    return book.name


def is_own_book(name: str) -> bool:
    """Whether a rulebook, by its id and checksum, is none that Kancha ships."""
    return name not in {shipped_book(known).name for known in shipped_names()}


def entry_of(book: Book, used: str) -> BookEntry:
    """How a rulebook stands in the list, where an id is in use."""
    rules = book.rules
    return BookEntry(
        book.name,
        rules.id,
        rules.version,
        rules.jurisdiction,
        rules.title.en,
        rules.title.zh,
        rules.since,
        rules.until,
        len(rules.rules),
        rules.id == used,
    )


def _all(settings: Settings) -> list[Book]:
    """Every rulebook that can be read, the shipped ones and the kept ones, each once."""
    books = {book.name: book for book in (shipped_book(name) for name in shipped_names())}
    for path in sorted(shelf(settings).glob("*.yaml")):
        try:
            book = _read(path)
        except KanchaError:
            continue  # told by the list; a damaged file does not keep others from being used
        books.setdefault(book.name, book)
    return list(books.values())


def _read(path: Path) -> Book:
    book = parse_book(path.read_text(encoding="utf-8"), path.name)
    if path.stem != book.name:
        raise RulebookError(f"{path.name} holds the rulebook {book.name}: it was changed.", remedy="Add it again.")
    return book


def _keep(settings: Settings, book: Book) -> bool:
    path = shelf(settings) / f"{book.name}.yaml"
    if path.is_file():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    write_beside(path, flat_text(book).encode())
    return True


def _known(settings: Settings) -> str:
    return f"Known: {', '.join(sorted({b.rules.id for b in _all(settings)}))}; see `kancha rules list`."
