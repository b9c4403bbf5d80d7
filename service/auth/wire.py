"""Asking the bureau's own sign-in something over HTTP."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

import httpx
import orjson

from service.errors import OidcError

_WAIT_S = 5.0
_ALL_S = 10.0
_MOST_BYTES = 1024 * 1024
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,60}")


def fetch(
    address: str, what: str, *, form: Mapping[str, str] | None = None, auth: httpx.Auth | None = None
) -> dict[str, Any]:
    """A JSON object from the provider, which neither size nor slowness of an answer can hold up.

    Args:
        address: Where.
        what: `discovery`, `keys` or `token`: for messages.
        form: What is posted; None: nothing, it is only read.
        auth: Who asks.

    Raises:
        OidcError: If it does not answer, refuses, or answers something else.
    """
    method = "GET" if form is None else "POST"
    try:
        with (
            httpx.Client(timeout=_WAIT_S) as client,
            client.stream(method, address, data=form, auth=auth, headers={"Accept": "application/json"}) as answer,
        ):
            status, body = answer.status_code, _read(answer, what)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OidcError(
            f"The provider does not answer ({what}: {type(error).__name__}).",
            remedy="Sign in with your password, or later. An administrator sees to the line and the certificate.",
            reason="unreachable",
            step=what,
        ) from error
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        told = None
    if status != 200 or not isinstance(told, dict):
        word = code_of(told.get("error") if isinstance(told, dict) else None)
        raise OidcError(
            f"The provider answers {status} ({what}{word and ': '}{word}).",
            remedy="Begin the sign-in anew; if it fails again, compare the settings with those of the provider.",
            reason="refused",
            step=what,
            status=status,
            error=word,
        )
    return told


def code_of(told: object) -> str:
    """The code of a provider's error, if it is one: other texts may hold anything."""
    return told if isinstance(told, str) and _CODE.fullmatch(told) else ""


def _read(answer: httpx.Response, what: str) -> bytes:
    until, body = time.monotonic() + _ALL_S, b""
    for part in answer.iter_bytes():
        body += part
        if len(body) > _MOST_BYTES or time.monotonic() > until:
            raise OidcError(
                f"The provider's answer is over-long or slow: {len(body)} bytes ({what}).",
                remedy="Sign in with your password, or later.",
                reason="unreachable",
                step=what,
            )
    return body
