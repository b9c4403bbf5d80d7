"""Personal data of layers: read with a purpose, erased on request or in time, sealed anew. Each is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copyfile
from typing import Any

import orjson

from geodata.errors import OptionError
from service.auth.record import entry_by
from service.cases.evidence.signing import reseal_signing_key
from service.errors import NotFoundError
from service.privacy.keyring import read_keyring, write_keyring
from service.privacy.sealed_file import open_file
from service.services import Services
from service.store.records import LayerVersion
from service.usecases.case_parties import reseal_parties
from service.usecases.channels import reseal_channels
from service.usecases.evidence_keys import evidence_key_file
from service.usecases.layer_facts import layer_kind
from service.usecases.layer_sealing import about_feature, about_file, key_file
from service.usecases.listing import every
from service.usecases.objections import reseal_objections
from service.usecases.reports import reseal_reporters

_AT_ONCE = 1_000


@dataclass(frozen=True)
class Personal:
    """The personal values of a feature.

    Args:
        kind: Kind of its layer.
        fid: Its id.
        version: Id of the layer version.
        values: Values by column; empty where there are none, or they were erased.
    """

    kind: str
    fid: str
    version: str
    values: dict[str, Any]


def read_personal(services: Services, kind: str, fid: str, purpose: str, address: str = "") -> Personal:
    """The personal values of a feature of the newest layer of a kind; the look is recorded before it is granted.

    Raises:
        OptionError: If no purpose is told.
        NotFoundError: Without the layer or feature.
        SealError: If the keys are not here.
    """
    purpose = _said(purpose, "purpose")
    version = _newest(services, kind)
    sealed = services.store.personal.of(version.id, fid)
    told: dict[str, Any] = {}
    if sealed is not None:
        ring = read_keyring(key_file(services.settings))
        told = orjson.loads(ring.open(sealed, about_feature(version.id, fid)))
    entry = entry_by(
        services.caller, datetime.now(UTC), "personal-read", f"{kind}/{fid}", address=address, purpose=purpose,
        columns=sorted(told), version=version.id,
    )  # fmt: skip
    services.store.audit_log.append(entry)
    return Personal(kind, fid, version.id, told)


def erase_personal(services: Services, kind: str, fid: str, reason: str, address: str = "") -> list[str]:
    """Erase the personal values of a feature in every version of a kind, and the stored files that hold them.

    Returns:
        Ids of the versions that had some.

    Raises:
        OptionError: If no reason is told.
        NotFoundError: Without a layer of the kind, or where no version had any.
    """
    reason = _said(reason, "reason")
    _newest(services, kind)
    now = datetime.now(UTC)
    entry = entry_by(services.caller, now, "personal-erased", f"{kind}/{fid}", address=address, reason=reason)
    found = list(services.store.personal.erase(layer_kind(kind), fid, entry))
    if not found:
        raise NotFoundError(f"No version of {kind} holds personal data of {fid[:80]!r}.", remedy="Check the id.")
    return found


def sweep(services: Services) -> list[str]:
    """Erase personal data that were kept long enough: of layer versions that a newer one has replaced.

    Returns:
        Ids of the versions whose data were erased.
    """
    now = datetime.now(UTC)
    services.store.access.forget_ended(now - timedelta(days=services.settings.privacy.keep_sessions_days))
    if services.settings.privacy.keep_days <= 0:
        return []
    before = now - timedelta(days=services.settings.privacy.keep_days)
    replaced: dict[str, datetime] = {}
    erased = []
    for version in reversed(list(every(services.store.layers.page))):
        since = replaced.get(version.kind)
        if since is not None and since < before and version.file_key is not None:
            entry = entry_by(services.caller, now, "personal-expired", f"{version.kind}/{version.id}")
            services.store.personal.erase_version(version.id, entry)
            erased.append(version.id)
        replaced[version.kind] = version.created_at if since is None else max(since, version.created_at)
    return erased


def rotate(services: Services) -> tuple[str, int]:
    """Make a new key and seal everything with it; the old keys are dropped once nothing needs them.

    A rotation that was interrupted is done again: until the end the old keys are in the file too.

    Returns:
        Name of the new key, and how many seals were made.

    Raises:
        SealError: If the keys are not here, or something cannot be opened with them.
    """
    path = key_file(services.settings)
    ring = read_keyring(path).with_new()
    write_keyring(path, ring)
    count, after = 0, 0
    while part := services.store.personal.sealed(after, _AT_ONCE):
        anew = {}
        for key, version, fid, text in part:
            about = about_feature(version, fid)
            anew[key] = ring.seal(ring.open(text, about), about)
        services.store.personal.reseal(anew)
        count, after = count + len(part), part[-1][0]
    for layer in every(services.store.layers.page):
        if layer.file_key is not None:
            about = about_file(layer.id)
            services.store.personal.keep_file_key(layer.id, ring.seal(ring.open(layer.file_key, about), about))
            count += 1
    count += reseal_channels(services, ring.open, ring.seal)
    count += reseal_objections(services, ring.open, ring.seal)
    count += reseal_parties(services, ring.open, ring.seal)
    count += reseal_reporters(services, ring.open, ring.seal)
    count += reseal_signing_key(evidence_key_file(services.settings), ring.open, ring.seal)
    write_keyring(path, ring.only_current())
    services.store.audit_log.append(
        entry_by(services.caller, datetime.now(UTC), "keys-rotated", ring.current, seals=count)
    )
    return ring.current, count


def open_source(services: Services, version_id: str, target: Path, purpose: str) -> LayerVersion:
    """Write the file of a layer version as it came; for one that is sealed the look is recorded.

    Raises:
        NotFoundError: Without the version, or where what opens its file was erased.
        SealError: If the keys are not here.
    """
    purpose = _said(purpose, "purpose")
    version = services.store.layers.get(version_id)
    if not version.stored_as:
        copyfile(services.blobs.path(version.sha256), target)
        return version
    if version.file_key is None:
        raise NotFoundError(
            f"The file of {version_id} was erased with the personal data in it.", remedy="Its features are still here."
        )
    key = read_keyring(key_file(services.settings)).open(version.file_key, about_file(version.id))
    now = datetime.now(UTC)
    entry = entry_by(services.caller, now, "personal-read", f"{version.kind}/{version.id}", purpose=purpose, file=True)
    services.store.audit_log.append(entry)
    open_file(services.blobs.path(version.stored_as), target, key)
    return version


def _newest(services: Services, kind: str) -> LayerVersion:
    version = services.store.layers.newest(layer_kind(kind))
    if version is None:
        raise NotFoundError(f"There is no layer of the kind {kind}.", remedy=f"Store one: POST /layers/{kind}.")
    return version


def _said(text: str, what: str) -> str:
    told = " ".join(text.split())
    if not 4 <= len(told) <= 300 or not told.isprintable():
        raise OptionError(
            f"The {what} has {len(told)} characters.",
            remedy="Say in 4 to 300 characters what it is for; it is recorded.",
        )
    return told
