"""What every answer keeps, whatever route gives it: HEAD, compression, and who may read it from another origin."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette_compress import CompressMiddleware, add_compress_type

from service.fast_lane import FastLane
from service.settings import Settings

_TOLD = ["Content-Crs", "ETag", "Link", "Location", "Retry-After", "Content-Disposition"]
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


def install(app: Starlette, settings: Settings) -> None:
    """Put the manners around an application.

    Compression takes what a client accepts, the best first (zstd, br, gzip); imagery is compressed already and stays
    as it is.
    """
    app.add_middleware(FastLane)
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
