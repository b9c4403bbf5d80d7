"""The verdict on a lead: its code, its ground, and the proof that the ground needs (domain reference, section 6).

An image finding is a lead, never a verdict: whoever says `unlawful` or `false change` shows what was seen on site.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Any


class VerdictCode(IntEnum):
    """Codes of verdicts in the national exchange."""

    UNCHECKED = 0
    LAWFUL = 1
    UNLAWFUL = 2
    FALSE_CHANGE = 3


VERDICTS: Mapping[VerdictCode, tuple[str, str]] = MappingProxyType(
    {
        VerdictCode.UNCHECKED: ("Not checked", "未核查"),
        VerdictCode.LAWFUL: ("Lawful", "合法"),
        VerdictCode.UNLAWFUL: ("Unlawful", "违法"),
        VerdictCode.FALSE_CHANGE: ("False change on site", "实地伪变化"),
    }
)
PROOFS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "approval_file": ("Approval file", "批准文件"),
        "title": ("Title", "权属证明"),
        "permit": ("Permit", "批准书"),
        "filing_record": ("Filing record", "备案材料"),
        "site_photo": ("Photograph of the site", "实地照片"),
        "evidence": ("Evidence", "证明材料"),
    }
)
"""Kinds of proof with titles."""


@dataclass(frozen=True)
class Ground:
    """Why a verdict is what it is.

    Args:
        name: Its name.
        title: In English.
        title_zh: In Chinese, as the national exchange has it.
        verdict: The verdict that it carries.
        proofs: Kinds of proof of which one is needed.
        mark: How far to trust the row; empty: read in the source named by the domain reference.
    """

    name: str
    title: str
    title_zh: str
    verdict: VerdictCode
    proofs: tuple[str, ...]
    mark: str = ""


_OURS = "our reading"
GROUNDS: Mapping[str, Ground] = MappingProxyType(
    {
        one.name: one
        for one in (
            Ground(
                "approved_earlier", "Approved in an earlier year", "往年审批", VerdictCode.LAWFUL, ("approval_file",)
            ),
            Ground("approved_this_year", "Approved this year", "当年审批", VerdictCode.LAWFUL, ("approval_file",)),
            Ground("other_lawful", "Lawful land otherwise", "其他合法用地", VerdictCode.LAWFUL, ("title",)),
            Ground("temporary_land", "Temporary land", "临时用地", VerdictCode.LAWFUL, ("permit",)),
            Ground(
                "facility_agriculture", "Facility agriculture", "设施农用地", VerdictCode.LAWFUL, ("filing_record",)
            ),
            # the source names its proof, not its verdict
            Ground("other_land", "Other land", "其他用地", VerdictCode.LAWFUL, ("evidence",), _OURS),
            # the source asks for a check on site (自然资发〔2023〕258号), and names no proof of it
            Ground("unlawful", "Unlawful", "违法", VerdictCode.UNLAWFUL, ("site_photo", "evidence"), _OURS),
            Ground("false_change", "False change on site", "实地伪变化", VerdictCode.FALSE_CHANGE, ("site_photo",)),
        )
    }
)
"""Grounds by name."""


@dataclass(frozen=True)
class Proof:
    """A proof that is told with a verdict.

    Args:
        kind: A key of `PROOFS`.
        number: Number of the paper; empty: a file alone.
        sha256: Checksum of a stored photograph; empty: a paper that lies elsewhere.
    """

    kind: str
    number: str = ""
    sha256: str = ""

    def as_dict(self) -> dict[str, str]:
        """As it is kept."""
        return {name: value for name, value in vars(self).items() if value}


def faults_of(verdict: int, ground: str, proofs: Sequence[Proof]) -> tuple[list[str], list[str]]:
    """What is wrong with a verdict, and what of its proof is missing.

    Args:
        verdict: Its code.
        ground: Its ground.
        proofs: Its proofs.

    Returns:
        Faults of code and ground, and the kinds of proof of which one is missing; both empty where it can be taken.
    """
    if verdict not in (1, 2, 3):
        return [f"{verdict} is no verdict: 1 lawful, 2 unlawful, 3 false change on site"], []
    known = GROUNDS.get(ground)
    if known is None or known.verdict != verdict:
        fitting = ", ".join(one.name for one in GROUNDS.values() if one.verdict == verdict)
        return [f"{ground[:40]!r} is no ground of the verdict {verdict}: {fitting}"], []
    unknown = sorted({proof.kind[:40] for proof in proofs if proof.kind not in PROOFS})
    if unknown:
        return [f"{', '.join(unknown)} is no kind of proof: {', '.join(PROOFS)}"], []
    empty = sorted({proof.kind for proof in proofs if not proof.number.strip() and not proof.sha256})
    if empty:
        return [f"the proof {', '.join(empty)} has neither a number nor a photograph"], []
    given = {proof.kind for proof in proofs if proof.kind != "site_photo" or proof.sha256}
    return [], [] if given.intersection(known.proofs) else list(known.proofs)


def finding_verdict(verdict: int, dismissal: str | None) -> tuple[bool, str | None]:
    """What a verdict on a lead says of its findings: whether they are right, and what they were instead.

    What is lawful stands there all the same: the finding is right, and the lead says that it is allowed.
    """
    if verdict == VerdictCode.FALSE_CHANGE:
        return False, dismissal or "other"
    return True, None


def as_told(verdict: int, ground: str) -> dict[str, Any]:
    """A verdict in words."""
    title, title_zh = VERDICTS[VerdictCode(verdict)]
    known = GROUNDS.get(ground)
    return {
        "verdict": verdict,
        "verdict_title": title,
        "verdict_zh": title_zh,
        "ground": ground or None,
        "ground_zh": None if known is None else known.title_zh,
    }
