"""Imagery in S3-compatible object storage. An object is visible once it is whole, so none is waited for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from geodata.errors import TruncatedRasterError
from geodata.io.sidecars import MAX_BYTES, names_beside, read_acquisition
from geodata.io.tiff import inspect_tiff
from service.arrivals.base import GEOTIFF, OTHER_IMAGERY, Fetched, Sighting, too_large
from service.arrivals.settings import Arrival
from service.buckets import Bucket, open_bucket, words_of
from service.errors import ArrivalError, SourceUnavailableError
from service.files import Upload, safe_name

_PIECE = 8 * 1024**2
"""Bytes of one request: a request has a bounded time, and a slow line must bring a piece within it."""
_PEEK = 64 * 1024
_SIDE_FILES = (".json", ".imd", ".rpb", ".xml")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Objects:
    """The objects below a prefix; those with a hidden part in their name are left out.

    Args:
        arrival: Where they are; `s3` is set.
        max_bytes: Largest file that is fetched.

    Raises:
        OptionError: If the address of the bucket is none.
    """

    def __init__(self, arrival: Arrival, max_bytes: int) -> None:
        self._bucket, self._prefix = open_bucket(bucket_of(arrival, arrival.s3))
        self._arrival, self._max_bytes = arrival, max_bytes
        self._beside: dict[str, int] | None = None

    @property
    def name(self) -> str:
        """Its address, with the host of the storage where one is named."""
        host = urlsplit(self._arrival.endpoint).netloc.rpartition("@")[2]
        return f"{self._arrival.s3.rstrip('/')} ({host})" if host else self._arrival.s3.rstrip("/")

    def look(self) -> list[Sighting]:
        """The imagery that lies there, by name.

        Raises:
            SourceUnavailableError: If the storage does not answer, or refuses.
        """
        found: list[Sighting] = []
        beside: dict[str, int] = {}
        try:
            for page in obstore.list(self._bucket, prefix=self._prefix or None):
                for one in page:
                    name = one["path"][len(self._prefix) :].lstrip("/")
                    if not name or any(part.startswith(".") for part in name.split("/")):
                        continue
                    suffix = PurePosixPath(name).suffix.lower()
                    if suffix in GEOTIFF + OTHER_IMAGERY:
                        found.append(Sighting(name, one["size"], ns_since_1970(one["last_modified"]), True))
                    elif suffix in _SIDE_FILES:
                        beside[name] = one["size"]
        except (BaseError, OSError) as error:
            raise self._away(error) from error
        self._beside = beside
        return sorted(found, key=lambda one: one.name)

    def fetch(self, sighting: Sighting, folder: Path) -> Fetched:
        """Bring an object here, and for its words the side files that were listed beside it.

        Raises:
            PayloadTooLargeError: If it is larger than an upload may be; nothing is fetched then.
            RasterError: If it is imagery of a kind that is not taken.
            ArrivalError: If it is not what was listed any more.
            SourceUnavailableError: If the storage does not answer, or refuses.
        """
        too_large(sighting, self._max_bytes)
        if self._beside is None:
            self.look()
        target = folder / safe_name(sighting.name)
        try:
            if target.suffix.lower() not in GEOTIFF:
                self._refuse_other_formats(sighting, folder)
            upload = fetch_object(self._bucket, self._key(sighting.name), target, sighting.size_bytes)
            self._fetch_side_files(sighting.name, target)
        except FileNotFoundError as error:
            raise ArrivalError(f"{sighting.name} is not there any more.", remedy="Nothing is to be done.") from error
        except BaseError as error:
            raise self._away(error) from error
        attributes = read_acquisition(target).as_stac()
        for side_file in names_beside(target.name):
            # as with a folder: the words travel with the file, the files that told them do not
            target.with_name(side_file).unlink(missing_ok=True)
        return Fetched(upload, attributes)

    def _refuse_other_formats(self, sighting: Sighting, folder: Path) -> None:
        """By the first bytes: gigabytes are not fetched to be refused."""
        peeked = folder / f"head-{safe_name(sighting.name)}"
        if sighting.size_bytes:
            length = min(_PEEK, sighting.size_bytes)
            peeked.write_bytes(obstore.get_range(self._bucket, self._key(sighting.name), start=0, length=length))
            try:
                inspect_tiff(peeked)
            except TruncatedRasterError:
                pass  # a TIFF, of which this is the beginning
            finally:
                peeked.unlink(missing_ok=True)

    def _fetch_side_files(self, name: str, target: Path) -> None:
        parent = name.rpartition("/")[0]
        wanted = zip(names_beside(PurePosixPath(name).name), names_beside(target.name), strict=False)
        for there, here in wanted:
            path = f"{parent}/{there}".lstrip("/")
            size = (self._beside or {}).get(path)
            if size is not None and 0 < size <= MAX_BYTES:
                fetch_object(self._bucket, self._key(path), target.with_name(here), size)

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}".lstrip("/")

    def _away(self, error: Exception) -> SourceUnavailableError:
        odd = "invalid path" in str(error)
        return SourceUnavailableError(
            f"{self.name} did not answer: {words_of(error, *keys_of(self._arrival))}.",
            remedy="Rename the object: no part of its name may be empty, a dot or two, or hold a line break."
            if odd
            else "See that the storage runs, that the bucket exists and that the keys may list and read it.",
            source=self.name,
        )


def keys_of(arrival: Arrival) -> list[str]:
    """The keys of a source, which nobody is told."""
    return [key.get_secret_value() for key in (arrival.access_key, arrival.secret_key) if key is not None]


def bucket_of(arrival: Arrival, url: str) -> Bucket:
    """A bucket as a source reaches it."""
    return Bucket(
        url,
        arrival.endpoint,
        arrival.region,
        "" if arrival.access_key is None else arrival.access_key.get_secret_value(),
        "" if arrival.secret_key is None else arrival.secret_key.get_secret_value(),
        timeout_s=arrival.timeout_s,
        patience_s=arrival.timeout_s,
    )


def fetch_object(bucket: S3Store, key: str, target: Path, size: int) -> Upload:
    """Bring an object to this machine, in pieces of one and the same content.

    Args:
        bucket: The bucket.
        key: Its key.
        target: Where it goes.
        size: Its size, as it was listed.

    Raises:
        FileNotFoundError: Without it.
        BaseError: If the storage does not answer.
        ArrivalError: If it is not what was listed any more.
    """
    told = obstore.head(bucket, key)
    if told["size"] != size:
        raise _changed(target.name, size, told["size"])
    options: dict[str, Any] = {"if_match": told["e_tag"]} if told["e_tag"] else {}

    def piece(start: int) -> bytes:
        asked = options | {"range": (start, min(start + _PIECE, size))}
        return bytes(obstore.get(bucket, key, options=asked).bytes())  # type: ignore[arg-type]

    return _written(piece, target, size)


def _written(piece: Callable[[int], bytes], target: Path, size: int) -> Upload:
    digest, there = hashlib.sha256(), 0
    with target.open("wb") as file:
        while there < size:
            try:
                content = piece(there)
            except obstore.exceptions.PreconditionError as error:
                raise _changed(target.name, size, None) from error
            if not content:
                break
            file.write(content)
            digest.update(content)
            there += len(content)
    if there != size:
        raise _changed(target.name, size, there)
    return Upload(target, digest.hexdigest(), size)


def _changed(name: str, listed: int, size: int | None) -> ArrivalError:
    return ArrivalError(
        f"{name} was listed with {listed:,} bytes and is another now.",
        remedy="Nothing is to be done: the next look sees it as it is then.",
        listed_bytes=listed,
        size_bytes=size,
    )


def ns_since_1970(moment: datetime) -> int:
    """A time in ns, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
