"""The key that signs evidence packages: Ed25519 (RFC 8032), its private part sealed at rest.

The file of keys lists every public key that ever signed, so that an old package stays known as the bureau's own; of a
key that was replaced the private part is gone.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from geodata.errors import OptionError
from service.errors import SealError
from service.files import write_beside
from service.privacy.keyring import Keyring

Open = Callable[[str, str], bytes]
"""Opens what was sealed: the sealed text, and what it belongs to; `Keyring.open`."""
Seal = Callable[[bytes, str], str]
"""Seals something: the content, and what it belongs to; `Keyring.seal`."""


@dataclass(frozen=True)
class VerifyKey:
    """A public key.

    Args:
        pem: SubjectPublicKeyInfo as PEM.
    """

    pem: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key's DER form (SubjectPublicKeyInfo), hexadecimal."""
        der = load_pem_public_key(self.pem).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).hexdigest()

    def holds(self, signature: bytes, message: bytes) -> bool:
        """Whether a signature is of this key over this message."""
        key = load_pem_public_key(self.pem)
        if not isinstance(key, Ed25519PublicKey):
            return False
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def read_verify_key(pem: bytes) -> VerifyKey:
    """A public key from PEM.

    Raises:
        OptionError: If it is none, or none of Ed25519.
    """
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise OptionError("That is no public key in PEM.", remedy="`kancha evidence key` prints it.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise OptionError("That key is not of Ed25519.", remedy="`kancha evidence key` prints the right one.")
    return VerifyKey(_pem(key))


class SigningKey:
    """A key that signs.

    Args:
        private: The 32 bytes of its private part.
    """

    def __init__(self, private: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(private)
        self.public = VerifyKey(_pem(self._private.public_key()))

    def __repr__(self) -> str:
        return f"SigningKey({self.public.fingerprint[:16]})"

    def sign(self, message: bytes) -> bytes:
        """The signature over a message, 64 bytes."""
        return self._private.sign(message)


@dataclass(frozen=True)
class ListedKey:
    """A public key of the file of keys.

    Args:
        name: `e1`, `e2`, ...
        key: The public key.
        made_at: When it was made.
        replaced_at: When another took its place; None: it signs.
    """

    name: str
    key: VerifyKey
    made_at: datetime
    replaced_at: datetime | None


def listed_keys(path: Path) -> list[ListedKey]:
    """Every public key that signs or signed; empty where none was made. Nothing sealed is opened.

    Raises:
        SealError: If it is no file of keys.
    """
    return [_listed(one) for one in _read(path)] if path.exists() else []


def signing_key(path: Path, ring: Keyring) -> SigningKey:
    """The key that signs; the first is made where there is none.

    Args:
        path: The file of keys.
        ring: The keys that the private part is sealed with.

    Raises:
        SealError: If it is no file of keys, or its private part cannot be opened.
    """
    if not path.exists():
        with _alone(path):
            if not path.exists():
                _write(path, [_made("e1", datetime.now(UTC), ring)])
    current = _current(path, _read(path))
    return SigningKey(ring.open(current["private"], _about(current["name"])))


def rotate_signing_key(path: Path, ring: Keyring, at: datetime) -> ListedKey:
    """Make a new key that signs from now on; the old public keys stay listed, the old private part goes.

    Args:
        path: The file of keys.
        ring: The keys that the private part is sealed with.
        at: When.

    Raises:
        SealError: If it is no file of keys.
    """
    with _alone(path):
        keys = _read(path) if path.exists() else []
        kept = [one | {"private": None, "replaced_at": one["replaced_at"] or at.isoformat()} for one in keys]
        new = _made(f"e{len(keys) + 1}", at, ring)
        _write(path, [*kept, new])
    return _listed(new)


def reseal_signing_key(path: Path, open_: Open, seal: Seal) -> int:
    """Seal the private part anew, when the keys that seal are replaced; how many seals were made.

    Args:
        path: The file of keys; it may be absent.
        open_: Opens the old seals.
        seal: Makes the new ones.

    Raises:
        SealError: If it is no file of keys, or its private part cannot be opened.
    """
    if not path.exists():
        return 0
    with _alone(path):
        keys, current = _read(path), _current(path, _read(path))
        private = seal(open_(current["private"], _about(current["name"])), _about(current["name"]))
        _write(path, [one | {"private": private} if one == current else one for one in keys])
    return 1


def _pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _about(name: str) -> str:
    """What the seal of a private part is bound to."""
    return f"evidence-key|{name}"


def _made(name: str, at: datetime, ring: Keyring) -> dict[str, Any]:
    private = Ed25519PrivateKey.generate().private_bytes_raw()
    told = {"name": name, "made_at": at.isoformat(), "replaced_at": None}
    told["public"] = SigningKey(private).public.pem.decode()
    return told | {"private": ring.seal(private, _about(name))}


def _listed(told: dict[str, Any]) -> ListedKey:
    replaced = told["replaced_at"]
    return ListedKey(
        told["name"],
        VerifyKey(told["public"].encode()),
        datetime.fromisoformat(told["made_at"]),
        None if replaced is None else datetime.fromisoformat(replaced),
    )


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        keys: list[dict[str, Any]] = orjson.loads(path.read_bytes())["keys"]
        for one in keys:
            read_verify_key(_listed(one).key.pem)
            _ = one["private"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OptionError) as error:
        raise SealError(f"{path} is no file of signing keys: {error}.", remedy="Bring back its copy.") from error
    return keys


def _current(path: Path, keys: list[dict[str, Any]]) -> dict[str, Any]:
    found = [one for one in keys if one["replaced_at"] is None and isinstance(one["private"], str)]
    if len(found) != 1:
        raise SealError(f"{len(found)} keys of {path} sign, not one.", remedy="Bring back its copy.", found=len(found))
    return found[0]


def _write(path: Path, keys: list[dict[str, Any]]) -> None:
    write_beside(path, orjson.dumps({"keys": keys}, option=orjson.OPT_INDENT_2), mode=0o600)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Two that come at once must not each make their own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_name(f".{path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
