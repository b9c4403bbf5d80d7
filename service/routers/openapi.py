"""OpenAPI 3.0 from 3.1: what older clients of the standards read."""

from __future__ import annotations

from typing import Any


def as_oas30(document: dict[str, Any]) -> dict[str, Any]:
    """A document of version 3.0 that says the same.

    What 3.1 says in the words of JSON Schema 2020-12, 3.0 has words of its own for: `nullable`, boolean
    `exclusiveMinimum`, `enum` in place of `const`.
    """
    told: dict[str, Any] = _turned(document)
    told["info"].pop("summary", None)
    return told | {"openapi": "3.0.3"}


def _turned(node: Any) -> Any:
    if isinstance(node, list):
        return [_turned(one) for one in node]
    if not isinstance(node, dict):
        return node
    told = {name: _turned(one) for name, one in node.items()}
    for some in ("anyOf", "oneOf"):
        if isinstance(told.get(some), list):
            told = _without_null(told, some)
    for name, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(told.get(name), (int, float)) and not isinstance(told[name], bool):
            told |= {plain: told[name], name: True}
    return _older_words(told)


def _older_words(told: dict[str, Any]) -> dict[str, Any]:
    if told.get("required") == []:
        del told["required"]
    if "const" in told and "type" in told:
        told["enum"] = [told.pop("const")]
    if isinstance(told.get("prefixItems"), list):
        first = told.pop("prefixItems")
        told["items"] = first[0] if first else {}
    if isinstance(told.get("examples"), list):
        told["example"] = told.pop("examples")[0]
    if told.pop("contentMediaType", None) is not None and told.get("type") == "string":
        told["format"] = "binary"
    return told


def _without_null(told: dict[str, Any], some: str) -> dict[str, Any]:
    kinds = [one for one in told[some] if one != {"type": "null"}]
    if len(kinds) == len(told[some]):
        return told
    rest = {name: one for name, one in told.items() if name != some}
    if len(kinds) == 1 and "$ref" not in kinds[0]:
        return {**kinds[0], **rest, "nullable": True}
    return {**rest, "allOf" if len(kinds) == 1 else some: kinds, "nullable": True}
