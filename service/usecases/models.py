"""Models: listed, added to the data folder, put to use; and what a scan's detector means.

Two shelves hold them: the one that Kancha ships, and `models` in the data folder. Beside the models of the latter lies
`current`, which names the one that a scan takes where nobody says otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geodata.detect.models import (
    MANIFEST,
    SHIPPED,
    Model,
    add_model,
    find_model,
    read_model,
    require_name,
    require_runs,
)
from geodata.errors import KanchaError, ModelError, OptionError
from geodata.types import TRAINING_FREE
from service.errors import NotFoundError
from service.files import write_beside
from service.settings import Settings

if TYPE_CHECKING:
    from geodata.scan_images import Judge

DEFAULT = "starter-2"
"""The model in use where the bureau chose none: on real pairs that it never saw it beats the training-free detector."""
CURRENT = "current"
"""As a detector: the model in use. In the data folder's `models`: the file that names it."""
_PLAIN_CARD = """# training-free

The detector that is always there: no network, fitted on a few open pairs; docs/decisions/0003-training-free-detector.md
says why, docs/results.md how well it does.
"""


@dataclass(frozen=True)
class ModelEntry:
    """A model on a shelf, or the training-free detector.

    Args:
        name: Its name.
        checksum: Eight hexadecimal digits over its content; None where it cannot be read.
        in_use: Whether scans take it where nobody says otherwise.
        input: What it takes: bands, dates, pixel size.
        points: Where it decides.
        figures: What it reached, by group.
        training: What it was trained on, with licences in `data`.
        card: The same for people.
        fault: Why it cannot be used, None: it can.
    """

    name: str
    checksum: str | None
    in_use: bool
    input: Mapping[str, Any] = field(default_factory=dict)
    points: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    card: str = ""
    fault: str | None = None


def shelves(settings: Settings) -> tuple[Path, Path]:
    """The bureau's own shelf and the one that Kancha ships; either may be absent."""
    return settings.data / "models", SHIPPED


def lock_of(settings: Settings) -> Path:
    """What whoever puts a model to use over HTTP holds meanwhile, see `service.files.held_alone`."""
    return shelves(settings)[0] / ".lock"


def list_models(settings: Settings) -> list[ModelEntry]:
    """The training-free detector, then every model by its name, also those that cannot be used."""
    used = in_use(settings)
    names = _names(settings)
    if (name := _name(used)) not in (TRAINING_FREE, *names):
        names = sorted([*names, name])
    return [_training_free(used), *(_entry(settings, name, used) for name in names)]


def get_model(settings: Settings, name: str) -> ModelEntry:
    """One model, or the training-free detector.

    Raises:
        NotFoundError: If there is none of this name.
    """
    used = in_use(settings)
    if name == TRAINING_FREE:
        return _training_free(used)
    if name not in _names(settings):
        raise NotFoundError(f"There is no model {name[:80]!r}.", remedy=_known(settings))
    return _entry(settings, name, used)


def add(settings: Settings, folder: Path) -> tuple[ModelEntry, bool]:
    """Copy a model folder to the bureau's shelf.

    Args:
        settings: The settings.
        folder: A whole model folder.

    Returns:
        The model, and whether it is new there.

    Raises:
        MissingFileError: If a part of it is missing.
        ModelError: If it is damaged, cannot run, or its name is taken by another content.
    """
    before = _names(settings)
    own, shipped = shelves(settings)
    _make(own)
    model = add_model(folder, own, shipped)
    return _entry(settings, model.name, in_use(settings)), model.name not in before


def require_free(settings: Settings, name: str) -> None:
    """Refuse a name that no new model can have, before the work that would make one.

    Raises:
        ModelError: If it is no name, or one that a model has.
    """
    require_name(name)
    if name in _names(settings):
        raise ModelError(f"There is a model {name} already.", remedy="Models never change: choose another name.")


def use(settings: Settings, name: str) -> str:
    """Let scans take a model where nobody says otherwise.

    Args:
        settings: The settings.
        name: Its name, or `training-free`.

    Returns:
        Its identity.

    Raises:
        OptionError: If there is no such model.
        ModelError: If it cannot be used.
    """
    model = _model(settings, name)
    if model is not None:
        require_runs(model)
    own, _ = shelves(settings)
    _make(own)
    identity = _identity(model)
    write_beside(own / CURRENT, f"{identity}\n".encode())
    return identity


