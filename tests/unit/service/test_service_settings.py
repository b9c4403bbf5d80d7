"""The settings."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest
from pydantic import BaseModel, ValidationError

from geodata.errors import OptionError
from service.jobs.process import JobProcess
from service.settings import (
    Arrival,
    Jobs,
    Limits,
    Nightly,
    Oidc,
    Settings,
    read_settings,
    settings_for_worker,
)
from service.store.job_records import Claim


@pytest.mark.parametrize("group", [Settings, Limits, Jobs, Nightly, Oidc, Arrival])
def test_every_setting_is_documented(group: type[BaseModel]) -> None:
    assert all(told.description for told in group.model_fields.values())


def test_the_defaults_are_those_of_the_manual() -> None:
    made = Settings()
    assert (made.host, made.port, made.nightly.stable_s) == ("127.0.0.1", 8000, 60.0)
    assert made.nightly.min_overlap_share == 0.05


def test_the_environment_is_read_and_the_command_line_goes_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KANCHA_DATA", str(tmp_path / "env"))
    monkeypatch.setenv("KANCHA_JOBS__WORKERS", "3")
    assert read_settings().data == tmp_path / "env"
    assert read_settings(data=tmp_path / "given").data == tmp_path / "given"
    assert read_settings().jobs.workers == 3
    monkeypatch.setenv("KANCHA_JOBS__WORKERS", "none")
    with pytest.raises(OptionError, match="KANCHA_JOBS__WORKERS"):
        read_settings()


OIDC = {"issuer": "https://sso.example", "client_id": "kancha", "client_secret": "not-for-your-eyes"}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"client_secret": None}, "client_secret"),
        ({"client_secret": ""}, "client_secret"),
        ({"client_id": ""}, "client_id"),
        ({"scopes": ["profile"]}, "openid"),
        ({"roles_claim": "groups"}, "roles"),
        ({"roles": {"a": "officer"}}, "roles_claim"),
        ({"create": True}, "create"),
        ({"areas_claim": "districts"}, "areas_claim"),
        ({"roles_claim": "groups", "roles": {"a": "boss"}}, "officer"),
    ],
)
def test_half_a_sign_in_is_refused(more: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Oidc.model_validate(OIDC | more)


def test_the_secret_of_the_sign_in_is_never_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in OIDC.items():
        monkeypatch.setenv(f"KANCHA_AUTH__OIDC__{name.upper()}", value)
    monkeypatch.setenv("KANCHA_AUTH__OIDC__ROLES_CLAIM", "groups")
    monkeypatch.setenv("KANCHA_AUTH__OIDC__ROLES", '{"kancha-officers": "officer"}')
    made = read_settings()
    assert made.auth.oidc.roles == {"kancha-officers": "officer"}
    assert OIDC["client_secret"] not in repr(made) + made.model_dump_json()
    monkeypatch.setenv("KANCHA_AUTH__OIDC__ROLES", "{}")
    with pytest.raises(OptionError, match="KANCHA_AUTH__OIDC") as refused:
        read_settings()
    assert OIDC["client_secret"] not in str(refused.value) + str(refused.value.__cause__)


SECRETS = ("not-for-your-eyes", "nor-for-yours")
SOURCES = [
    {"folder": "/in"},
    {"s3": "s3://b/p", "endpoint": "http://storage:9000", "access_key": "a-key", "secret_key": SECRETS[0]},
    {"stac": "https://stac.example/api", "collections": ["vhr"], "token": SECRETS[1], "bbox": [112, 33, 114, 35]},
]


def test_sources_come_from_the_environment_and_keep_their_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KANCHA_NIGHTLY__SOURCES", json.dumps(SOURCES))
    made = read_settings(data=tmp_path)
    assert [one.folder for one in made.nightly.sources] == [Path("/in"), None, None]
    shown = repr(made) + made.model_dump_json() + str(made.model_dump())
    assert not any(secret in shown for secret in (*SECRETS, "a-key"))


def test_a_worker_gets_the_secrets_themselves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Through the pipe of a real process, as the runner starts it."""
    monkeypatch.setenv("KANCHA_AUTH__OIDC__CLIENT_SECRET", "not-for-yours")
    told = Settings(data=tmp_path, nightly=Nightly.model_validate({"sources": SOURCES}))
    again = Settings.model_validate(orjson.loads(orjson.dumps(settings_for_worker(told))))
    assert again.nightly == told.nightly and again.auth == told.auth
    monkeypatch.delenv("KANCHA_AUTH__OIDC__CLIENT_SECRET")
    process = JobProcess(told, Claim("a", "b", 1), tmp_path / "log", "tests.integration.secrets_worker")
    assert process.wait(60) == 0, (tmp_path / "log").read_text()
    process.close()
    assert orjson.loads((tmp_path / "secrets.json").read_bytes()) == [SECRETS[0], SECRETS[1], "not-for-yours"]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({}, "one of folder, s3 and stac"),
        ({"folder": "/in", "s3": "s3://b"}, "one of folder, s3 and stac"),
        ({"folder": "/in", "token": SECRETS[0]}, "token says nothing"),
        ({"folder": "/in", "colections": ["x"]}, "colections"),
        ({"s3": "https://host/bucket"}, "s3://bucket"),
        ({"s3": "s3://b", "access_key": SECRETS[0]}, "secret_key"),
        ({"stac": "https://stac.example"}, "collections"),
        ({"stac": f"https://me:{SECRETS[0]}@stac.example", "collections": ["x"]}, "https://host/path"),
        ({"stac": "ftp://stac.example", "collections": ["x"]}, "https://host/path"),
        ({"stac": "https://stac.example", "collections": ["x"], "token": f"{SECRETS[0]}\r\nhost: a"}, "token"),
        ({"stac": "https://stac.example", "collections": ["x"], "header": "a b"}, "header"),
        ({"stac": "https://stac.example", "collections": ["x"], "bbox": [114, 33, 112, 35]}, "bbox"),
    ],
)
def test_half_a_source_is_refused_without_its_secrets(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, object], why: str
) -> None:
    monkeypatch.setenv("KANCHA_NIGHTLY__SOURCES", json.dumps([told]))
    with pytest.raises(OptionError) as refused:
        read_settings()
    assert "KANCHA_NIGHTLY__SOURCES__0" in str(refused.value) and why.lower() in str(refused.value).lower()
    assert SECRETS[0] not in str(refused.value) + str(refused.value.__cause__)


def test_sources_that_are_no_json_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KANCHA_NIGHTLY__SOURCES", "[{")
    with pytest.raises(OptionError, match="KANCHA_NIGHTLY"):
        read_settings()
