"""Whether a photograph, or nearly the same picture, was used before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

BITS = 288
"""Bits of one perceptual hash; see `geodata.io.photographs.hashes_of`."""
NEAR_BITS = 78
"""So many bits may differ between two copies of one picture; measured in docs/evidence.md."""
SURE_BITS = 60
"""Up to so many no two different pictures came, even with the same label in both."""
MIN_CONTRAST = 6.0
"""Below this spread of grey values a picture shows so little that its hashes are noise."""
_AT_ONCE = 2048

How = Literal["copy", "cropped", "turned", "turned_cropped"]
"""`turned`: turned by a quarter or mirrored."""
_Words = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class KnownPhoto:
    """A photograph that is kept.

    Args:
        id: Its id.
        case_id: The case that it was used in.
        sha256: Checksum of its bytes.
        hashes: `PhotoFacts.hashes`.
    """

    id: str
    case_id: str
    sha256: str
    hashes: Mapping[str, Any]


@dataclass(frozen=True)
class Match:
    """Nearly the same picture.

    Args:
        photo: The known one.
        distance: Bits that differ, of `BITS`.
        how: What was done to it.
    """

    photo: KnownPhoto
    distance: int
    how: How


def near_copies(hashes: Mapping[str, Any], known: Iterable[KnownPhoto]) -> list[Match]:
    """Known photographs that show nearly the same picture, the nearest first.

    Args:
        hashes: `PhotoFacts.hashes` of the new one.
        known: Those to compare with; they are gone through once, some thousand in memory at a time. Those whose hashes
            were made otherwise, by another release, are passed over.
    """
    mine = {name: _words(hashes[name]) for name in ("turned", "cut", "mirrored_cut")}
    mine["whole"] = _words([hashes["whole"]])
    found: list[Match] = []
    rest = (one for one in known if one.hashes.get("kind") == hashes["kind"])
    while batch := list(islice(rest, _AT_ONCE)):
        found += _in_batch(mine, batch)
    return sorted(found, key=lambda match: (match.distance, match.photo.id))


def _in_batch(mine: Mapping[str, _Words], batch: Sequence[KnownPhoto]) -> Iterator[Match]:
    whole = _words([str(one.hashes["whole"]) for one in batch])
    cuts = len(batch[0].hashes["cut"])
    cut = _words([text for one in batch for text in one.hashes["cut"]]).reshape(len(batch), cuts, -1)
    ways: dict[How, npt.NDArray[np.int64]] = {
        "copy": _nearest(mine["whole"], whole[:, None]),
        "cropped": np.minimum(_nearest(mine["whole"], cut), _nearest(mine["cut"], whole[:, None])),
        "turned": _nearest(mine["turned"], whole[:, None]),
        "turned_cropped": np.minimum(_nearest(mine["turned"], cut), _nearest(mine["mirrored_cut"], whole[:, None])),
    }
    names, distances = list(ways), np.stack(list(ways.values()))
    best = distances.argmin(0)
    for k in np.flatnonzero(distances.min(0) <= NEAR_BITS).tolist():
        yield Match(batch[k], int(distances[best[k], k]), names[best[k]])


def _nearest(mine: _Words, theirs: _Words) -> npt.NDArray[np.int64]:
    """Fewest differing bits between any of mine (shape (m, words)) and any of each of theirs (shape (n, k, words))."""
    found = [np.bitwise_count(theirs ^ one).sum(-1, dtype=np.int64).min(1) for one in mine]
    return np.asarray(np.minimum.reduce(found))


def _words(texts: Sequence[str]) -> _Words:
    """Hashes as rows of 32-bit words."""
    return np.frombuffer(bytes.fromhex("".join(texts)), np.uint32).reshape(len(texts), BITS // 32)
