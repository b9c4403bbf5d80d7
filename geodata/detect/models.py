"""Models: a network with all that its use needs, as a folder that never changes.

    starter-2/
      model.json     what it takes, where it decides, what it was trained on, what it reached
      network.onnx   the network that judges
      screen.onnx    the smaller one that says where to look, where the model has one
      weights.npz    what training further begins from, where the model may be trained further
      CARD.md        the same for people, with licences and attribution

A model is named by its folder and known by a checksum over its content, which stands in the provenance of a scan.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from geodata.detect.background import Background
from geodata.detect.calibration import Calibration
from geodata.detect.network import Network
from geodata.errors import MissingFileError, ModelError, OptionError

FORMAT = 1
MANIFEST, CARD, NETWORK, SCREEN, WEIGHTS = "model.json", "CARD.md", "network.onnx", "screen.onnx", "weights.npz"
_PARTS = {NETWORK: "network", SCREEN: "screen", WEIGHTS: "weights", CARD: "card"}
"""What `model.json` calls each file."""
SHIPPED = Path(__file__).with_name("models")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}")
RESERVED = ("training-free", "current")
"""What a scan's detector may be named besides a model."""


@dataclass(frozen=True)
class Points:
    """Where a model decides; log-odds in hundredths.

    Args:
        pixel: From here on a pixel belongs to an object.
        screen: From here on the screen has a place looked at.
        candidate: Confidence from which an object is reported.
        confirmed: Confidence from which its tier is `confirmed`.
    """

    pixel: int = 0
    screen: int = -200
    candidate: float = 0.1
    confirmed: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.candidate <= self.confirmed <= 1:
            raise ModelError(
                f"The points candidate {self.candidate:g} and confirmed {self.confirmed:g} are not in order.",
                remedy="Both lie between 0 and 1, candidate at or below confirmed.",
            )


@dataclass(frozen=True)
class Model:
    """A model as a scan uses it.

    Args:
        folder: Where it lies.
        name: Its name.
        told: The content of `model.json`.
    """

    folder: Path
    name: str
    told: Mapping[str, Any] = field(repr=False)

    @cached_property
    def network(self) -> Network:
        """The network that judges."""
        told = self.told["network"]
        gsd_m, views = float(self.told["input"]["gsd_m"]), int(told.get("views", 1))
        return Network(self.folder / NETWORK, told["sha256"], gsd_m, views)

    @cached_property
    def screen(self) -> Network | None:
        """The network that says where to look, None: the training-free first look does."""
        told = self.told.get("screen")
        return None if told is None else Network(self.folder / SCREEN, told["sha256"], float(told["gsd_m"]))

    @property
    def plain_screen(self) -> bool:
        """Whether the training-free first look says where to look, alone or beside the screen."""
        return self.screen is None or bool(self.told["screen"].get("with_plain", False))

    @cached_property
    def calibration(self) -> Calibration:
        """How an object's measures become its confidence."""
        return Calibration.from_dict(self.told["calibration"])

    @cached_property
    def background(self) -> Background | None:
        """What unchanged ground gives it, None where nobody measured that."""
        told = self.told.get("background")
        return None if told is None else Background(tuple(told["confidence"]), tuple(told["per_km2"]))

    @property
    def measured_background(self) -> Background:
        """The background of a model of which it was measured.

        Raises:
            OptionError: If nobody measured it.
        """
        if self.background is None:
            raise OptionError(
                f"Nobody measured what unchanged ground gives the model {self.name}.",
                remedy="Give a least confidence instead of the false alarms.",
            )
        return self.background

    @cached_property
    def points(self) -> Points:
        """Where it decides."""
        return Points(**self.told["points"])

    @cached_property
    def checksum(self) -> str:
        """Eight hexadecimal digits over the manifest, which holds the checksums of the networks."""
        return hashlib.sha256(json.dumps(self.told, sort_keys=True).encode()).hexdigest()[:8]

    @property
    def identity(self) -> str:
        """Name and checksum, as they stand in the provenance."""
        return f"{self.name}+{self.checksum}"

    @property
    def card(self) -> str:
        """The text of `CARD.md`."""
        return (self.folder / CARD).read_text(encoding="utf-8")


def require_name(name: str) -> None:
    """Refuse what cannot be a model's name.

    Raises:
        ModelError: If it is none.
    """
    if not _NAME.fullmatch(name) or name in RESERVED:
        raise ModelError(
            f"{name!r} is no name for a model.",
            remedy="Choose two to 63 lower-case letters, digits, dots, hyphens or underscores, "
            f"and not {' or '.join(RESERVED)}.",
        )


