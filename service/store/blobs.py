"""Files by checksum on a local disk."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

from service.errors import NotFoundError
from service.files import sync_folder

_SHA256 = re.compile(r"[0-9a-f]{64}")


class DiskBlobs:
    """Contents in `<root>/ab/abcd…`, each written beside and renamed.

    Args:
        root: Folder of the contents; made where absent.
        passes: Whether they go in time: what is put again begins anew.
    """

    def __init__(self, root: Path, *, passes: bool = False) -> None:
        self._root, self._passes = root, passes
        root.mkdir(parents=True, exist_ok=True)

    def put(self, source: Path, sha256: str) -> Path:
        """Take a file over (it is moved) and return where it lies, safely on disk.

        Args:
            source: A file on the same disk.
            sha256: Its checksum.

        Returns:
            Path of the stored content, read-only.
        """
        target = self._place(sha256)
        if target.exists() and not self._passes:
            # not even its times may change: somebody may be reading it, and would take it for another
            source.unlink()
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as file:
            os.fsync(file.fileno())
        source.chmod(0o440)
        source.replace(target)
        sync_folder(target.parent)
        sync_folder(self._root)
        return target

    def path(self, sha256: str) -> Path:
        """Where a content lies.

        Raises:
            NotFoundError: Without it.
        """
        target = self._place(sha256)
        if not target.is_file():
            raise NotFoundError(f"The stored content {sha256} is not on disk.", remedy="Restore the data folder.")
        return target

    def free_bytes(self) -> int:
        """Free space on the disk."""
        return shutil.disk_usage(self._root).free

    def passing(self) -> DiskBlobs:
        """Files beside these that can be made again and go in time."""
        return DiskBlobs(self._root.with_name("passing"), passes=True)

    def sweep(self, older_s: float) -> int:
        """Remove what was put so long ago; how many. Of passing files alone."""
        old = [path for path in self._root.glob("??/*") if time.time() - path.stat().st_mtime >= older_s]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _place(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise ValueError("a checksum has 64 hexadecimal digits")
        return self._root / sha256[:2] / sha256
