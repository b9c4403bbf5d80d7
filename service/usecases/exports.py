"""What leaves the house: the ledger of findings, patches of the national form, and everything as one GeoPackage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import orjson
import pandas as pd
import shapely

from geodata.china import M2_PER_MU
from geodata.crs import CRS84, parse_crs
from geodata.errors import OptionError
from geodata.io.dates import BEIJING
from geodata.types import LAYER_KINDS, STATUSES
from service.services import Services
from service.store.queries import FeatureQuery
from service.store.records import Scan, Scene
from service.usecases.collections import TITLES
from service.usecases.layer_rows import to_frame
from service.usecases.listing import every
from service.version import code_version

if TYPE_CHECKING:
    from geodata.exchange import PatchOptions
    from geodata.exchange.workbook import Language

_PAGE = 1000
_PART_ROWS = 10_000


@dataclass(frozen=True)
class Selection:
    """Which findings are wanted.

    Args:
        scan_id: Of one scan; None: of all.
        statuses: Of these statuses; none: of all.
        dismissed: Whether also those that were judged wrong, or that repeat one that was.
    """

    scan_id: str | None = None
    statuses: tuple[str, ...] = ()
    dismissed: bool = True

    def __post_init__(self) -> None:
        unknown = [status for status in self.statuses if status not in STATUSES]
        if unknown:
            raise OptionError(f"There is no status {unknown[0][:40]!r}.", remedy=f"Known: {', '.join(STATUSES)}.")

    def takes(self, told: Mapping[str, Any]) -> bool:
        """Whether a finding with these properties is wanted."""
        gone = told.get("judged") is False or told.get("suppressed_by") is not None
        return (not self.statuses or told["status"] in self.statuses) and (self.dismissed or not gone)

    def __str__(self) -> str:
        """For the last sheet of a ledger."""
        said = [f"scan {self.scan_id}" if self.scan_id else "all scans"]
        said += [", ".join(self.statuses)] if self.statuses else []
        return "; ".join([*said, "with dismissed ones" if self.dismissed else "without dismissed ones"])


def findings_of(services: Services, wanted: Selection) -> Iterator[dict[str, Any]]:
    """The properties of findings with `geometry`, in the order in which they came.

    Raises:
        NotFoundError: If there is no such scan.
    """
    if wanted.scan_id is not None:
        services.store.scans.get(wanted.scan_id)
    for text in services.store.scans.all_findings(FeatureQuery(wanted.scan_id)):
        feature = orjson.loads(text)
        told = feature["properties"]
        if wanted.takes(told):
            yield {"id": feature["id"], **told, "geometry": shapely.geometry.shape(feature["geometry"])}


def _parts(of: Iterable[Any], rows: int) -> Iterator[list[Any]]:
    """What there is, some at a time."""
    left = iter(of)
    while some := list(islice(left, rows)):
        yield some


# --- the ledger ----------------------------------------------------------------------------------


def export_ledger(services: Services, path: Path, wanted: Selection, language: Language = "zh") -> int:
    """Write the ledger of findings as a workbook; how many it has is told.

    Raises:
        NotFoundError: If there is no such scan.
        OptionError: If the file cannot be one.
    """
    from geodata.exchange import LedgerOptions, write_ledger

    rows = list(findings_of(services, wanted))
    words: dict[str, Mapping[str, str]] = {}
    for scan in {str(row["scan_id"]) for row in rows}:
        words |= services.store.scans.get(scan).provenance.get("rulebook", {}).get("words", {})
    now = datetime.now(UTC).astimezone(BEIJING)
    zh = language == "zh"
    told = {
        "生成时间" if zh else "Made": f"{now:%Y-%m-%d %H:%M} (UTC+8)",
        "范围" if zh else "Selection": str(wanted),
        "坐标" if zh else "Positions": "CRS84",
        "面积" if zh else "Areas": "椭球面积" if zh else "on the ellipsoid",
        "声明" if zh else "Note": (
            "均为疑似线索，须经核查确认。" if zh else "All are suspicions, to be checked on the ground."
        ),
        "版本" if zh else "Version": f"kancha {code_version()}",
    }
    return write_ledger(rows, path, LedgerOptions(language, _villages(services, rows), words, told))


def _villages(services: Services, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Village by parcel, of the parcels that the findings lie on, by the newest parcels."""
    version = services.store.layers.newest("parcels")
    names = sorted({name for row in rows for name in row.get("parcel_ids") or ()})
    if version is None or not names:
        return {}
    found: dict[str, str] = {}
    for some in _parts(names, _PAGE):
        for text in services.store.layers.named(version.id, some):
            told = orjson.loads(text)["properties"]
            if told.get("village") is not None:
                found[str(told["parcel_id"])] = str(told["village"])
    return found


