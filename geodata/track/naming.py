"""Ids of structures: once given to a sighting they stay with the structure that holds it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from geodata.track.sightings import Track


def named(tracks: Sequence[Track], founders: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Give every structure an id, and keep those that were given.

    An id belongs to the sighting that it was given for, its founder. A structure keeps the id of its founder; where it
    holds several (a late scan showed that two structures are one) the one of the earliest sighting stays, and the
    others lead to it.

    Args:
        tracks: Structures of `follow`.
        founders: Ids given so far, by the key of the sighting.

    Returns:
        The id of each structure, and for each id that is no longer one the id that it leads to.
    """
    ids: list[str] = []
    led: dict[str, str] = {}
    for track in tracks:
        given = [founders[key] for key in track.keys if key in founders]
        own = given[0] if given else identity(track.keys[0])
        ids.append(own)
        led |= dict.fromkeys(given[1:], own)
    return ids, led


def identity(key: str) -> str:
    """The id of a structure whose founder is a sighting."""
    return hashlib.sha256(f"structure|{key}".encode()).hexdigest()[:16]
