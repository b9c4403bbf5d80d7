"""What was declared of the files of a source is used again for its next delivery, unless told otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from geodata.errors import InputError
from service.services import Services
from service.store.records import LayerSource
from service.usecases.layer_facts import DECLARED, LayerFacts, layer_kind


@dataclass(frozen=True)
class Remembered:
    """What is known of a delivery once its source is asked.

    Args:
        facts: What its sender says, completed.
        used: What was taken from the last delivery.
    """

    facts: LayerFacts
    used: Mapping[str, Any]


def list_sources(services: Services, kind: str) -> Sequence[LayerSource]:
    """Who sent layers of a kind, with what was declared of their files.

    Raises:
        NotFoundError: If there is no such kind.
    """
    return services.store.layers.sources(layer_kind(kind))


def completed(services: Services, kind: str, facts: LayerFacts) -> Remembered:
    """The facts of a delivery with what was declared of the last one of its kind and source.

    Each of `DECLARED` that the sender tells stands as a whole in the place of what is remembered.
    """
    if facts.source is None or facts.fresh:
        return Remembered(facts, {})
    last = next((s.read_as for s in services.store.layers.sources(kind) if s.name == facts.source), {})
    used = {name: last[name] for name in DECLARED if last.get(name) and not getattr(facts, name)}
    return Remembered(replace(facts, **used), used)


@contextmanager
def telling_what_was_remembered(told: Remembered) -> Iterator[None]:
    """A refusal says what was taken from the last delivery: it may be what is wrong."""
    try:
        yield
    except InputError as error:
        if not told.used:
            raise
        hint = f"From the last delivery of {told.facts.source} were taken: {declared_words(told.used)}. "
        hint += "Tell what has changed, or begin afresh: --fresh, over HTTP fresh=true."
        measured = {**error.measured, "remembered": dict(told.used)}
        raise type(error)(error.message, remedy=f"{error.remedy} {hint}".strip(), **measured) from error


def declared_words(read_as: Mapping[str, Any]) -> str:
    """What was declared of a file, in short.

    >>> declared_words({"crs": "EPSG:4547", "mapping": {"parcel_id": "DKBM"}, "encoding": None})
    'crs EPSG:4547, mapping parcel_id=DKBM'
    """
    words = []
    for name, value in read_as.items():
        if isinstance(value, Mapping):
            value = " ".join(f"{target}={source}" for target, source in sorted(value.items()))
        words += [f"{name} {value}"] if value else []
    return ", ".join(words)
