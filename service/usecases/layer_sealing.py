"""A layer with personal values on its way into the store: what is told of people is sealed before it is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from service.files import Upload, sha256_of
from service.layer_process import LayerContent
from service.privacy.keyring import Keyring, keyring
from service.privacy.sealed_file import new_file_key, seal_file
from service.services import Services
from service.settings import Settings
from service.store.records import FeatureRow, LayerVersion


def key_file(settings: Settings) -> Path:
    """The file of the keys that seal personal data."""
    return settings.privacy.key_file or settings.data / "personal-keys.json"


def about_feature(version_id: str, fid: str) -> str:
    """What the seal of a feature's values is bound to."""
    return f"feature|{version_id}|{fid}"


def about_file(version_id: str) -> str:
    """What the seal of a file's key is bound to."""
    return f"file|{version_id}"


def seal_layer(
    services: Services, version: LayerVersion, upload: Upload, content: LayerContent
) -> tuple[LayerVersion, Iterator[FeatureRow]]:
    """The version with its file stored sealed, and its rows with their personal values sealed.

    Raises:
        SealError: If the file of keys cannot be used.
    """
    ring = keyring(key_file(services.settings))
    key = new_file_key()
    sealed = upload.path.with_name(".sealed")
    seal_file(upload.path, sealed, key)
    stored_as = sha256_of(sealed)
    services.blobs.put(sealed, stored_as)
    told = replace(version, stored_as=stored_as, file_key=ring.seal(key, about_file(version.id)))
    return told, _sealed(ring, version.id, content.rows())


def _sealed(ring: Keyring, version_id: str, rows: Iterator[FeatureRow]) -> Iterator[FeatureRow]:
    for row in rows:
        if row.personal is None:
            yield row
        else:
            yield replace(row, personal=ring.seal(row.personal.encode(), about_feature(version_id, row.fid)))
