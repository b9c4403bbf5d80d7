"""Layers: each import is a version that never changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from geodata.types import LAYER_KINDS, LayerKind, LayerReport, Layers
from service.errors import BadRequestBodyError, NotFoundError
from service.files import Upload
from service.layer_process import read_layer_apart
from service.services import Services
from service.store.records import LayerVersion, Page
from service.usecases.layer_rows import to_frame


@dataclass(frozen=True)
class LayerFacts:
    """What the sender says about a layer.

    Args:
        crs: System of a file that declares none.
        mapping: Column names, wanted to given: `{"parcel_id": "DKBM"}`.
        encoding: Text encoding of a Shapefile that does not tell it.
        valid_from: Since when the layer holds.
        standing: Whether later scans may take it as the newest of its kind.
    """

    crs: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    valid_from: datetime | None = None
    standing: bool = True


def layer_kind(text: str) -> LayerKind:
    """The kind that a word names.

    Raises:
        NotFoundError: If it names none.
    """
    if text not in LAYER_KINDS:
        raise NotFoundError(f"There is no layer kind {text!r}.", remedy=f"Known: {', '.join(LAYER_KINDS)}.")
    return text


def add_layer(services: Services, kind: str, upload: Upload, facts: LayerFacts) -> tuple[LayerVersion, bool]:
    """Read a vector file and store it once.

    Args:
        services: The service.
        kind: What it is.
        upload: The file; it is moved.
        facts: What its sender says.

    Returns:
        The version, and whether it is new.

    Raises:
        NotFoundError: If there is no such kind.
        LayerError: If the file is refused; its subclasses say why.
    """
    content = read_layer_apart(
        upload.path,
        layer_kind(kind),
        services.settings.limits,
        crs=facts.crs,
        mapping=dict(facts.mapping) or None,
        encoding=facts.encoding,
    )
    version = LayerVersion(
        id=_version_id(kind, upload.sha256, facts),
        kind=kind,
        file_name=upload.name,
        sha256=upload.sha256,
        read_as={"crs": facts.crs, "mapping": dict(facts.mapping), "encoding": facts.encoding},
        valid_from=facts.valid_from,
        standing=facts.standing,
        columns=content.columns,
        report=content.report,
        features=content.count,
        bbox=content.bbox,
        created_at=datetime.now(UTC),
    )
    services.blobs.put(upload.path, upload.sha256)
    new = services.store.layers.add(version, content.rows())
    return services.store.layers.get(version.id), new


def _version_id(kind: str, sha256: str, facts: LayerFacts) -> str:
    told = [kind, sha256, facts.crs, sorted(facts.mapping.items()), facts.encoding, facts.valid_from]
    return hashlib.sha256(orjson.dumps(told)).hexdigest()[:20]


def list_layers(services: Services, limit: int, after_key: int, kind: str | None = None) -> Page[LayerVersion]:
    """A page of versions, of one kind or of all."""
    return services.store.layers.page(limit, after_key, None if kind is None else layer_kind(kind))


def get_layer(services: Services, kind: str, version_id: str) -> LayerVersion:
    """One version of a kind.

    Raises:
        NotFoundError: Without it.
    """
    version = services.store.layers.get(version_id)
    if version.kind != layer_kind(kind):
        raise NotFoundError(f"Layer version {version_id} is of the kind {version.kind}, not {kind}.")
    return version


def check_versions(services: Services, wanted: Mapping[str, str]) -> None:
    """See that each named version is there and of the kind it is named for.

    Raises:
        NotFoundError: If one is not there.
        BadRequestBodyError: If one is of another kind.
    """
    for kind, version_id in wanted.items():
        found = services.store.layers.get(version_id).kind
        if found != kind:
            raise BadRequestBodyError(
                f"Layer version {version_id} is of the kind {found}, not {kind}.",
                remedy=f"Name a version from GET /layers/{kind}.",
            )


def newest_versions(services: Services) -> dict[str, str]:
    """The newest standing version of every kind that has one."""
    found = {kind: services.store.layers.newest(kind) for kind in LAYER_KINDS}
    return {kind: version.id for kind, version in found.items() if version is not None}


def load_layers(services: Services, wanted: Mapping[str, str]) -> tuple[Layers, list[LayerReport]]:
    """The stored layers for a scan, whole: their content is part of the scan's identity.

    Args:
        services: The service.
        wanted: Version per kind.

    Returns:
        The layers, and the reports of their import.
    """
    frames: dict[str, Any] = {}
    reports: list[LayerReport] = []
    for kind in LAYER_KINDS:
        if kind in wanted:
            version = services.store.layers.get(wanted[kind])
            frames[kind] = to_frame(services.store.layers.rows(version.id), version.columns)
            told = dict(version.report)
            told["dropped"] = [(row[0], row[1]) for row in told["dropped"]]
            reports.append(LayerReport(**told))
    return Layers(**frames), reports
