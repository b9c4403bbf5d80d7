"""What every answer keeps, whatever route gives it: HEAD, compression, safety, who may read it from another origin."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette_compress import CompressMiddleware, add_compress_type

from service.fast_lane import FastLane
from service.http_guard import Guard
from service.settings import Settings

_NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_TOLD = ["Content-Crs", "ETag", "Link", "Location", "Retry-After", "Content-Disposition", "X-Request-Id"]
_TEXTS = (
    "application/geo+json",
    "application/geo+json-seq",
    "application/schema+json",
    "application/problem+json",
    "application/vnd.oai.openapi+json;version=3.0",
    "application/vnd.oai.openapi+json;version=3.1",
)


class HeadAsGet:
    """HEAD is answered as GET is, without the body (RFC 9110, 9.3.2); uploads answer it themselves, as tus asks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"].startswith("/uploads"):
            await self._app(scope, receive, send)
            return

        async def headers_only(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, headers_only)


class SafeHeaders:
    """What browsers are told of every answer: to guess no type, run nothing, show it in no foreign frame.

    Args:
        app: What answers; a policy of its own is kept.
        hsts_s: Over HTTPS, how long browsers remember to use it, s.
    """

    def __init__(self, app: ASGIApp, hsts_s: int) -> None:
        self._app = app
        self._hsts = f"max-age={hsts_s}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "same-origin")
                headers.setdefault("Content-Security-Policy", _NOTHING)
                _keep_private(scope, headers)
                if scope["scheme"] == "https" and self._hsts != "max-age=0":
                    headers.setdefault("Strict-Transport-Security", self._hsts)
            await send(message)

        await self._app(scope, receive, with_headers)


def _keep_private(scope: Scope, headers: MutableHeaders) -> None:
    """What somebody may see is theirs: no cache between keeps it, and a browser not beyond their session."""
    caller = scope.get("state", {}).get("caller")
    if caller is None:
        return
    told = headers.get("Cache-Control")
    if told is None or (caller.scope is not None and "immutable" in told):
        # areas may change, and with them what the same address shows
        headers["Cache-Control"] = "private, no-cache"
    elif "no-store" not in told and "private" not in told:
        headers["Cache-Control"] = f"private, {told}"
    headers.add_vary_header("Authorization")
    headers.add_vary_header("Cookie")


def install(app: Starlette, settings: Settings) -> None:
    """Put the manners around an application.

    Compression takes what a client accepts, the best first (zstd, br, gzip); imagery is compressed already and stays
    as it is.
    """
    unasked = frozenset({"/metrics"} if settings.watching.metrics_open else ())
    app.add_middleware(FastLane)
    app.add_middleware(Guard, auth=settings.auth, most_bytes=settings.limits.max_json_bytes, unasked=unasked)
    for kind in _TEXTS:
        add_compress_type(kind)
    app.add_middleware(CompressMiddleware, minimum_size=1024, zstd_level=3, brotli_quality=3, gzip_level=2)
    app.add_middleware(HeadAsGet)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=_TOLD,
        max_age=86_400,
    )
    app.add_middleware(SafeHeaders, hsts_s=settings.auth.hsts_s)
