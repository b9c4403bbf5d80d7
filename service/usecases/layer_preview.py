"""What an import would do, before it is done: nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
import shapely

from geodata.errors import KanchaError
from service.files import Upload
from service.layer_process import LayerContent, read_head_apart, read_layer_apart
from service.privacy.fields import MASK, is_personal
from service.services import Services
from service.usecases.layer_facts import LayerFacts, layer_kind
from service.usecases.layer_placement import require_place
from service.usecases.layer_sources import completed, telling_what_was_remembered

ROWS = 10
"""So many rows are shown."""
NAMED = 100
"""So many features are named that would be repaired, dropped or are found twice."""
OUTLINES = 2_000
"""So many features are drawn, evenly from the whole file; all of a layer that is no larger."""
_CORNERS = 200
"""What has more corners is drawn with fewer: a boundary of a hundred thousand is no sharper on a screen."""
_SCREEN_PX = 4_000


@dataclass(frozen=True)
class Preview:
    """What is in a file, and what an import of it would do.

    Args:
        kind: What it is meant to be.
        file_name: Its name.
        head: What it is, its columns and first rows; see `heads.Head`.
        read_as: What an import has to declare so that it does what is told here.
        remembered: What of it came from the last delivery of the source.
        counts: `rows`, `kept`, `repaired`, `dropped`, `duplicated`; None where it would be refused.
        report: The report of reading, the first `NAMED` of each list; None where it would be refused.
        bbox: Box around it in longitude and latitude; None without any place.
        outlines: What is drawn on the map, GeoJSON geometries in longitude and latitude; also of a file that would be
            refused for where it lies.
        refused: The named error of an import, None where it would be stored.
    """

    kind: str
    file_name: str
    head: dict[str, Any]
    read_as: dict[str, Any]
    remembered: dict[str, Any]
    counts: dict[str, int] | None
    report: dict[str, Any] | None
    bbox: tuple[float, float, float, float] | None
    outlines: Sequence[dict[str, Any]]
    refused: dict[str, Any] | None


def preview_layer(services: Services, kind: str, upload: Upload, facts: LayerFacts) -> Preview:
    """Read a file as an import would, with guesses where its columns have foreign names; store nothing.

    Args:
        services: The service.
        kind: What it is meant to be.
        upload: The file.
        facts: What its sender says.

    Raises:
        NotFoundError: If there is no such kind.
        LayerError: If nothing of the file can be shown; whatever else an import would refuse is told in `refused`.
    """
    told = completed(services, layer_kind(kind), facts)
    limits = services.settings.limits
    with telling_what_was_remembered(told):
        head = read_head_apart(upload.path, layer_kind(kind), limits, ROWS, **told.facts.read_as())
    # what is declared and not there is kept: that it is not there is what the import refuses
    mapping = {**head.pop("mapping"), **told.facts.mapping}
    _mask(head)
    facts = replace(told.facts, mapping=mapping)
    made = Preview(kind, upload.name, head, facts.recorded(), dict(told.used), None, None, None, [], None)
    content = None
    try:
        with telling_what_was_remembered(told):
            content = read_layer_apart(upload.path, layer_kind(kind), limits, **facts.read_as())
            require_place(services, layer_kind(kind), content, facts)
    except KanchaError as error:
        made = replace(made, refused=error.as_dict())
        # whoever sees it lie in the next province knows more than by any figure
        return made if content is None else replace(made, bbox=content.bbox, outlines=_outlines(content))
    report = dict(content.report)
    lists = {name: report[name] for name in ("repaired", "dropped", "duplicated")}
    counts = {"rows": report["rows"], "kept": report["kept"], **{name: len(told) for name, told in lists.items()}}
    report |= {name: told[:NAMED] for name, told in lists.items()}
    return replace(made, counts=counts, report=report, bbox=content.bbox, outlines=_outlines(content))


def _outlines(content: LayerContent) -> Sequence[dict[str, Any]]:
    """Features taken evenly from the whole file, each as it is drawn on a map of it."""
    if content.bbox is None:
        return []
    step = -(-content.count // OUTLINES)
    west, south, east, north = content.bbox
    least = max(east - west, north - south) / _SCREEN_PX
    found = []
    for number, row in enumerate(content.rows()):
        if number % step or row.bbox is None:
            continue
        geometry: dict[str, Any] = orjson.loads(row.geojson)["geometry"]
        shape = shapely.geometry.shape(geometry)
        if shapely.get_num_coordinates(shape) > _CORNERS:
            plain = shape.simplify(least)
            geometry = geometry if plain.is_empty else shapely.geometry.mapping(plain)
        found.append(geometry)
    return found


def _mask(head: dict[str, Any]) -> None:
    """Show what a preview is for, columns and form, without what it is not for: who lives there."""
    hidden = [k for k, column in enumerate(head["columns"]) if is_personal(column["name"])]
    head["rows"] = [
        [MASK if k in hidden and value is not None else value for k, value in enumerate(row)] for row in head["rows"]
    ]
