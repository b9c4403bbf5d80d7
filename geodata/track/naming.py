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
    taken = set(founders.values())
    for track in tracks:
        given = [founders[key] for key in track.keys if key in founders]
        own = given[0] if given else _unused(track.keys[0], taken)
        ids.append(own)
        led |= dict.fromkeys(given[1:], own)
    return ids, led


def _unused(key: str, taken: set[str]) -> str:
    """An id for a sighting; its first one may have gone to another sighting while it counted for nothing."""
    name, more = identity(key), 1
    while name in taken:
        more += 1
        name = identity(f"{key}|{more}")
    taken.add(name)
    return name


def identity(key: str) -> str:
    """The id of a structure whose founder is a sighting."""
    return hashlib.sha256(f"structure|{key}".encode()).hexdigest()[:16]
