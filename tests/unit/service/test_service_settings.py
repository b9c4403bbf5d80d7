"""The settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from geodata.errors import OptionError
from service.settings import Jobs, Limits, Nightly, Settings, read_settings


@pytest.mark.parametrize("group", [Settings, Limits, Jobs, Nightly])
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
