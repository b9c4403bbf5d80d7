"""A shapefile is several files: gathering them, seeing that they are whole, unpacking them from a .zip."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path, PurePosixPath

from geodata.errors import LayerError
from geodata.io.encodings import read_dbf_header

PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
"""The parts that are read, in the order in which they are hashed."""

_NEEDED = (".shp", ".shx", ".dbf")
_MAX_ENTRIES = 1_000
_MAX_UNPACKED_BYTES = 2 * 1024**3
_MAX_RATIO = 200
_SMALL_BYTES = 10 * 1024**2
_HEADER_BYTES = 100
_MAX_PRJ_BYTES = 64 * 1024
_BLOCK = 1024**2
_ZIP_FAILURES = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    EOFError,
    RuntimeError,
    OSError,
    ValueError,
)
"""What the standard library raises over a damaged, encrypted or strangely packed .zip."""


def gather_parts(shp: Path) -> dict[str, Path]:
    """The files that belong to a .shp, by their lower-case extension, whatever case they are written in."""
    parts = {
        other.suffix.lower(): other
        for other in sorted(shp.parent.iterdir())
        if other.stem == shp.stem and other.suffix.lower() in PARTS and other.is_file()
    }
    return {**parts, ".shp": shp}


def check_parts(parts: dict[str, Path]) -> None:
    """See that a shapefile is complete and none of its parts is cut off.

    Raises:
        LayerError: With the parts that are missing, or the sizes that do not agree.
    """
    name = parts[".shp"].name
    missing = [part for part in _NEEDED if part not in parts]
    if missing:
        raise LayerError(
            f"{name!r} lacks its {' and '.join(missing)}; beside it there is: "
            f"{', '.join(sorted(set(parts) - {'.shp'})) or 'nothing'}.",
            remedy="A shapefile is .shp, .shx and .dbf (and .prj, .cpg) of one name: copy all of them.",
            missing=missing,
        )
    for part in (".shp", ".shx"):
        _check_length(parts[part])
    records = read_dbf_header(parts[".dbf"]).records
    shapes = (parts[".shx"].stat().st_size - _HEADER_BYTES) // 8
    if records != shapes:
        raise LayerError(
            f"{name!r} has {shapes} shapes in its .shx but {records} rows in its .dbf.",
            remedy="The parts are not of one layer: copy all parts of the same export.",
            shapes=shapes,
            records=records,
        )


def _check_length(path: Path) -> None:
    """A .shp and a .shx tell their length in 16-bit words, big-endian, at byte 24."""
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
    size = path.stat().st_size
    expected = 2 * int.from_bytes(head[24:28], "big")
    if len(head) < _HEADER_BYTES or head[:4] != b"\x00\x00\x27\x0a" or size < expected:
        raise LayerError(
            f"{path.name!r} is damaged or cut off: {size} bytes of {expected}.",
            remedy="Copy it again, or export the layer again.",
            bytes=size,
            expected=expected,
        )


def declared_encoding(parts: dict[str, Path]) -> str | None:
    """What the .cpg says, None without one or with an empty one."""
    if ".cpg" not in parts:
        return None
    with parts[".cpg"].open("rb") as file:
        return file.read(64).decode("ascii", "ignore").strip() or None


def prj_text(prj: Path) -> str:
    """The text of a .prj; Chinese tools write its names in GBK."""
    raw = prj.read_bytes()[:_MAX_PRJ_BYTES]
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")


def unpack_zip(path: Path, wanted: str, into: Path) -> Path:
    """Unpack the one shapefile of a .zip to `into/layer.*`.

    Args:
        path: The .zip.
        wanted: Base name of the shapefile to take where there are several.
        into: An empty folder.

    Returns:
        Path of the unpacked .shp.

    Raises:
        LayerError: If the .zip is damaged, hostile (too many entries, too large unpacked, names that leave
            the folder), encrypted, or holds no or several shapefiles.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            guard_zip(path.name, entries)
            for part, entry in _members(path.name, entries, wanted).items():
                _unpack(archive, entry, into / f"layer{part}")
    except _ZIP_FAILURES as error:
        raise LayerError(
            f"{path.name!r} cannot be unpacked: {error}.", remedy="Pack it again without a password."
        ) from error
    return into / "layer.shp"


def guard_zip(name: str, entries: list[zipfile.ZipInfo]) -> None:
    """Refuse a .zip by its table of contents, before anything is unpacked."""
    packed, unpacked = sum(e.compress_size for e in entries), sum(e.file_size for e in entries)
    bomb = unpacked > _SMALL_BYTES and unpacked > _MAX_RATIO * max(1, packed)
    if len(entries) > _MAX_ENTRIES or unpacked > _MAX_UNPACKED_BYTES or bomb:
        raise LayerError(
            f"{name!r} would unpack {len(entries)} files to {unpacked / 1024**2:.0f} MiB "
            f"from {packed / 1024**2:.2f} MiB.",
            remedy=f"At most {_MAX_ENTRIES} files, {_MAX_UNPACKED_BYTES // 1024**2} MiB and "
            f"{_MAX_RATIO}:1 are accepted: pack the one layer alone.",
            entries=len(entries),
            unpacked_bytes=unpacked,
        )
    for entry in entries:
        steps = PurePosixPath(entry.filename.replace("\\", "/"))
        if steps.is_absolute() or ".." in steps.parts or ":" in steps.parts[0]:
            raise LayerError(
                f"{name!r} holds the entry {entry.filename[:80]!r}, which leads out of its folder.",
                remedy="Pack the files of the layer without paths.",
            )


def _members(name: str, entries: list[zipfile.ZipInfo], wanted: str) -> dict[str, zipfile.ZipInfo]:
    """The entries of the one shapefile to take, by lower-case extension."""
    layers: dict[str, dict[str, zipfile.ZipInfo]] = {}
    for entry in entries:
        inner = PurePosixPath(entry.filename.replace("\\", "/"))
        if "__MACOSX" not in inner.parts and inner.suffix.lower() in PARTS:
            layers.setdefault(str(inner.with_suffix("")), {})[inner.suffix.lower()] = entry
    layers = {stem: parts for stem, parts in layers.items() if ".shp" in parts}
    named = [stem for stem in layers if PurePosixPath(stem).name.lower() == wanted.lower()]
    chosen = named if len(named) == 1 else list(layers)
    if len(chosen) != 1:
        holds = ", ".join(sorted(layers)) or ", ".join(e.filename for e in entries[:10]) or "nothing"
        raise LayerError(
            f"{name!r} holds {len(layers)} shapefiles; it holds: {holds[:300]}.",
            remedy=f"Pack the one shapefile alone, or name one of them {wanted}.shp.",
            shapefiles=sorted(layers),
        )
    return layers[chosen[0]]


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    """Write one entry, never more of it than the table of contents said."""
    left = entry.file_size
    with archive.open(entry) as source, target.open("wb") as sink:
        while left > 0 and (block := source.read(min(_BLOCK, left))):
            sink.write(block)
            left -= len(block)
