"""How bodies that are streamed to disk stand in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def multipart_body(
    files: Mapping[str, str], texts: Mapping[str, str], *, required: Sequence[str], json: bool = False
) -> dict[str, Any]:
    """The request body of a route for `openapi_extra`.

    Args:
        files: Description per file part.
        texts: Description per text part.
        required: Parts that must be there.
        json: Whether the texts may come as a JSON object instead.
    """
    parts: dict[str, Any] = {
        name: {"type": "string", "format": "binary", "description": told} for name, told in files.items()
    }
    plain = {name: {"type": "string", "description": told} for name, told in texts.items()}
    schema = {"type": "object", "properties": parts | plain, "required": list(required)}
    content: dict[str, Any] = {"multipart/form-data": {"schema": schema}}
    if json:
        members = {name: {"description": told} for name, told in texts.items()}
        content["application/json"] = {"schema": {"type": "object", "properties": members}}
    return {"requestBody": {"required": True, "content": content}}


def json_body(members: Mapping[str, tuple[str, str]], required: Sequence[str]) -> dict[str, Any]:
    """The JSON body of a route for `openapi_extra`.

    Args:
        members: JSON type and description per member.
        required: Members that must be there.
    """
    told = {name: {"type": kind, "description": words} for name, (kind, words) in members.items()}
    schema = {"type": "object", "properties": told, "required": list(required)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
