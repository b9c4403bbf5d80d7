"""A source that misbehaves costs bounded time, and what it tells can be remembered."""

from __future__ import annotations

import contextlib
import datetime
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from service.arrivals.base import Source
from service.arrivals.opening import open_sources
from service.errors import ArrivalError, SourceUnavailableError
from service.settings import Arrival, Nightly, Settings
from service.store.sqlite import SqliteStore
from tests.certificates import certificate
from tests.contract.stac_server import StacServer, stac_server
from tests.integration.service_kit import draw_scene


@pytest.fixture
def catalogue() -> Iterator[StacServer]:
    with stac_server() as server:
        yield server


def source(data: Path, **told: Any) -> Source:
    asked = {"collections": ["vhr"], "timeout_s": 1, "since_days": 36500, **told}
    nightly = Nightly(sources=(Arrival.model_validate(asked),))
    return open_sources(Settings(data=data / "data", nightly=nightly))[0]


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_server_that_speaks_a_byte_at_a_time_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encrypted: bool
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if encrypted:
        files = certificate(tmp_path)
        context.load_cert_chain(*files)
        monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    over = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        with contextlib.suppress(OSError):
            line, _ = server.accept()
            line = context.wrap_socket(line, server_side=True) if encrypted else line
            with line:
                line.recv(4096)
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
                while not over.wait(0.05):
                    line.sendall(b" ")

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    scheme = "https" if encrypted else "http"
    slow = source(tmp_path, stac=f"{scheme}://localhost:{server.getsockname()[1]}/stac", timeout_s=0.2)
    caught: list[BaseException] = []

    def look() -> None:
        try:
            slow.look()
        except SourceUnavailableError as error:
            caught.append(error)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    looking.join(8)
    hanging = looking.is_alive()
    over.set()
    server.close()
    thread.join(5)
    assert not hanging, "ten times the time of its silence at most"
    assert "longer than 2 s" in str(caught[0])


def test_pages_without_end_and_without_items_are_ended(tmp_path: Path) -> None:
    with stac_server() as server:
        asked = 0

        class Endless(dict[str, bytes]):
            def __contains__(self, path: object) -> bool:
                return str(path).startswith("/more/")

            def __getitem__(self, path: str) -> bytes:
                nonlocal asked
                asked += 1
                links = [{"rel": "next", "href": f"{server.url.replace('/stac', '/more')}/{asked}"}]
                return json.dumps({"features": [], "links": links if asked < 200 else []}).encode()

        server.files = Endless()
        endless = source(tmp_path, stac=server.url.replace("/stac", "/more"), max_items=20)
        with pytest.raises(SourceUnavailableError, match="no end"):
            endless.look()
        assert asked < 50


def test_what_an_item_tells_can_be_remembered_whatever_it_is(catalogue: StacServer, tmp_path: Path) -> None:
    content = draw_scene(tmp_path / "a.tif", size=128).read_bytes()
    catalogue.add("far", content, datetime="9999-12-31T23:59:59Z", updated="9999-12-31T23:59:59Z")
    catalogue.add(
        "near", content, datetime=None, start_datetime="0001-01-01T00:00:00+08:00", updated="0001-01-01T00:00:00+08:00"
    )
    catalogue.add("large", content)["assets"]["visual"]["file:size"] = 2**64 - 1
    catalogue.add("odd\0id", content)
    catalogue.files["/files/odd%00id.tif"] = content
    store = SqliteStore(tmp_path / "kancha.sqlite")
    seen = source(tmp_path, stac=catalogue.url).look()
    assert len(seen) == 4 and not any("\0" in one.name for one in seen)
    for one in seen:
        entry = one.remembered("there", None, datetime.datetime.now(datetime.UTC))
        store.intake.put(entry)
        assert one.same_as(store.intake.entries("there")[one.name])
    strange = next(one for one in seen if one.name.startswith("vhr/odd"))
    assert source(tmp_path, stac=catalogue.url).fetch(strange, tmp_path).upload.path.read_bytes() == content
    for name in ("far", "near"):
        one = next(one for one in seen if one.name == f"vhr/{name}/visual")
        assert source(tmp_path, stac=catalogue.url).fetch(one, tmp_path).acquired_at is None
    store.close()


def test_an_address_in_plain_chinese_is_asked(catalogue: StacServer, tmp_path: Path) -> None:
    content = draw_scene(tmp_path / "a.tif", size=128).read_bytes()
    item = catalogue.add("a", content)
    catalogue.files["/files/%E6%AD%A3%E5%B0%84%20%E4%B8%80.tif"] = content
    item["assets"]["visual"]["href"] = item["assets"]["visual"]["href"].replace("a.tif", "正射 一.tif")
    there = source(tmp_path, stac=catalogue.url)
    assert there.fetch(there.look()[0], tmp_path).upload.path.read_bytes() == content


def test_a_storage_that_refuses_a_key_has_it_told_to_nobody(tmp_path: Path) -> None:
    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = b"<Error><Code>InvalidAccessKeyId</Code><AWSAccessKeyId>AKIAHUSH</AWSAccessKeyId></Error>"
            self.send_response(403)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        endpoint = f"http://127.0.0.1:{server.server_port}"
        told = {"s3": "s3://bucket/in", "endpoint": endpoint, "access_key": "AKIAHUSH", "secret_key": "k" * 20}
        nightly = Nightly(sources=(Arrival.model_validate(told),))
        (there,) = open_sources(Settings(data=tmp_path / "data", nightly=nightly))
        with pytest.raises(SourceUnavailableError, match="InvalidAccessKeyId") as refused:
            there.look()
        assert "AKIAHUSH" not in str(refused.value.as_dict())
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


@pytest.mark.parametrize("host", ["169.254.169.254", "[::ffff:169.254.169.254]", "[fe80::1]"])
def test_a_catalogue_whose_name_leads_to_credentials_is_not_asked(tmp_path: Path, host: str) -> None:
    with pytest.raises(ArrivalError, match="credentials"):
        source(tmp_path, stac=f"http://{host}/stac").look()
