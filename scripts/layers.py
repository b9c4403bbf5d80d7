"""`kancha layers`: store, list and compare layers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from geodata.io.dates import parse_date
from geodata.values import parse_day
from scripts.layer_preview import show_preview
from scripts.opened import Data, opened
from scripts.terminal import wide_console
from service.usecases.column_maps import parse_maps

if TYPE_CHECKING:
    from service.store.records import LayerVersion

app = typer.Typer(
    no_args_is_help=True, help="Store, list and compare layers: parcels, permits, zones, buildings, areas."
)
Kind = Annotated[str, typer.Argument(help="parcels, permits, zones, buildings or areas.")]
File = Annotated[
    Path, typer.Argument(help="GeoJSON, GeoPackage, FlatGeobuf, Shapefile or a zip of one; registers also CSV, XLSX.")
]
Crs = Annotated[
    str | None,
    typer.Option(help="System of a file that declares none; GCJ-02 or BD-09: coordinates of a web map, turned back."),
]
Transform = Annotated[
    str | None,
    typer.Option(
        "--transformation",
        help="From Xian 1980 or Beijing 1954: dx,dy,dz,rx,ry,rz,ppm, an operation (EPSG:15918), or a PROJ pipeline.",
    ),
]
AcceptPlace = Annotated[
    bool, typer.Option("--accept-place", help="Do not hold the layer against the parcels and areas on file.")
]
Maps = Annotated[list[str] | None, typer.Option("--map", help="Column name: parcels.parcel_id=DKBM; repeatable.")]
Encoding = Annotated[str | None, typer.Option(help="Text encoding of a file that does not tell it.")]
Source = Annotated[
    str | None,
    typer.Option(help="Who sends it; what was declared with its last delivery holds where nothing else is told."),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Leave aside what the source declared with its last delivery.")]


@app.command("add")
def add(
    kind: Kind,
    file: File,
    data: Data = None,
    crs: Crs = None,
    maps: Maps = None,
    encoding: Encoding = None,
    transformation: Transform = None,
    accept_place: AcceptPlace = False,
    source: Source = None,
    fresh: Fresh = False,
    as_of: Annotated[str | None, typer.Option(help="The day whose state the data show.")] = None,
    valid_from: Annotated[str | None, typer.Option(help="Since when the layer holds.")] = None,
    valid_to: Annotated[str | None, typer.Option(help="Until when it holds, the day included.")] = None,
    secrecy: Annotated[str | None, typer.Option(help="Who may see it: public, internal or secret.")] = None,
) -> None:
    """Store a layer; later scans take the newest of its kind."""
    from service.usecases.layer_facts import LayerFacts
    from service.usecases.layer_files import add_layer_file
    from service.usecases.layer_sources import declared_words

    facts = LayerFacts(
        crs=crs,
        mapping=parse_maps(maps or []).get(kind, {}),
        encoding=encoding,
        transformation=transformation,
        accept_place=accept_place,
        source=source,
        as_of=None if as_of is None else parse_day(parse_date(as_of)),
        valid_from=None if valid_from is None else parse_date(valid_from),
        valid_to=None if valid_to is None else parse_date(valid_to),
        fresh=fresh,
        secrecy=secrecy,
    )
    with opened(data, changes="layers add") as services:
        version, new = add_layer_file(services, kind, file, facts)
    told = version.report
    typer.echo(
        f"{'stored' if new else 'already stored'}: {kind} {version.id}, "
        f"{version.features} of {told['rows']} features, {len(told['repaired'])} repaired, "
        f"{len(told['dropped'])} left out, {told['crs']}, {told['encoding']}"
    )
    if told.get("personal"):
        typer.echo(f"sealed as personal data: {', '.join(told['personal'])}")
    if declared := declared_words(version.read_as):
        typer.echo(f"read as declared: {declared}")
    for name, reason in told["dropped"]:
        typer.echo(f"left out: {name}: {reason}", err=True)


@app.command("preview")
def preview(
    kind: Kind,
    file: File,
    data: Data = None,
    crs: Crs = None,
    maps: Maps = None,
    encoding: Encoding = None,
    transformation: Transform = None,
    accept_place: AcceptPlace = False,
    source: Source = None,
    fresh: Fresh = False,
) -> None:
    """Tell what storing a layer would do: text, columns, system, what would be left out. Nothing is stored."""
    from service.usecases.layer_facts import LayerFacts
    from service.usecases.layer_files import preview_layer_file

    mapping = parse_maps(maps or []).get(kind, {})
    facts = LayerFacts(
        crs=crs,
        mapping=mapping,
        encoding=encoding,
        transformation=transformation,
        accept_place=accept_place,
        source=source,
        fresh=fresh,
    )
    with opened(data) as services:
        told = preview_layer_file(services, kind, file, facts)
    show_preview(told, wide_console())
    if told.refused is not None:
        raise typer.Exit(2)


@app.command("list")
def show(data: Data = None) -> None:
    """List the stored layers."""
    from service.usecases.layers import list_layers

    with opened(data) as services:
        page = list_layers(services, limit=1000, after_key=0)
    table = Table(title=f"{page.matched} layers", title_justify="left")
    for name in ("kind", "id", "source", "as of", "valid", "file", "features", "content", "stored"):
        table.add_column(name, overflow="fold")
    for version in page.items:
        table.add_row(*map(escape, _row(version)))
    wide_console().print(table)


def _row(version: LayerVersion) -> list[str]:
    span = [None if end is None else str(parse_day(end)) for end in (version.valid_from, version.valid_to)]
    return [
        version.kind,
        version.id,
        version.source or "",
        str(version.as_of or ""),
        " to ".join(end or "open" for end in span) if any(span) else "",
        version.file_name,
        str(version.features),
        version.content_sha256[:8],
        f"{version.created_at:%Y-%m-%d %H:%M} UTC",
    ]


@app.command("sources")
def sources(kind: Kind, data: Data = None) -> None:
    """Tell who sent layers of a kind and what was declared of their files."""
    from service.usecases.layer_sources import declared_words, list_sources

    with opened(data) as services:
        known = list_sources(services, kind)
    table = Table(title=f"{len(known)} sources of {kind}", title_justify="left")
    for name in ("source", "declared", "versions", "newest", "as of"):
        table.add_column(name, overflow="fold")
    for one in known:
        cells = (one.name, declared_words(one.read_as), str(one.versions), one.newest, str(one.as_of or ""))
        table.add_row(*map(escape, cells))
    wide_console().print(table)


@app.command("match")
def match(
    permits: Annotated[str | None, typer.Argument(help="Id of a permits version; else the newest.")] = None,
    parcels: Annotated[str | None, typer.Argument(help="Id of a parcels version; else the newest.")] = None,
    data: Data = None,
) -> None:
    """Tell how the permits find their ground: by polygon, parcel number, address or point, and how well."""
    from service.usecases.layer_loading import match_permits
    from service.usecases.scans import resolve_layer

    with opened(data) as services:
        ids = (
            resolve_layer(services, "permits", permits or "newest"),
            resolve_layer(services, "parcels", parcels or "newest"),
        )
        told = match_permits(services, *ids)
    table = Table(title=", ".join(f"{count} {name}" for name, count in told["counts"].items()), title_justify="left")
    for name in ("permit", "match", "score", "parcel", "note"):
        table.add_column(name, overflow="fold")
    for row in [row for row in told["permits"] if row["score"] < 1]:
        cells = (row["permit_id"], row["match"], f"{row['score']:.2f}", row["parcel_id"] or "", row["note"] or "")
        table.add_row(*map(escape, cells))
    wide_console().print(table)


@app.command("compare-patches")
def compare_patches(
    version: Annotated[str, typer.Argument(help="Id of a version of patches; else the newest.")] = "newest",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="GeoJSON of the patches.")] = None,
    data: Data = None,
) -> None:
    """Hold patches that others handed down against the findings: what both saw, what only one of them did."""
    from service.files import write_beside
    from service.usecases import patches as usecase
    from service.usecases.scan_files import as_bytes
    from service.usecases.scans import resolve_layer

    with opened(data) as services:
        found = usecase.compare(services, resolve_layer(services, "patches", version))
    if output is not None:
        write_beside(output, as_bytes(usecase.as_collection(found)))
    table = Table(
        title=f"{found.found} of {len(found.patches)} patches with findings, "
        f"{len(found.without_patch)} suspected findings without a patch",
        title_justify="left",
    )
    for name in ("patch", "findings"):
        table.add_column(name, overflow="fold")
    for one in found.patches:
        table.add_row(escape(one.patch_id), ", ".join(one.finding_ids) or "-")
    wide_console().print(table)


@app.command("diff")
def diff(
    old: Annotated[str, typer.Argument(help="Id of the earlier version.")],
    new: Annotated[str, typer.Argument(help="Id of the later version.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="GeoJSON file; else it is printed.")] = None,
    data: Data = None,
) -> None:
    """Tell what a version has that an earlier one had not: features added, removed, moved, changed."""
    from service.usecases.layers import difference_parts, require_one_kind, write_differences

    with opened(data) as services:
        versions = require_one_kind(services, old, new)
        if output is None:
            sys.stdout.buffer.writelines(difference_parts(services, *versions))
            return
        counts = write_differences(services, *versions, output)
    typer.echo(", ".join(f"{count} {name}" for name, count in counts.items()) + f"; written: {output}")
