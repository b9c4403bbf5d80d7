"""`kancha upload`: send files to a running service, over a bad line too."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer


def upload(
    files: Annotated[
        list[Path], typer.Argument(help="GeoTIFFs, or vector files with --kind.", exists=True, dir_okay=False)
    ],
    url: Annotated[str, typer.Option(help="Address of the service.", envvar="KANCHA_URL")] = "http://127.0.0.1:8000",
    key: Annotated[str | None, typer.Option(help="API key.", envvar="KANCHA_KEY")] = None,
    kind: Annotated[str, typer.Option(help="scene, or a kind of layer.")] = "scene",
    acquired_at: Annotated[str | None, typer.Option(help="Date or time of a scene.")] = None,
    crs: Annotated[str | None, typer.Option(help="System of a file that declares none.")] = None,
    secrecy: Annotated[str | None, typer.Option(help="Who may see it: public, internal or secret.")] = None,
) -> None:
    """Send files; what has arrived is not sent again, whatever breaks. Run it again to go on."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from service.resumable.client import Line, Memory, send

    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    memory = Memory(home / "kancha" / "uploads.json")
    said = {"kind": kind, "acquired_at": acquired_at, "crs": crs, "secrecy": secrecy}
    metadata = {name: text for name, text in said.items() if text is not None}
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    for file in files:
        with Progress(*columns, transient=True) as progress:
            task = progress.add_task(file.name)

            def told(what: str, done: int, of: int, file: Path = file) -> None:
                progress.update(task, description=f"{file.name} {what}", completed=done, total=of)  # noqa: B023 - used within the round

            state = send(Line(url, key), file, metadata, memory, told)
        what = state.get("scene_id") or state.get("layer_id")
        typer.echo(f"{file.name}: {what}{'' if state.get('new', True) else ' (was stored already)'}")
