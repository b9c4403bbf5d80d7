"""Which model a word means, and what is told of each."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from geodata.detect.models import MANIFEST, NETWORK
from geodata.errors import MissingFileError, ModelError, OptionError
from service.errors import NotFoundError
from service.settings import Settings
from service.usecases.models import DEFAULT, add, detector_for, get_model, in_use, judge_for, list_models, use
from tests.unit.detect.model_kit import make_model, write_network


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data")


@pytest.fixture
def identity(settings: Settings, tmp_path: Path) -> str:
    """A model on the shelf of the data folder."""
    model = make_model(tmp_path / "made")
    entry, new = add(settings, model.folder)
    assert new and entry.name == "tiny-1" and not entry.in_use
    return model.identity


def test_what_is_shipped_is_there_and_the_starter_in_use(settings: Settings) -> None:
    plain, shipped = list_models(settings)[0], list_models(settings)[-1]
    assert (plain.name, plain.in_use, plain.fault) == ("training-free", False, None)
    assert (shipped.name, shipped.in_use, shipped.fault) == (DEFAULT, True, None)
    assert shipped.training["data"] and "CC BY" in shipped.card
    assert plain.points == {"candidate": 0.08, "confirmed": 0.25} and "no network" in plain.card
    assert get_model(settings, "training-free") == plain
    assert in_use(settings) == DEFAULT
    assert detector_for(settings, "current") == detector_for(settings, DEFAULT) == f"{DEFAULT}+{shipped.checksum}"
    assert not settings.data.exists(), "looking makes nothing"


def test_words_that_mean_the_model(settings: Settings, identity: str, tmp_path: Path) -> None:
    assert detector_for(settings, "tiny-1") == detector_for(settings, identity) == identity
    assert detector_for(settings, "current").startswith(f"{DEFAULT}+")
    assert use(settings, "tiny-1") == in_use(settings) == detector_for(settings, "current") == identity
    assert (settings.data / "models" / "current").read_text() == f"{identity}\n"
    assert [p.name for p in (settings.data / "models").iterdir() if p.name.startswith(".")] == []
    assert detector_for(settings, "current", images=False) == "training-free", "surface models need none"
    judge = judge_for(settings, "current")
    assert judge.name == identity and judge.identity.startswith(f"{identity}, training-free/")
    assert (judge.candidate, judge.confirmed) == (0.1, 0.9)
    assert judge_for(settings, "current", images=False).model is None
    assert use(settings, "training-free") == detector_for(settings, "current") == "training-free"
    assert judge_for(settings, "current").name == "training-free"


def test_a_path_is_a_model_only_where_it_is_asked_for(settings: Settings, identity: str, tmp_path: Path) -> None:
    path = str(tmp_path / "made" / "tiny-1")
    assert judge_for(settings, path, folders=True).name == identity
    for unsafe in (path, "../models/tiny-1", "/", "tiny-1/"):
        with pytest.raises(OptionError, match="There is no detector"):
            detector_for(settings, unsafe)
    with pytest.raises(MissingFileError):
        judge_for(settings, str(tmp_path / "none"), folders=True)


@pytest.mark.parametrize("name", ["oracle", "", "oracle+12345678", "Tiny-1", "*", "."])
def test_an_unknown_name_is_refused_with_the_known_ones(settings: Settings, identity: str, name: str) -> None:
    for ask in (detector_for, judge_for, use):
        with pytest.raises(OptionError, match="There is no detector") as refused:
            ask(settings, name)
        assert "training-free, " in refused.value.remedy and "tiny-1" in refused.value.remedy
    with pytest.raises(NotFoundError):
        get_model(settings, name)
    assert not (settings.data / "models" / "current").exists()


def test_another_checksum_is_another_model(settings: Settings, identity: str) -> None:
    with pytest.raises(ModelError, match=f"has the checksum {identity[-8:]}, not 00000000"):
        detector_for(settings, "tiny-1+00000000")


def test_the_entry_tells_what_people_need(settings: Settings, identity: str) -> None:
    use(settings, "tiny-1")
    entry = get_model(settings, "tiny-1")
    assert f"{entry.name}+{entry.checksum}" == identity and entry.in_use and entry.fault is None
    assert entry.input["gsd_m"] == 0.5 and entry.points["confirmed"] == 0.9
    assert entry.figures == {"held out": {"pixel_f1": 0.61, "object_f1": 0.72, "false_per_km2": 12.0}}
    assert entry.training["data"] == [{"name": "drawn fields", "licence": "CC0-1.0; drawn by the test"}]
    assert entry.card.startswith("# tiny")
    assert sum(one.in_use for one in list_models(settings)) == 1
    assert entry in list_models(settings)


def test_figures_that_stand_alone_are_a_group(settings: Settings, tmp_path: Path) -> None:
    add(settings, make_model(tmp_path / "made", figures={"pixel_f1": 0.5, "city": {"pixel_f1": 0.6}}).folder)
    assert get_model(settings, "tiny-1").figures == {"figures": {"pixel_f1": 0.5}, "city": {"pixel_f1": 0.6}}


def test_the_same_model_is_added_once_and_another_not_at_all(settings: Settings, identity: str, tmp_path: Path) -> None:
    again, new = add(settings, tmp_path / "made" / "tiny-1")
    assert not new and f"{again.name}+{again.checksum}" == identity
    other = make_model(tmp_path / "other", points={"candidate": 0.2, "confirmed": 0.3})
    with pytest.raises(ModelError, match="another model tiny-1"):
        add(settings, other.folder)
    assert detector_for(settings, "tiny-1") == identity


def test_a_damaged_model_is_listed_with_the_reason_and_judges_nothing(settings: Settings, identity: str) -> None:
    use(settings, "tiny-1")
    with (settings.data / "models" / "tiny-1" / NETWORK).open("ab") as file:
        file.write(b"\0")
    entry = get_model(settings, "tiny-1")
    assert entry.checksum is None and entry.in_use and "has the checksum" in str(entry.fault)
    assert entry in list_models(settings)
    for ask in (detector_for, judge_for):
        with pytest.raises(ModelError, match="has the checksum"):
            ask(settings, "current")


def test_a_model_in_use_that_was_changed_by_hand_is_no_longer_the_one_meant(settings: Settings, identity: str) -> None:
    use(settings, "tiny-1")
    manifest = settings.data / "models" / "tiny-1" / MANIFEST
    told = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**told, "points": {**told["points"], "candidate": 0.05}}))
    with pytest.raises(ModelError, match=f"not {identity[-8:]}"):
        detector_for(settings, "current")
    assert "has the checksum" in str(get_model(settings, "tiny-1").fault)


def test_a_model_in_use_that_is_gone_is_told(settings: Settings, identity: str) -> None:
    use(settings, "tiny-1")
    shutil.rmtree(settings.data / "models" / "tiny-1")
    with pytest.raises(ModelError, match=f"The model in use, tiny-1.{identity[-8:]}, is not there") as refused:
        detector_for(settings, "current")
    assert "kancha models use training-free" in refused.value.remedy
    gone = next(one for one in list_models(settings) if one.name == "tiny-1")
    assert gone.in_use and gone.checksum is None and gone.fault


def test_a_folder_under_another_name_is_told(settings: Settings, identity: str) -> None:
    shelf = settings.data / "models"
    (shelf / "tiny-1").rename(shelf / "big-1")
    with pytest.raises(ModelError, match="The folder big-1 holds the model tiny-1"):
        detector_for(settings, "big-1")


def test_a_model_that_cannot_run_is_not_put_to_use(settings: Settings, tmp_path: Path) -> None:
    broken = make_model(tmp_path / "made", network=write_network(tmp_path / "five.onnx", bands=5))
    shutil.copytree(broken.folder, settings.data / "models" / "tiny-1")
    with pytest.raises(ModelError, match="six 8-bit bands"):
        use(settings, "tiny-1")
    assert in_use(settings) == DEFAULT


def test_a_data_folder_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    settings = Settings(data=tmp_path / "data")
    for act in (lambda: use(settings, "training-free"), lambda: add(settings, make_model(tmp_path / "m").folder)):
        with pytest.raises(OptionError, match="cannot be used"):
            act()
