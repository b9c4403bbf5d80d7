"""The training-free detector as a value: its models, and the points at which it decides.

The models are in `model.json` beside this module, written by `tools/fit_detector.py`. A scan names the detector it
was made with by a checksum over both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from geodata.detect.additive import AdditiveModel
from geodata.detect.background import Background
from geodata.types import Change

MODEL_FILE = Path(__file__).with_name("model.json")


@dataclass(frozen=True)
class Operating:
    """The points at which the detector decides; scores in hundredths of a log-odds.

    Args:
        suspect: First look: from here on a pixel is looked at in full resolution for what appeared.
        suspect_gone: The same for what disappeared.
        piece: From here on a piece belongs to an object.
        apron: A piece that is so much less likely than one beside it does not.
        shadow: A dark piece that is so much less likely than a lighter one beside it does not.
        bridge: A piece below this score that lies between two structures does not.
        gone_penalty: By so much what disappeared is less likely.
        candidate: Confidence from which an object is reported.
        confirmed: Confidence from which its tier is `confirmed`.
    """

    suspect: int = -190
    suspect_gone: int = -40
    piece: int = -205
    apron: int = 250
    shadow: int = 100
    bridge: int = -100
    gone_penalty: int = 150
    candidate: float = 0.08
    confirmed: float = 0.25

    def suspicion(self, change: Change) -> int:
        """First look's point for a direction."""
        return self.suspect if change == "appeared" else self.suspect_gone


@dataclass(frozen=True)
class Detector:
    """All that decides what is found.

    Args:
        screen: Judges pixels of the first look.
        piece: Judges pieces by themselves.
        context: Judge pieces among their neighbours, one after the other.
        whole: Judges whole objects.
        background: What unchanged ground gives.
        operating: Where it decides.
    """

    screen: AdditiveModel
    piece: AdditiveModel
    context: tuple[AdditiveModel, ...]
    whole: AdditiveModel
    background: Background
    operating: Operating = Operating()

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Detector:
        """A detector from the content of `model.json`; what is not fitted yet adds nothing."""
        nothing = {"intercept": 0.0, "terms": {}}
        background = told.get("background", {"confidence": [0.0, 1.0], "per_km2": [0.0, 0.0]})
        return cls(
            screen=AdditiveModel.from_dict(told.get("screen", nothing)),
            piece=AdditiveModel.from_dict(told.get("piece", nothing)),
            context=tuple(AdditiveModel.from_dict(one) for one in told.get("context", [])),
            whole=AdditiveModel.from_dict(told.get("object", nothing)),
            background=Background(tuple(background["confidence"]), tuple(background["per_km2"])),
        )

    @property
    def checksum(self) -> str:
        """Eight hexadecimal digits over every coefficient and operating point."""
        digest = hashlib.sha256()
        for model in (self.screen, self.piece, *self.context, self.whole):
            digest.update(repr((model.intercept, model.names)).encode() + model.tables.tobytes())
        told = [getattr(self.operating, field.name) for field in fields(self.operating)]
        digest.update(repr((self.background, told)).encode())
        return digest.hexdigest()[:8]


@cache
def shipped() -> Detector:
    """The detector that Kancha ships."""
    return Detector.from_dict(json.loads(MODEL_FILE.read_text(encoding="utf-8")))
