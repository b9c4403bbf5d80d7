"""The bureau's key that signs evidence packages, in the data folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from service.cases.evidence.signing import ListedKey, SigningKey, listed_keys, rotate_signing_key, signing_key
from service.privacy.keyring import keyring
from service.settings import Settings
from service.usecases.layer_sealing import key_file


def evidence_key_file(settings: Settings) -> Path:
    """The file of the keys that sign."""
    return settings.data / "evidence-keys.json"


def bureau_key(settings: Settings) -> SigningKey:
    """The key that signs; the first is made at the first need.

    Raises:
        SealError: If the file of keys, or what its private part is sealed with, cannot be used.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    return signing_key(evidence_key_file(settings), keyring(key_file(settings)))


def bureau_keys(settings: Settings) -> Sequence[ListedKey]:
    """Every public key that signs or signed, the oldest first; the first is made at the first need.

    Raises:
        SealError: As `bureau_key`.
    """
    if not evidence_key_file(settings).exists():
        bureau_key(settings)
    return listed_keys(evidence_key_file(settings))


def rotate_bureau_key(settings: Settings) -> ListedKey:
    """Make a new key that signs from now on; the old public keys stay listed.

    Raises:
        SealError: As `bureau_key`.
    """
    return rotate_signing_key(evidence_key_file(settings), keyring(key_file(settings)), datetime.now(UTC))
