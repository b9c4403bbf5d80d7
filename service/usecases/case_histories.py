"""Cases as lines, with what is known around them: the ledger, the look at even treatment, comparable cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import shapely

from geodata.detect.candidates import geodesic_area_m2
from service.cases.fairness import EqualTreatment, comparable, equal_treatment
from service.cases.histories import Around, CaseHistory, history_of
from service.cases.ledger import Ledger, ledger
from service.cases.workflow.replay import stand
from service.errors import NotFoundError
from service.services import Services
from service.store.case_base import CaseRow
from service.usecases.case_rules import rules_of
from service.usecases.streets import Streets

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Seen:
    """What the first picture of a structure says.

    Args:
        area_m2: Its area.
        uploaded_at: When the picture arrived.
        rulebook: By which rules it was assessed.
    """

    area_m2: float | None = None
    uploaded_at: datetime | None = None
    rulebook: str = ""


def histories(services: Services) -> Sequence[CaseHistory]:
    """All cases that the caller sees, each as one line, as of now."""
    rules, now = rules_of(services), datetime.now(UTC)
    told = list(services.store.cases.every())
    places = [_place(row) for row, _ in told]
    streets = Streets(services, places)
    found = []
    for (row, events), place in zip(told, places, strict=True):
        around = _around(services, row, streets.at(place))
        found.append(history_of(stand(events, rules.options), rules.clocks(events, now), around))
    return found


def case_ledger(services: Services, since: datetime | None = None, until: datetime | None = None) -> Ledger:
    """The ledger of the cases that were opened in a time.

    Args:
        services: The service as the caller sees it.
        since: From when on; None: all.
        until: Until when, excluded; None: now.
    """
    return ledger(histories(services), since or EPOCH, until or datetime.now(UTC))


def even_treatment(services: Services) -> EqualTreatment:
    """How evenly the cases were treated that the caller sees."""
    return equal_treatment(histories(services))


def comparable_cases(services: Services, case_id: str, limit: int = 10) -> tuple[CaseHistory, Sequence[CaseHistory]]:
    """A case and the decided ones most like it.

    Raises:
        NotFoundError: Without the case.
    """
    services.store.cases.get(case_id)
    every = histories(services)
    one = next(history for history in every if history.case_id == case_id)
    return one, comparable(one, every, limit)


def _place(row: CaseRow) -> tuple[float, float]:
    west, south, east, north = row.box
    return (west + east) / 2, (south + north) / 2


def _around(services: Services, row: CaseRow, village: str) -> Around:
    seen = _seen(services, row)
    area = seen.area_m2 if seen.area_m2 is not None else _area(row)
    return Around(row.serial, village, area, seen.uploaded_at, seen.rulebook)


def _area(row: CaseRow) -> float | None:
    shape = shapely.geometry.shape(orjson.loads(row.geojson)["geometry"])
    return geodesic_area_m2(shape) if shape.area else None


def _seen(services: Services, row: CaseRow) -> _Seen:
    if row.structure_id is None:
        return _Seen()
    try:
        feature = orjson.loads(services.store.structures.feature(row.structure_id))
        area = feature["properties"].get("area_m2")
        first: Iterable[str] = feature["properties"]["finding_ids"]
        finding: Mapping[str, Any] = orjson.loads(services.store.scans.finding(next(iter(first))))["properties"]
        scan = services.store.scans.get(str(finding["scan_id"]))
        scene = services.store.scenes.get(scan.after_scene)
    except (NotFoundError, StopIteration):
        return _Seen()
    book = scan.provenance.get("rulebook") or {}
    version = f"{book.get('id', '')} {book.get('version', '')}".strip()
    return _Seen(area, scene.arrived_at or scene.created_at, version)
