"""`kancha serve`: the HTTP service."""

from __future__ import annotations

from typing import Annotated

import typer

from scripts.opened import Data


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [KANCHA_HOST or 127.0.0.1].")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on [KANCHA_PORT or 8000].")] = None,
    data: Data = None,
) -> None:
    """Serve scenes, layers, scans and findings over HTTP."""
    # loaded on demand: the other commands need none of it
    import uvicorn

    from service.app import create_app
    from service.settings import read_settings

    settings = read_settings(data=data, host=host, port=port)
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, access_log=settings.access_log)
