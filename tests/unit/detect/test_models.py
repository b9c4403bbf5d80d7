"""Model folders: whole or refused by name, and never changed."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from geodata.detect.models import (
    CARD,
    MANIFEST,
    NETWORK,
    SCREEN,
    Points,
    add_model,
    find_model,
    models_in,
    read_model,
    require_runs,
)
from geodata.errors import MissingFileError, ModelError
from tests.unit.detect.model_kit import make_model, write_network


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_model(tmp_path / "made", screen=True).folder


def retold(folder: Path, **changed: Any) -> Path:
    """A manifest changed by hand; None takes a part out."""
    told = json.loads((folder / MANIFEST).read_text()) | changed
    (folder / MANIFEST).write_text(json.dumps({k: v for k, v in told.items() if v is not None}))
    return folder


def test_a_whole_model_tells_what_it_is(folder: Path) -> None:
    model = read_model(folder)
    assert (model.name, model.network.gsd_m, model.points.screen) == ("tiny-1", 0.5, -100)
    assert model.screen is not None and model.screen.gsd_m == 1.0 and not model.plain_screen
    assert model.calibration.weights == (1.0, 0.0, 0.0, 0.0, 0.0)
    assert model.card.startswith("# tiny")
    assert model.identity == f"tiny-1+{model.checksum}" and len(model.checksum) == 8
    require_runs(model)


def test_a_model_without_a_screen_looks_where_the_training_free_detector_does(tmp_path: Path) -> None:
    model = make_model(tmp_path)
    assert model.screen is None and model.plain_screen


def test_the_checksum_is_that_of_the_content_wherever_it_lies(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "elsewhere")
    assert read_model(copy).identity == read_model(folder).identity
    other = make_model(tmp_path / "other", screen=True, network=write_network(tmp_path / "n.onnx", bias=-3.0))
    assert other.name == "tiny-1" and other.checksum != read_model(folder).checksum


@pytest.mark.parametrize("name", [MANIFEST, CARD, NETWORK, SCREEN])
def test_a_missing_part_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(MissingFileError, match=name):
        read_model(folder)


@pytest.mark.parametrize("name", [NETWORK, SCREEN, CARD])
def test_a_changed_part_is_refused(folder: Path, name: str) -> None:
    with (folder / name).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelError, match=f"{name} has the checksum"):
        read_model(folder)


def test_another_format_is_told_before_anything_else(folder: Path) -> None:
    with pytest.raises(ModelError, match="of format 2; this version reads 1") as refused:
        read_model(retold(folder, format=2, name=None, input=None))
    assert refused.value.remedy == "Update Kancha."


@pytest.mark.parametrize("part", ["format", "name", "input", "network", "calibration", "points"])
def test_a_manifest_that_lacks_a_part_is_refused(folder: Path, part: str) -> None:
    with pytest.raises(ModelError, match=rf"model\.json cannot be used: '{part}'"):
        read_model(retold(folder, **{part: None}))


@pytest.mark.parametrize("text", ["{", "[]", "3", '{"format": 1}'])
def test_a_manifest_that_is_none_is_refused(folder: Path, text: str) -> None:
    (folder / MANIFEST).write_text(text)
    with pytest.raises(ModelError, match=r"model\.json cannot be used"):
        read_model(folder)


@pytest.mark.parametrize("name", ["a", "Tiny", "a b", "../up", "-a", "a" * 64, "a+b", "training-free", "current"])
def test_names_that_no_model_may_have(folder: Path, name: str) -> None:
    with pytest.raises(ModelError, match="no name for a model"):
        read_model(retold(folder, name=name))


@pytest.mark.parametrize("name", ["a1", "city-2026.1", "a" * 63])
def test_names_that_one_may_have(folder: Path, name: str) -> None:
    assert read_model(retold(folder, name=name)).name == name


def test_points_that_are_not_in_order_are_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match="not in order"):
        Points(candidate=0.5, confirmed=0.4)
    with pytest.raises(ModelError, match="not in order"):
        read_model(retold(folder, points={"candidate": 0.5, "confirmed": 1.5}))


def test_a_model_is_written_once(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="exists"):
        make_model(tmp_path / "made")


def test_a_model_is_added_whole_and_once(folder: Path, tmp_path: Path) -> None:
    shelf = tmp_path / "data" / "models"
    added = add_model(folder, shelf)
    assert added.folder == shelf / "tiny-1" and added.identity == read_model(folder).identity
    stamps = {p.name: p.stat().st_mtime_ns for p in added.folder.iterdir()}
    assert add_model(folder, shelf).folder == added.folder
    assert {p.name: p.stat().st_mtime_ns for p in added.folder.iterdir()} == stamps
    assert [p.name for p in shelf.iterdir()] == ["tiny-1"]


def test_another_content_under_the_same_name_is_refused(folder: Path, tmp_path: Path) -> None:
    shelf, other = tmp_path / "data", make_model(tmp_path / "other")
    kept = add_model(folder, shelf)
    for places in [(shelf,), (tmp_path / "second", shelf)]:
        with pytest.raises(ModelError, match=f"another model tiny-1 \\({kept.checksum}, this one is {other.checksum}"):
            add_model(other.folder, *places)
    assert read_model(shelf / "tiny-1").identity == kept.identity and not (tmp_path / "second").exists()
    assert add_model(folder, tmp_path / "second", shelf).folder == kept.folder, "it is there already"


def test_models_added_at_once_are_one(folder: Path, tmp_path: Path) -> None:
    shelf, other = tmp_path / "data", make_model(tmp_path / "other")
    with ThreadPoolExecutor(4) as pool:
        same = [pool.submit(add_model, folder, shelf) for _ in range(4)]
        assert {one.result().identity for one in same} == {read_model(folder).identity}
    shutil.rmtree(shelf)

    def added(one: Path) -> str:
        try:
            return add_model(one, shelf).identity
        except ModelError as error:
            return error.code

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(added, [folder, other.folder] * 2))
    assert set(told) == {"model-unusable", read_model(shelf / "tiny-1").identity}
    assert [p.name for p in shelf.iterdir()] == ["tiny-1"]


def test_a_network_that_cannot_run_is_not_added(tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.onnx"
    nonsense.write_bytes(b"no network")
    cases = {
        "cannot be loaded": nonsense,
        "of six 8-bit bands": write_network(tmp_path / "five.onnx", bands=5),
        "tensor\\(float\\)": write_network(tmp_path / "float.onnx", takes=1),
    }
    for k, (said, network) in enumerate(cases.items()):
        model = make_model(tmp_path / f"made{k}", network=network)
        with pytest.raises(ModelError, match=said):
            add_model(model.folder, tmp_path / "shelf")
    assert not (tmp_path / "shelf").exists()


def test_models_are_found_by_name_and_by_path(folder: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    add_model(folder, first)
    add_model(make_model(tmp_path / "b", name="other-1").folder, second)
    assert find_model("tiny-1", first, second).folder == first / "tiny-1"
    assert find_model("other-1", first, second).folder == second / "other-1"
    assert find_model(str(folder), first).folder == folder
    assert [m.name for m in models_in(first, second, tmp_path / "absent")] == ["tiny-1", "other-1"]
    for name in ("oracle", "../first/tiny-1", ""):
        with pytest.raises(ModelError, match="There is no model") as refused:
            find_model(name, second)
        assert "training-free, other-1" in refused.value.remedy
