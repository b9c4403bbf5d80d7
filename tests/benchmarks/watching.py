"""What the watch around every request costs: python -m tests.benchmarks.watching

The same application with and without it answers one feature (the short way of map clients) and one scene's 404 (the
long way) in this process, in turns; told is the best round of each. Lines of the log go to a file.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.logging import AccessFormatter

from service.app import create_app
from service.http_watch import Watch
from service.settings import Auth, Settings, Watching
from service.usecases.layer_facts import LayerFacts
from service.usecases.layer_files import add_layer_file
from service.watching.logs import JsonLines, TextLines
from tests.access import make_key
from tests.conformance.conftest import write_zones

ROUNDS, REQUESTS = 20, 250
PATHS = {"short way, a feature": "/collections/zones/items/区-3-4", "long way, a 404": "/scenes/none"}
ACCESS = logging.getLogger("kancha.access")


async def _receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(message: Message) -> None:
    assert message.get("status", 200) in (200, 404)


def scope_of(app: Any, path: str, key: str) -> dict[str, Any]:
    """A request as the server tells it."""
    return {
        "type": "http", "method": "GET", "path": path, "raw_path": quote(path).encode(), "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"authorization", key.encode())], "scheme": "http", "root_path": "",
        "http_version": "1.1", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000), "app": app,
    }  # fmt: skip


class ServersLines:
    """The server's own line of every request, which the watch stands in for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                words = "127.0.0.1:1", scope["method"], scope["path"], "1.1", message["status"]
                ACCESS.info('%s - "%s %s HTTP/%s" %d', *words)
            await send(message)

        await self._app(scope, receive, told)


async def best_of(stacks: dict[str, tuple[ASGIApp, logging.Handler | None]], scope: dict[str, Any]) -> dict[str, float]:
    """The best time of a request through each stack, µs."""
    best = dict.fromkeys(stacks, float("inf"))
    for _ in range(ROUNDS):
        for name, (stack, handler) in stacks.items():
            ACCESS.handlers = [] if handler is None else [handler]
            ACCESS.setLevel(logging.WARNING if handler is None else logging.INFO)
            began = time.perf_counter()
            for _ in range(REQUESTS):
                await stack({**scope, "state": {}}, _receive, _send)
            best[name] = min(best[name], (time.perf_counter() - began) / REQUESTS * 1e6)
    return best


async def measure(folder: Path) -> None:
    """Print the figures."""
    settings = Settings(data=folder / "data", watching=Watching(every_s=3600), auth=Auth(rate_per_s=0))
    app = create_app(settings)
    ACCESS.propagate = False
    servers = AccessFormatter('%(levelprefix)s %(client_addr)s - "%(request_line)s" %(status_code)s', use_colors=False)
    forms = {"server": servers, "text": TextLines(""), "json": JsonLines("")}
    handlers = {name: logging.FileHandler(folder / name) for name in forms}
    for name, form in forms.items():
        handlers[name].setFormatter(form)
    async with app.router.lifespan_context(app):
        services = app.state.services
        add_layer_file(services, "zones", write_zones(folder / "zones.geojson"), LayerFacts())
        key = make_key(services)["Authorization"]
        watched = app.build_middleware_stack()
        assert isinstance(watched, Watch)
        stacks: dict[str, tuple[ASGIApp, logging.Handler | None]] = {
            "without": (watched._app, None),
            "the server's own lines": (ServersLines(watched._app), handlers["server"]),
            "counted": (watched, None),
            "counted, lines of text": (watched, handlers["text"]),
            "counted, lines of JSON": (watched, handlers["json"]),
        }
        for name, path in PATHS.items():
            best = await best_of(stacks, scope_of(app, path, key))
            plain = best["without"]
            told = ", ".join(f"{what} +{us - plain:.0f} µs" for what, us in best.items() if what != "without")
            print(f"{name}: {plain:.0f} µs without; {told}")
        began = time.perf_counter()
        for _ in range(20):
            app.state.metrics.text()
        print(f"/metrics: {(time.perf_counter() - began) / 20 * 1e3:.1f} ms of text")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        asyncio.run(measure(Path(place)))