# --- patches -------------------------------------------------------------------------------------


def export_patches(services: Services, path: Path, wanted: Selection, options: PatchOptions, crs: str) -> int:
    """Write findings as patches of the national form; how many is told.

    Args:
        services: The service.
        path: `.zip` (shapefile in GBK), `.gpkg` or `.db` (SQLite package).
        wanted: Which findings.
        options: Numbers and names.
        crs: System of the outlines.

    Raises:
        NotFoundError: If there is no such scan.
        OptionError: If the file, the county or the serial is not as it must be.
        CRSError: If there is no such system.
    """
    from geodata.exchange import to_patches, write_patches

    system = parse_crs(crs)
    rows = list(findings_of(services, wanted))
    shapes = gpd.GeoSeries([row.pop("geometry") for row in rows], crs=CRS84)
    columns = None if rows else ["id"]
    frame = gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry=shapes, crs=CRS84)
    write_patches(to_patches(frame, options, system), path)
    return len(rows)


# --- everything ----------------------------------------------------------------------------------


def export_everything(
    services: Services, path: Path, heard: Callable[[int], None] = lambda rows: None
) -> dict[str, int]:
    """Write one GeoPackage: findings, the newest layers, scenes, scans and verdicts; rows by table are told.

    Args:
        services: The service.
        path: `.gpkg`.
        heard: Hears how many rows were written so far.

    Raises:
        OptionError: If the file is not named as one, or there is nothing to write.
    """
    from geodata.exchange import Table, write_package

    written = 0

    def counted(parts: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        nonlocal written
        for part in parts:
            yield part
            written += len(part)
            heard(written)

    layers = [
        Table(kind, counted(_layer_parts(services, kind)), TITLES[kind])
        for kind in LAYER_KINDS
        if services.store.layers.newest(kind) is not None
    ]
    return write_package(
        [
            Table("findings", counted(_finding_parts(services)), TITLES["findings"]),
            Table("structures", counted(_structure_parts(services)), TITLES["structures"]),
            *layers,
            Table("scenes", counted(_scene_parts(services)), "Scenes 影像"),
            Table("scans", counted(_scan_parts(services)), "Scans 比对"),
            Table("verdicts", counted(_verdict_parts(services)), "Verdicts 核查结论"),
        ],
        path,
    )


def rows_of_everything(services: Services) -> int:
    """About how many rows `export_everything` writes: those of the layers, which are the most."""
    newest = (services.store.layers.newest(kind) for kind in LAYER_KINDS)
    return sum(version.features for version in newest if version is not None)


_NUMBERS = ("confidence", "priority", "area_m2", "area_mu", "area_error_m2", "outline_error_m", "height_gain_m",
            "storeys")  # fmt: skip
"""Numbers of a finding, also where all of a part are absent."""


def _finding_parts(services: Services) -> Iterator[pd.DataFrame]:
    columns: list[str] | None = None
    for rows in _parts(findings_of(services, Selection()), _PART_ROWS):
        shapes = gpd.GeoSeries([row["geometry"] for row in rows], crs=CRS84)
        table = pd.DataFrame([{k: v for k, v in row.items() if k != "geometry"} for row in rows])
        table["area_mu"] = (table["area_m2"] / M2_PER_MU).round(2)
        table["reasons_zh"] = [
            "\n".join(str(reason["message_zh"]) for reason in row.get("reasons") or ()) for row in rows
        ]
        table["judged"] = [{True: "true", False: "false", None: None}[row.get("judged")] for row in rows]
        # findings of an earlier release may lack a column, or have one more
        columns = columns or list(table.columns)
        table = table.reindex(columns=columns)
        for name in set(_NUMBERS) & set(columns):
            table[name] = pd.to_numeric(table[name], errors="coerce").astype("float64")
        yield gpd.GeoDataFrame(table, geometry=shapes, crs=CRS84)


def _structure_parts(services: Services) -> Iterator[pd.DataFrame]:
    texts = services.store.structures.all_features(FeatureQuery())
    for some in _parts(texts, _PART_ROWS):
        features = [orjson.loads(text) for text in some]
        table = pd.DataFrame([{"id": feature["id"], **feature["properties"]} for feature in features])
        for name in ("area_m2", "height_m"):
            table[name] = pd.to_numeric(table[name], errors="coerce").astype("float64")
        shapes = gpd.GeoSeries([shapely.geometry.shape(feature["geometry"]) for feature in features], crs=CRS84)
        yield gpd.GeoDataFrame(table, geometry=shapes, crs=CRS84)


def _layer_parts(services: Services, kind: str) -> Iterator[pd.DataFrame]:
    version = services.store.layers.newest(kind)
    if version is not None:
        for texts in _parts(services.store.layers.rows(version.id), _PART_ROWS):
            yield to_frame(texts, version.columns)


def _scene_parts(services: Services) -> Iterator[pd.DataFrame]:
    scenes: Iterable[Scene] = every(services.store.scenes.page)
    for some in _parts(scenes, _PART_ROWS):
        table = pd.DataFrame(
            {
                "id": [s.id for s in some],
                "file_name": [s.file_name for s in some],
                "sha256": [s.sha256 for s in some],
                "acquired_at": [s.acquired_at.isoformat() for s in some],
                "gsd_m": [s.gsd_m for s in some],
                "crs": [s.crs for s in some],
                "usable_share": pd.Series([s.usable_share for s in some], dtype="float64"),
                "attributes": [dict(s.attributes) for s in some],
            }
        )
        shapes = gpd.GeoSeries([shapely.geometry.shape(s.footprint) for s in some], crs=CRS84)
        yield gpd.GeoDataFrame(table, geometry=shapes, crs=CRS84)


def _scan_parts(services: Services) -> Iterator[pd.DataFrame]:
    scans: Iterable[Scan] = every(services.store.scans.page)
    for some in _parts(scans, _PART_ROWS):
        yield pd.DataFrame(
            {
                "id": [s.id for s in some],
                "before_scene": [s.before_scene for s in some],
                "after_scene": [s.after_scene for s in some],
                "created_at": [s.created_at.isoformat() for s in some],
                "layers": [dict(s.layers) for s in some],
                "options": [dict(s.options) for s in some],
                "provenance": [dict(s.provenance) for s in some],
            }
        )


def _verdict_parts(services: Services) -> Iterator[pd.DataFrame]:
    judged = [row.verdict.finding_id for row in services.store.verdicts.judged()]
    verdicts = [verdict for finding in judged for verdict in services.store.verdicts.of(finding)]
    if verdicts:
        yield pd.DataFrame(
            {
                "id": [v.id for v in verdicts],
                "finding_id": [v.finding_id for v in verdicts],
                "verdict": ["true" if v.verdict else "false" for v in verdicts],
                "reason": [v.reason for v in verdicts],
                "outline": [None if v.outline is None else dict(v.outline) for v in verdicts],
                "judged_by": [v.judged_by for v in verdicts],
                "judged_at": [v.judged_at.isoformat() for v in verdicts],
                "note": [v.note for v in verdicts],
                "purpose": [v.purpose for v in verdicts],
            }
        )
