"""Is the pair admissible? A gate with a report: every check with what was measured, its limit and its outcome.

Most false accusations come from pairs that should not have been compared. What makes a comparison impossible (no
common ground, no alignment, no usable pixel) refuses; what makes it worse warns and lowers the confidence of the
findings, unless `strict` is asked for. A refusal can be overridden by its code, which the provenance records.

Limits: pixel sizes by T/CSGPC 051-2025 (10 % in flat and hilly land, 20 % in mountains); the others are
named in `geodata.pairing.checks` and docs/pairs.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from geodata.errors import (
    AlignmentError,
    InadmissiblePairError,
    NoOverlapError,
    PairError,
    PixelSizeError,
    UsablePixelsError,
)
from geodata.odds import moved
from geodata.pairing import checks
from geodata.pairing.checks import Check, PairFacts
from geodata.types import ScanOptions

Outcome = Literal["accepted", "accepted-with-warnings", "refused"]

_PENALTY = {"pixel-ratio": 0.3, "season": 0.3, "sun": 0.3, "view": 0.3, "off-nadir": 0.2, "depth": 0.2, "residual": 0.3}
_IMPOSSIBLE_PENALTY = 0.5
_ERRORS: Mapping[str, type[PairError]] = {
    "overlap": NoOverlapError,
    "pixel-ratio": PixelSizeError,
    "alignment": AlignmentError,
    "usable": UsablePixelsError,
}


@dataclass(frozen=True)
class Admissibility:
    """The outcome of the gate.

    Args:
        outcome: `accepted`, `accepted-with-warnings` or `refused`.
        checks: Every check in the order of the report.
        overridden: Codes of refusals that were accepted.
    """

    outcome: Outcome
    checks: tuple[Check, ...]
    overridden: tuple[str, ...]

    @property
    def logit_penalty(self) -> float:
        """What the warnings and overrides take from the log-odds of every finding, at least 0."""
        total = 0.0
        for check in self.checks:
            if check.outcome in ("warned", "overridden"):
                total += _PENALTY.get(check.code, _IMPOSSIBLE_PENALTY if check.outcome == "overridden" else 0.0)
        return round(total, 3)

    def lowered(self, confidence: float) -> float:
        """A confidence with the penalty taken off its log-odds."""
        return moved(confidence, -self.logit_penalty)

    def require(self) -> None:
        """Raise the named error of a refused pair.

        Raises:
            NoOverlapError, AlignmentError, UsablePixelsError, PixelSizeError, InadmissiblePairError: With all figures.
        """
        refused = [check for check in self.checks if check.outcome == "refused"]
        if not refused:
            return
        kind = _ERRORS.get(refused[0].code, InadmissiblePairError) if len(refused) == 1 else InadmissiblePairError
        raise kind(
            " ".join(check.message for check in refused),
            remedy="Choose another pair, or compare it all the same, with less certain findings: "
            + " ".join(f"--accept {check.code}" for check in refused)
            + ".",
            **{check.code.replace("-", "_"): check.measured for check in refused},
            accept=[check.code for check in refused],
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the provenance."""
        return {
            "outcome": self.outcome,
            "checks": [check.as_dict() for check in self.checks],
            "overridden": list(self.overridden),
            "logit_penalty": self.logit_penalty,
        }


def judge_pair(facts: PairFacts, options: ScanOptions) -> Admissibility:
    """Check a pair; nothing is raised, see `Admissibility.require`.

    Args:
        facts: What is known of it, before or after its pixels were looked at.
        options: `terrain`, `strict` and `accept` decide.
    """
    judged = tuple(_settle(check, options) for check in checks.checks_of(facts, options.terrain))
    outcomes = {check.outcome for check in judged}
    overall: Outcome = "accepted"
    if "refused" in outcomes:
        overall = "refused"
    elif outcomes & {"warned", "overridden"}:
        overall = "accepted-with-warnings"
    return Admissibility(overall, judged, tuple(c.code for c in judged if c.outcome == "overridden"))


def _settle(check: Check, options: ScanOptions) -> Check:
    """Strictness turns a warning into a refusal, acceptance a refusal into an override."""
    outcome = check.outcome
    if outcome == "warned" and options.strict:
        outcome = "refused"
    if outcome == "refused" and check.code in options.accept:
        outcome = "overridden"
    return Check(**{**check.__dict__, "outcome": outcome})
