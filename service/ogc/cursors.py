"""Where a page begins, as it stands in a link."""

from __future__ import annotations

import base64
import binascii
import contextlib
from typing import Any

import orjson

from service.errors import BadQueryError

_MAX_LENGTH = 4096


def encode(key: tuple[Any, ...]) -> str:
    """A key as a word; a plain number where it is one."""
    if len(key) == 1:
        return str(key[0])
    return base64.urlsafe_b64encode(orjson.dumps(list(key))).decode().rstrip("=")


def decode(word: str) -> tuple[Any, ...]:
    """The key that a word means.

    Raises:
        BadQueryError: If it means none.
    """
    if word.isascii() and word.isdigit() and len(word) < 20:
        return (int(word),)
    told: Any = None
    if len(word) < _MAX_LENGTH:
        with contextlib.suppress(binascii.Error, ValueError):
            told = orjson.loads(base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)))
    if not isinstance(told, list) or len(told) < 2 or not all(map(_plain, told)):
        raise BadQueryError("The cursor is none of this service.", remedy="Follow the `next` links as they are.")
    return tuple(told)


def _plain(value: Any) -> bool:
    return isinstance(value, (int, float, str)) and not isinstance(value, bool)
