"""What the tests of the service share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.settings import Jobs, Limits, Settings
from tests.access import client_of
from tests.integration.service_kit import draw_pair


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        data=tmp_path_factory.mktemp("data"),
        limits=Limits(max_upload_bytes=4 * 1024**2, max_json_bytes=64 * 1024, max_page_size=50),
        jobs=Jobs(recovery_interval_s=1.0),
    )


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[Any]:
    with client_of(settings, fails=False) as made:
        yield made


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return draw_pair(tmp_path_factory.mktemp("pair"))
