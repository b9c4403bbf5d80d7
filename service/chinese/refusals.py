"""A refusal in both languages, as clerks and officers read it.

The code says what it refuses in English, where it refuses it. Beside it stand two tables, so that no line of the code
changes for a translation and none can be forgotten: `remedies.yaml` holds for every kind of error what can be done,
`sentences.yaml` the sentences themselves, each under the English one with `{}` for what is filled in, and
`libraries.yaml` those of the libraries that the code quotes. tests/unit/test_chinese.py keeps them whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from geodata.yaml_lines import read_yaml

_LONGEST = 1_000
GAP = "{}"
"""What is filled in, in an English sentence; in the Chinese one `{}` in the same order, or `{0}`, `{1}` in another."""


@dataclass(frozen=True)
class _Sentence:
    begins: bool
    known: int
    pattern: re.Pattern[str]
    chinese: str


@cache
def remedies() -> Mapping[str, str]:
    """What can be done about each kind of error, by its code."""
    return _table("remedies.yaml")


@cache
def sentences() -> Mapping[str, str]:
    """Chinese sentences by the English ones: the code's own and, last, those of the libraries that it quotes."""
    return {**_table("sentences.yaml"), **_table("libraries.yaml")}


def in_chinese(english: str) -> str | None:
    """A sentence of the code in Chinese, None where nobody wrote it.

    >>> in_chinese("Check the path.")
    '请检查路径。'
    """
    if not english or len(english) > _LONGEST:
        return None
    plain = sentences().get(english)
    if plain is not None:
        return plain
    for one in _patterns():
        found = one.pattern.fullmatch(english)
        if found is not None:
            # what is filled in may be a sentence of its own: a fault with its line, within the refusal of a file
            return one.chinese.format(*(in_chinese(each) or each for each in found.groups()))
    return None


def both(told: Mapping[str, Any]) -> dict[str, Any]:
    """A refusal as `KanchaError.as_dict` tells it, with `message_zh` (None: in English alone) and `remedy_zh`.

    Args:
        told: At least `code`, `message` and `remedy`; errors that were stored by an older release too.
    """
    remedy = str(told.get("remedy") or "")
    kind = remedies().get(str(told.get("code"))) or remedies()["http" if "code" in told else "error"]
    measured = told.get("measured")
    # guards of cases say what they refuse in both languages themselves
    own = measured.get("messages_zh") if isinstance(measured, Mapping) else None
    message = " ".join(map(str, own)) if isinstance(own, list | tuple) else ""
    if isinstance(measured, Mapping) and isinstance(measured.get("remedy_zh"), str):
        kind = measured["remedy_zh"]
    if isinstance(measured, Mapping) and isinstance(faults := measured.get("faults"), list | tuple):
        listed = [str(fault["message"]) if isinstance(fault, Mapping) else str(fault) for fault in faults]
        told = {**told, "measured": {**measured, "faults_zh": [in_chinese(one) or one for one in listed]}}
    return {
        **told,
        "message_zh": message or in_chinese(str(told.get("message") or "")),
        "remedy_zh": in_chinese(remedy) or kind,
    }


@cache
def _patterns() -> tuple[_Sentence, ...]:
    """Sentences with gaps: those that begin with words first, and of them those of which most is known.

    One that begins with a gap ends another: `{}: Field required` stands within `The rulebook cannot be used: ...`.
    """
    found = []
    for english, chinese in sentences().items():
        parts = english.split(GAP)
        if len(parts) > 1:
            pattern = "(.*?)".join(re.escape(part) for part in parts)
            found.append(_Sentence(bool(parts[0]), sum(map(len, parts)), re.compile(pattern, re.DOTALL), chinese))
    return tuple(sorted(found, key=lambda one: (one.begins, one.known), reverse=True))


def _table(name: str) -> Mapping[str, str]:
    _, told = read_yaml(resources.files("service.chinese").joinpath(name).read_text(encoding="utf-8"))
    return {str(key): str(value) for key, value in told.items()}
