"""`kancha scan`: compare two rasters."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich.console import Console

from geodata.errors import OptionError
from geodata.io.dates import parse_date
from scripts.terminal import findings_table, gate_line, progress_bar

if TYPE_CHECKING:
    from geodata.types import SurfaceFiles

Layer = Annotated[
    Path | None, typer.Option(help="Vector file: GeoJSON, GeoPackage, FlatGeobuf, Shapefile or a zip of one.")
]


def scan(
    before: Annotated[
        Path | None, typer.Argument(help="GeoTIFF of the earlier date; may be left out with surface models.")
    ] = None,
    after: Annotated[Path | None, typer.Argument(help="GeoTIFF of the later date.")] = None,
    before_dsm: Annotated[Path | None, typer.Option(help="Surface model of the earlier date, heights in m.")] = None,
    after_dsm: Annotated[Path | None, typer.Option(help="Surface model of the later date.")] = None,
    before_dtm: Annotated[Path | None, typer.Option(help="Terrain model of the earlier date.")] = None,
    after_dtm: Annotated[
        Path | None, typer.Option("--after-dtm", "--dtm", help="Terrain model of the later date, or of both.")
    ] = None,
    parcels: Layer = None,
    permits: Layer = None,
    zones: Layer = None,
    buildings: Layer = None,
    areas: Layer = None,
    aoi: Annotated[Path | None, typer.Option(help="Polygon file: report only what touches it.")] = None,
    gsd: Annotated[float | None, typer.Option(help="Working pixel size, m; else what --min-area needs.")] = None,
    before_date: Annotated[str | None, typer.Option(help="Date; else TIFF tag, else file name.")] = None,
    after_date: Annotated[str | None, typer.Option(help="Date; else TIFF tag, else file name.")] = None,
    min_area: Annotated[
        float,
        typer.Option(help="Smallest structure, m2; a large one enlarges the working pixel."),
    ] = 20.0,
    min_gain: Annotated[float, typer.Option(help="Smallest height change, m, with surface models.")] = 2.0,
    min_confidence: Annotated[float, typer.Option(help="Least confidence; below 0.08 nothing is reported.")] = 0.0,
    false_alarms: Annotated[
        float | None,
        typer.Option(help="Bearable false alarms per km2; else a confidence of 0.08 decides."),
    ] = None,
    workers: Annotated[int, typer.Option(help="Threads; never changes the result.")] = 1,
    window: Annotated[int, typer.Option(help="Window side, px; never changes the result.")] = 2048,
    detector: Annotated[
        str, typer.Option(help="training-free, a model's name or the path of its folder, or current: the one in use.")
    ] = "current",
    thorough: Annotated[
        bool,
        typer.Option(
            "--thorough",
            help="Look at every pixel in full resolution: much slower, hardly finds more. With a model: the network "
            "everywhere, not only where the screen looks.",
        ),
    ] = False,
    terrain: Annotated[
        str, typer.Option(help="flat, hilly or mountain: how far the pixel sizes of the pair may differ.")
    ] = "flat",
    strict: Annotated[bool, typer.Option("--strict", help="Refuse the pair for every limit that it exceeds.")] = False,
    accept: Annotated[
        list[str] | None, typer.Option(help="Compare despite a refused check, by its code; repeatable.")
    ] = None,
    rules: Annotated[
        str,
        typer.Option(
            help="Rulebook: an id, a YAML file, or current: the one in use; the version that holds on --after-date, "
            "else today."
        ),
    ] = "current",
    maps: Annotated[
        list[str] | None, typer.Option("--map", help="Column name: parcels.parcel_id=DKBM; repeatable.")
    ] = None,
    crs: Annotated[
        str | None, typer.Option(help="System of every raster or layer that declares none: EPSG:4547.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Text encoding of layers that do not tell it.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="GeoJSON of every detection.")] = None,
    report: Annotated[Path | None, typer.Option(help="Self-contained HTML report.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the GeoJSON instead of a table.")] = False,
    data: Annotated[
        Path | None, typer.Option(help="Data folder whose models are known [KANCHA_DATA or ./kancha-data].")
    ] = None,
) -> None:
    """Find structures that are new between two dates, and say which of them nothing on file allows."""
    # loaded on demand: the other commands need none of it
    from geodata.types import ScanOptions, Terrain
    from service.settings import read_settings
    from service.usecases.column_maps import parse_maps
    from service.usecases.models import judge_for
    from service.usecases.rulebooks import book_for
    from service.usecases.scan_files import ScanFiles, ScanOutputs, as_bytes, scan_files

    settings = read_settings(data=data)
    judge = judge_for(settings, detector, images=before is not None, folders=True)
    after_at = None if after_date is None else parse_date(after_date)
    book = book_for(settings, rules, after_at)
    options = ScanOptions(
        min_area_m2=min_area,
        min_confidence=min_confidence,
        false_alarms_per_km2=false_alarms,
        min_gain_m=min_gain,
        gsd_m=gsd,
        window_px=window,
        workers=workers,
        detector=judge.name,
        rules=book.name,
        thorough=thorough,
        terrain=cast(Terrain, terrain),
        strict=strict,
        accept=tuple(accept or ()),
        before_date=None if before_date is None else parse_date(before_date),
        after_date=after_at,
        before_crs=crs,
        after_crs=crs,
    )
    files = ScanFiles(
        before,
        after,
        options,
        layers=_given(parcels=parcels, permits=permits, zones=zones, buildings=buildings, areas=areas),
        mapping=parse_maps(maps or []),
        crs=crs,
        encoding=encoding,
        aoi=aoi,
        surfaces=_surfaces(before_dsm, after_dsm, before_dtm, after_dtm),
        judge=judge,
        book=book,
    )
    with progress_bar("scan") as progress:
        result = scan_files(files, ScanOutputs(output, report), progress)
    if as_json:
        sys.stdout.buffer.write(as_bytes(result.feature_collection()))
        return
    Console().print(findings_table(result))
    said = gate_line(result)
    if said is not None:
        typer.echo(said, err=True)
    for path in (output, report):
        if path is not None:
            typer.echo(f"written: {path}", err=True)


def _surfaces(
    before: Path | None, after: Path | None, before_terrain: Path | None, after_terrain: Path | None
) -> SurfaceFiles | None:
    from geodata.types import SurfaceFiles

    if before is not None and after is not None:
        return SurfaceFiles(before, after, before_terrain, after_terrain)
    given = [path for path in (before, after, before_terrain, after_terrain) if path is not None]
    if given:
        raise OptionError(
            f"{given[0].name} is given, but heights need the surface models of both dates.",
            remedy="Give --before-dsm and --after-dsm.",
        )
    return None


def _given(**paths: Path | None) -> dict[Any, Path]:
    return {kind: path for kind, path in paths.items() if path is not None}