def in_use(settings: Settings) -> str:
    """What scans take where nobody says otherwise: a model by name, or `training-free`."""
    path = shelves(settings)[0] / CURRENT
    told = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    return told or (DEFAULT if (SHIPPED / DEFAULT / MANIFEST).is_file() else TRAINING_FREE)


def detector_for(settings: Settings, given: str, *, images: bool = True) -> str:
    """The detector that a word means, as the options of a scan name it for ever.

    Args:
        settings: The settings.
        given: `training-free`, `current`, or a model by its name, with or without its checksum.
        images: Whether images are compared at all; surface models need no model.

    Raises:
        OptionError: If there is no such model.
        ModelError: If it cannot be used, or has another checksum.
    """
    return TRAINING_FREE if given == CURRENT and not images else _identity(_model(settings, given))


def require_background(settings: Settings, detector: str) -> None:
    """Refuse a detector of which nobody measured what unchanged ground gives.

    Raises:
        OptionError: If that is so.
    """
    model = _model(settings, detector)
    if model is not None:
        assert model.measured_background


def judge_for(settings: Settings, given: str, *, images: bool = True, folders: bool = False) -> Judge:
    """What judges a scan, see `detector_for`.

    Args:
        settings: The settings.
        given: The detector.
        images: Whether images are compared at all.
        folders: Whether it may be the path of a model folder as well.
    """
    # loaded on demand: who only orders a scan needs none of it
    from geodata.detect.detector import shipped
    from geodata.scan_images import Judge

    unused = given == CURRENT and not images
    return Judge(shipped(), None if unused else _model(settings, given, folders=folders))


def _model(settings: Settings, given: str, *, folders: bool = False) -> Model | None:
    wanted = in_use(settings) if given == CURRENT else given
    if wanted == TRAINING_FREE:
        return None
    if folders and os.sep in wanted:
        return read_model(Path(wanted))
    name, _, checksum = wanted.partition("+")
    if name not in _names(settings):
        if given == CURRENT:
            raise ModelError(
                f"The model in use, {wanted}, is not there.",
                remedy="Choose another: `kancha models use training-free`; or add it again.",
            )
        raise OptionError(f"There is no detector {given[:80]!r}.", remedy=_known(settings))
    model = _read(settings, name)
    if checksum not in ("", model.checksum):
        raise ModelError(
            f"The model {name} has the checksum {model.checksum}, not {checksum[:80]}.",
            remedy="Give the one that is meant another name and add it.",
        )
    return model


def _read(settings: Settings, name: str) -> Model:
    model = find_model(name, *shelves(settings))
    if model.name != name:
        raise ModelError(
            f"The folder {name} holds the model {model.name}.", remedy=f"Rename the folder to {model.name}."
        )
    return model


def _entry(settings: Settings, name: str, used: str) -> ModelEntry:
    mine = name == _name(used)
    try:
        model = _model(settings, used if mine else name)
    except KanchaError as error:
        return ModelEntry(name, None, mine, fault=error.message)
    assert model is not None  # no model is called training-free
    told = model.told
    return ModelEntry(
        name=name,
        checksum=model.checksum,
        in_use=mine,
        input=told["input"],
        points=told["points"],
        figures=_grouped(told.get("figures", {})),
        training=told.get("training", {}),
        card=model.card,
    )


def _grouped(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Figures by group; those that stand alone are a group."""
    groups = {name: value for name, value in figures.items() if isinstance(value, Mapping)}
    alone = {name: value for name, value in figures.items() if name not in groups}
    return {**({"figures": alone} if alone else {}), **groups}


def _training_free(used: str) -> ModelEntry:
    # loaded on demand: most of what a service does needs none of it
    from geodata.detect.detector import shipped

    detector = shipped()
    points = {"candidate": detector.operating.candidate, "confirmed": detector.operating.confirmed}
    return ModelEntry(TRAINING_FREE, detector.checksum, used == TRAINING_FREE, points=points, card=_PLAIN_CARD)


def _names(settings: Settings) -> list[str]:
    return sorted({path.parent.name for shelf in shelves(settings) for path in shelf.glob(f"*/{MANIFEST}")})


def _known(settings: Settings) -> str:
    return f"Known: {', '.join([TRAINING_FREE, *_names(settings)])}; see `kancha models list`."


def _identity(model: Model | None) -> str:
    return TRAINING_FREE if model is None else model.identity


def _name(identity: str) -> str:
    return identity.partition("+")[0]


def _make(shelf: Path) -> None:
    try:
        shelf.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(
            f"The data folder {shelf.parent} cannot be used: {error.strerror}.",
            remedy="Name another with --data or KANCHA_DATA.",
        ) from error
