"""The headers of the tus protocol, version 1.0.0, as plain values. Clauses: https://tus.io/protocols/resumable-upload."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from service.errors import PayloadTooLargeError, UnsupportedMediaError, UploadHeaderError, UploadVersionError

VERSION = "1.0.0"
EXTENSIONS = (
    "creation",
    "creation-with-upload",
    "creation-defer-length",
    "termination",
    "checksum",
    "concatenation",
    "expiration",
)
ALGORITHMS = ("sha1", "sha256", "md5")
CHUNK_TYPE = "application/offset+octet-stream"
_NUMBER = re.compile(r"\d{1,18}")
_KEY = re.compile(r"[!-+\--~]+")
_MAX_KEYS = 64
_MAX_PARTS = 1000


@dataclass(frozen=True)
class Checksum:
    """What the bytes of a chunk must give.

    Args:
        algorithm: One of `ALGORITHMS`.
        digest: The wanted digest.
    """

    algorithm: str
    digest: bytes


@dataclass(frozen=True)
class Chunk:
    """What the headers of a request with bytes say.

    Args:
        offset: Where they begin.
        size: How many there are; None: not told.
        checksum: What they must give, None: not told.
        length: Length of the whole upload, told late; None: not told.
    """

    offset: int
    size: int | None
    checksum: Checksum | None
    length: int | None = None


@dataclass(frozen=True)
class Creation:
    """What the headers of a creation say.

    Args:
        length: Length of the upload, None: told later, or by the parts.
        metadata_header: The metadata as they were sent.
        metadata: The same decoded.
        concat: `Upload-Concat` as it was sent, None without one.
        parts: Ids of the uploads that a final one is put together from.
        chunk: The bytes that come with the creation, None without any.
    """

    length: int | None
    metadata_header: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    concat: str | None = None
    parts: tuple[str, ...] = ()
    chunk: Chunk | None = None

    @property
    def is_final(self) -> bool:
        """Whether it is put together from others."""
        return bool(self.parts)


def check_version(headers: Mapping[str, str]) -> None:
    """Refuse another version of the protocol (core, Tus-Resumable).

    Raises:
        UploadVersionError: If none or another is named.
    """
    said = headers.get("tus-resumable")
    if said != VERSION:
        raise UploadVersionError(
            f"The header Tus-Resumable is {said!r:.40}; {VERSION} is spoken.",
            remedy=f"Send Tus-Resumable: {VERSION}.",
            version=VERSION,
        )


def parse_creation(headers: Mapping[str, str], max_bytes: int) -> Creation:
    """What a POST asks for.

    Args:
        headers: By lower-case name.
        max_bytes: Length that is accepted at most.

    Raises:
        UploadHeaderError: If a header is malformed, missing, or contradicts another.
        PayloadTooLargeError: If the length is too large.
        UnsupportedMediaError: If bytes come with it under another type.
    """
    sent = headers.get("upload-metadata", "")
    concat, parts = _parse_concat(headers.get("upload-concat"))
    length = _number(headers, "upload-length")
    if parts:
        if length is not None:
            raise UploadHeaderError("A final upload has no Upload-Length of its own.", remedy="Leave the header out.")
        return Creation(None, sent, parse_metadata(sent), concat, parts)
    deferred = headers.get("upload-defer-length")
    if deferred not in (None, "1"):
        raise UploadHeaderError(f"Upload-Defer-Length is {deferred!r:.40}.", remedy="Its only value is 1.")
    if (length is None) == (deferred is None):
        raise UploadHeaderError(
            "An upload needs either Upload-Length or Upload-Defer-Length.", remedy="Send one of the two."
        )
    require_size(length, max_bytes)
    return Creation(length, sent, parse_metadata(sent), concat, (), _first_chunk(headers))


def require_size(length: int | None, max_bytes: int) -> None:
    """Refuse a length beyond the limit.

    Raises:
        PayloadTooLargeError: If it is.
    """
    if length is not None and length > max_bytes:
        raise PayloadTooLargeError(
            f"The upload has {length:,} bytes; at most {max_bytes:,} are taken.",
            remedy="Split the scene, or raise KANCHA_UPLOADS__MAX_BYTES.",
            length=length,
            max_bytes=max_bytes,
        )


def parse_chunk(headers: Mapping[str, str]) -> Chunk:
    """What a PATCH says of its bytes.

    Raises:
        UploadHeaderError: If a header is malformed or missing.
        UnsupportedMediaError: If the type is another.
    """
    _require_chunk_type(headers)
    offset = _number(headers, "upload-offset")
    if offset is None:
        raise UploadHeaderError("The header Upload-Offset is missing.", remedy="HEAD tells where the upload stands.")
    return Chunk(offset, _body_size(headers), _checksum(headers), _number(headers, "upload-length"))


def _first_chunk(headers: Mapping[str, str]) -> Chunk | None:
    size = _body_size(headers)
    if size == 0 or (size is None and "transfer-encoding" not in headers):
        return None
    _require_chunk_type(headers)
    return Chunk(0, size, _checksum(headers))


def _require_chunk_type(headers: Mapping[str, str]) -> None:
    kind = headers.get("content-type", "")
    if kind.split(";")[0].strip().lower() != CHUNK_TYPE:
        raise UnsupportedMediaError(
            f"The body of an upload is of type {kind[:80]!r}.", remedy=f"Send Content-Type: {CHUNK_TYPE}."
        )


def _body_size(headers: Mapping[str, str]) -> int | None:
    said = headers.get("content-length", "")
    return int(said) if _NUMBER.fullmatch(said) else None


def _number(headers: Mapping[str, str], name: str) -> int | None:
    said = headers.get(name)
    if said is None:
        return None
    if not _NUMBER.fullmatch(said) or not said.isascii():
        raise UploadHeaderError(f"{name} is {said!r:.40}, not a number of bytes.", remedy="Send a whole number from 0.")
    return int(said)


def _checksum(headers: Mapping[str, str]) -> Checksum | None:
    said = headers.get("upload-checksum")
    if said is None:
        return None
    algorithm, _, encoded = said.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise UploadHeaderError(
            f"The checksum algorithm {algorithm[:40]!r} is not known.", remedy=f"Known: {', '.join(ALGORITHMS)}."
        )
    return Checksum(algorithm, _decoded(encoded.strip(), "Upload-Checksum"))


def parse_metadata(header: str) -> dict[str, str]:
    """The metadata of an upload: pairs of a key and a text in base64, parted by commas.

    Raises:
        UploadHeaderError: If they are malformed or a key comes twice.
    """
    told: dict[str, str] = {}
    for pair in header.split(",") if header.strip() else []:
        key, _, encoded = pair.strip().partition(" ")
        if not _KEY.fullmatch(key) or key in told or len(told) >= _MAX_KEYS:
            raise UploadHeaderError(
                f"The key {key[:40]!r} of Upload-Metadata is empty, comes twice or has foreign characters.",
                remedy="Write: filename dGlmLnRpZg==,kind c2NlbmU=",
            )
        try:
            told[key] = _decoded(encoded.strip(), "Upload-Metadata").decode()
        except UnicodeDecodeError as error:
            raise UploadHeaderError(
                f"The value of {key[:40]!r} in Upload-Metadata is not UTF-8.", remedy="Encode the text as UTF-8."
            ) from error
    return told


def write_metadata(told: Mapping[str, str]) -> str:
    """The header that says `told`."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items())


def _decoded(encoded: str, name: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UploadHeaderError(f"{name} holds what is no base64: {encoded[:40]!r}.", remedy="Encode it.") from error


def _parse_concat(said: str | None) -> tuple[str | None, tuple[str, ...]]:
    if said is None or said == "partial":
        return said, ()
    kind, _, urls = said.partition(";")
    ids = tuple(urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1] for url in urls.split())
    if kind != "final" or not ids or len(ids) > _MAX_PARTS:
        raise UploadHeaderError(
            f"Upload-Concat is {said[:80]!r} ({len(ids)} parts).",
            remedy=f"Write partial, or final; with the addresses of 1 to {_MAX_PARTS} partial uploads.",
            parts=len(ids),
        )
    return said, ids
