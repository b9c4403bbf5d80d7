"""An authority is asked over HTTP: a real one of openssl on this machine, and ones that misbehave."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from service.cases.evidence.package import write_package
from service.cases.evidence.timestamp import over_http, stamper
from service.cases.evidence.verifying import verify
from service.errors import StampError
from tests.unit.cases.evidence.evidence_kit import KEY, authority, contents

REPLY = "application/timestamp-reply"
Answer = Callable[[BaseHTTPRequestHandler, bytes], None]


@contextmanager
def served(answer: Answer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer(self, self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://tsa.example:{server.server_port}/tsr?x=1"
        server.shutdown()
        thread.join()


def plain(body: bytes, status: int = 200, kind: str = REPLY) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl here")
def test_a_package_is_stamped_over_http(tmp_path: Path) -> None:
    root, ask = authority(tmp_path, "authority")
    seen = []

    def answer(handler: BaseHTTPRequestHandler, request: bytes) -> None:
        seen.append((handler.path, handler.headers["Host"], handler.headers["Content-Type"]))
        plain(ask(request))(handler, request)

    with served(answer) as url:
        sealed = write_package(tmp_path / "c1.zip", contents(tmp_path), KEY, stamper(over_http(url, "127.0.0.1")))
    assert verify(sealed.path, authorities=[root]).stamp_checked
    # the address that was looked at is spoken to, under the name of the host
    assert [(path, host.partition(":")[0], kind) for path, host, kind in seen] == [
        ("/tsr?x=1", "tsa.example", "application/timestamp-query")
    ]


def drip(handler: BaseHTTPRequestHandler, _: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", REPLY)
    handler.end_headers()
    try:
        for _k in range(100):
            handler.wfile.write(b"0")
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        pass


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (plain(b"<html>", kind="text/html"), "refused"),
        (plain(b"busy", status=503), "refused"),
        (plain(b"0" * 400_000), "refused"),
        (plain(b"0" * 40), "form"),
        (plain(b"", status=302), "refused"),
        (drip, "unreachable"),
    ],
)
def test_an_authority_that_misbehaves_is_named(answer: Answer, reason: str) -> None:
    begun = time.monotonic()
    with served(answer) as url, pytest.raises(StampError) as caught:
        stamper(over_http(url, "127.0.0.1", timeout_s=0.6))(b"message")
    assert caught.value.measured["reason"] == reason and time.monotonic() - begun < 4


def test_an_authority_that_is_not_there_is_named() -> None:
    with served(plain(b"")) as url:
        pass
    with pytest.raises(StampError, match=r"tsa\.example does not answer"):
        over_http(url, "127.0.0.1")(b"request")
