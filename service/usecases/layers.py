"""Layers: each import is a version that never changes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from geodata.differences import DIFFERENCES, difference
from geodata.errors import MissingFileError
from geodata.types import SCAN_KINDS
from service.errors import BadRequestBodyError, NotFoundError
from service.files import Upload, write_beside
from service.layer_process import read_layer_apart
from service.services import Services
from service.store.records import LayerVersion, Page
from service.usecases.layer_facts import LayerFacts, layer_kind
from service.usecases.layer_placement import require_place
from service.usecases.layer_sealing import seal_layer
from service.usecases.layer_sources import completed, telling_what_was_remembered
from service.usecases.sights import require_clearance
from service.usecases.tile_jobs import order_archive


def add_layer(services: Services, kind: str, upload: Upload, facts: LayerFacts) -> tuple[LayerVersion, bool]:
    """Read a vector file and store it once.

    Args:
        services: The service.
        kind: What it is.
        upload: The file; it is moved.
        facts: What its sender says; completed by what the source declared with its last delivery.

    Returns:
        The version, and whether it is new.

    Raises:
        NotFoundError: If there is no such kind.
        LayerError: If the file is refused; its subclasses say why.
        WebMapCoordinatesError: If it fits the parcels on file only when its coordinates are read otherwise.
        OutsideAreasError: If it lies wholly outside the administrative areas on file.
    """
    told = completed(services, layer_kind(kind), facts)
    facts = told.facts
    facts.refuse_personal()
    with telling_what_was_remembered(told):
        content = read_layer_apart(upload.path, layer_kind(kind), services.settings.limits, **facts.read_as())
        require_place(services, layer_kind(kind), content, facts)
    version = LayerVersion(
        id=_version_id(kind, upload.sha256, facts),
        kind=kind,
        file_name=upload.name,
        sha256=upload.sha256,
        content_sha256=content.sha256,
        read_as=facts.recorded(),
        valid_from=facts.valid_from,
        standing=facts.standing,
        columns=content.columns,
        report=content.report,
        features=content.count,
        bbox=content.bbox,
        created_at=datetime.now(UTC),
        source=facts.source,
        as_of=facts.as_of,
        valid_to=facts.valid_to,
        secrecy=facts.secrecy or "internal",
    )
    require_clearance(services, version.secrecy)
    if content.report.get("personal"):
        version, rows = seal_layer(services, version, upload, content)
    else:
        services.blobs.put(upload.path, upload.sha256)
        rows = content.rows()
    new = services.store.layers.add(version, rows)
    stored = services.store.layers.get(version.id)
    if stored.standing:
        order_archive(services, stored)
    return stored, new


def _version_id(kind: str, sha256: str, facts: LayerFacts) -> str:
    told: list[Any] = [kind, sha256, facts.crs, sorted(facts.mapping.items()), facts.encoding, facts.valid_from]
    # what came to be told later is left out where it is not told: the same file keeps the id that it has
    later = {"source": facts.source, "as_of": facts.as_of, "valid_to": facts.valid_to}
    later |= {"transformation": facts.transformation, "place": "accepted" if facts.accept_place else None}
    later |= {"secrecy": facts.secrecy if facts.secrecy != "internal" else None}
    told += [given] if (given := {name: value for name, value in later.items() if value is not None}) else []
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


def require_one_kind(services: Services, old: str, new: str) -> tuple[LayerVersion, LayerVersion]:
    """Two versions of one kind, so that they can be compared.

    Raises:
        NotFoundError: If one is not there.
        BadRequestBodyError: If they are of two kinds.
    """
    first, second = services.store.layers.get(old), services.store.layers.get(new)
    if first.kind != second.kind:
        raise BadRequestBodyError(
            f"Layer version {old} is of the kind {first.kind}, and {new} of the kind {second.kind}.",
            remedy="Compare two versions of one kind.",
        )
    return first, second


def difference_parts(
    services: Services, old: LayerVersion, new: LayerVersion, counts: Counter[str] | None = None
) -> Iterator[bytes]:
    """The differences of two versions by id, as the parts of one GeoJSON text; see `differences.difference`.

    However large the layers are, only a portion is in memory. The last member counts what was told; `counts` is filled
    with it too.
    """
    head = {"type": "FeatureCollection", "kind": new.kind, "from": old.id, "to": new.id}
    yield orjson.dumps(head)[:-1] + b',"features":['
    counts = Counter() if counts is None else counts
    for texts in services.store.layers.differing(old.id, new.id):
        before, after = (None if text is None else orjson.loads(text) for text in texts)
        told = difference(before, after)
        if told is not None:
            yield (b",\n" if counts else b"\n") + orjson.dumps(told)
            counts[told["properties"]["difference"]] += 1
    yield b'],"counts":' + orjson.dumps({name: counts[name] for name in DIFFERENCES}) + b"}\n"


def write_differences(services: Services, old: LayerVersion, new: LayerVersion, path: Path) -> dict[str, int]:
    """Write the differences of two versions to a file, whole or not at all.

    Returns:
        How many there are of each kind.

    Raises:
        MissingFileError: If there is no folder to write in.
    """
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise MissingFileError(f"{path} cannot be written.", remedy="Name a file in a folder that is there.")
    counts = Counter[str]()
    write_beside(path, difference_parts(services, old, new, counts))
    return {name: counts[name] for name in DIFFERENCES}


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
    found = {kind: services.store.layers.newest(kind) for kind in SCAN_KINDS}
    return {kind: version.id for kind, version in found.items() if version is not None}
