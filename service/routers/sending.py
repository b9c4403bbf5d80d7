"""Files that are made for one answer."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from service.services import Services


def sent_file(services: Services, name: str, kind: str, write: Callable[[Path], object]) -> FileResponse:
    """A file that is made for this answer and gone after it.

    Args:
        services: The service.
        name: Name of the file.
        kind: Its media type.
        write: Writes it.
    """
    parent = services.settings.data / "exports"
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=parent))
    try:
        write(folder / name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    gone = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    return FileResponse(folder / name, media_type=kind, filename=name, background=gone)
