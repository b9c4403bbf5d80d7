"""The version of this code, as provenance and results name it."""

from __future__ import annotations

from functools import lru_cache
from importlib import metadata


@lru_cache(maxsize=1)
def code_version() -> str:
    """The installed version, `0+unknown` for a bare source tree."""
    try:
        return metadata.version("kancha")
    except metadata.PackageNotFoundError:
        return "0+unknown"
