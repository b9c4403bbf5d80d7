"""Log lines: for people or as JSON, with the ids of the request and the run, and without secrets."""

from __future__ import annotations

import logging
import re
import sys
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import parse_qsl, quote

import orjson

from service.watching.context import REQUEST_ID, RUN_ID, TRACE

ACCESS = "kancha.access"
HIDDEN = "..."
_SECRETS = re.compile(
    r"(?P<key>kan_)[A-Za-z0-9_-]{20,}"
    r"|(?P<link>/(?:first|password)/)[\w-]{16,}"
    r"|(?P<auth>\b(?:bearer|basic)\s+)[A-Za-z0-9+/=._~-]{8,}"
    r"|(?P<cookie>kancha_session=)[^;\s\"']+"
    r"|(?P<url>\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s/@]+(?=@)"
    r"|(?P<word>\b(?:password|passwd|client_secret|secret_key|access_token|id_token|refresh_token)\b[\"']?\s*[=:]\s*"
    r"[\"']?)[^\s\"'&,;)}]+",
    re.IGNORECASE,
)
_HINTS = ("kan_", "/first/", "/password/", "bearer", "basic", "kancha_session=", "://", "passw", "secret", "_token")
"""Without one of these there is no secret of that form in a text in lower case."""
_TOLD_VALUES = frozenset(
    {
        *("bbox", "datetime", "limit", "f", "crs", "bbox-crs", "sortby", "status", "capacity", "within_days"),
        *("bands", "stretch", "scale", "width", "height", "lon", "lat"),
        *("layer", "tilematrixset", "tilematrix", "tilerow", "tilecol", "request", "service", "version", "format"),
    }
)
"""Parameters of queries of which the value is told too: places, sizes, forms. Of all others the name alone is."""
_PLAIN_VALUE = re.compile(r"[\w.,:+*/ -]{1,120}")


def without_secrets(text: str) -> str:
    """A text in which keys, passwords, links that work once, cookies and tokens are hidden.

    >>> without_secrets("GET /first/0123456789abcdefXYZ, postgresql://me:word@db/kancha")
    'GET /first/..., postgresql://me:...@db/kancha'
    """
    low = text.lower()
    # looking for words first costs a twentieth of the expression, and hardly any line holds one
    if not any(word in low for word in _HINTS):
        return text
    return _SECRETS.sub(lambda found: f"{found[found.lastgroup or 0]}{HIDDEN}", text)


def safe_query(query: bytes) -> str:
    """A query as it may be logged: the names of all parameters, the values of those that are harmless."""
    if not query:
        return ""
    told = []
    for name, value in parse_qsl(query[:4096].decode("latin-1"), keep_blank_values=True):
        known = name.lower() in _TOLD_VALUES and _PLAIN_VALUE.fullmatch(value) is not None
        told.append(f"{quote(name[:40])}={value if known else HIDDEN}")
    return "&".join(told)


class _Fields(logging.Formatter):
    """What both forms have in common.

    Args:
        run_id: The job that a whole process works on: its threads know no context.
    """

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self._run_id = run_id

    def fields(self, record: logging.LogRecord) -> dict[str, Any]:
        trace, span = TRACE.get()
        ids = {
            "request_id": REQUEST_ID.get(),
            "run_id": getattr(record, "run_id", "") or RUN_ID.get() or self._run_id,
            "trace_id": trace,
            "span_id": span,
        }
        return {name: told for name, told in ids.items() if told}

    def fault(self, record: logging.LogRecord) -> str:
        parts = [self.formatException(record.exc_info)] if record.exc_info else []
        return "\n".join([*parts, *([self.formatStack(record.stack_info)] if record.stack_info else [])])


class JsonLines(_Fields):
    """A JSON object a line: time, level, logger, message, ids, and what the record brings as `told`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **self.fields(record),
            **getattr(record, "told", {}),
        }
        if fault := self.fault(record):
            line["exception"] = fault
        # values are hidden before they are quoted: afterwards a quotation mark would end what is looked for
        return orjson.dumps({name: _hidden(told) for name, told in line.items()}, default=str).decode()


_CONTROLS = MappingProxyType({code: repr(chr(code))[1:-1] for code in (*range(32), *range(127, 160), 0x2028, 0x2029)})


class TextLines(_Fields):
    """The same for people."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and where it happened below it."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        ids = "".join(f" {name}={told}" for name, told in self.fields(record).items())
        told = "".join(f" {name}={value}" for name, value in getattr(record, "told", {}).items())
        # what somebody sends must not begin a line of its own, nor colour the terminal of whoever reads it
        line = f"{moment} {record.levelname} {record.name}: {record.getMessage()}{told}{ids}".translate(_CONTROLS)
        fault = self.fault(record)
        return without_secrets(f"{line}\n{fault}" if fault else line)


def _hidden(value: Any) -> Any:
    return without_secrets(value) if isinstance(value, str) else value


def configure(form: Literal["text", "json"], level: str, *, run_id: str = "") -> None:
    """Let everything that this process logs go to standard error in one form.

    Args:
        form: `text` or `json`.
        level: The least that is told.
        run_id: The job that the process works on.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(run_id) if form == "json" else TextLines(run_id))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    # what others tell of each of their requests is of no use here, and may hold addresses with secrets
    for name in ("httpx", "httpcore", "opentelemetry"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
