"""At the door: who asks, how often, whether they may, and the record of what they changed."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

import anyio.to_thread
from fastapi import Request
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geodata.errors import KanchaError
from service.auth.caller import Caller
from service.auth.limits import Buckets
from service.auth.patience import network
from service.auth.record import entry_by
from service.auth.roles import Permission
from service.auth.tokens import csrf_holds, is_key
from service.errors import CsrfError, ForbiddenError, NotSignedInError, PayloadTooLargeError, TooManyRequestsError
from service.http_errors import answer_of
from service.rights import NEEDS, OPEN, SIGNED_IN, UNRECORDED, WHOLE
from service.services import Services
from service.settings import Auth
from service.usecases.authentication import Authenticator, Kind

_SAFE = ("GET", "HEAD", "OPTIONS")
_PROBES = ("/healthz", "/readyz")
_JSON = ("application/json", "application/merge-patch+json")
CSRF_HEADER = "x-csrf-token"


def cookie_name(scheme: str) -> str:
    """Name of the cookie of a session; over HTTPS browsers take it from this very host alone."""
    return "__Host-kancha_session" if scheme == "https" else "kancha_session"


class Guard:
    """Finds out who asks, counts requests, and records what was changed.

    Whether they may do what they ask is decided where the route is known: `permitted`.

    Args:
        app: What answers; its `state` holds `authenticator` and `services`.
        auth: The settings.
        most_bytes: Largest body of JSON.
        unasked: Paths that the settings open to everybody.
    """

    def __init__(self, app: ASGIApp, auth: Auth, most_bytes: int, unasked: frozenset[str] = frozenset()) -> None:
        self._app, self._unasked = app, unasked
        self._most_bytes = most_bytes
        self._known = Buckets(auth.rate_per_s, auth.rate_burst)
        self._unknown = Buckets(auth.open_rate_per_s, auth.open_rate_burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state.update(caller=None, session=None, route="")
        if scope["path"] in _PROBES or (scope["path"] in self._unasked and scope["method"] in _SAFE):
            # whoever watches the service is answered without asking a store that may be what is not well
            state["unasked"] = True
            await self._app(scope, receive, send)
            return
        try:
            await self._find_caller(scope)
            self._count(scope)
            _refuse_unknown(scope)
            _refuse_large(scope, self._most_bytes)
        except KanchaError as error:
            await answer_of(Request(scope), error)(scope, receive, send)
            return
        await self._app(scope, _bounded(scope, receive, self._most_bytes), _recording(scope, send))

    async def _find_caller(self, scope: Scope) -> None:
        state, headers = scope["state"], Headers(scope=scope)
        told = headers.get("authorization")
        if told is not None:
            secret = _key_of(told)
            found = None if secret is None else await authenticate(scope, "key", secret)
            if found is None:
                self._count(scope)
                raise NotSignedInError(
                    "The key is none, has run out, or was revoked.",
                    remedy="Send `Authorization: Bearer kan_...` with a key that holds; `kancha keys list` shows them.",
                )
            state["caller"] = found
            return
        # the parser of the standard library refuses all cookies for one odd name, which any page of the host can set
        secret = cookie_parser(headers.get("cookie", "")).get(cookie_name(scope["scheme"]))
        if secret:
            state["caller"] = await authenticate(scope, "session", secret)
            state["session"] = None if state["caller"] is None else secret

    def _count(self, scope: Scope) -> None:
        caller: Caller | None = scope["state"]["caller"]
        buckets = self._unknown if caller is None else self._known
        wait = buckets.take(network(address_of(scope)) if caller is None else caller.id, time.monotonic())
        if wait > 0:
            raise TooManyRequestsError(
                f"More than {buckets.rate_per_s:g} requests a second.",
                remedy=f"Go on after {wait:.1f} s; an administrator can set the limit (KANCHA_AUTH__...).",
                retry_after_s=int(wait) + 1,
            )


def _refuse_unknown(scope: Scope) -> None:
    """Refuse a change by nobody before its body is read: what follows would parse it first.

    Raises:
        NotSignedInError: If nobody says who sends it.
    """
    nobody = scope["state"]["caller"] is None and scope["method"] not in _SAFE
    path = scope["path"]
    if nobody and path not in ("/session", "/public/objections") and not path.startswith("/first/"):
        raise not_signed_in()


def _refuse_large(scope: Scope, most: int) -> None:
    """Refuse JSON that tells that it is too large: it is read whole before the rights of its sender are asked.

    Raises:
        PayloadTooLargeError: If it is.
    """
    headers = Headers(scope=scope)
    told = headers.get("content-length", "")
    if headers.get("content-type", "").startswith(_JSON) and told.isdigit() and int(told) > most:
        raise PayloadTooLargeError(
            f"The JSON has {int(told):,} bytes; {most:,} are the most.",
            remedy="Send less, or raise KANCHA_LIMITS__MAX_JSON_BYTES.",
            size_bytes=int(told),
            max_bytes=most,
        )


def _bounded(scope: Scope, receive: Receive, most: int) -> Receive:
    """The same body, given up where JSON that did not tell its size turns out too large."""
    if not Headers(scope=scope).get("content-type", "").startswith(_JSON):
        return receive
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        return {"type": "http.disconnect"} if size > most else message

    return counted


def not_signed_in() -> NotSignedInError:
    """The refusal of what is for those who have signed in."""
    return NotSignedInError(
        "This is for those who have signed in.",
        remedy="Sign in at /sign-in, or send `Authorization: Bearer kan_...` (`kancha keys create`).",
    )


def _key_of(told: str) -> str | None:
    """The key of an Authorization header: as a bearer token, or as the password of clients that know no other way."""
    kind, _, secret = told.partition(" ")
    secret = secret.strip()
    if kind.lower() == "basic":
        try:
            secret = base64.b64decode(secret, validate=True).decode().partition(":")[2]
        except ValueError:
            return None
    elif kind.lower() != "bearer":
        return None
    return secret if is_key(secret) else None


async def authenticate(scope: Scope, kind: Kind, secret: str) -> Caller | None:
    """Whose secret it is; None for what was never made, has run out, or was ended."""
    authenticator: Authenticator = scope["app"].state.authenticator
    known = authenticator.remembered(kind, secret)
    return known or await anyio.to_thread.run_sync(authenticator.caller, kind, secret)


def _recording(scope: Scope, send: Send) -> Send:
    """A way to answer that records a change before its success is told."""

    async def told(message: Message) -> None:
        state = scope["state"]
        route = state["route"]
        done = message["type"] == "http.response.start" and message["status"] < 400
        if done and route and state.get("method") not in _SAFE:
            scope["app"].state.authenticator.stale()
            if route not in UNRECORDED:
                await anyio.to_thread.run_sync(_record, scope, state["method"], message["status"])
        await send(message)

    return told


def _record(scope: Scope, method: str, status: int) -> None:
    services: Services = scope["app"].state.services
    state = scope["state"]
    query = scope.get("query_string", b"").decode("latin-1")[:500]
    details = {"method": method, "status": status, **({"query": query} if query else {})}
    entry = entry_by(
        state["caller"], datetime.now(UTC), state["route"], scope["path"], address=address_of(scope), **details
    )
    services.store.audit_log.append(entry)


def address_of(scope: Scope) -> str:
    """Where a request comes from; behind a trusted proxy what that says of it."""
    client = scope.get("client")
    return str(client[0]) if client else ""


async def permitted(request: Request) -> None:
    """Whether the caller may use the route. Every route depends on it.

    Raises:
        NotSignedInError: If nobody says who asks.
        ForbiddenError: If the caller may not, or a change lacks the word of its session.
    """
    name = request.scope["route"].name
    state = request.scope["state"]
    state["route"], state["method"] = name, request.method
    need = NEEDS[name]
    if need is OPEN or state.get("unasked"):
        return
    caller: Caller | None = state["caller"]
    if caller is None:
        raise not_signed_in()
    if need is not SIGNED_IN and not caller.may(Permission(need.value)):
        raise ForbiddenError(
            f"{caller.name} lacks the permission {need.value!r}.",
            remedy="Ask an administrator for a role that has it.",
            permission=need.value,
            roles=sorted(caller.roles),
        )
    if name in WHOLE and caller.scope is not None:
        raise ForbiddenError(
            "This is for those who work everywhere, not in some areas alone.",
            remedy="Ask somebody who does, or an administrator.",
            areas=sorted(caller.scope),
        )
    session = state["session"]
    if session is None or request.method in _SAFE or name == "post_sign_out":
        return
    if not csrf_holds(session, request.headers.get(CSRF_HEADER)):
        raise CsrfError(
            "The header X-CSRF-Token is missing or belongs to another session.",
            remedy="Send the csrf_token that GET /session tells.",
        )


def may_now(scope: Scope, route: str) -> bool:
    """Whether the caller of a request may use a route that only reads."""
    caller: Caller | None = scope.get("state", {}).get("caller")
    need = NEEDS[route]
    return caller is not None and isinstance(need, Permission) and caller.may(need)


def is_own_page(request: Request) -> bool:
    """Whether a form comes from a page of this service, as far as the browser tells; other clients tell nothing."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    try:
        return origin is None or urlsplit(origin).netloc == request.headers.get("host", "")
    except ValueError:
        return False
