"""Coming in to a real service process: the first start, HTTPS, a proxy before it, the demonstration."""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.certificates import certificate
from tests.integration.service_kit import Served, free_port, kancha, until

LINK = re.compile(r"https?://\S+/first/[\w-]{43}")
PASSWORD = "correct horse battery"


def browser(**more: Any) -> httpx.Client:
    return httpx.Client(timeout=60, trust_env=False, headers={"Accept": "text/html"}, **more)


def test_the_first_start_prints_a_link_for_the_first_administrator(tmp_path: Path) -> None:
    service = Served(tmp_path / "data")
    try:
        link = until(lambda: next((found[0] for word in service.words if (found := LINK.search(word))), None), 20)
        with browser() as client:
            assert client.get(service.url + "/map").headers["location"].endswith("/sign-in?next=%2Fmap")
            assert client.get(link).status_code == 200
            done = client.post(link, data={"name": "admin", "password": PASSWORD})
            assert done.status_code == 303 and client.get(service.url + "/map").status_code == 200
        secret = link.rsplit("/", 1)[1]
        logged = [word for word in service.words if secret in word]
        assert len(logged) == 1, "the link itself, and nothing of it in the access log"
        assert any("/first/..." in word for word in service.words)
    finally:
        service.stop()
    again = Served(tmp_path / "data")
    try:
        assert not [word for word in again.words if LINK.search(word)]
    finally:
        again.stop()


def test_https_by_certificate_files(tmp_path: Path) -> None:
    chain, private = certificate(tmp_path)
    data, port = tmp_path / "data", free_port()
    key = kancha("keys", "create", "test", data=data).stdout.strip()
    process = kancha("serve", "--port", str(port), "--certfile", chain, "--keyfile", private, data=data, wait=False)
    try:
        trusted = ssl.create_default_context(cafile=str(chain))
        url = f"https://127.0.0.1:{port}"
        with browser(verify=trusted) as client:

            def answers() -> bool:
                try:
                    return client.get(f"{url}/healthz").status_code == 200
                except httpx.TransportError:
                    return False

            until(answers, 60)
            told = client.get(f"{url}/collections", headers={"Authorization": f"Bearer {key}", "Accept": "*/*"})
            assert told.status_code == 200 and told.json()["links"][0]["href"].startswith(url)
            assert told.headers["strict-transport-security"] == "max-age=31536000"
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False)
    finally:
        process.terminate()
        process.wait(30)
        words = process.stdout.read()
        process.stdout.close()
    assert LINK.search(words) and f"https://127.0.0.1:{port}/first/" in words
    lone = kancha("serve", "--port", str(port), "--certfile", chain, data=tmp_path / "other")
    assert lone.returncode == 2 and "both" in lone.stderr


@pytest.mark.parametrize("trusted", [True, False])
def test_what_a_proxy_says_is_believed_of_a_named_one_alone(tmp_path: Path, trusted: bool) -> None:
    more = {"KANCHA_AUTH__TRUSTED_PROXIES": '["127.0.0.1"]'} if trusted else {}
    service = Served(tmp_path / "data", **more)
    try:
        said = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https", "Host": "kancha.example"}
        told = service.client.get("/collections", headers=said).json()["links"][0]["href"]
        assert told.startswith("https://kancha.example/" if trusted else "http://kancha.example/")
        wrong = {"name": "nobody", "password": "wrong password"}
        with httpx.Client(base_url=service.url, trust_env=False) as client:
            assert client.post("/session", json=wrong, headers=said).status_code == 401
        entry = service.client.get("/audit-log", params={"action": "sign-in-failed"}).json()["entries"][0]
        assert entry["address"] == ("203.0.113.7" if trusted else "127.0.0.1")
    finally:
        service.stop()


def test_the_demonstration_opens_by_its_link(tmp_path: Path) -> None:
    port = free_port()
    process = kancha(
        "demo", tmp_path / "demo", "--size", "512", "--serve", "--port", str(port), data=tmp_path / "unused", wait=False
    )
    words: list[str] = []
    try:
        for line in process.stdout:
            words.append(line)
            if "Uvicorn running" in line:
                break
        (link,) = [found[0] for word in words if (found := LINK.search(word))]
        with browser() as client:
            opened = client.get(link)
            assert opened.status_code == 303 and opened.headers["location"] == f"http://127.0.0.1:{port}/map"
            page = client.get(opened.headers["location"])
            assert page.status_code == 200 and 'id="app"' in page.text
            who = client.get(f"http://127.0.0.1:{port}/session", headers={"Accept": "*/*"}).json()
            assert "演示" in who["name"]
            scans = client.get(f"http://127.0.0.1:{port}/scans", headers={"Accept": "*/*"}).json()
            assert scans["numberMatched"] == 1 and sum(scans["scans"][0]["counts"].values()) > 0
            assert client.get(link).status_code == 410
    finally:
        process.terminate()
        process.stdout.read()
        process.wait(30)
        process.stdout.close()
