"""Nothing that arrives keeps a night, or the nights after it, from the rest of the work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from service.files import private_folder, take_copy
from service.services import Services
from service.usecases.nightly import begin_at_once
from service.usecases.scenes import SceneFacts, add_scene
from tests.integration.night_kit import night, nights, pairs
from tests.integration.service_kit import draw_pair, draw_scene


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return draw_pair(tmp_path_factory.mktemp("drawn"))


def store(services: Services, path: Path, **facts: Any) -> str:
    with private_folder(services.settings.data / "incoming") as folder:
        return add_scene(services, take_copy(path, folder), SceneFacts(**facts))[0].id


def test_a_scene_with_more_cells_than_may_be_weighed_is_told_and_the_others_are_compared(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    wide = draw_scene(tmp_path / "wide_20250415.tif", size=2048, gsd=120.0, left=300_000.0)
    with nights(tmp_path / "data", at_once=True) as services:
        store(services, wide)
        for path in pair:
            store(services, path)
        begin_at_once(services, set())
        assert services.store.jobs.page(9, kind="scan").matched == 1
        told = night(services)
        assert pairs(told) == [(pair[0].name, pair[1].name)]
        (refused,) = [one for one in told["refused"] if one["file"] == wide.name]
        assert "cells" in refused["message"] and refused["remedy"] and refused["before"] is None
        assert not night(services)["refused"], "it is told once"


def test_a_secret_scene_that_cannot_be_compared_with_one_that_is_not_keeps_no_report(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    coarse = draw_scene(tmp_path / "hush_20250301.tif", size=64, gsd=4.0)
    with nights(tmp_path / "data") as services:
        store(services, coarse, secrecy="secret")
        store(services, pair[1])
        told = night(services)
        assert told["withheld"] == 1 and "hush" not in str(told)
        assert [(one["file"], one["code"]) for one in told["refused"]] == [(pair[1].name, "withheld")]
