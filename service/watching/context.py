"""What is being done just now: ids that every log line and every trace carries."""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar

REQUEST_ID: ContextVar[str] = ContextVar("kancha_request_id", default="")
RUN_ID: ContextVar[str] = ContextVar("kancha_run_id", default="")
TRACE: ContextVar[tuple[str, str]] = ContextVar("kancha_trace", default=("", ""))
"""Trace and span, in hexadecimal digits; empty where nothing is traced."""
_GIVEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


def request_id(given: str | None) -> str:
    r"""The id of a request: the one that came with it where that is well formed, else a new one.

    What a client sends stands in every line of the log and goes back in a header: only letters, digits and `._-`, 8 to
    64 of them, are taken. A key of this service is none, however it is formed.

    >>> request_id("deploy-2026.11.26")
    'deploy-2026.11.26'
    >>> len(request_id("two\nlines"))
    32
    """
    if given is not None and _GIVEN.fullmatch(given) and not given.startswith("kan_"):
        return given
    return uuid.uuid4().hex
