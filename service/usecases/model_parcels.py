"""A bureau's own model as one file among the stored ones, so that workers that lack it can fetch it by its checksum."""

from __future__ import annotations

import tarfile
from pathlib import Path

from geodata.detect.models import MANIFEST, SHIPPED, Model, read_model
from geodata.errors import ModelError
from geodata.types import TRAINING_FREE
from service.files import private_folder, sha256_of
from service.services import Services


def is_own(detector: str) -> bool:
    """Whether a detector is none that Kancha ships."""
    name = detector.partition("+")[0]
    return name != TRAINING_FREE and not (SHIPPED / name / MANIFEST).is_file()


def pack_model(services: Services, model: Model) -> str:
    """Store a model as a file, always the same one; its checksum.

    Args:
        services: The service.
        model: The model.

    Raises:
        StoreBusyError: If the storage does not answer.
    """
    with private_folder(services.settings.data / "work") as folder:
        path = folder / "model"
        with tarfile.open(path, "w") as parcel:
            for part in sorted(part for part in model.folder.iterdir() if part.is_file()):
                told = tarfile.TarInfo(part.name)
                told.size = part.stat().st_size
                with part.open("rb") as content:
                    parcel.addfile(told, content)
        sha256 = sha256_of(path)
        services.blobs.put(path, sha256)
    return sha256


def unpack_model(services: Services, sha256: str, detector: str) -> Model:
    """The model of a stored file, unpacked once on this machine.

    Args:
        services: The service of a worker.
        sha256: Checksum of the file.
        detector: Identity that the model must have.

    Raises:
        ModelError: If it is another model.
        StoreBusyError: If the storage does not answer.
    """
    target = services.settings.data / "fetched-models" / sha256 / detector.partition("+")[0]
    if not target.is_dir():
        _unpack(services.blobs.path(sha256), target, services.settings.data / "work")
    model = read_model(target)
    if model.identity != detector:
        raise ModelError(f"The stored file {sha256} holds {model.identity}, not {detector}.", remedy="Add it again.")
    return model


def _unpack(parcel: Path, target: Path, work: Path) -> None:
    with private_folder(work) as folder:
        with tarfile.open(parcel) as opened:
            opened.extractall(folder / "whole", filter="data")
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            (folder / "whole").rename(target)
        except OSError:
            if not target.is_dir():
                raise  # else another process was faster by a moment
