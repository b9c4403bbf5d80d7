"""The survey of the stock: from files to a list, figures and the progress since an earlier survey."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import shapely

from geodata.assess import Book
from geodata.assess.stock import (
    Count,
    OpenOverTime,
    Progress,
    counts,
    over_time,
    progress,
    survey,
    with_ids_of,
)
from geodata.errors import LayerColumnsError
from geodata.io.dates import BEIJING
from geodata.scan_roofs import RoofOptions, roofs_of
from geodata.types import LayerKind, LayerReport, Layers
from service.files import write_beside
from service.services import Services
from service.usecases.layer_rows import to_frame
from service.usecases.layers import newest_versions
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
        since: Earlier surveys (GeoJSON of this command), in the order of their days; none: no progress is told.
        image: GeoTIFF in which buildings are looked for that no register knows.
        stored: Whether layers that are not given come from the store, the newest of each kind.
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
    since: Sequence[Path] = ()
    image: Path | None = None
    stored: bool = False
    geojson: Path | None = None
    table: Path | None = None


@dataclass(frozen=True)
class Surveyed:
    """A finished survey.

    Args:
        found: The buildings.
        figures: By village, standing and category.
        progress: Since the first earlier survey; empty without one.
        days: Day of each earlier survey and of this one.
        open: What was open at each of them; empty without an earlier one.
        image: What is told of the image; None without one.
    """

    found: gpd.GeoDataFrame
    figures: list[Count]
    progress: list[Progress]
    days: list[str] = field(default_factory=list)
    open: list[OpenOverTime] = field(default_factory=list)
    image: Mapping[str, Any] | None = None


def survey_files(ask: SurveyFiles, services: Services | None = None) -> Surveyed:
    """Survey buildings; nothing is written unless all went well.

    Args:
        ask: What is surveyed.
        services: Where stored layers come from, None: none are taken.

    Raises:
        KanchaError: The named refusal of a layer, the rulebook or an output.
    """
    layers, reports = _layers(ask, services)
    seen = None if ask.image is None else roofs_of(ask.image, options=RoofOptions(ask.as_of, ask.crs))
    as_of = ask.as_of or (datetime.now(UTC) if seen is None else seen.acquired_at)
    found = survey(layers, as_of=as_of, book=ask.book, cut_off=ask.cut_off, seen=None if seen is None else seen.frame)
    earlier = [_earlier(path) for path in ask.since]
    days, steps, over = [day for day, _ in earlier], [], []
    if earlier:
        first = earlier[0][1]
        found = with_ids_of(first, found)
        steps = progress(first, found)
        days = [*days, f"{as_of.astimezone(BEIJING):%Y-%m-%d}"]
        over = over_time([frame for _, frame in earlier] + [found])
    figures = counts(found)
    if ask.geojson is not None:
        told = {
            "as_of": as_of.isoformat(),
            "cut_off": None if ask.cut_off is None else ask.cut_off.isoformat(),
            "rulebook": ask.book.as_dict(),
            "layer_reports": [report.as_dict() for report in reports],
            "image": None if seen is None else seen.told,
            "figures": [asdict(row) for row in figures],
        }
        write_beside(ask.geojson, as_bytes(collection(found, told)))
    if ask.table is not None:
        write_beside(ask.table, as_csv(figures))
    return Surveyed(found, figures, steps, days, over, None if seen is None else seen.told)


def _layers(ask: SurveyFiles, services: Services | None) -> tuple[Layers, list[LayerReport]]:
    """The layers of files, and the newest stored ones of the other kinds where they are wanted."""
    from geodata.io.vectors import read_layer

    frames: dict[str, Any] = {}
    reports = []
    for kind, path in ask.layers.items():
        frames[kind], report = read_layer(
            path, kind, crs=ask.crs, mapping=ask.mapping.get(kind) or None, encoding=ask.encoding
        )
        reports.append(report)
    if ask.stored and services is not None:
        for name, version_id in newest_versions(services).items():
            if name not in frames:
                version = services.store.layers.get(version_id)
                frames[name] = to_frame(services.store.layers.rows(version_id), version.columns)
    return Layers(**frames), reports


def _earlier(path: Path) -> tuple[str, gpd.GeoDataFrame]:
    """Day and buildings of an earlier survey.

    Raises:
        LayerColumnsError: If the file is none.
    """
    from geodata.io.vectors import read_features

    found = read_features(path, "survey")
    missing = [name for name in _KEPT if name not in found.columns]
    if missing:
        raise LayerColumnsError(
            f"{path.name} is no survey: it lacks {', '.join(missing)}.",
            remedy="Give a GeoJSON file that `kancha survey -o` wrote.",
            missing=missing,
        )
    told = orjson.loads(path.read_bytes()).get("survey", {})
    day = told.get("as_of")
    return path.stem if day is None else f"{datetime.fromisoformat(day).astimezone(BEIJING):%Y-%m-%d}", found


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
