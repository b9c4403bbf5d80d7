"""Somebody who receives messages, and a service whose alarms can be checked by hand."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from service.auth.caller import Caller
from service.auth.people import Person, caller_of_person
from service.bootstrap import open_services
from service.services import Services
from service.settings import Alarms, Settings
from service.store.records import FeatureRow, FindingRow, LayerVersion
from service.usecases.alarm_rules import RuleFacts, add_rule
from service.usecases.alarm_sending import Round, send_round
from service.usecases.channels import ChannelFacts, add_channel
from service.usecases.people import PersonFacts, add_person
from service.usecases.sights import Sights
from tests.integration.review_kit import a_finding

LOOPBACK = (ip_network("127.0.0.0/8"),)
NOON = datetime(2026, 9, 18, 4, 0, tzinfo=UTC)
"""Twelve o'clock in Beijing."""
GRAVE = {"stage": "under_construction", "flags": ["protected_land"], "confidence": 0.9}


@dataclass
class Got:
    """A request that came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.body)
        return told


@dataclass
class Receiver:
    """A server on loopback that keeps what it gets and answers as it is told."""

    url: str
    answers: list[int | Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    """What it answers next: a status, or what it does instead; then always 200."""
    got: list[Got] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)
    body: bytes = b"{}"

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        """What came as CloudEvents."""
        return [one.json for one in self.got if one.json.get("type", "").startswith(kind)]

    def structures(self) -> list[str]:
        """The structures that messages told of, in order."""
        return [alarm["structure_id"] for one in self.got for alarm in one.json["data"]["alarms"]]


@contextmanager
def receiving(certified: tuple[Path, Path] | None = None) -> Iterator[Receiver]:
    """A receiver while it is needed.

    Args:
        certified: Files of its certificate and key: it speaks HTTPS.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length", 0)))
            receiver.got.append(Got(self.path, {k.lower(): v for k, v in self.headers.items()}, content))
            answer = receiver.answers.pop(0) if receiver.answers else 200
            receiver.came.set()
            if callable(answer):
                answer(self)
                return
            self.send_response(answer)
            if answer in (301, 302, 307):
                self.send_header("Location", f"{receiver.url}/elsewhere")
            self.send_header("Content-Length", str(len(receiver.body)))
            self.end_headers()
            self.wfile.write(receiver.body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certified is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certified)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "http" if certified is None else "https"
    receiver = Receiver(f"{scheme}://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


def settings_of(data: Path, **more: Any) -> Settings:
    """Settings with which loopback may be spoken to."""
    told: dict[str, Any] = {"networks": LOOPBACK, "timeout_s": 2.0, "base_url": "https://kancha.example", "senders": 2}
    return Settings(data=data, alarms=Alarms(**(told | more)))


@dataclass
class Bureau:
    """A service with people."""

    services: Services
    clock: Clock = field(default_factory=Clock)

    def person(self, name: str, *roles: str, areas: tuple[str, ...] = ("*",), clearance: str = "internal") -> Person:
        """Somebody."""
        facts = PersonFacts(roles=list(roles or ("officer",)), areas=list(areas), clearance=clearance)
        return add_person(self.services, Caller.local(), name, facts)

    def as_(self, person: Person) -> Services:
        """The service as somebody sees it."""
        return Sights(self.services).services_for(caller_of_person(person))

    def webhook(self, person: Person, url: str, **more: Any) -> tuple[str, str | None]:
        """Id and secret of a webhook of somebody."""
        channel, secret = add_channel(self.as_(person), ChannelFacts("hook", "webhook", url, **more))
        return channel.id, secret

    def rule(self, person: Person, *channels: str, **more: Any) -> str:
        """Id of a rule of somebody."""
        told: dict[str, Any] = {"timing": {"at_once": "all", "quiet": None}}
        return add_rule(self.as_(person), RuleFacts("rule", channels=channels, **(told | more))).id

    def round(self) -> Round:
        """One round."""
        return send_round(self.services, self.clock)


@contextmanager
def bureau(data: Path, **more: Any) -> Iterator[Bureau]:
    """A service with nobody in it."""
    services = open_services(settings_of(data, **more))
    try:
        yield Bureau(services)
    finally:
        services.close()


def grave(fid: str, column: int = 0, **told: Any) -> FindingRow:
    """A finding of the gravest kind."""
    return a_finding(fid, column, **(GRAVE | told))


def store_areas(services: Services, **bounds: tuple[float, float, float, float]) -> None:
    """A layer of streets, by the bounds of each."""
    rows = []
    for name, (west, south, east, north) in bounds.items():
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        feature = {"type": "Feature", "id": name, "geometry": {"type": "Polygon", "coordinates": [ring]},
                   "properties": {"area_id": name, "name": f"{name}街道", "level": "street"}}  # fmt: skip
        rows.append(FeatureRow(name, (west, south, east, north), json.dumps(feature, ensure_ascii=False)))
    version = LayerVersion(
        id=f"areas-{len(rows)}", kind="areas", file_name="areas.geojson", sha256="0" * 64, content_sha256="0" * 64,
        read_as={}, valid_from=None, standing=True, columns={}, report={}, features=len(rows),
        bbox=(114.0, 36.0, 114.1, 36.1), created_at=NOON, secrecy="public",
    )  # fmt: skip
    services.store.layers.add(version, rows)
