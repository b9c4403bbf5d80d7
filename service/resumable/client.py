"""The other side of resumable uploads: sends a file over a bad line until all of it has arrived (tus 1.0)."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson

from service.errors import UploadFailedError
from service.files import write_beside

CHUNK_BYTES = 16 * 1024**2
_TUS = {"Tus-Resumable": "1.0.0"}
_GONE = (404, 410)
_AGAIN = (408, 409, 423, 429, 460, 502, 503, 504)
"""Answers after which the same is worth another try."""
Told = Callable[[str, int, int], None]
"""Told what is done, how many bytes of it, of how many."""


@dataclass(frozen=True)
class Line:
    """How a service is reached.

    Args:
        url: Its address.
        key: The key that is sent; None without one.
        patience_s: How long an interruption is waited out.
    """

    url: str
    key: str | None = None
    patience_s: float = 600.0

    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {} if self.key is None else {"Authorization": f"Bearer {self.key}"}


class Memory:
    """Unfinished uploads by file, kept over interruptions of the sender.

    Args:
        path: Where they are kept.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, url: str, file: Path) -> str | None:
        """Address of the unfinished upload of a file; None without one, or where the file has changed since."""
        return self._all().get(_mark(url, file))

    def keep(self, url: str, file: Path, address: str | None) -> None:
        """Remember the upload of a file, or forget it."""
        known = self._all()
        known.pop(_mark(url, file), None)
        if address is not None:
            known[_mark(url, file)] = address
        write_beside(self._path, orjson.dumps(known))

    def _all(self) -> dict[str, str]:
        try:
            told = orjson.loads(self._path.read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return {}
        return told if isinstance(told, dict) else {}


def _mark(url: str, file: Path) -> str:
    stat = file.stat()
    told = f"{url}\n{file.resolve()}\n{stat.st_size}\n{stat.st_mtime_ns}"
    return hashlib.sha256(told.encode()).hexdigest()


def send(line: Line, file: Path, metadata: Mapping[str, str], memory: Memory, told: Told) -> dict[str, Any]:
    """Send a file and wait until it is stored; what was sent before an interruption is not sent again.

    Args:
        line: How the service is reached.
        file: The file.
        metadata: What is said of it, as `Upload-Metadata` (`filename` and `sha256` are added).
        memory: Unfinished uploads.
        told: Told how far it is.

    Returns:
        The upload as the service tells it: `scene_id` or `layer_id`, and whether it is new.

    Raises:
        UploadFailedError: If the service refuses it, or cannot be reached for too long.
    """
    size = file.stat().st_size
    sha256 = _checksum(file, size, told)
    with httpx.Client(headers=line.headers(), timeout=httpx.Timeout(60, write=120), trust_env=True) as client:
        sender = _Sender(client, line, file)
        address = sender.resumed(memory) or sender.begun({"filename": file.name, "sha256": sha256, **metadata}, memory)
        sender.sent(address, size, told)
        state = sender.finished(address, told)
    memory.keep(line.url, file, None)
    if state["state"] == "refused":
        problem = state.get("problem") or {}
        raise UploadFailedError(
            f"{file.name} was refused: {problem.get('detail') or problem.get('message') or problem}",
            remedy=str(problem.get("remedy") or "See what the service says of it."),
        )
    return state


def _checksum(file: Path, size: int, told: Told) -> str:
    digest, done = hashlib.sha256(), 0
    with file.open("rb") as content:
        while part := content.read(4 * 1024**2):
            digest.update(part)
            done += len(part)
            told("checksum", done, size)
    return digest.hexdigest()


class _Sender:
    def __init__(self, client: httpx.Client, line: Line, file: Path) -> None:
        self._client, self._line, self._file = client, line, file

    def resumed(self, memory: Memory) -> str | None:
        """The unfinished upload of the file, if the service still has it."""
        address = memory.get(self._line.url, self._file)
        if address is None:
            return None
        answer = self._asked("HEAD", address, headers=_TUS)
        return address if answer.status_code == 200 else None

    def begun(self, metadata: Mapping[str, str], memory: Memory) -> str:
        """A new upload."""
        words = ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in metadata.items())
        headers = _TUS | {"Upload-Length": str(self._file.stat().st_size), "Upload-Metadata": words}
        answer = self._asked("POST", f"{self._line.url.rstrip('/')}/uploads", headers=headers)
        if answer.status_code not in (200, 201):
            raise _refused(self._file, answer)
        address = str(answer.headers["Location"])
        memory.keep(self._line.url, self._file, address)
        return address

    def sent(self, address: str, size: int, told: Told) -> None:
        """Every byte, each portion with its checksum."""
        offset = self._offset(address)
        with self._file.open("rb") as content:
            while offset < size:
                told("sent", offset, size)
                content.seek(offset)
                part = content.read(CHUNK_BYTES)
                checksum = base64.b64encode(hashlib.sha256(part).digest()).decode()
                headers = _TUS | {
                    "Content-Type": "application/offset+octet-stream",
                    "Upload-Offset": str(offset),
                    "Upload-Checksum": f"sha256 {checksum}",
                }
                answer = self._asked("PATCH", address, headers=headers, content=part)
                if answer.status_code == 204:
                    offset = int(answer.headers["Upload-Offset"])
                elif answer.status_code in _AGAIN:
                    offset = self._offset(address)
                else:
                    raise _refused(self._file, answer)
        told("sent", size, size)

    def _offset(self, address: str) -> int:
        answer = self._asked("HEAD", address, headers=_TUS)
        if answer.status_code != 200:
            raise _refused(self._file, answer)
        return int(answer.headers["Upload-Offset"])

    def finished(self, address: str, told: Told) -> dict[str, Any]:
        """What became of the upload."""
        while True:
            answer = self._asked("GET", address)
            if answer.status_code != 200:
                raise _refused(self._file, answer)
            state: dict[str, Any] = answer.json()
            if state["state"] in ("stored", "refused"):
                return state
            told(str(state["state"]), int(state.get("progress") or 0), 100)
            time.sleep(0.3)

    def _asked(self, method: str, address: str, **more: Any) -> httpx.Response:
        """An answer, however often the line breaks before it comes."""
        end, pause = time.monotonic() + self._line.patience_s, 0.2
        while True:
            try:
                answer = self._client.request(method, address, **more)
                if answer.status_code not in _AGAIN or method == "PATCH" or time.monotonic() > end:
                    return answer
                reason = f"it answers {answer.status_code}"
            except httpx.TransportError as error:
                reason = str(error) or type(error).__name__
                if method == "PATCH":
                    # what of the portion has arrived only the service knows
                    return httpx.Response(503)
            if time.monotonic() > end:
                raise UploadFailedError(
                    f"{self._line.url} cannot be reached: {reason}.",
                    remedy="Run the same command again: what has arrived is not sent again.",
                )
            time.sleep(pause)
            pause = min(2 * pause, 15.0)


def _refused(file: Path, answer: httpx.Response) -> UploadFailedError:
    try:
        told = answer.json()
    except ValueError:
        told = {}
    why = told.get("detail") or f"the service answers {answer.status_code}"
    if answer.status_code in _GONE:
        why = f"the upload is no longer there ({why})"
    return UploadFailedError(f"{file.name}: {why}", remedy=str(told.get("remedy") or "Run the same command again."))
