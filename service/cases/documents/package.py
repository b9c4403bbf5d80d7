"""A Word file as a bounded set of parts: read with suspicion, written without clocks."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping

from lxml import etree

MAX_FILE, MAX_TOTAL, MAX_PARTS, MAX_PART_XML = 4 << 20, 40 << 20, 400, 2 << 20
"""Bytes of the file, of all parts unpacked, number of parts, bytes of one XML part."""

ALLOWED = ("xml", "rels", "png", "jpg", "jpeg", "gif")
"""Endings of parts; everything else (macros, objects, embedded files, vector pictures) is refused."""

_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The only time that stands in a written package: the same content gives the same bytes."""

Parts = Mapping[str, bytes]


class PackageFault(Exception):  # noqa: N818  (turned into a TemplateError by whoever knows the template)
    """A file is no Word file that may be opened."""


def read_parts(content: bytes) -> dict[str, bytes]:
    """The parts of a Word file.

    Args:
        content: The file.

    Returns:
        Bytes by name of the part.

    Raises:
        PackageFault: If it is no ZIP file, is encrypted, holds a name twice, or unpacks to too much.
    """
    if len(content) > MAX_FILE:
        raise PackageFault(f"it has {len(content):,} bytes, more than {MAX_FILE:,}")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _bounded(archive.infolist())
            return {entry.filename: _taken(archive, entry) for entry in archive.infolist() if not entry.is_dir()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, zlib.error) as error:
        raise PackageFault("it is no Word file (.docx)") from error


def _bounded(entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename for entry in entries]
    if len(names) > MAX_PARTS:
        raise PackageFault(f"it has {len(names)} parts, more than {MAX_PARTS}")
    if len({name.lower() for name in names}) != len(names):
        raise PackageFault("it holds a part twice")
    if any(entry.flag_bits & 1 for entry in entries):
        raise PackageFault("it is encrypted")
    total = sum(entry.file_size for entry in entries)
    if total > MAX_TOTAL:
        raise PackageFault(f"it unpacks to {total:,} bytes, more than {MAX_TOTAL:,}")


def _taken(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """A part; what the directory tells of its size is not believed."""
    with archive.open(entry) as source:
        taken = source.read(entry.file_size + 1)
    limit = MAX_PART_XML if is_xml(entry.filename) else MAX_TOTAL
    if len(taken) > limit:
        raise PackageFault(f"{entry.filename} has more than {limit:,} bytes")
    return taken


def is_xml(name: str) -> bool:
    """Whether a part is XML by its name."""
    return name.lower().endswith((".xml", ".rels"))


def tree_of(part: bytes) -> etree._Element:
    """An XML part, without entities, definitions or network.

    Raises:
        PackageFault: If it is not well formed or brings definitions of its own.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(part, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise PackageFault("a part is no XML") from error
    if root.getroottree().docinfo.doctype:
        raise PackageFault("a part brings definitions of its own (DOCTYPE)")
    return root


def packed(parts: Parts) -> bytes:
    """A Word file of these parts; the same parts give the same bytes."""
    target = io.BytesIO()
    first = "[Content_Types].xml"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(parts, key=lambda one: (one != first, one)):
            entry = zipfile.ZipInfo(name, _FIRST_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, parts[name])
    return target.getvalue()
