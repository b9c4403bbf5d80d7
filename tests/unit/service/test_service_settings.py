"""The settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from geodata.errors import OptionError
from service.settings import Jobs, Limits, Nightly, Oidc, Settings, read_settings


@pytest.mark.parametrize("group", [Settings, Limits, Jobs, Nightly, Oidc])
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
