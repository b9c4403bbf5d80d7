"""Files that hold personal data, sealed on disk: a key of its own each, which the keys of the service seal.

AES-256-GCM in pieces of a MiB; each piece knows its number and whether it is the last, so that none can be left out,
put elsewhere or cut off (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.errors import SealError
from service.files import write_beside

_MAGIC = b"KANCHA-SEALED-1\n"
_PIECE = 1 << 20
_PREFIX, _TAG = 7, 16


def new_file_key() -> bytes:
    """A key for one file."""
    return secrets.token_bytes(32)


def seal_file(source: Path, target: Path, key: bytes) -> None:
    """Write the sealed form of a file."""
    cipher, prefix = AESGCM(key), secrets.token_bytes(_PREFIX)
    with source.open("rb") as plain, target.open("wb") as out:
        out.write(_MAGIC + prefix)
        piece, number = plain.read(_PIECE), 0
        while True:
            following = plain.read(_PIECE)
            out.write(cipher.encrypt(_nonce(prefix, number, last=not following), piece, _MAGIC))
            if not following:
                return
            piece, number = following, number + 1


def open_file(source: Path, target: Path, key: bytes) -> None:
    """Write the plain form of a sealed file; it is there whole or not at all.

    Raises:
        SealError: If it is none, or was changed.
    """
    write_beside(target, _opened(source, key), mode=0o600)


def _opened(source: Path, key: bytes) -> Iterator[bytes]:
    cipher = AESGCM(key)
    with source.open("rb") as sealed:
        head = sealed.read(len(_MAGIC) + _PREFIX)
        if not head.startswith(_MAGIC):
            raise SealError(f"{source.name} is no sealed file.", remedy="Restore the backup of the files.")
        prefix, number = head[len(_MAGIC) :], 0
        piece = sealed.read(_PIECE + _TAG)
        while True:
            following = sealed.read(_PIECE + _TAG)
            try:
                yield cipher.decrypt(_nonce(prefix, number, last=not following), piece, _MAGIC)
            except InvalidTag as error:
                raise SealError(
                    f"Piece {number} of {source.name} was changed.", remedy="Restore the backup of the files."
                ) from error
            if not following:
                return
            piece, number = following, number + 1


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])
