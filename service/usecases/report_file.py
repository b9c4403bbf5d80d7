"""Reports by the file: every good row is kept, every bad one told with its number and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geodata.errors import KanchaError, MissingFileError
from service.cases.leads.intake import Said
from service.cases.leads.table import COLUMNS, DAYS, said_of
from service.cases.leads.values import Spot
from service.files import Upload, private_folder, take_copy
from service.layer_process import read_table_apart
from service.services import Services
from service.usecases.lead_places import spots_of
from service.usecases.reports import Kept, keep_reports, made, require_outside, require_usable

_AT_ONCE = 500


@dataclass(frozen=True)
class FileFacts:
    """What the sender says of a file of reports.

    Args:
        usual: What holds where a row says nothing; its source is that of all rows without one.
        mapping: Columns of the file by wanted column.
        encoding: Encoding of a CSV; None: it is found.
    """

    usual: Said
    mapping: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None


@dataclass(frozen=True)
class FileResult:
    """What became of a file of reports.

    Args:
        encoding: Encoding of its text and how that was found; empty for a workbook.
        columns: The column of the file that each wanted one was read from.
        unread: Columns that nobody wanted.
        rows: How many rows it has.
        new: How many were stored just now.
        known: How many were stored before.
        unplaced: How many of the new ones wait for a place.
        bad: Number of each row that was not taken, and why.
        lead_ids: The leads that the new ones belong to.
    """

    encoding: str
    columns: Mapping[str, str]
    unread: Sequence[str]
    rows: int
    new: int
    known: int
    unplaced: int
    bad: Sequence[tuple[int, str]]
    lead_ids: Sequence[str]


def take_file(services: Services, upload: Upload, facts: FileFacts) -> FileResult:
    """Keep the reports of a CSV or XLSX table.

    Args:
        services: The service.
        upload: The file, in a private folder.
        facts: What its sender says.

    Raises:
        LayerError: If it is no table.
        LayerColumnsError: If no column of it is known, or the mapping names an absent one.
        EncodingError: If its text is of another encoding.
        ReportError: If the service alone tells what the source tells.
    """
    require_outside(facts.usual)
    wanted = {"names": {name: list(words) for name, words in COLUMNS.items()}, "mapping": dict(facts.mapping)}
    table = read_table_apart(upload.path, services.settings.limits, wanted | {"days": list(DAYS)}, facts.encoding)
    bad: list[tuple[int, str]] = []
    good: list[tuple[int, Said, Spot]] = []
    for number, values in table["rows"]:
        try:
            said = said_of(values, facts.usual)
            require_outside(said)
            good.append((number, said, require_usable(said)))
        except KanchaError as error:
            bad.append((number, error.message))
        except ValueError as error:
            bad.append((number, f"{error}."))
    kept: list[Kept] = []
    for at in range(0, len(good), _AT_ONCE):
        kept += _keep(services, good[at : at + _AT_ONCE], bad)
    new = [one.report for one in kept if one.new]
    return FileResult(
        encoding=table["encoding"],
        columns=table["columns"],
        unread=table["unread"],
        rows=len(table["rows"]),
        new=len(new),
        known=len(kept) - len(new),
        unplaced=sum(one.spot.geometry is None for one in new),
        bad=sorted(bad),
        lead_ids=sorted({one.lead_id for one in new if one.lead_id is not None}),
    )


def _keep(services: Services, part: Sequence[tuple[int, Said, Spot]], bad: list[tuple[int, str]]) -> Sequence[Kept]:
    lost = [at for at, (_, _, spot) in enumerate(part) if spot.geometry is None and not spot.note]
    found = dict(zip(lost, spots_of(services, [_hint(part[at][1]) for at in lost]), strict=True))
    reports = []
    for at, (number, said, spot) in enumerate(part):
        try:
            reports.append(made(services, said, found.get(at, spot)))
        except KanchaError as error:
            bad.append((number, error.message))
    return keep_reports(services, reports)


def _hint(said: Said) -> tuple[str, str]:
    return said.parcel_id.strip(), said.address.strip()


def take_local_file(services: Services, path: Path, facts: FileFacts) -> FileResult:
    """Keep the reports of a local table; see `take_file`.

    Raises:
        MissingFileError: If there is no such file.
    """
    if not path.is_file():
        raise MissingFileError(f"There is no file {path}.", remedy="Check the path.")
    with private_folder(services.settings.data / "incoming") as folder:
        return take_file(services, take_copy(path, folder), facts)


def file_values(told: FileResult) -> dict[str, Any]:
    """The result as plain values."""
    return vars(told) | {"bad": [{"row": row, "reason": reason} for row, reason in told.bad]}
