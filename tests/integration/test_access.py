"""Coming in: sessions, passwords, links that work once, keys, limits, and the record of it all."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.app import create_app
from service.auth.caller import Caller
from service.auth.record import entry_by
from service.settings import Auth, Settings
from service.usecases.demo import demo_link
from service.usecases.keys import KeyFacts, create_key
from service.usecases.people import PersonFacts, add_person, first_link, password_link
from tests.access import TestClient, make_key
from tests.integration.service_kit import write_parcels

PASSWORD = "correct horse battery"
QUICK = Auth(password_memory_kib=1024, password_passes=1)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Any]:
    """A new service, without anybody in it."""
    with TestClient(create_app(Settings(data=tmp_path / "data", auth=QUICK)), follow_redirects=False) as made:
        yield made


def services_of(client: Any) -> Any:
    return client.app.state.services


def add(client: Any, name: str = "li.si", *roles: str, **more: Any) -> str:
    facts = PersonFacts(None, roles or ["officer"], **{"areas": ["*"], **more})
    return add_person(services_of(client), Caller.local(), name, facts, PASSWORD).id


def signed_in(client: Any, name: str = "li.si") -> str:
    """Sign in; the word to send with every change."""
    answer = client.post("/session", json={"name": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["csrf_token"])


# --- sessions ------------------------------------------------------------------------------------


def test_nothing_is_open_but_health(client: Any) -> None:
    assert client.get("/healthz").status_code == 200 and client.get("/readyz").status_code == 200
    for path in ("/", "/collections", "/scenes", "/jobs", "/map", "/api", "/openapi.json", "/session"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in"), path
        assert answer.headers["www-authenticate"].startswith("Bearer") and "no-store" in answer.headers["cache-control"]
    page = client.get("/scenes?limit=3", headers={"Accept": "text/html,*/*"})
    assert page.status_code == 303 and page.headers["location"].endswith("/sign-in?next=%2Fscenes%3Flimit%3D3")
    # a body is not even read of somebody unknown
    assert client.post("/people", content=b"{", headers={"Content-Type": "application/json"}).status_code == 401


def test_a_session_lasts_until_it_is_ended(client: Any) -> None:
    person = add(client)
    answer = client.post("/session", json={"name": "LI.SI", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert "Max-Age" not in cookie, "it ends with the browser"
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie and "Secure" not in cookie
    told = client.get("/session").json()
    assert (told["id"], told["kind"], told["roles"], told["areas"]) == (person, "person", ["officer"], None)
    assert told["csrf_token"] == answer.json()["csrf_token"] and "judge" in told["permissions"]
    assert client.get("/collections").status_code == 200
    assert client.delete("/session").json()["code"] == "csrf"
    assert client.delete("/session", headers={"X-CSRF-Token": told["csrf_token"]}).status_code == 204
    assert client.get("/collections").status_code == 401


def test_over_https_the_cookie_belongs_to_this_host_alone(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", auth=QUICK)
    with TestClient(create_app(settings), base_url="https://kancha.example") as client:
        add(client)
        answer = client.post("/session", json={"name": "li.si", "password": PASSWORD})
        assert answer.headers["set-cookie"].startswith("__Host-kancha_session=")
        assert "Secure" in answer.headers["set-cookie"]
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert client.get("/collections").status_code == 200


def test_a_session_ends_when_it_is_idle_or_old(tmp_path: Path) -> None:
    auth = QUICK.model_copy(update={"session_idle_s": 0.4, "session_max_s": 5.0})
    with TestClient(create_app(Settings(data=tmp_path / "data", auth=auth))) as client:
        add(client)
        signed_in(client)
        assert client.get("/session").status_code == 200
        import time

        time.sleep(0.5)
        assert client.get("/session").status_code == 401


def test_changes_need_the_word_of_their_own_session(client: Any) -> None:
    add(client, "chief", "chief")
    word = signed_in(client, "chief")
    body = {"as_of": "2026-01-01", "cells": 3}
    other = TestClient(client.app)
    add(client)
    foreign = signed_in(other)
    for headers in ({}, {"X-CSRF-Token": "x"}, {"X-CSRF-Token": foreign}):
        assert client.post("/coverage/audits", json=body, headers=headers).json()["code"] == "csrf"
    assert client.post("/coverage/audits", json=body, headers={"X-CSRF-Token": word}).json()["code"] != "csrf"


def test_forms_of_other_sites_sign_nobody_in(client: Any) -> None:
    add(client)
    form = {"name": "li.si", "password": PASSWORD}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        answer = client.post("/session", data=form, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf")
    answer = client.post("/session", data={**form, "next": "/map?x=1"}, headers={"Origin": "http://testserver"})
    assert answer.status_code == 303 and answer.headers["location"] == "http://testserver/map?x=1"
    assert client.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post("/sign-out", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
    assert client.get("/session").status_code == 401


@pytest.mark.parametrize("onward", ["https://evil.example", "//evil.example", "/\\evil.example", "x", "/\tevil", ""])
def test_signing_in_leads_nowhere_else(client: Any, onward: str) -> None:
    add(client)
    answer = client.post("/session", data={"name": "li.si", "password": PASSWORD, "next": onward})
    assert answer.headers["location"] == "http://testserver/map"


def test_wrong_passwords_wait_longer_and_longer_and_names_are_not_told(client: Any) -> None:
    add(client)
    said = []
    for name in ("li.si", "nobody"):
        for _ in range(5):
            answer = client.post("/session", json={"name": name, "password": "wrong password"})
            assert (answer.status_code, answer.json()["code"]) == (401, "sign-in-failed")
            said.append({k: answer.json()[k] for k in ("title", "detail", "remedy")})
        late = client.post("/session", json={"name": name, "password": PASSWORD})
        assert (late.status_code, late.json()["code"]) == (429, "too-many-requests")
        assert int(late.headers["retry-after"]) >= 1
    assert all(one == said[0] for one in said)
    failed = services_of(client).store.audit_log.page(50, action="sign-in-failed")
    assert failed.matched == 10 and failed.items[0].entry.address == "testclient"
    assert "wrong password" not in str(failed.items)


def test_rights_that_are_taken_hold_no_more_at_once(client: Any) -> None:
    add(client, "chief", "administrator")
    person = add(client, "li.si", "analyst")
    other = TestClient(client.app)
    signed_in(other)
    assert other.get("/scenes").status_code == 200
    word = signed_in(client, "chief")
    change = {"active": False}
    answer = client.patch(f"/people/{person}", json=change, headers={"X-CSRF-Token": word})
    assert answer.status_code == 200 and answer.json()["active"] is False
    assert other.get("/scenes").status_code == 401
    assert client.post("/session", json={"name": "li.si", "password": PASSWORD}).status_code == 401


def test_another_password_ends_every_session(client: Any) -> None:
    add(client)
    first = TestClient(client.app)
    signed_in(first)
    word = signed_in(client)
    wrong = {"old": "not this one", "new": "another fine sentence"}
    assert client.post("/session/password", json=wrong, headers={"X-CSRF-Token": word}).status_code == 401
    weak = client.post("/session/password", json={"old": PASSWORD, "new": "short"}, headers={"X-CSRF-Token": word})
    assert (weak.status_code, weak.json()["measured"]["length"]) == (422, 5)
    good = {"old": PASSWORD, "new": "another fine sentence"}
    assert client.post("/session/password", json=good, headers={"X-CSRF-Token": word}).status_code == 204
    assert client.get("/session").status_code == first.get("/session").status_code == 401


# --- links that work once ------------------------------------------------------------------------


def test_the_first_administrator_comes_in_by_a_link_once(client: Any) -> None:
    secret = first_link(services_of(client))
    assert secret is not None
    page = client.get(f"/first/{secret}")
    assert (
        page.status_code == 200
        and "首位系统管理员" in page.text
        and "form-action 'self'" in page.headers["content-security-policy"]
    )
    weak = client.post(f"/first/{secret}", data={"name": "admin", "password": "short"})
    assert weak.status_code == 422 and "5 characters" in weak.text
    done = client.post(f"/first/{secret}", data={"name": "admin", "password": PASSWORD})
    assert done.status_code == 303 and client.get("/session").json()["roles"] == ["administrator"]
    assert client.get(f"/first/{secret}").status_code == 410
    assert client.post(f"/first/{secret}", data={"name": "other", "password": PASSWORD}).status_code == 410
    assert first_link(services_of(client)) is None


def test_a_person_sets_a_password_by_a_link(client: Any) -> None:
    person = add(client)
    secret = password_link(services_of(client), Caller.local(), person)
    page = client.get(f"/first/{secret}")
    assert 'value="li.si"' in page.text and "readonly" in page.text
    assert client.post(f"/first/{secret}", data={"password": "a whole new sentence"}).status_code == 303
    assert client.get("/session").json()["id"] == person
    assert client.get(f"/first/{secret}").status_code == 410


def test_the_link_of_the_demonstration_signs_in_once(client: Any) -> None:
    secret = demo_link(services_of(client))
    opened = client.get(f"/first/{secret}")
    assert opened.status_code == 303 and opened.headers["location"] == "http://testserver/map"
    assert client.get("/map").status_code == 200 and 'id="app"' in client.get("/map").text
    assert TestClient(client.app).get(f"/first/{secret}").status_code == 410


# --- keys ----------------------------------------------------------------------------------------


def test_a_key_opens_what_its_role_may(client: Any) -> None:
    key = make_key(services_of(client), ["reader"])
    assert client.get("/collections", headers=key).status_code == 200
    told = client.post("/collections", headers=key)
    assert told.status_code == 405
    refused = client.get("/collections/findings/export", headers=key)
    assert (refused.status_code, refused.json()["measured"]["permission"]) == (403, "export")
    who = client.get("/session", headers=key).json()
    assert (who["kind"], who["csrf_token"], who["permissions"]) == ("key", None, ["read"])
    # clients that know no bearer tokens send it as a password
    basic = base64.b64encode(f"qgis:{key['Authorization'][7:]}".encode()).decode()
    assert client.get("/collections", headers={"Authorization": f"Basic {basic}"}).status_code == 200


@pytest.mark.parametrize("value", ["Bearer kan_x", "Bearer ", "Basic !", "Basic eDp5", "Digest x", "kan_x", ""])
def test_what_is_no_key_opens_nothing(client: Any, value: str) -> None:
    answer = client.get("/collections", headers={"Authorization": value})
    assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")


def test_a_key_ends(client: Any) -> None:
    services = services_of(client)
    _, secret = create_key(services, Caller.local(), KeyFacts("short", ["reader"], days=0.000004))
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get("/collections", headers=headers).status_code == 200
    import time

    time.sleep(0.5)
    assert client.get("/collections", headers=headers).status_code == 401


def test_keys_over_http_never_have_more_than_their_maker(client: Any) -> None:
    add(client, "admin", "administrator")
    word = {"X-CSRF-Token": signed_in(client, "admin")}
    made = client.post("/keys", json={"name": "nightly", "roles": ["analyst"], "days": 30}, headers=word)
    assert made.status_code == 201 and re.fullmatch(r"kan_[\w-]{43}", made.json()["secret"])
    more = client.post("/keys", json={"name": "judge", "roles": ["officer"]}, headers=word)
    assert (more.status_code, more.json()["measured"]["missing"]) == (403, ["cases", "judge", "personal"])
    secret = client.post("/keys", json={"name": "x", "roles": ["reader"], "clearance": "secret"}, headers=word)
    assert secret.status_code == 403
    other = TestClient(client.app)
    key = {"Authorization": f"Bearer {made.json()['secret']}"}
    assert other.get("/scenes", headers=key).status_code == 200
    listed = client.get("/keys").json()["keys"]
    assert [one["name"] for one in listed] == ["nightly"] and "secret" not in listed[0]
    assert client.delete(f"/keys/{listed[0]['id']}", headers=word).json()["revoked_at"]
    assert other.get("/scenes", headers=key).status_code == 401


def test_people_over_http(client: Any) -> None:
    add(client, "admin", "administrator")
    word = {"X-CSRF-Token": signed_in(client, "admin")}
    body = {"name": "wang.wu", "display_name": "王五", "roles": ["officer"], "areas": ["130404"]}
    made = client.post("/people", json=body, headers=word)
    assert made.status_code == 201 and made.json()["areas"] == ["130404"] and made.json()["clearance"] == "internal"
    assert client.post("/people", json=body, headers=word).status_code == 409
    assert client.post("/people", json={**body, "roles": ["king"]}, headers=word).status_code == 400
    above = client.post("/people", json={**body, "name": "x.y", "clearance": "secret"}, headers=word)
    assert (above.status_code, above.json()["code"]) == (403, "forbidden")
    link = client.post(f"/people/{made.json()['id']}/link", headers=word).json()
    assert link["href"].startswith("http://testserver/first/") and link["expires_in_s"] == 86400
    own = client.get("/session").json()["id"]
    assert client.patch(f"/people/{own}", json={"roles": ["chief"]}, headers=word).status_code == 409
    assert {one["name"] for one in client.get("/people").json()["people"]} == {"admin", "wang.wu"}


# --- limits, headers, the record -----------------------------------------------------------------


def test_too_many_requests_wait(tmp_path: Path) -> None:
    auth = QUICK.model_copy(update={"rate_per_s": 1.0, "rate_burst": 5, "open_rate_per_s": 1.0, "open_rate_burst": 3})
    with TestClient(create_app(Settings(data=tmp_path / "data", auth=auth))) as client:
        key = make_key(client.app.state.services, ["reader"])  # type: ignore[attr-defined]
        codes = [client.get("/scenes", headers=key).status_code for _ in range(7)]
        assert codes[:5] == [200] * 5 and 429 in codes[5:]
        late = client.get("/scenes", headers=key)
        assert late.status_code == 429 and int(late.headers["retry-after"]) >= 1
        assert [client.get("/scenes").status_code for _ in range(4)] == [401, 401, 401, 429]
        # a supervisor's probes are never refused
        assert {client.get("/healthz").status_code for _ in range(9)} == {200}


def test_every_answer_tells_browsers_to_be_careful(client: Any) -> None:
    key = make_key(services_of(client))
    for path in ("/healthz", "/collections", "/map", "/none", "/sign-in", "/static/pages.css"):
        headers = client.get(path, headers=key).headers
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin", path
        assert "default-src" in headers["content-security-policy"]
    told = client.get("/collections", headers=key).headers
    assert "private" in told["cache-control"] and {"Authorization", "Cookie"} <= set(re.split(r",\s*", told["vary"]))


def test_every_change_is_in_the_record_and_the_record_holds(client: Any, tmp_path: Path) -> None:
    add(client, "admin", "administrator")
    word = {"X-CSRF-Token": signed_in(client, "admin")}
    client.post("/keys", json={"name": "k", "roles": ["reader"]}, headers=word)
    client.delete("/uploads/none", headers={**word, "Tus-Resumable": "1.0.0"})
    auditor = make_key(services_of(client), ["auditor"])
    told = TestClient(client.app).get("/audit-log", headers=auditor).json()
    actions = [one["action"] for one in told["entries"]]
    assert actions == ["key-made", "key-made", "sign-in", "person-added"]
    assert told["entries"][1]["actor_name"] == "admin" and told["entries"][1]["address"] == ""
    assert client.get("/audit-log").status_code == 403
    other = TestClient(client.app)
    assert other.get("/audit-log/check", headers=auditor).json()["holds"] is True
    analyst = make_key(services_of(client), ["analyst"])
    with write_parcels(tmp_path / "parcels.geojson").open("rb") as file:
        answer = other.post("/layers/parcels", files={"file": ("parcels.geojson", file)}, headers=analyst)
    assert answer.status_code == 201, answer.text
    last = services_of(client).store.audit_log.page(1).items[0].entry
    assert (last.action, last.target, last.details["status"]) == ("post_layer", "/layers/parcels", 201)
    assert last.address == "testclient"


def test_a_changed_record_is_found(client: Any) -> None:
    store = services_of(client).store
    for k in range(3):
        store.audit_log.append(entry_by(None, datetime.now(UTC) + timedelta(seconds=k), "sign-in-failed", f"n{k}"))
    auditor = make_key(services_of(client), ["auditor"])
    assert client.get("/audit-log/check", headers=auditor).json()["entries"] == 4
    import sqlite3

    with sqlite3.connect(services_of(client).settings.data / "kancha.sqlite") as database:
        with pytest.raises(sqlite3.IntegrityError, match="only grows"):
            database.execute("UPDATE audit_log SET target = 'other' WHERE number = 2")
        database.execute("DROP TRIGGER audit_log_no_update")
        database.execute("UPDATE audit_log SET target = 'other' WHERE number = 2")
    database.close()
    told = client.get("/audit-log/check", headers=auditor).json()
    assert (told["holds"], told["number"], told["fault"]) == (False, 2, "changed")


# --- what a review found -------------------------------------------------------------------------


def test_nobody_gets_further_by_a_link_than_they_are(client: Any) -> None:
    add(client, "admin", "administrator")
    above = add(client, "chief", "chief", clearance="secret")
    word = {"X-CSRF-Token": signed_in(client, "admin")}
    answer = client.post(f"/people/{above}/link", headers=word)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_a_key_gives_its_maker_nothing_either(client: Any) -> None:
    own = add(client, "admin", "administrator")
    word = {"X-CSRF-Token": signed_in(client, "admin")}
    made = client.post("/keys", json={"name": "k", "roles": ["administrator"]}, headers=word).json()
    key = {"Authorization": f"Bearer {made['secret']}"}
    other = TestClient(client.app)
    answer = other.patch(f"/people/{own}", json={"roles": ["administrator", "officer"]}, headers=key)
    assert answer.status_code == 409 and other.get("/session", headers=key).json()["roles"] == ["administrator"]


def test_a_new_password_spends_the_other_links(client: Any) -> None:
    person = add(client)
    first, second = (password_link(services_of(client), Caller.local(), person) for _ in range(2))
    assert client.post(f"/first/{first}", data={"password": "a whole new sentence"}).status_code == 303
    assert client.post(f"/first/{second}", data={"password": "another new sentence"}).status_code == 410


def test_a_link_of_somebody_who_left_opens_nothing(client: Any) -> None:
    from service.usecases.people import change_person

    person = add(client)
    secret = password_link(services_of(client), Caller.local(), person)
    change_person(services_of(client), Caller.local(), person, PersonFacts(active=False))
    assert client.post(f"/first/{secret}", data={"password": "a whole new sentence"}).status_code == 410


@pytest.mark.parametrize("cookie", ["a/b=1", "x={1}", "=", ";;", "kancha_session", "kancha_session=", "a=\x00"])
def test_odd_cookies_lock_nobody_out(client: Any, cookie: str) -> None:
    assert client.get("/sign-in", headers={"Cookie": cookie}).status_code == 200
    add(client)
    signed_in(client)
    told = f"{cookie}; kancha_session={client.cookies['kancha_session']}"
    assert TestClient(client.app).get("/session", headers={"Cookie": told}).status_code == 200


def test_odd_origins_are_foreign(client: Any) -> None:
    body = {"name": "x", "password": "y"}
    assert client.post("/session", json=body, headers={"Origin": "http://["}).status_code == 403


def test_large_json_is_not_read(tmp_path: Path) -> None:
    from service.settings import Limits

    settings = Settings(data=tmp_path / "data", auth=QUICK, limits=Limits(max_json_bytes=10_000))
    with TestClient(create_app(settings)) as client:
        key = {**make_key(client.app.state.services, ["reader"]), "Content-Type": "application/json"}  # type: ignore[attr-defined]
        told = client.post("/people", content=b" " * 20_000, headers=key)
        assert (told.status_code, told.json()["measured"]["max_bytes"]) == (413, 10_000)
        sent = 0

        def parts() -> Iterator[bytes]:
            nonlocal sent
            for _ in range(100):
                sent += 1_000
                yield b" " * 1_000

        assert client.post("/people", content=parts(), headers=key).status_code >= 400
        assert (
            client.post("/session/password", content=b"{", headers={"Content-Type": "application/json"}).status_code
            == 401
        )
