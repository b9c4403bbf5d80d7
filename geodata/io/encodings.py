"""Which encoding the text of a shapefile is in.

A .dbf holds bytes; what they mean stands in a .cpg beside it, which is often missing or wrong: Chinese tools
wrote GBK for decades and many exporters declare ISO-8859-1 whatever the text is. So the text itself decides
where it can: bytes that are strict UTF-8 with Chinese characters in them are UTF-8, other bytes that read as
GB18030 are GB18030 (which contains GBK and GB2312), and what was declared counts where both would do.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geodata.errors import EncodingError, LayerError

_CHUNK_ROWS = 100_000
_NOT_TEXT = " \0"
_FIRST_CJK = "\u2e80"
_LDID = {0x03: "cp1252", 0x57: "cp1252", 0x4D: "gb18030", 0x4F: "big5", 0x78: "big5", 0x7A: "gb18030"}
_CHINESE = {"gbk", "gb2312", "gb18030", "cp936", "hz"}
_SINGLE_BYTE = re.compile(r"(iso8859|cp125|cp437|cp850|ascii|latin)")
_BESIDE_A_LETTER = re.compile(rb"[A-Za-z][\x80-\xff]|[\x80-\xff][A-Za-z]")


@dataclass(frozen=True)
class DbfField:
    """A field of a .dbf: name as bytes, type letter, place and width within a record."""

    name: bytes
    kind: str
    start: int
    width: int


@dataclass(frozen=True)
class DbfHeader:
    """What the head of a .dbf says of the rest: record count, sizes in bytes, language byte, fields."""

    records: int
    header_bytes: int
    record_bytes: int
    language: int
    fields: tuple[DbfField, ...]


@dataclass(frozen=True)
class TextEncoding:
    """An encoding and how it was found.

    Args:
        name: Python's name of the codec.
        how: Where it comes from, in words for the report.
    """

    name: str
    how: str

    def __str__(self) -> str:
        """The codec and how it was found, for the report."""
        return f"{self.name.upper()} ({self.how})"

    def decode(self, raw: bytes) -> str:
        """Text of bytes; a last character that the field's width cut in two is left out."""
        return codecs.getincrementaldecoder(self.name)("ignore").decode(raw, final=True)


def read_dbf_header(path: Path) -> DbfHeader:
    """The header of a .dbf.

    Raises:
        LayerError: If it is no .dbf, or ends before its records do.
    """
    with path.open("rb") as file:
        head = file.read(32)
        header_bytes = int.from_bytes(head[8:10], "little")
        rest = file.read(max(0, header_bytes - 32))
    records = int.from_bytes(head[4:8], "little")
    record_bytes = int.from_bytes(head[10:12], "little")
    size = path.stat().st_size
    if len(head) < 32 or len(rest) < header_bytes - 32 or record_bytes < 1 or header_bytes < 33:
        raise LayerError(
            f"The .dbf of {path.stem!r} has no readable header ({size} bytes).",
            remedy="Copy it again, or export the layer again.",
            bytes=size,
        )
    if size < header_bytes + records * record_bytes:
        raise LayerError(
            f"The .dbf of {path.stem!r} is cut off: {size} bytes of {header_bytes + records * record_bytes}.",
            remedy="Copy it again, or export the layer again.",
            bytes=size,
            expected=header_bytes + records * record_bytes,
        )
    return DbfHeader(records, header_bytes, record_bytes, head[29], tuple(_fields(rest)))


def _fields(descriptors: bytes) -> Iterator[DbfField]:
    start = 1
    for at in range(0, len(descriptors) - 31, 32):
        entry = descriptors[at : at + 32]
        if entry[0] == 0x0D:
            return
        width = entry[16] + (entry[17] << 8 if entry[11:12] == b"C" else 0)
        yield DbfField(entry[:11].split(b"\0")[0], chr(entry[11]), start, width)
        start += width


def detect_dbf_encoding(dbf: Path, declared: str | None = None, wanted: str | None = None) -> TextEncoding:
    """The encoding of a .dbf.

    Args:
        dbf: The file.
        declared: What the .cpg says, None without one.
        wanted: What the user says; tried first and alone.

    Raises:
        EncodingError: If the text fits neither what the user says nor any encoding that is tried.
        LayerError: If the file is no whole .dbf.
    """
    header = read_dbf_header(dbf)
    texts = list(_foreign_texts(dbf, header))
    if wanted:
        codec = codec_named(wanted)
        if codec is None:
            raise EncodingError(f"There is no text encoding {wanted!r}.", remedy="Use UTF-8, GBK or GB18030.")
        _require(codec, texts)
        return TextEncoding(codec, "as given")
    said = codec_named(declared) if declared else _LDID.get(header.language)
    source = ".cpg" if declared else "language byte"
    return decide_encoding(texts, said, source)


