"""Files by checksum in S3-compatible object storage, with a cache on the local disk."""

from __future__ import annotations

import hashlib
import re
import shutil
import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import obstore
from obstore.exceptions import BaseError

from service.buckets import Bucket, open_bucket, words_of
from service.errors import InternalError, NotFoundError, StoreBusyError
from service.files import mark_used
from service.settings import ObjectStorage

_SHA256 = re.compile(r"[0-9a-f]{64}")
_REST_S = 3600.0
"""What was asked for within so many seconds stays in the cache: somebody may be about to open it."""


class ObjectBlobs:
    """Contents as objects `<prefix>/ab/abcd...`; what is read lies in the cache.

    Args:
        storage: Where the objects are.
        cache: Folder of the cache; made where absent.
        passes: Whether these go in time: what is put again is kept anew.

    Raises:
        OptionError: If the address of the bucket is none.
    """

    def __init__(self, storage: ObjectStorage, cache: Path, *, passes: bool = False) -> None:
        place = Bucket(storage.url, storage.endpoint, storage.region, storage.access_key, storage.secret_key)
        self._store, self._prefix = open_bucket(place)
        self._storage, self._cache, self._most = storage, cache, storage.cache_bytes
        self._passes = passes
        cache.mkdir(parents=True, exist_ok=True)

    def put(self, source: Path, sha256: str) -> Path:
        """Take a file over (it is moved) and return where it lies, safely in the storage.

        Args:
            source: A file on the disk of the cache.
            sha256: Its checksum.

        Raises:
            StoreBusyError: If the storage does not answer.
        """
        key, target = self._key(sha256), self._place(sha256)
        try:
            if self._passes or not self._is_there(key):
                obstore.put(self._store, key, source)
        except BaseError as error:
            raise self._busy(error) from error
        target.parent.mkdir(parents=True, exist_ok=True)
        source.chmod(0o440)
        source.replace(target)
        mark_used(target)
        self._tidy()
        return target

    def path(self, sha256: str) -> Path:
        """Where a content lies on this machine; it is fetched where it does not.

        Raises:
            NotFoundError: Without it.
            StoreBusyError: If the storage does not answer.
            InternalError: If it does not have its checksum.
        """
        target = self._place(sha256)
        if target.is_file():
            # its time of change stays: a scan that reads it would take another for another content
            mark_used(target)
            return target
        self._fetch(sha256, target)
        self._tidy()
        return target

    def free_bytes(self) -> int:
        """Free space on the disk of the cache."""
        return shutil.disk_usage(self._cache).free

    def passing(self) -> ObjectBlobs:
        """Files beside these that can be made again and go in time."""
        beside = self._storage.model_copy(update={"url": f"{self._storage.url.rstrip('/')}/passing"})
        return ObjectBlobs(beside, self._cache.with_name(f"passing-{self._cache.name}"), passes=True)

    def sweep(self, older_s: float) -> int:
        """Remove what was put so long ago; how many. Of passing files alone.

        Raises:
            StoreBusyError: If the storage does not answer.
        """
        now = datetime.now(UTC)
        cached = list(self._cache.glob("??/*"))  # before the listing: what is put meanwhile is not missed in it
        old, kept = list[str](), set[str]()
        try:
            for page in obstore.list(self._store, prefix=self._prefix):
                for one in page:
                    if (now - one["last_modified"]).total_seconds() >= older_s:
                        old.append(one["path"])
                    else:
                        kept.add(one["path"].rpartition("/")[2])
            if old:
                obstore.delete(self._store, old)
        except BaseError as error:
            raise self._busy(error) from error
        for path in cached:
            with suppress(OSError):
                # what somebody asks for again and again would stay in the cache for ever
                gone = path.name not in kept and not path.name.startswith(".")
                if gone or time.time() - path.stat().st_mtime >= older_s:
                    path.unlink()
        return len(old)

    def _fetch(self, sha256: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{sha256}.{uuid.uuid4().hex[:8]}")
        digest = hashlib.sha256()
        try:
            with beside.open("wb") as file:
                for part in obstore.get(self._store, self._key(sha256)).stream(min_chunk_size=4 * 1024**2):
                    content = bytes(part)
                    digest.update(content)
                    file.write(content)
            if digest.hexdigest() != sha256:
                raise InternalError(
                    f"The stored content {sha256} arrived with the checksum {digest.hexdigest()}.",
                    remedy="The object was changed: restore it from a backup.",
                )
            beside.chmod(0o440)
            beside.replace(target)
            mark_used(target)
        except FileNotFoundError as error:
            raise NotFoundError(f"The stored content {sha256} is not in the storage.", remedy="Restore it.") from error
        except BaseError as error:
            raise self._busy(error) from error
        finally:
            beside.unlink(missing_ok=True)

    def _is_there(self, key: str) -> bool:
        try:
            obstore.head(self._store, key)
        except FileNotFoundError:
            return False
        return True

    def _tidy(self) -> None:
        """Let go of what was not asked for lately, the longest first, once the cache is too large."""
        for path in self._cache.glob("??/.*"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _REST_S:
                    path.unlink()  # its process died while it fetched
        kept = [(p.stat(), p) for p in self._cache.glob("??/*") if p.is_file() and not p.name.startswith(".")]
        total = sum(stat.st_size for stat, _ in kept)
        for stat, path in sorted(kept, key=lambda one: one[0].st_atime):
            if total <= self._most or time.time() - stat.st_atime < _REST_S:
                return
            with suppress(OSError):
                path.unlink()
            total -= stat.st_size

    def _key(self, sha256: str) -> str:
        if not _SHA256.fullmatch(sha256):
            raise ValueError("a checksum has 64 hexadecimal digits")
        return f"{self._prefix}/{sha256[:2]}/{sha256}".lstrip("/")

    def _place(self, sha256: str) -> Path:
        self._key(sha256)
        return self._cache / sha256[:2] / sha256

    def _busy(self, error: Exception) -> StoreBusyError:
        said = words_of(error, self._storage.access_key, self._storage.secret_key)
        return StoreBusyError(
            f"The object storage did not answer: {said}.",
            remedy="See that it runs, that the bucket exists and that the keys may write to it.",
        )
