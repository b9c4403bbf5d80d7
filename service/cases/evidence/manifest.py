"""What a package says of itself: the list of its parts, and the case's events as a chain.

The manifest is JSON of one form, so that the same content always gives the same bytes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from service.cases.events import CaseEvent
from service.files import safe_name

FORMAT = "kancha-evidence/1"
README, SIGNER, SUMS = "README.txt", "signer.pem", "SHA256SUMS"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
STAMP, STAMP_SIGNATURE = "manifest.tsr", "manifest.tsr.sig"
OWN = (README, SIGNER, SUMS)
"""Files of every package that the manifest lists beside the parts."""
PARTS = "parts/"
MOST_PARTS = 100_000

PART_KINDS = (
    "chip",
    "parameters",
    "model_card",
    "rulebook",
    "layer",
    "measurement",
    "photo",
    "document",
    "event_history",
    "audit_extract",
    "other",
)
"""What a part may be; the folder that it lies in."""


@dataclass(frozen=True)
class Part:
    """A file of a package.

    Args:
        name: What it is called, in any script.
        kind: One of `PART_KINDS`.
        content: The file, or its bytes.
        about: Where it comes from, as JSON: provenance, errors, checksums of sources.
    """

    name: str
    kind: str
    content: Path | bytes
    about: Mapping[str, Any] = field(default_factory=dict)


def path_of(number: int, kind: str, name: str) -> str:
    """Where a part lies in the package: its kind, its number, its name made safe.

    >>> path_of(3, "photo", "../现场 照片.jpg")
    'parts/photo/0003-现场_照片.jpg'
    """
    safe = unicodedata.normalize("NFC", safe_name(name, default="part")).rstrip(".")
    return f"{PARTS}{kind}/{number:04d}-{safe}"


@dataclass(frozen=True)
class Contents:
    """What goes into a package.

    Args:
        case_id: The case.
        created_at: When the package is made, with zone.
        creator: Who makes it, as it shall stand in the package.
        parts: The files, in their order.
        events: The case's events, all of them by their number.
        about: Further facts of the case, as JSON.
    """

    case_id: str
    created_at: datetime
    creator: str
    parts: Sequence[Part]
    events: Sequence[CaseEvent] = ()
    about: Mapping[str, Any] = field(default_factory=dict)
