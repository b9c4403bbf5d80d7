"""The keys that personal data are sealed with: AES-256-GCM, in a file of their own, apart from the database.

Who has the database alone, or a backup of it, has no personal data. Who loses this file has lost them too: keep a copy
of it where the backups are not.
"""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.errors import SealError
from service.files import write_beside

_NONCE = 12


@dataclass(frozen=True)
class Keyring:
    """Keys by name, and which one seals.

    Args:
        current: Name of the key that seals.
        keys: 32 bytes by name.
    """

    current: str
    keys: dict[str, bytes]

    def seal(self, content: bytes, about: str) -> str:
        """Seal something.

        Args:
            content: What is sealed.
            about: What it belongs to: nothing opens it as another thing's.

        Returns:
            Name of the key, a colon, and nonce with sealed content in base64.
        """
        nonce = secrets.token_bytes(_NONCE)
        sealed = nonce + AESGCM(self.keys[self.current]).encrypt(nonce, content, about.encode())
        return f"{self.current}:{base64.b64encode(sealed).decode()}"

    def open(self, sealed: str, about: str) -> bytes:
        """Open what was sealed.

        Raises:
            SealError: If its key is not here, or it was changed.
        """
        name, _, text = sealed.partition(":")
        if name not in self.keys:
            raise SealError(
                f"The key {name[:20]!r} that sealed it is not in the file of keys.",
                remedy="Bring back the copy of KANCHA_PRIVACY__KEY_FILE from the time of the import.",
                key=name[:20],
                known=sorted(self.keys),
            )
        try:
            told = base64.b64decode(text, validate=True)
            return AESGCM(self.keys[name]).decrypt(told[:_NONCE], told[_NONCE:], about.encode())
        except (ValueError, InvalidTag) as error:
            raise SealError(
                "What is sealed was changed, or belongs to something else.", remedy="Restore the backup of the store."
            ) from error

    def with_new(self) -> Keyring:
        """The same with another key that seals from now on."""
        number = 1 + max((int(name[1:]) for name in self.keys if name[1:].isdigit()), default=0)
        name = f"k{number}"
        return replace(self, current=name, keys={**self.keys, name: secrets.token_bytes(32)})

    def only_current(self) -> Keyring:
        """The same without the keys that seal nothing any more."""
        return replace(self, keys={self.current: self.keys[self.current]})


def read_keyring(path: Path) -> Keyring:
    """The keys of a file.

    Raises:
        SealError: If there is none, it is none, or others may read it.
    """
    try:
        told = orjson.loads(path.read_bytes())
        keys = {name: base64.b64decode(text, validate=True) for name, text in told["keys"].items()}
        current = told["current"]
    except FileNotFoundError as error:
        raise SealError(
            f"There is no file of keys {path}.", remedy="Bring back its copy, or name it in KANCHA_PRIVACY__KEY_FILE."
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SealError(f"{path} is no file of keys: {error}.", remedy="Bring back its copy.") from error
    if current not in keys or any(len(key) != 32 for key in keys.values()):
        raise SealError(f"{path} lacks its current key, or a key is not of 32 bytes.", remedy="Bring back its copy.")
    if path.stat().st_mode & 0o077:
        raise SealError(f"Others may read {path}.", remedy=f"chmod 600 {path}", mode=oct(path.stat().st_mode & 0o777))
    return Keyring(current, keys)


def write_keyring(path: Path, ring: Keyring) -> None:
    """Put keys into a file that its owner alone may read; it is there whole or as it was."""
    told = {"current": ring.current, "keys": {n: base64.b64encode(key).decode() for n, key in ring.keys.items()}}
    write_beside(path, orjson.dumps(told, option=orjson.OPT_INDENT_2), mode=0o600)


def keyring(path: Path) -> Keyring:
    """The keys of a file; the first are made where it is absent.

    Raises:
        SealError: If it is no file of keys.
    """
    if path.exists():
        return read_keyring(path)
    # two that come at once must not each make their own
    lock = os.open(path.with_name(f".{path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            write_keyring(path, Keyring("", {}).with_new())
    finally:
        os.close(lock)
    return read_keyring(path)
