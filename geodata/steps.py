"""Steps of long work that outlive it: what was done once need not be done again after an interruption."""

from __future__ import annotations

import io
import pickle
import zlib
from collections.abc import Callable
from dataclasses import is_dataclass
from importlib import import_module
from typing import Any, Protocol, TypeVar

from geodata.errors import DamagedStepError

Value = TypeVar("Value")


class Steps(Protocol):
    """Where the steps of one piece of work are kept."""

    def kept(self, name: str) -> bytes | None:
        """What a step gave, None where it was not done."""

    def keep(self, name: str, content: bytes) -> None:
        """Keep what a step gave; may raise to stop the work."""


def once(steps: Steps | None, name: str, kind: type[Value], make: Callable[[], Value]) -> Value:
    """What a step gave before, or gives now.

    Args:
        steps: Where it is kept, None: nowhere.
        name: The step.
        kind: What it gives.
        make: Does it.
    """
    before = recall(steps, name, kind)
    if before is not None:
        return before
    made = make()
    if steps is not None:
        steps.keep(name, freeze(made))
    return made


def recall(steps: Steps | None, name: str, kind: type[Value]) -> Value | None:
    """What a step gave before; None where it was not done, or what is kept cannot be read."""
    content = None if steps is None else steps.kept(name)
    if content is None:
        return None
    try:
        return thaw(content, kind)
    except DamagedStepError:
        return None  # it is done once more


def freeze(value: object) -> bytes:
    """A plain value of the kernel as bytes: dataclasses, arrays, numbers, texts and what holds them."""
    return zlib.compress(pickle.dumps(value, protocol=5), 1)


def thaw(content: bytes, kind: type[Value]) -> Value:
    """The value of some bytes.

    Nothing but values comes out of it, whoever wrote the bytes: dataclasses of this package, arrays, and the few
    classes of other libraries that those hold. No function is called that could do anything else.

    Args:
        content: What `freeze` gave.
        kind: What it must be.

    Raises:
        DamagedStepError: If it is none of that.
    """
    try:
        value = _Values(io.BytesIO(zlib.decompress(content))).load()
    except Exception as error:
        raise DamagedStepError(f"What was kept of a step cannot be read: {error}.") from error
    if not isinstance(value, kind):
        raise DamagedStepError(f"A step gave {type(value).__name__}, not {kind.__name__}.")
    return value


_FOREIGN = {
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
    ("affine", "Affine"),
    ("datetime", "datetime"),
    ("datetime", "timezone"),
    ("datetime", "timedelta"),
    ("pathlib", "PosixPath"),
    ("pyproj.crs.crs", "CRS"),
    ("shapely.io", "from_wkb"),
    ("builtins", "bytearray"),
}


class _Values(pickle.Unpickler):
    """Reads values and calls nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """A class that may stand in what was kept."""
        if (module, name) in _FOREIGN:
            return super().find_class(module, name)
        if module.startswith("geodata.") and "." not in name:
            found = getattr(import_module(module), name)
            if isinstance(found, type) and is_dataclass(found):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no value")
