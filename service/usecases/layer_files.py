"""Layers from local files: a Shapefile is taken in as one archive with its side files."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geodata.errors import MissingFileError
from service.files import Upload, private_folder, safe_name, sha256_of, take_copy
from service.services import Services
from service.store.records import LayerVersion
from service.usecases.layer_facts import LayerFacts, layer_kind
from service.usecases.layer_preview import Preview, preview_layer
from service.usecases.layers import add_layer

_SIDES = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def add_layer_file(services: Services, kind: str, path: Path, facts: LayerFacts) -> tuple[LayerVersion, bool]:
    """Store a layer from a local file; see `add_layer`.

    Raises:
        MissingFileError: If there is no such file.
    """
    layer_kind(kind)
    with _taken_in(services, path) as upload:
        return add_layer(services, kind, upload, facts)


def preview_layer_file(services: Services, kind: str, path: Path, facts: LayerFacts) -> Preview:
    """What an import of a local file would do; see `preview_layer`.

    Raises:
        MissingFileError: If there is no such file.
    """
    layer_kind(kind)
    with _taken_in(services, path) as upload:
        return preview_layer(services, kind, upload, facts)


@contextmanager
def _taken_in(services: Services, path: Path) -> Iterator[Upload]:
    if not path.is_file():
        raise MissingFileError(f"There is no file {path}.", remedy="Check the path.")
    with private_folder(services.settings.data / "incoming") as folder:
        yield _bundle(path, folder) if path.suffix.lower() == ".shp" else take_copy(path, folder)


def _bundle(path: Path, folder: Path) -> Upload:
    sides = sorted(
        side
        for side in path.parent.iterdir()
        if side.stem == path.stem and side.suffix.lower() in _SIDES and side.is_file()
    )
    target = folder / f"{safe_name(path.stem)}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for side in sides:
            # times of the files are left out: the same content makes the same archive
            archive.writestr(zipfile.ZipInfo(side.name, _EPOCH), side.read_bytes(), zipfile.ZIP_DEFLATED)
    return Upload(target, sha256_of(target), target.stat().st_size)
