"""Bodies of requests: streamed to disk as they come, never held in memory, never larger than allowed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl

import orjson
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from geodata.io.dates import parse_date
from service.errors import BadRequestBodyError, PayloadTooLargeError, UnsupportedMediaError
from service.files import PrivateFolder, Upload, safe_name
from service.services import Services

_MAX_PARTS = 64


@dataclass
class Form:
    """What a request carried.

    Args:
        folder: A private folder that is removed after the answer.
        fields: Texts by name; from a JSON body its members.
        files: Files by name.
    """

    folder: Path
    fields: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """A text, None where absent or empty."""
        value = self.fields.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise BadRequestBodyError(f"The field {name} must be a text.", remedy="Send it as a string.")
        return value

    def moment(self, name: str) -> datetime | None:
        """A date or a time, None where absent or empty; `DateError` for what is neither."""
        text = self.text(name)
        return None if text is None else parse_date(text)

    def mapping(self, name: str) -> dict[str, Any]:
        """A JSON object, as a member of a JSON body or as text; empty where absent."""
        value = self.fields.get(name)
        if isinstance(value, str) and value.strip():
            value = parse_json(value, name)
        if value in (None, ""):
            return {}
        if not isinstance(value, dict):
            raise BadRequestBodyError(f"The field {name} must be a JSON object.", remedy='Send {"name": "value"}.')
        return value

    def only(self, known: set[str]) -> None:
        """Refuse what this route does not know: a misspelt field would be passed over in silence."""
        for name in [*self.fields, *self.files]:
            if name not in known:
                raise BadRequestBodyError(
                    f"There is no field {name[:80]!r}.", remedy=f"Known: {', '.join(sorted(known))}."
                )


def parse_json(text: str | bytes, what: str) -> Any:
    """JSON from a client.

    Raises:
        BadRequestBodyError: If it is none.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequestBodyError(f"{what} is not JSON: {error}.", remedy="Correct the JSON.") from error


async def receive_form(request: Request) -> AsyncIterator[Form]:
    """The body of a request as fields and files; a dependency of the routes that take one."""
    services: Services = request.app.state.services
    folder = PrivateFolder(services.settings.data / "incoming")
    try:
        yield await _receive(request, services, Form(folder.path))
    finally:
        await asyncio.to_thread(folder.remove)


async def _receive(request: Request, services: Services, form: Form) -> Form:
    limits = services.settings.limits
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind == b"multipart/form-data":
        await _multipart(request, form, options.get(b"boundary", b""), limits.max_upload_bytes, limits.max_json_bytes)
    elif kind == b"application/json" or kind.endswith(b"+json"):
        value = parse_json(await _whole(request, limits.max_json_bytes), "The body")
        if not isinstance(value, dict):
            raise BadRequestBodyError("The body must be a JSON object.")
        form.fields.update(value)
    elif kind == b"application/x-www-form-urlencoded":
        body = await _whole(request, limits.max_json_bytes)
        form.fields.update(parse_qsl(body.decode("utf-8", errors="replace"), max_num_fields=_MAX_PARTS))
    else:
        raise UnsupportedMediaError(
            f"A body of type {kind.decode('latin-1', errors='replace') or 'unknown'} is not read.",
            remedy="Send multipart/form-data or application/json.",
        )
    return form


def _too_large(limit: int) -> PayloadTooLargeError:
    return PayloadTooLargeError(
        f"The body is larger than {limit:,} bytes.",
        remedy="Send less, or raise KANCHA_LIMITS__MAX_UPLOAD_BYTES.",
        max_bytes=limit,
    )


async def _chunks(request: Request, limit: int) -> AsyncIterator[bytes]:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    received = 0
    try:
        async for chunk in request.stream():
            received += len(chunk)
            if received > limit:
                raise _too_large(limit)
            if chunk:
                yield chunk
    except ClientDisconnect as error:
        raise BadRequestBodyError("The client went away in the middle of the body.") from error


async def _whole(request: Request, limit: int) -> bytes:
    return b"".join([chunk async for chunk in _chunks(request, limit)])


async def _multipart(request: Request, form: Form, boundary: bytes, limit: int, text_limit: int) -> None:
    if not boundary:
        raise BadRequestBodyError("The multipart body names no boundary.")
    sink = _PartSink(form, text_limit)
    parser = MultipartParser(boundary, sink.callbacks())  # type: ignore[arg-type]
    try:
        async for chunk in _chunks(request, limit):
            # writing and hashing gigabytes must not hold up the other clients
            await asyncio.to_thread(parser.write, chunk)
        parser.finalize()
    except MultipartParseError as error:
        raise BadRequestBodyError(f"The multipart body is malformed: {error}.") from error
    finally:
        sink.close()
    if not sink.ended:
        raise BadRequestBodyError("The multipart body ends too early.", remedy="Send it again.")


class _PartSink:
    """Takes the parts of a multipart body: texts to memory, files to disk with their checksum."""

    def __init__(self, form: Form, text_limit: int) -> None:
        self._form, self._text_limit = form, text_limit
        self._header_name, self._header_value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._name, self._text = "", bytearray()
        self._file: IO[bytes] | None = None
        self._path = form.folder
        self._hash = hashlib.sha256()
        self._size, self._parts = 0, 0
        self.ended = False

    def callbacks(self) -> dict[str, Any]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header_name,
            "on_header_value": self._on_header_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._start_part,
            "on_part_data": self._data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise BadRequestBodyError(f"The body has more than {_MAX_PARTS} parts.")
        self._headers, self._text = {}, bytearray()
        self._size, self._hash = 0, hashlib.sha256()

    def _on_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name, self._header_value = b"", b""

    def _start_part(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        self._name = options.get(b"name", b"").decode("utf-8", errors="replace")
        if not self._name or self._name in self._form.fields or self._name in self._form.files:
            raise BadRequestBodyError(f"The part {self._name!r} has no name or comes twice.")
        if b"filename" in options:
            # parameters are bytes of the header read as Latin-1: the names of files are UTF-8
            name = safe_name(options[b"filename"].decode("utf-8", errors="replace"))
            self._path = self._form.folder / str(self._parts) / name
            self._path.parent.mkdir()
            self._file = self._path.open("wb")

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = data[start:end]
        self._size += len(part)
        if self._file is not None:
            self._hash.update(part)
            self._file.write(part)
            return
        if self._size > self._text_limit:
            raise _too_large(self._text_limit)
        self._text += part

    def _end_part(self) -> None:
        if self._file is None:
            self._form.fields[self._name] = self._text.decode("utf-8", errors="replace")
            return
        self._file.close()
        self._file = None
        if self._size == 0 and self._path.name == "upload":
            return  # a browser sends an empty part for a file field that was left empty
        self._form.files[self._name] = Upload(self._path, self._hash.hexdigest(), self._size)

    def _end(self) -> None:
        self.ended = True
