"""Bytes of a request into an upload: in portions, off the event loop, counted only once they are on disk."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import shutil
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import ClientDisconnect

from service.errors import (
    BadRequestBodyError,
    DiskFullError,
    PayloadTooLargeError,
    UploadChecksumError,
    UploadFinalError,
    UploadHeaderError,
    UploadIdleError,
    UploadOffsetError,
)
from service.resumable.folder import UploadFolder, UploadInfo
from service.resumable.headers import Chunk, require_size
from service.settings import Settings

_PORTION = 1024**2
_PATIENCE_S = 1.0
_SYNC_EVERY = 64 * 1024**2


@dataclass(frozen=True)
class Receiver:
    """What an upload receives with.

    Args:
        uploads: Where it lies.
        settings: The settings.
        settle: Called under the upload's lock once its last byte is safely on disk.
    """

    uploads: UploadFolder
    settings: Settings
    settle: Callable[[UploadInfo], None]


async def append(receiver: Receiver, upload_id: str, chunk: Chunk, body: AsyncIterator[bytes]) -> int:
    """Put the bytes of a request behind those that an upload has.

    Args:
        receiver: What it receives with.
        upload_id: Which one.
        chunk: What the request says of them.
        body: The bytes.

    Returns:
        Where the upload stands now, safely on disk.

    Raises:
        NotFoundError: Without it.
        UploadLockedError: If another request writes to it.
        UploadOffsetError: If the bytes do not begin where it stands.
        UploadChecksumError: If they are not those that were sent; nothing of them is kept then.
        UploadHeaderError, UploadFinalError, PayloadTooLargeError, UploadIdleError, DiskFullError: As their names say.
        BadRequestBodyError: If the client went away; what came is kept, unless its checksum cannot be told.
    """
    sink = await asyncio.to_thread(_Sink, receiver, upload_id, chunk)
    try:
        await _pour(sink, body, receiver.settings.uploads.idle_s)
        return await asyncio.to_thread(sink.finish)
    finally:
        # however it ends (a client that went away, a shutdown): what came is counted and the lock let go
        await asyncio.shield(asyncio.to_thread(sink.close))


async def _pour(sink: _Sink, body: AsyncIterator[bytes], idle_s: float) -> None:
    loop = asyncio.get_running_loop()
    held, last = bytearray(), loop.time()
    try:
        async with asyncio.timeout(idle_s) as watch:
            async for part in body:
                held += part
                now = loop.time()
                if len(held) >= _PORTION or now - last > _PATIENCE_S:
                    watch.reschedule(None)
                    await asyncio.to_thread(sink.write, bytes(held))
                    held.clear()
                    last = now = loop.time()
                watch.reschedule(now + idle_s)
    except TimeoutError as error:
        await asyncio.to_thread(sink.write, bytes(held))
        raise UploadIdleError(
            f"Nothing came for {idle_s:g} s.", remedy="Ask with HEAD where the upload stands and go on.", seconds=idle_s
        ) from error
    except ClientDisconnect as error:
        await asyncio.to_thread(sink.write, bytes(held))
        raise BadRequestBodyError("The client went away in the middle of the chunk.") from error
    await asyncio.to_thread(sink.write, bytes(held))


class _Sink:
    """Takes bytes of one chunk to disk; made, used and closed in threads, one call at a time."""

    def __init__(self, receiver: Receiver, upload_id: str, chunk: Chunk) -> None:
        self._uploads, self._chunk, self._how = receiver.uploads, chunk, receiver.settings
        self._settle = receiver.settle
        self._turn = threading.Lock()
        self._finished = self._closed = False
        self._stack = ExitStack()
        try:
            self._info = self._stack.enter_context(self._uploads.locked(upload_id))
            self._begin()
        except BaseException:
            self._stack.close()
            raise

    def _begin(self) -> None:
        chunk, info = self._chunk, self._info
        require_writable(info)
        self._start = self._at = self._uploads.offset(info)
        if chunk.offset != self._start:
            raise UploadOffsetError(
                f"The chunk begins at byte {chunk.offset:,}, but {self._start:,} bytes are here.",
                remedy="Ask with HEAD where the upload stands and go on from there.",
                offset=self._start,
                given=chunk.offset,
            )
        info = self._with_length(info)
        self._most = self._how.uploads.max_bytes if info.length is None else info.length
        if chunk.size is not None:
            self._require_room(self._start + chunk.size)
        self._digest: Any = None
        self._info = info
        if info.complete:
            self._file: Any = None
            return
        if chunk.checksum is not None:
            # if this process dies before they are compared, these bytes do not count
            info = self._uploads.write(replace(info, unverified_from=self._start))
            self._digest = hashlib.new(chunk.checksum.algorithm, usedforsecurity=False)
        self._info = info
        self._file = self._stack.enter_context(self._uploads.data(info.id).open("r+b", buffering=0))
        self._file.seek(self._start)
        self._synced = self._start

    def _with_length(self, info: UploadInfo) -> UploadInfo:
        told = self._chunk.length
        if told is None or told == info.length:
            return info
        if info.length is not None:
            raise UploadHeaderError(
                f"The upload has {info.length:,} bytes; its length cannot become {told:,}.",
                remedy="Leave Upload-Length out.",
                length=info.length,
            )
        require_size(told, self._how.uploads.max_bytes)
        if told < self._start:
            raise UploadHeaderError(
                f"Upload-Length is {told:,}, but {self._start:,} bytes are here.", remedy="Send the whole length."
            )
        return self._uploads.write(replace(info, length=told))

    def _require_room(self, end: int) -> None:
        if end > self._most:
            raise PayloadTooLargeError(
                f"The chunk reaches byte {end:,}; the upload has {self._most:,}.",
                remedy="Send no more than Upload-Length told.",
                length=self._most,
                end=end,
            )

    def write(self, part: bytes) -> None:
        """Write bytes behind the last ones."""
        with self._turn:
            if self._closed or not part:
                return
            try:
                self._require_room(self._at + len(part))
            except PayloadTooLargeError:
                self._drop()
                raise
            self._put(part)
            if self._digest is not None:
                self._digest.update(part)
            if self._at - self._synced >= _SYNC_EVERY:
                self._sync()

    def _put(self, part: bytes) -> None:
        view = memoryview(part)
        while view:
            try:
                written = self._file.write(view)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                raise self._full(0) from error
            view = view[written:]
            self._at += written

    def _sync(self) -> None:
        os.fdatasync(self._file.fileno())
        self._synced = self._at
        free = shutil.disk_usage(self._uploads.data(self._info.id)).free
        if free < self._how.limits.min_free_bytes:
            raise self._full(free)

    def _full(self, free: int) -> DiskFullError:
        return DiskFullError(
            f"The disk has {free:,} bytes left; {self._how.limits.min_free_bytes:,} must stay free.",
            remedy="Make space, then go on with the upload.",
            free_bytes=free,
            min_free_bytes=self._how.limits.min_free_bytes,
        )

    def _drop(self) -> None:
        if self._file is None:
            return
        self._file.truncate(self._start)
        self._file.seek(self._start)
        self._at = self._start

    def finish(self) -> int:
        """Compare the checksum, see that every byte is on disk, and settle an upload that is whole now."""
        with self._turn:
            if self._file is None or self._closed:
                self._settle(self._info)
                return self._start
            if self._digest is not None:
                self._compare()
            os.fsync(self._file.fileno())
            self._finished = True
            if self._digest is not None:
                self._info = self._uploads.write(replace(self._info, unverified_from=None))
            if self._at == self._info.length:
                self._settle(self._info)
            return self._at

    def _compare(self) -> None:
        wanted, got = self._chunk.checksum, self._digest.digest()
        if wanted is not None and got != wanted.digest:
            raise UploadChecksumError(
                f"{self._at - self._start:,} bytes from byte {self._start:,} give the {wanted.algorithm} {got.hex()}, "
                f"not {wanted.digest.hex()}; none of them was kept.",
                remedy="Send the chunk again.",
                offset=self._start,
            )

    def close(self) -> None:
        """Let go; an unverified chunk is dropped, what else came is kept."""
        with self._turn:
            if self._closed:
                return
            self._closed = True
            try:
                if self._digest is not None and not self._finished:
                    self._drop()
                    os.fsync(self._file.fileno())
                    self._uploads.change(self._info.id, unverified_from=None)
                if self._at > self._start:
                    self._stay()
            finally:
                self._stack.close()

    def _stay(self) -> None:
        """Keep an upload on which something came; not noted for every small chunk."""
        how = self._how.uploads
        expires_at = datetime.now(UTC) + timedelta(seconds=how.expire_s)
        if (expires_at - self._info.expires_at).total_seconds() > 0.01 * how.expire_s:
            self._uploads.change(self._info.id, expires_at=expires_at)


def require_writable(info: UploadInfo) -> None:
    """Refuse bytes for an upload that is put together from others (concatenation, PATCH).

    Raises:
        UploadFinalError: If it is one.
    """
    if info.parts:
        raise UploadFinalError(
            f"The upload {info.id} is put together from {len(info.parts)} others.",
            remedy="Send the bytes to the partial uploads.",
            parts=len(info.parts),
        )
