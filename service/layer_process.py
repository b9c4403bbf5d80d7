"""Vector files from outside are opened in a process of their own, with limits.

Whatever a crafted file makes the format library do (crash, endless loop, memory without end), the service
goes on and its sender gets a named error.
"""

from __future__ import annotations

import hashlib
import math
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from geodata.errors import KanchaError, LayerError
from geodata.io.guard import rebuild_error, spared
from geodata.types import LayerKind
from service.jobs.process import limit_memory
from service.settings import Limits
from service.store.records import Box, FeatureRow

_ANSWER = ".answer.json"  # no sent file can be called so: see safe_name
_ROWS = ".rows.jsonl"
_PORTION = 50_000
"""Features that are in memory at a time."""


@dataclass(frozen=True)
class LayerContent:
    """A layer that was read.

    Args:
        sha256: Checksum of the features, as `LayerVersion.content_sha256`.
        columns: Type of each column.
        report: What reading did to it.
        bbox: Box around it; None without any geometry.
        count: How many features it has.
        rows_file: Where they are kept until they are stored.
        system: The system of the coordinates in the file, as WKT; None without any, or where it had to be left first.
    """

    sha256: str
    columns: Mapping[str, str]
    report: Mapping[str, Any]
    bbox: Box | None
    count: int
    rows_file: Path
    system: str | None = None

    def rows(self) -> Iterator[FeatureRow]:
        """The features, one after the other; personal values are in the clear, as JSON, and are sealed before they
        are stored.
        """
        with self.rows_file.open("rb") as file:
            for head, text in zip(file, file, strict=True):
                fid, box, personal = orjson.loads(head)
                yield FeatureRow(fid, None if box is None else tuple(box), text[:-1].decode(), personal=personal)


def read_layer_apart(path: Path, kind: LayerKind, limits: Limits, **how: Any) -> LayerContent:
    """Read a layer in a process of its own.

    Args:
        path: The file, in a private folder; what is read is written beside it.
        kind: Which layer it is.
        limits: What the process may use.
        how: Fields of `ReadAs`.

    Raises:
        LayerError: The named refusal, or that the reading process died.
    """
    told = _call({"do": "layer", "path": str(path), "kind": kind, "how": how}, path.parent, limits)
    return LayerContent(
        sha256=told["sha256"],
        columns=told["columns"],
        report=told["report"],
        bbox=None if told["bbox"] is None else tuple(told["bbox"]),
        count=told["count"],
        rows_file=path.parent / _ROWS,
        system=told["system"],
    )


def read_area_apart(path: Path, limits: Limits, crs: str | None) -> str:
    """Read an area in a process of its own, as GeoJSON text in lon-lat.

    Raises:
        LayerError: The named refusal, or that the reading process died.
    """
    return str(_call({"do": "area", "path": str(path), "crs": crs}, path.parent, limits)["area"])


def read_head_apart(path: Path, kind: LayerKind, limits: Limits, rows: int, **how: Any) -> dict[str, Any]:
    """The head of a file, read in a process of its own, as plain values; see `heads.Head`.

    Raises:
        LayerError: The named refusal, or that the reading process died.
    """
    request = {"do": "head", "path": str(path), "kind": kind, "rows": rows, "how": how}
    return dict(_call(request, path.parent, limits)["head"])


def read_table_apart(path: Path, limits: Limits, columns: Mapping[str, Any], encoding: str | None) -> dict[str, Any]:
    """A plain table, read in a process of its own, as plain values; see `geodata.io.tables.read_table`.

    Args:
        path: The file, in a private folder.
        limits: What the process may use.
        columns: Fields of `geodata.io.tables.Columns`.
        encoding: Encoding of a CSV, None: it is found.

    Raises:
        LayerError: The named refusal, or that the reading process died.
    """
    request = {"do": "table", "path": str(path), "columns": dict(columns), "encoding": encoding}
    return dict(_call(request, path.parent, limits)["table"])


