"""What the metadata of an upload say: checked before a byte is sent, used when the last one is here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from geodata.errors import InputError, KanchaError
from geodata.features import parse_day
from geodata.io.dates import parse_date
from geodata.types import LAYER_KINDS
from service.auth.caller import parse_clearance
from service.errors import UploadHeaderError
from service.files import safe_name
from service.usecases.layer_facts import LayerFacts
from service.usecases.scenes import SceneFacts

SCENE = "scene"
_COMMON = {"filename", "kind", "sha256", "sidecar_of", "sidecars"}
_SCENE = {"acquired_at", "crs", "attributes", "secrecy"}
_LAYER = {"crs", "mapping", "encoding", "transformation", "accept_place", "source", "fresh", "secrecy"}
_LAYER_TIMES = ("as_of", "valid_from", "valid_to")
_BROWSERS = {"name", "type", "filetype", "relativePath"}
"""What the usual clients in browsers add by themselves; `name` stands for the file's name."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class UploadFacts:
    """What the sender says about a file.

    Args:
        name: Its name made safe.
        kind: `scene` or a kind of layer.
        sha256: Checksum of the whole, None: not told.
        sidecar_of: Id of the upload that it belongs to.
        sidecars: Names of the side files that are awaited, made safe.
        scene: What is said of a scene.
        layer: What is said of a layer.
    """

    name: str
    kind: str
    sha256: str | None
    sidecar_of: str | None
    sidecars: tuple[str, ...]
    scene: SceneFacts | None
    layer: LayerFacts | None

    @property
    def secrecy(self) -> str:
        """Who may see what it becomes."""
        told = self.scene.secrecy if self.scene is not None else self.layer.secrecy if self.layer is not None else None
        return told or "internal"


def parse_facts(told: Mapping[str, str]) -> UploadFacts:
    """The metadata of an upload as what they mean.

    Args:
        told: Texts by key.

    Raises:
        UploadHeaderError: If a key is unknown or a value means nothing.
    """
    kind = told.get("kind") or SCENE
    if kind != SCENE and kind not in LAYER_KINDS:
        raise UploadHeaderError(
            f"There is no kind {kind[:40]!r} of upload.", remedy=f"Known: {SCENE}, {', '.join(LAYER_KINDS)}."
        )
    known = _COMMON | _BROWSERS | (_SCENE if kind == SCENE else _LAYER.union(_LAYER_TIMES))
    for key in told:
        if key not in known:
            raise UploadHeaderError(
                f"There is no metadata {key[:80]!r} of a {kind}.", remedy=f"Known: {', '.join(sorted(known))}."
            )
    sha256 = told.get("sha256", "").lower() or None
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        raise UploadHeaderError(f"sha256 is {sha256[:70]!r}.", remedy="Send 64 hexadecimal digits.")
    try:
        scene = _scene_facts(told) if kind == SCENE else None
        layer = _layer_facts(told) if kind != SCENE else None
    except InputError as error:
        raise UploadHeaderError(f"The metadata cannot be used: {error.message}", remedy=error.remedy) from error
    default = "upload.tif" if kind == SCENE else "upload"
    return UploadFacts(
        name=safe_name(told.get("filename") or told.get("name") or default, default),
        kind=kind,
        sha256=sha256,
        sidecar_of=told.get("sidecar_of") or None,
        sidecars=_names(told.get("sidecars", "")),
        scene=scene,
        layer=layer,
    )


def _scene_facts(told: Mapping[str, str]) -> SceneFacts:
    when = told.get("acquired_at")
    return SceneFacts(
        acquired_at=parse_date(when) if when else None,
        crs=told.get("crs") or None,
        attributes=_mapping(told, "attributes"),
        secrecy=_grade(told),
    )


def _layer_facts(told: Mapping[str, str]) -> LayerFacts:
    times = {name: parse_date(told[name]) if told.get(name) else None for name in _LAYER_TIMES}
    return LayerFacts(
        crs=told.get("crs") or None,
        mapping={str(k): str(v) for k, v in _mapping(told, "mapping").items()},
        encoding=told.get("encoding") or None,
        transformation=told.get("transformation") or None,
        accept_place=_is_true(told, "accept_place"),
        source=told.get("source") or None,
        as_of=parse_day(times["as_of"]),
        valid_from=times["valid_from"],
        valid_to=times["valid_to"],
        fresh=_is_true(told, "fresh"),
        secrecy=_grade(told),
    )


def _grade(told: Mapping[str, str]) -> str | None:
    return parse_clearance(told["secrecy"]).word if told.get("secrecy") else None


def _mapping(told: Mapping[str, str], name: str) -> dict[str, Any]:
    text = told.get(name, "")
    if not text.strip():
        return {}
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UploadHeaderError(f"The metadata {name} is not JSON: {error}.", remedy="Correct the JSON.") from error
    if not isinstance(value, dict):
        raise UploadHeaderError(f"The metadata {name} is no JSON object.", remedy='Send {"name": "value"}.')
    return value


def _is_true(told: Mapping[str, str], name: str) -> bool:
    value = told.get(name, "")
    if value not in ("", "true", "false"):
        raise UploadHeaderError(f"The metadata {name} is {value[:40]!r}.", remedy="Send true or false.")
    return value == "true"


def _names(text: str) -> tuple[str, ...]:
    given = [part.strip() for part in text.split("/") if part.strip()]
    return tuple(dict.fromkeys(safe_name(name) for name in given))


def is_refusal(error: KanchaError) -> bool:
    """Whether an error is about what was sent, so that another try with the same bytes would end the same."""
    return isinstance(error, InputError)
