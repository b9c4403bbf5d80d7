"""The review queue: what officers look at this week, and how right the findings have been."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from geodata.errors import MissingFileError, OptionError
from service.files import write_beside
from service.review.draw import Drawn, draw
from service.review.precision import UNKNOWN, Precision, measure
from service.services import Services
from service.store.records import JudgedRow, Scan

LEARN_SHARE = 0.15
"""Share of the queue that is drawn for learning, where nobody says otherwise."""
_MOST = 100_000


def review_queue(services: Services, capacity: int, learn_share: float = LEARN_SHARE) -> list[Drawn]:
    """What officers look at: open findings by priority, and a share drawn for learning.

    Args:
        services: The service.
        capacity: How many can be looked at, 1 to 100 000.
        learn_share: Share of them that is drawn for learning, 0 to 1.

    Raises:
        OptionError: If one of the two is out of its range.
    """
    _check_capacity(capacity)
    if not 0 <= learn_share <= 1:
        raise OptionError(
            f"The learning share is {learn_share:g}, which is outside 0 to 1.",
            remedy="Choose a share from 0 to 1, as 0.15.",
            learn_share=learn_share,
        )
    judged = [one.row for one in services.store.verdicts.judged()]
    return draw(services.store.verdicts.open(), judged, capacity, learn_share)


def precision(services: Services, capacity: int | None = None) -> Precision:
    """How right the judged findings are: of the first k, by class, sensor and time.

    Args:
        services: The service.
        capacity: A further k.

    Raises:
        OptionError: If the capacity is out of its range.
    """
    if capacity is not None:
        _check_capacity(capacity)
    judged = services.store.verdicts.judged()
    return measure(judged, _sensors(services, judged), capacity)


def row_values(drawn: Drawn) -> dict[str, Any]:
    """A row of the queue as plain values, the same in a file and over HTTP."""
    row = drawn.row
    return {
        "rank": drawn.rank,
        "id": row.fid,
        "purpose": drawn.purpose,
        "why": drawn.why,
        "priority": row.priority,
        "change": row.change,
        "confidence": row.confidence,
        "area_m2": row.area_m2,
        "status": row.status,
        "stage": row.stage,
        "flags": list(row.flags),
        "cues": list(row.cues),
        "reason": row.reason,
        "place": [round(row.place[0], 7), round(row.place[1], 7)],
        "after_acquired_at": row.after_at.isoformat(),
        "scan_id": row.scan_id,
    }


def queue_file(drawn: Sequence[Drawn], capacity: int, learn_share: float, at: datetime) -> bytes:
    """The queue as it is written to a file."""
    told = {
        "capacity": capacity,
        "learn_share": learn_share,
        "drawn_at": at.isoformat(timespec="seconds"),
        "rows": [row_values(one) for one in drawn],
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def precision_file(told: Precision) -> bytes:
    """The precision as it is written to a file."""
    return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def write_told(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all.

    Raises:
        MissingFileError: If its folder is not there.
        OptionError: If it cannot be written.
    """
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise MissingFileError(f"{path} cannot be written.", remedy="Name a file in a folder that is there.")
    try:
        write_beside(path, content)
    except OSError as error:
        raise OptionError(f"{path} cannot be written: {error.strerror}.", remedy="Name another file.") from error


def _check_capacity(capacity: int) -> None:
    if not 1 <= capacity <= _MOST:
        raise OptionError(
            f"The capacity is {capacity}, which is outside 1 to {_MOST}.",
            remedy="Say how many findings can be looked at.",
            capacity=capacity,
        )


def _sensors(services: Services, judged: Sequence[JudgedRow]) -> Mapping[str, str]:
    """The sensor of the second date per scan."""
    return {
        scan_id: _sensor(services, services.store.scans.get(scan_id))
        for scan_id in sorted({one.row.scan_id for one in judged})
    }


def _sensor(services: Services, scan: Scan) -> str:
    for given in scan.provenance.get("inputs") or []:
        told = (given.get("acquisition") or {}).get("sensor")
        if told and given.get("role") in ("after", "after_dsm"):
            return str(told)
    attributes = services.store.scenes.get(scan.after_scene).attributes
    return str(attributes.get("platform") or attributes.get("sensor") or UNKNOWN)