def _call(request: dict[str, Any], folder: Path, limits: Limits) -> dict[str, Any]:
    request |= {"out": str(folder), "memory": limits.max_reader_memory_bytes}
    _, status = spared(lambda: (None, _attempt(request, limits)))
    answer_file = folder / _ANSWER
    if status != 0 or not answer_file.is_file():
        raise LayerError(
            f"The file could not be read: the reading process ended with status {status}.",
            remedy="It is damaged, or larger than the memory it may use; export it again or split it.",
            status=status,
        )
    answer: dict[str, Any] = orjson.loads(answer_file.read_bytes())
    if "error" in answer:
        raise rebuild_error(answer["error"])
    return answer


def _attempt(request: dict[str, Any], limits: Limits) -> int:
    """The exit status of a process of its own."""
    try:
        return subprocess.run(
            [sys.executable, "-m", "service.layer_process"],
            input=orjson.dumps(request),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=limits.max_reader_s,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired as error:
        raise LayerError(
            f"Reading the file took longer than {limits.max_reader_s:g} s and was stopped.",
            remedy="Split the layer, or raise KANCHA_LIMITS__MAX_READER_S.",
            seconds=limits.max_reader_s,
        ) from error


def _read_layer(request: dict[str, Any]) -> dict[str, Any]:
    from geodata.io.vectors import LayerReader, ReadAs
    from service.usecases.layer_rows import RowMaker

    reader = LayerReader(Path(request["path"]), request["kind"], ReadAs(**request["how"]), _PORTION)
    maker, digest = RowMaker(request["kind"]), hashlib.sha256()
    west, south, east, north = math.inf, math.inf, -math.inf, -math.inf
    with (Path(request["out"]) / _ROWS).open("wb") as file:
        for frame in reader.frames():
            for row in maker.rows(frame):
                if row.bbox is not None:
                    west, south = min(west, row.bbox[0]), min(south, row.bbox[1])
                    east, north = max(east, row.bbox[2]), max(north, row.bbox[3])
                text = row.geojson.encode()
                file.write(orjson.dumps([row.fid, row.bbox, row.personal]) + b"\n" + text + b"\n")
                digest.update(text + b"\n")
    return {
        "sha256": digest.hexdigest(),
        "columns": maker.columns,
        "report": reader.report.as_dict() | ({"personal": sorted(maker.personal)} if maker.personal else {}),
        "bbox": [west, south, east, north] if west <= east else None,
        "count": maker.count,
        "system": None if reader.system is None else reader.system.to_wkt(),
    }


def _read_head(request: dict[str, Any]) -> dict[str, Any]:
    from geodata.io.heads import read_head
    from geodata.io.vectors import ReadAs

    head = read_head(Path(request["path"]), request["kind"], ReadAs(**request["how"]), request["rows"])
    return {"head": head.as_dict()}


def _read_area(request: dict[str, Any]) -> dict[str, Any]:
    import shapely

    from geodata.io.vectors import read_area

    return {"area": shapely.to_geojson(read_area(Path(request["path"]), crs=request["crs"]))}


def _read_table(request: dict[str, Any]) -> dict[str, Any]:
    from geodata.io.tables import Columns, read_table

    found = read_table(Path(request["path"]), Columns(**request["columns"]), request["encoding"])
    return {"table": vars(found)}


def _main() -> None:
    request: dict[str, Any] = orjson.loads(sys.stdin.buffer.read())
    limit_memory(request["memory"])
    try:
        reads = {"layer": _read_layer, "area": _read_area, "head": _read_head, "table": _read_table}
        answer = reads[request["do"]](request)
    except KanchaError as error:
        answer = {"error": error.as_dict()}
    except MemoryError:
        sys.exit(1)
    option = orjson.OPT_SERIALIZE_NUMPY
    (Path(request["out"]) / _ANSWER).write_bytes(orjson.dumps(answer, default=str, option=option))


if __name__ == "__main__":
    _main()
