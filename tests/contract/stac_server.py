"""A small STAC API on loopback: pages, a token, assets; and the ways in which one can misbehave."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "not-for-your-eyes"
COG = "image/tiff; application=geotiff; profile=cloud-optimized"


class StacServer(ThreadingHTTPServer):
    """What it has and how it answers may be changed while it runs."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/stac"
        self.files: dict[str, bytes] = {}
        self.items: list[dict[str, Any]] = []
        self.page_size = 2
        self.posts_only = False
        self.token = ""
        self.turns: dict[str, str] = {}
        """What goes wrong at a path: hang, cut, redirect:URL, or a status."""
        self.asked: list[tuple[str, str | None]] = []
        """Path with query, and the token that came with it."""
        self.over = threading.Event()

    def add(self, name: str, content: bytes, **properties: Any) -> dict[str, Any]:
        """An item with one COG, by whose name it is called."""
        self.files[f"/files/{name}.tif"] = content
        asset = {
            "href": f"{self.url.removesuffix('/stac')}/files/{name}.tif",
            "type": COG,
            "roles": ["data"],
            "file:size": len(content),
            "file:checksum": "1220" + hashlib.sha256(content).hexdigest(),
        }
        thumbnail = {"href": "thumbnail.png", "type": "image/png", "roles": ["thumbnail"]}
        told = {"datetime": "2025-04-12T02:30:00Z", "updated": "2025-04-13T00:00:00.25Z", **properties}
        item = {"type": "Feature", "id": name, "collection": "vhr", "properties": told,
                "assets": {"visual": asset, "thumbnail": thumbnail}, "links": []}  # fmt: skip
        self.items.append(item)
        return item


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: StacServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.asked.append((self.path, self.headers.get("authorization")))
        if self._goes_wrong(parts.path):
            return
        if parts.path == "/stac/search":
            self._search({k: v[0] for k, v in parse_qs(parts.query).items()}, post=False)
        elif parts.path in self.server.files:
            self._send(200, self.server.files[parts.path], "image/tiff")
        else:
            self._send(404, b"{}")

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append((self.path, self.headers.get("authorization")))
        flat = {k: ",".join(map(str, v)) if isinstance(v, list) else str(v) for k, v in told.items()}
        self._search(flat, post=True)

    def _search(self, asked: dict[str, str], *, post: bool) -> None:
        if self.server.token and self.headers.get("authorization") != f"Bearer {self.server.token}":
            self._send(401, b'{"code": "Unauthorized"}')
            return
        if self.server.posts_only and not post:
            self._send(405, b"")
            return
        since = asked.get("datetime", "").partition("/")[0]
        found = [
            item
            for item in self.server.items
            if item["collection"] in asked["collections"].split(",")
            and ("ids" not in asked or item["id"] in asked["ids"].split(","))
            and (item["properties"]["datetime"] or "9") >= since
        ]
        begin = int(asked.get("token", "0"))
        links: list[dict[str, Any]] = []
        if begin + self.server.page_size < len(found):
            following = str(begin + self.server.page_size)
            if post:
                links = [{"rel": "next", "href": f"{self.server.url}/search", "method": "POST", "merge": True,
                          "body": {"token": following}}]  # fmt: skip
            else:
                query = "&".join(f"{k}={v}" for k, v in {**asked, "token": following}.items())
                links = [{"rel": "next", "href": f"{self.server.url}/search?{query}"}]
        page = {"type": "FeatureCollection", "features": found[begin : begin + self.server.page_size], "links": links}
        self._send(200, json.dumps(page).encode(), "application/geo+json")

    def _goes_wrong(self, path: str) -> bool:
        turn = self.server.turns.get(path, "")
        if turn == "hang":
            self.server.over.wait(30)
            self.close_connection = True
        elif turn == "cut":
            content = self.server.files[path]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
        elif turn.startswith("redirect:"):
            self.send_response(302)
            self.send_header("Location", turn.removeprefix("redirect:"))
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif turn:
            self._send(int(turn), b"")
        return bool(turn)

    def _send(self, status: int, content: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@contextmanager
def stac_server() -> Iterator[StacServer]:
    """A server that is stopped at the end."""
    server = StacServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join(10)
        server.server_close()
