"""A small case and its package, and a time stamping authority of this machine made with openssl."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from service.cases.events import CaseEvent
from service.cases.evidence.manifest import Contents, Part
from service.cases.evidence.package import Sealed, write_package
from service.cases.evidence.signing import SigningKey

NOW = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
KEY = SigningKey(bytes(range(32)))
OTHER = SigningKey(bytes(range(1, 33)))


def events(count: int = 4, case_id: str = "c1") -> list[CaseEvent]:
    """The first events of a case."""
    kinds = ("opened", "inspected", "stop_order_served", "noted", "closed")
    return [
        CaseEvent(case_id, k + 1, kinds[k % 5], NOW - timedelta(days=9 - k), NOW - timedelta(days=8 - k), f"p{k}",
                  {"text": f"第 {k} 条", "number": k})
        for k in range(count)
    ]  # fmt: skip


def contents(folder: Path, **more: object) -> Contents:
    """Four parts, one of them a file."""
    layer = folder / "parcels.geojson"
    layer.write_bytes(b'{"type":"FeatureCollection","features":[]}')
    parts = [
        Part("现场照片 1.jpg", "photo", bytes(range(256)) * 8, {"taken_at": "2026-05-01T10:20:30+08:00"}),
        Part("责令停止通知书.pdf", "document", b"%PDF-1.7 ..."),
        Part("parcels.geojson", "layer", layer, {"version": "v3", "as_of": "2026-04-30"}),
        Part("empty.txt", "other", b""),
    ]
    told: dict[str, object] = {
        "case_id": "c1", "created_at": NOW, "creator": "执法一大队", "parts": parts, "events": events()
    }  # fmt: skip
    return Contents(**(told | more))  # type: ignore[arg-type]


def package(folder: Path, **more: object) -> Sealed:
    """The package of that case."""
    return write_package(folder / "c1.zip", contents(folder, **more), KEY)


_CONFIG = """
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
default_tsa = here
[here]
serial = serial
crypto_device = builtin
signer_cert = leaf.pem
certs = ca.pem
signer_key = leaf.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def authority(folder: Path, name: str) -> tuple[bytes, Callable[[bytes], bytes]]:
    """A time stamping authority: its root certificate, PEM, and what answers requests."""
    place = folder / name
    place.mkdir()
    (place / "conf").write_text(_CONFIG)
    (place / "serial").write_text("01\n")

    def run(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=place, check=True, capture_output=True)

    for one in ("ca", "leaf"):
        run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", f"{one}.key")
        run("req", "-new", "-key", f"{one}.key", "-subj", f"/CN={name} {one}", "-config", "conf", "-out", f"{one}.csr")
    run("x509", "-req", "-in", "ca.csr", "-signkey", "ca.key", "-days", "3650", "-extfile", "conf", "-extensions",
        "ca", "-out", "ca.pem")  # fmt: skip
    run("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "7", "-days", "3650",
        "-extfile", "conf", "-extensions", "leaf", "-out", "leaf.pem")  # fmt: skip

    def ask(request: bytes) -> bytes:
        (place / "request").write_bytes(request)
        run("ts", "-reply", "-config", "conf", "-section", "here", "-queryfile", "request", "-out", "answer")
        return (place / "answer").read_bytes()

    return (place / "ca.pem").read_bytes(), ask
