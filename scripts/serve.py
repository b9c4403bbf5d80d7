"""`kancha serve`: the HTTP service."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.opened import Data

if TYPE_CHECKING:
    from service.settings import Settings


KEPT_OPEN_S = 150
"""How long a connection with nothing on it stays open, in seconds: longer than a proxy keeps its own (nginx 60, Traefik
90, Caddy 120). Whoever lets go first must be the one that asks: a request sent to a server that has just let go is
lost, and the person behind the proxy reads "502"."""


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [KANCHA_HOST or 127.0.0.1].")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on [KANCHA_PORT or 8000].")] = None,
    certfile: Annotated[
        Path | None, typer.Option(help="Certificate chain, PEM: HTTPS [KANCHA_AUTH__TLS_CERTFILE].")
    ] = None,
    keyfile: Annotated[Path | None, typer.Option(help="Its private key, PEM [KANCHA_AUTH__TLS_KEYFILE].")] = None,
    data: Data = None,
) -> None:
    """Serve scenes, layers, scans and findings over HTTP.

    While there is no administrator a link is printed that makes the first one; it works once.
    """
    # loaded on demand: the other commands need none of it
    from service.settings import read_settings

    settings = read_settings(data=data, host=host, port=port)
    auth = {"tls_certfile": certfile, "tls_keyfile": keyfile}
    told = {name: path for name, path in auth.items() if path is not None}
    settings = settings.model_copy(update={"auth": settings.auth.model_copy(update=told)})
    _tell_first_link(settings)
    run(settings)


def run(settings: Settings) -> None:
    """Serve until somebody stops it."""
    import uvicorn

    from service.app import create_app
    from service.watching.logs import configure

    configure(settings.log.format, settings.log.level)
    auth = settings.auth
    if (auth.tls_certfile is None) != (auth.tls_keyfile is None):
        raise typer.BadParameter("HTTPS takes both: a certificate and its key (--certfile, --keyfile).")
    app = create_app(settings)

    class Server(uvicorn.Server):
        """A server that lets go of the lines that never end by themselves, then waits for the others."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            app.state.closing.set()
            super().handle_exit(sig, frame)

    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        # the application writes its own lines of requests, with their ids and times and without what is secret in them
        access_log=False,
        log_config=None,
        ssl_certfile=None if auth.tls_certfile is None else str(auth.tls_certfile),
        ssl_keyfile=None if auth.tls_keyfile is None else str(auth.tls_keyfile),
        # what a proxy says of the client is believed of known proxies alone: anybody can send such a header
        proxy_headers=bool(auth.trusted_proxies),
        forwarded_allow_ips=list(auth.trusted_proxies),
        server_header=False,
        timeout_keep_alive=KEPT_OPEN_S,
    )
    server = Server(config)
    server.run()
    if not server.started:
        sys.exit(3)


def _tell_first_link(settings: Settings) -> None:
    from service.bootstrap import open_services
    from service.settings import own_address
    from service.usecases.people import first_link

    services = open_services(settings)
    try:
        secret = first_link(services)
    finally:
        services.close()
    if secret is not None:
        typer.echo(f"There is no administrator yet. This link makes the first one, once, within {_hours(settings)} h:")
        typer.echo(f"{own_address(settings)}/first/{secret}")


def _hours(settings: Settings) -> str:
    return f"{settings.auth.link_s / 3600:g}"