def decide_encoding(texts: Iterable[tuple[bytes, bool]], said: str | None, source: str) -> TextEncoding:
    """Choose the encoding of texts that hold bytes above ASCII.

    Args:
        texts: (bytes, whether the text fills its field, so that its last character may be cut in two).
        said: Codec that is declared, None without one.
        source: Where it is declared, for the report.

    Raises:
        EncodingError: If nothing fits.
    """
    texts = list(texts)
    if not texts:
        return TextEncoding(said or "utf-8", "plain ASCII")
    utf8, chinese = _fits("utf-8", texts), _fits("gb18030", texts)
    wrong = f", against its {source} {said}" if said else f", no {source}"
    if utf8 and (not chinese or _has_cjk(texts)):
        return TextEncoding("utf-8", f"found in the text{'' if said == 'utf-8' else wrong}")
    single = said is not None and bool(_SINGLE_BYTE.match(said))
    if said and not single and _fits(said, texts):
        return TextEncoding(said, f"by its {source}")
    latin = any(_BESIDE_A_LETTER.search(raw) for raw, _ in texts)
    if utf8 and latin:
        return TextEncoding("utf-8", f"found in the text{wrong}")
    if said and single and latin and _fits(said, texts):
        return TextEncoding(said, f"by its {source}")
    if chinese:
        return TextEncoding("gb18030", f"found in the text{wrong}")
    if said and _fits(said, texts):
        return TextEncoding(said, f"by its {source}")
    raise _undecodable(said or "utf-8 or gb18030", texts)


def _foreign_texts(dbf: Path, header: DbfHeader) -> set[tuple[bytes, bool]]:
    """All distinct field names and text values that hold a byte above ASCII."""
    found = {(f.name, len(f.name) >= 10) for f in header.fields if not f.name.isascii()}
    if not header.records:
        return found
    shape = (header.records, header.record_bytes)
    table = np.memmap(dbf, dtype=np.uint8, mode="r", offset=header.header_bytes, shape=shape)
    for first in range(0, header.records, _CHUNK_ROWS):
        rows = np.asarray(table[first : first + _CHUNK_ROWS])
        for f in (f for f in header.fields if f.kind == "C"):
            column = rows[:, f.start : f.start + f.width]
            for value in {bytes(v) for v in column[(column >= 0x80).any(axis=1)]}:
                text = value.rstrip(_NOT_TEXT.encode())
                found.add((text, len(text) >= f.width - 1))
    return found


def codec_named(name: str) -> str | None:
    """Python's codec for the names that .cpg files use: `UTF-8`, `936`, `ANSI 936`, `88591`, `GBK`."""
    word = re.sub(r"^(ansi|oem|ldid/|cp|windows-)\s*", "", name.strip().lower())
    known = {"936": "gb18030", "54936": "gb18030", "65001": "utf-8", "88591": "iso8859-1", "950": "big5"}
    for candidate in (known.get(word, word), f"cp{word}", name):
        try:
            codec = codecs.lookup(candidate).name
        except LookupError:
            continue
        return "gb18030" if codec in _CHINESE else codec
    return None


def _fits(codec: str, texts: Iterable[tuple[bytes, bool]]) -> bool:
    return all(_reads(codec, raw, may_be_cut) for raw, may_be_cut in texts)


def _reads(codec: str, raw: bytes, may_be_cut: bool) -> bool:
    try:
        codecs.getincrementaldecoder(codec)("strict").decode(raw, final=not may_be_cut)
    except UnicodeDecodeError:
        return False
    return True


def _has_cjk(texts: Iterable[tuple[bytes, bool]]) -> bool:
    return any(char >= _FIRST_CJK for raw, _ in texts for char in raw.decode("utf-8", "ignore"))


def _require(codec: str, texts: list[tuple[bytes, bool]]) -> None:
    if not _fits(codec, texts):
        raise _undecodable(codec, texts)


def _undecodable(codec: str, texts: list[tuple[bytes, bool]]) -> EncodingError:
    bad = next((raw for raw, cut in sorted(texts) if not _reads(codec.split(" ")[0], raw, cut)), texts[0][0])
    return EncodingError(
        f"The text is not {codec.upper()}; the first that cannot be read: {bad[:40].hex(' ')}.",
        remedy="Name its encoding, or export the layer again in UTF-8.",
        encoding=codec,
    )
