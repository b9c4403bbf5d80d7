"""`kancha demo`: draw a district, scan it, hold the findings against the truth."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from scripts.terminal import findings_table, progress_bar

if TYPE_CHECKING:
    from service.usecases.demo import Demonstration


def demo(
    folder: Annotated[Path, typer.Argument(help="Where the district and the results go.")] = Path("demo"),
    seed: Annotated[int, typer.Option(help="The same seed draws the same district.")] = 7,
    size: Annotated[int, typer.Option(help="Side of the images, px of 0.5 m; a multiple of 256.")] = 2048,
    workers: Annotated[int, typer.Option(help="Threads; never changes the result.")] = 1,
    detector: Annotated[
        str, typer.Option(help="training-free, a model's name, or current: the one in use.")
    ] = "current",
    serve: Annotated[
        bool, typer.Option("--serve", help="Then serve it, and print a link that opens the map, signed in.")
    ] = False,
    story: Annotated[
        bool,
        typer.Option("--story", help="Instead tell the story of one structure: found, stopped, gone, green, closed."),
    ] = False,
    port: Annotated[int | None, typer.Option(help="Port to serve it on [KANCHA_PORT or 8000].")] = None,
) -> None:
    """Draw a district at two dates, scan it and print the findings beside the truth."""
    if story:
        _story(folder, seed, size)
        return
    # loaded on demand: the other commands need none of it
    from geodata.demo import draw_district
    from service.settings import read_settings
    from service.usecases.demo import demonstrate
    from service.usecases.models import judge_for

    judge = judge_for(read_settings(), detector, folders=True)

    with progress_bar("demo") as progress:

        def told(share: float, what: str) -> None:
            progress(0.3 + 0.7 * share, what)

        progress(0.0, "drawing the district")
        files = draw_district(folder, seed=seed, size_px=size)
        done = demonstrate(files, folder, judge=judge, workers=workers, progress=told)
    # A pipe or a log has no width of its own; the table needs about a hundred columns.
    console = Console() if sys.stdout.isatty() else Console(width=120)
    console.print(findings_table(done.result))
    console.print(_truth_table(done))
    console.print(_summary(done))
    typer.echo(f"\nPictures   {done.files.before}  {done.files.after}")
    typer.echo(f"Findings   {done.geojson}   (QGIS: drag it onto the picture)")
    typer.echo(f"Report     {done.report}   (open it in a browser)")
    if serve:
        _serve(done, folder / "data", detector, port)
    else:
        typer.echo("Service    kancha demo --serve   (prints a link that opens the map with this district in it)")


def _story(folder: Path, seed: int, size: int) -> None:
    """The whole chain, step by step, in a data folder that is made anew."""
    from shutil import rmtree

    from geodata.demo.story import draw_story
    from service.bootstrap import open_with_runner
    from service.settings import read_settings
    from service.usecases.demo_story import bureau_of_story, tell_story

    data = folder / "story"
    rmtree(data, ignore_errors=True)
    with progress_bar("story") as progress:
        progress(0.0, "drawing four dates")
        files = draw_story(folder / "imagery", seed=seed, size_px=min(size, 1024))
    settings = read_settings(data=data)
    services = open_with_runner(settings.model_copy(update={"cases": bureau_of_story(settings.cases)}))
    try:
        told = tell_story(services, files, data, lambda when, what: typer.echo(f"{when:<12} {what}"))
    finally:
        services.close()
    typer.echo(f"\n{told.serial}: {told.state}, {told.events} events, {len(told.documents)} documents")
    typer.echo(f"Evidence   {told.evidence}   (kancha evidence verify {told.evidence})")
    typer.echo(f"Case       kancha cases show {told.case_id} --data {data}")
    if not told.holds or told.changed_holds:
        raise typer.Exit(1)


def _serve(done: Demonstration, data: Path, detector: str, port: int | None) -> None:
    """Serve the district from a data folder of its own."""
    from scripts.serve import run
    from service.bootstrap import open_with_runner
    from service.settings import own_address, read_settings
    from service.usecases.demo import demo_link, fill

    settings = read_settings(data=data, port=port)
    services = open_with_runner(settings)
    try:
        with progress_bar("serve") as progress:
            fill(services, done.files, detector, progress)
        secret = demo_link(services)
    finally:
        services.close()
    typer.echo("\nThis link opens the map, signed in; it works once. Ctrl-C ends the service.")
    typer.echo(f"{own_address(settings)}/first/{secret}")
    run(settings)


def _truth_table(done: Demonstration) -> Table:
    table = Table(title="The truth, and what was found of it", title_justify="left")
    for name in ("truth", "change", "kind", "area m2", "covered", "found", "expected", "got"):
        table.add_column(name, justify="right" if name in ("area m2", "covered") else "left")
    for row in done.comparison.truth.sort_values("area_m2", ascending=False).to_dict("records"):
        agrees = row["status"] == row["expected_status"]
        table.add_row(
            str(row["truth_id"]),
            str(row["change"]),
            str(row["kind"]),
            f"{row['area_m2']:.0f}",
            f"{row['covered']:.0%}",
            "[green]found[/]" if row["found"] else "[red]missed[/]",
            str(row["expected_status"]),
            f"[{'green' if agrees else 'yellow'}]{row['status']}[/]" if row["found"] else "-",
        )
    return table


def _summary(done: Demonstration) -> Table:
    comparison, table = done.comparison, Table(title="In short", title_justify="left", show_header=False)
    total, false = len(comparison.truth), comparison.false
    km2 = done.result.provenance["area_km2"]
    table.add_row("found", f"{comparison.found} of {total}")
    table.add_row("missed", str(total - comparison.found))
    table.add_row("false", f"{len(false)} ({len(false) / km2:.0f} per km2)")
    table.add_row("status as expected", f"{comparison.status_agrees} of {comparison.found} found")
    for kind, count in false["looks_like"].value_counts().items():
        table.add_row(f"false: {kind}", str(count))
    return table
