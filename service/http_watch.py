"""Around every request: its id, its time, its line in the log, its trace. Outermost, so that nothing escapes it."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.watching.context import REQUEST_ID, request_id
from service.watching.logs import ACCESS, safe_query, without_secrets
from service.watching.metrics import Metrics
from service.watching.traces import Traces

HEADER = "x-request-id"
_NONE = "none"
_LOG = logging.getLogger(ACCESS)
Span = dict[str, Any]


class Watch:
    """Watches what an application answers.

    Args:
        app: What answers.
        metrics: Where requests are counted.
        templates: Template of each route by its name.
        access_log: Whether each request is a line of the log.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, templates: Mapping[str, str], *, access_log: bool) -> None:
        self._app, self._metrics, self._templates = app, metrics, templates
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), None)
        told = request_id(None if given is None else given.decode("latin-1"))
        header, status, began = (b"x-request-id", told.encode()), 500, time.perf_counter()
        scope.setdefault("state", {})

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), header]}
            await send(message)

        token = REQUEST_ID.set(told)
        try:
            with self._span(scope) as span:
                try:
                    await self._app(scope, receive, named)
                finally:
                    self._told(scope, status, time.perf_counter() - began, span)
        finally:
            REQUEST_ID.reset(token)

    def _span(self, scope: Scope) -> Any:
        traces: Traces | None = getattr(scope["app"].state, "traces", None) if "app" in scope else None
        if traces is None:
            return nullcontext()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        return traces.span(scope["method"], "server", headers)

    def _told(self, scope: Scope, status: int, seconds: float, span: Span | None) -> None:
        state = scope["state"]
        method, route = scope["method"], self._templates.get(state.get("route", ""), _NONE)
        self._metrics.request(route, method, status, seconds)
        if span is not None:
            span.update(_attributes(scope, route, status), failed=status >= 500)
        if self._access_log and _LOG.isEnabledFor(logging.INFO):
            _LOG.info("%s %s", method, without_secrets(scope["path"]), extra={"told": _line(scope, status, seconds)})


def _attributes(scope: Scope, route: str, status: int) -> Span:
    """What a span tells, in the words of OpenTelemetry's conventions for HTTP."""
    return {
        "name": f"{scope['method']} {route}",
        "http.request.method": scope["method"],
        "http.route": route,
        "http.response.status_code": status,
        "kancha.request_id": REQUEST_ID.get(),
    }


def _line(scope: Scope, status: int, seconds: float) -> dict[str, Any]:
    caller, client = scope["state"].get("caller"), scope.get("client")
    told = {"status": status, "ms": round(seconds * 1000, 1), "client": client[0] if client else ""}
    if query := safe_query(scope.get("query_string", b"")):
        told["query"] = query
    if caller is not None:
        told["caller"] = caller.id
    return told


def install(app: Starlette, metrics: Metrics, templates: Mapping[str, str], *, access_log: bool) -> None:
    """Put the watch around a whole application, beyond what answers unforeseen errors.

    Args:
        app: The application.
        metrics: Where requests are counted.
        templates: Template of each route by its name.
        access_log: Whether each request is a line of the log.
    """
    plain = app.build_middleware_stack

    def stack() -> ASGIApp:
        return Watch(plain(), metrics, templates, access_log=access_log)

    app.build_middleware_stack = stack  # type: ignore[method-assign]