def read_model(folder: Path) -> Model:
    """Read a model folder and check that it is whole.

    Raises:
        MissingFileError: If a file of it is not there.
        ModelError: If a file is not what `model.json` says.
    """
    for name in (MANIFEST, CARD, NETWORK):
        if not (folder / name).is_file():
            raise MissingFileError(f"The model {folder.name} has no {name}.", remedy="Give a whole model folder.")
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if (version := told["format"]) != FORMAT:
            raise ModelError(
                f"The model {folder.name} is of format {version}; this version reads {FORMAT}.",
                remedy="Update Kancha.",
            )
        model = Model(folder, str(told["name"]), told)
        # the card and the weights are told by newer models only
        parts = {n: str(told[k]["sha256"]) for n, k in _PARTS.items() if n == NETWORK or k in told}
        for decided in ("network", "screen", "calibration", "points", "background"):
            getattr(model, decided)  # made at the first look, and refused here where it cannot be
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{folder.name}/{MANIFEST} cannot be used: {str(error)[:120]}.", remedy="Export the model again."
        ) from error
    require_name(model.name)
    for name, wanted in parts.items():
        if not (folder / name).is_file():
            raise MissingFileError(f"The model {folder.name} has no {name}.", remedy="Give a whole model folder.")
        found = sha256_of(folder / name)
        if found != wanted:
            raise ModelError(
                f"{folder.name}/{name} has the checksum {found[:12]}, not {wanted[:12]}.",
                remedy="The file was changed or damaged; take the model from its source again.",
            )
    return model


def sha256_of(path: Path) -> str:
    """Checksum of a small file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def models_in(*shelves: Path) -> Iterator[Model]:
    """The models of some folders, by name; the first shelf that has a name wins."""
    seen: set[str] = set()
    for shelf in shelves:
        for folder in sorted(p.parent for p in shelf.glob(f"*/{MANIFEST}")):
            model = read_model(folder)
            if model.name not in seen:
                seen.add(model.name)
                yield model


def find_model(name: str, *shelves: Path) -> Model:
    """A model by its name, or by the path of its folder.

    Raises:
        ModelError: If no shelf has it.
    """
    if os.sep in name and Path(name).is_dir():
        return read_model(Path(name))
    for shelf in shelves:
        if _NAME.fullmatch(name) and (shelf / name / MANIFEST).is_file():
            return read_model(shelf / name)
    known = sorted({p.parent.name for shelf in shelves for p in shelf.glob(f"*/{MANIFEST}")})
    raise ModelError(
        f"There is no model {name!r}.",
        remedy=f"Known: {', '.join(['training-free', *known])}; see `kancha models list`.",
    )


def require_runs(model: Model) -> None:
    """Run the networks of a model on a blank picture.

    Raises:
        ModelError: If one of them cannot be loaded or run.
    """
    import numpy as np

    blank = np.zeros((3, 64, 64), np.uint8)
    for network in (model.network, model.screen):
        if network is not None:
            network.points(blank, blank, network.gsd_m)


def add_model(folder: Path, shelf: Path, *others: Path) -> Model:
    """Copy a model to a shelf, whole or not at all. The same content twice is no error.

    Args:
        folder: The model.
        shelf: Where to.
        others: Further shelves whose names are taken as well.

    Raises:
        ModelError: If the name is taken by another content, or the model cannot run.
    """
    model = read_model(folder)
    require_runs(model)
    for place in (shelf, *others):
        if (place / model.name).exists():
            return _same(model, place / model.name)
    target = shelf / model.name
    shelf.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=shelf, prefix=".") as part:
        shutil.copytree(folder, Path(part) / model.name)
        try:
            os.rename(Path(part) / model.name, target)
        except OSError:
            if not target.exists():
                raise
            return _same(model, target)  # another process was faster by a moment
    return read_model(target)


def _same(model: Model, folder: Path) -> Model:
    """The model of a folder, if it is this one."""
    there = read_model(folder)
    if there.checksum != model.checksum:
        raise ModelError(
            f"There is another model {model.name} ({there.checksum}, this one is {model.checksum}).",
            remedy="Models never change: give this one another name.",
        )
    return there


def write_model(folder: Path, told: Mapping[str, Any], card: str, networks: Mapping[str, Path]) -> Model:
    """Write a model folder.

    Args:
        folder: Where to; must not exist.
        told: The content of `model.json` without format and checksums.
        card: The text of `CARD.md`.
        networks: ONNX files by their name in the folder.

    Raises:
        ModelError: If the folder exists.
    """
    if folder.exists():
        raise ModelError(f"{folder} exists.", remedy="Models never change: write to another folder.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as part:
        made = Path(part) / folder.name
        made.mkdir()
        whole = {"format": FORMAT, **told}
        for name, path in networks.items():
            shutil.copyfile(path, made / name)
            key = _PARTS[name]
            whole[key] = {**whole.get(key, {}), "sha256": sha256_of(made / name)}
        (made / CARD).write_text(card, encoding="utf-8")
        whole[_PARTS[CARD]] = {"sha256": sha256_of(made / CARD)}
        (made / MANIFEST).write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
        read_model(made)
        os.rename(made, folder)
    return read_model(folder)
