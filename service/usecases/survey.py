"""The survey of the stock: from files to a list, figures and the progress since an earlier survey."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from geodata.assess import Book
from geodata.assess.stock import Count, Progress, counts, progress, survey
from geodata.errors import LayerColumnsError
from geodata.types import LayerKind, Layers
from service.files import write_beside
from service.usecases.scan_files import as_bytes

if TYPE_CHECKING:
    import geopandas as gpd

_KEPT = ("building_id", "standing", "village", "category", "area_m2")
"""What a later survey needs of an earlier one."""


@dataclass(frozen=True)
class SurveyFiles:
    """What a survey is made of, and what is written.

    Args:
        layers: File per layer kind.
        as_of: The day of the survey, None: today.
        book: The rulebook.
        cut_off: Buildings of this day and before are old stock.
        mapping: Column names per layer kind, wanted to given.
        crs: System of a layer that declares none.
        encoding: Text encoding of a layer that does not tell it.
        since: An earlier survey (GeoJSON of this command), None: no progress is told.
        geojson: The list, None: not written.
        table: The figures as CSV, None: not written.
    """

    layers: Mapping[LayerKind, Path]
    as_of: datetime | None
    book: Book
    cut_off: date | None = None
    mapping: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    crs: str | None = None
    encoding: str | None = None
    since: Path | None = None
    geojson: Path | None = None
    table: Path | None = None


@dataclass(frozen=True)
class Surveyed:
    """A finished survey.

    Args:
        found: The buildings.
        figures: By village, standing and category.
        progress: Since the earlier survey; empty without one.
    """

    found: gpd.GeoDataFrame
    figures: list[Count]
    progress: list[Progress]


def survey_files(ask: SurveyFiles) -> Surveyed:
    """Survey the buildings of files; nothing is written unless all went well.

    Raises:
        KanchaError: The named refusal of a layer, the rulebook or an output.
    """
    from geodata.io.vectors import read_features, read_layer

    frames: dict[str, Any] = {}
    reports = []
    for kind, path in ask.layers.items():
        frames[kind], report = read_layer(
            path, kind, crs=ask.crs, mapping=ask.mapping.get(kind) or None, encoding=ask.encoding
        )
        reports.append(report)
    as_of = ask.as_of or datetime.now(UTC)
    found = survey(Layers(**frames), as_of=as_of, book=ask.book, cut_off=ask.cut_off)
    steps: list[Progress] = []
    if ask.since is not None:
        first = read_features(ask.since, "survey")
        missing = [name for name in _KEPT if name not in first.columns]
        if missing:
            raise LayerColumnsError(
                f"{ask.since.name} is no survey: it lacks {', '.join(missing)}.",
                remedy="Give a GeoJSON file that `kancha survey -o` wrote.",
                missing=missing,
            )
        steps = progress(first, found)
    figures = counts(found)
    if ask.geojson is not None:
        told = {
            "as_of": as_of.isoformat(),
            "cut_off": None if ask.cut_off is None else ask.cut_off.isoformat(),
            "rulebook": ask.book.as_dict(),
            "layer_reports": [report.as_dict() for report in reports],
            "figures": [asdict(row) for row in figures],
        }
        write_beside(ask.geojson, as_bytes(collection(found, told)))
    if ask.table is not None:
        write_beside(ask.table, as_csv(figures))
    return Surveyed(found, figures, steps)


def collection(found: gpd.GeoDataFrame, told: Mapping[str, Any]) -> dict[str, Any]:
    """A survey as a GeoJSON FeatureCollection with a `survey` member."""
    features = []
    for row in found.to_dict("records"):
        geometry = shapely.geometry.mapping(row.pop("geometry"))
        plain = {k: v.isoformat() if isinstance(v, date) else v for k, v in row.items()}
        features.append({"type": "Feature", "id": row["building_id"], "geometry": geometry, "properties": plain})
    return {"type": "FeatureCollection", "features": features, "survey": dict(told)}


def as_csv(figures: list[Count]) -> bytes:
    """Figures as a table that a spreadsheet opens: UTF-8 with its mark."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["village", "standing", "category", "buildings", "area_m2"])
    writer.writerows([f.village, f.standing, f.category or "", f.buildings, f.area_m2] for f in figures)
    return b"\xef\xbb\xbf" + text.getvalue().encode()
