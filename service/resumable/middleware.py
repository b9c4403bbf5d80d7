"""What the tus protocol asks of every answer under `/uploads`, whichever route or error gave it."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.resumable.headers import VERSION

_METHODS = ("POST", "HEAD", "PATCH", "DELETE", "OPTIONS")


class TusMiddleware:
    """Names the version on every answer and takes the method from `X-HTTP-Method-Override` (tus core).

    Args:
        app: What answers.
        path: Where the uploads are.
    """

    def __init__(self, app: ASGIApp, path: str = "/uploads") -> None:
        self._app, self._path = app, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not (path == self._path or path.startswith(f"{self._path}/")):
            await self._app(scope, receive, send)
            return
        method = Headers(scope=scope).get("x-http-method-override", "").upper()
        if method in _METHODS:
            scope = {**scope, "method": method}

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Tus-Resumable"] = VERSION
                if message["status"] == 412:
                    headers["Tus-Version"] = VERSION
            await send(message)

        await self._app(scope, receive, tell)
