"""Routes of signing in: the page, sessions, passwords, links that work once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError

from geodata.errors import KanchaError
from service.auth.tokens import csrf_token
from service.dependencies import Kancha, base_url
from service.errors import BadQueryError, BadRequestBodyError, CsrfError, NotSignedInError
from service.http_errors import status_of
from service.http_guard import authenticate, cookie_name, is_own_page
from service.routers.browsers import browser_of, drop_cookie, give_session, session_of
from service.routers.html import html_page
from service.schemas.people import Credentials, PasswordChange, SessionBody
from service.services import Services
from service.usecases import people, session
from service.usecases.session import checked_next

router = APIRouter(tags=["access"])
_MOST_BYTES = 8_192
_FORM = "application/x-www-form-urlencoded"


def local_path(told: str | None) -> str:
    """Where to go after signing in: a path of this service, whatever a link says."""
    try:
        return checked_next(told or "/map")
    except BadQueryError:
        return "/map"


def _services(request: Request) -> Services:
    found: Services = request.app.state.services
    return found


async def _told(request: Request) -> dict[str, Any]:
    """What a small form or JSON object says.

    Raises:
        BadRequestBodyError: If it is neither, or large.
        CsrfError: If a page of another site sends it.
    """
    if not is_own_page(request):
        raise CsrfError("The form comes from another site.", remedy="Sign in at /sign-in of this service.")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise BadRequestBodyError("The body is too large.", remedy=f"Send at most {_MOST_BYTES} bytes.")
    try:
        if request.headers.get("content-type", "").startswith(_FORM):
            return dict(parse_qsl(body.decode(), keep_blank_values=True))
        told = orjson.loads(body)
    except ValueError as error:
        raise BadRequestBodyError("The body is neither a form nor JSON.", remedy="Send a JSON object.") from error
    if not isinstance(told, dict):
        raise BadRequestBodyError("The body is no JSON object.", remedy='Send {"name": ..., "password": ...}.')
    return told


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith(_FORM)


def _page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    oidc = _services(request).settings.auth.oidc
    page = html_page(template, request, oidc=oidc.name if oidc.issuer else "", **values)
    page.status_code = status
    page.headers["Cache-Control"] = "no-store"
    return page


def _see(request: Request, path: str) -> Response:
    return Response(status_code=303, headers={"Location": f"{base_url(request)}{path}"})


# --- sign in and out -----------------------------------------------------------------------------


@router.get("/sign-in", include_in_schema=False)
def get_sign_in(request: Request, next: str | None = None) -> Response:
    """The page to sign in on."""
    return _page(request, "sign_in.html", error=None, name="", next=local_path(next))


_BODY = {"application/json": {"schema": Credentials.model_json_schema()}}


@router.post(
    "/session",
    summary="Sign in",
    response_model=SessionBody,
    openapi_extra={"requestBody": {"required": True, "content": _BODY}},
    responses={303: {"description": "The form of the sign-in page: go on."}},
)
async def post_session(request: Request) -> Response:
    """Begin a session: the answer sets a cookie. The sign-in page sends a form, programs send JSON."""
    told = await _told(request)
    services, browser = _services(request), browser_of(request)
    if not _is_form(request):
        who = _credentials(told)
        secret, _ = await run_in_threadpool(session.sign_in, services, who.name, who.password, browser)
        return give_session(request, await _session_answer(request, secret), secret)
    name, password, onward = (str(told.get(key, "")) for key in ("name", "password", "next"))
    try:
        secret, _ = await run_in_threadpool(session.sign_in, services, name, password, browser)
    except KanchaError as error:
        values = {"error": error.as_dict(), "name": name[:120], "next": local_path(onward)}
        return _page(request, "sign_in.html", status_of(error), **values)
    return give_session(request, _see(request, local_path(onward)), secret)


async def _session_answer(request: Request, secret: str) -> Response:
    caller = await authenticate(request.scope, "session", secret)
    if caller is None:
        raise NotSignedInError("The session has ended already.", remedy="Sign in again.")
    body = SessionBody.of(caller, csrf_token(secret))
    return Response(body.model_dump_json(), media_type="application/json", headers={"Cache-Control": "no-store"})


def _credentials(told: Mapping[str, Any]) -> Credentials:
    try:
        return Credentials.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadRequestBodyError(f"{where}: {first['msg']}.", remedy="Correct it; /api tells the form.") from error


@router.get("/session", summary="Who has signed in")
async def get_session(request: Request, response: Response, services: Kancha) -> SessionBody:
    """Who sends the request, what they may do, and the word to send with every change."""
    response.headers["Cache-Control"] = "no-store"
    secret = session_of(request)
    return SessionBody.of(services.caller, None if secret is None else csrf_token(secret))


@router.delete("/session", summary="Sign out", status_code=204)
def delete_session(request: Request, services: Kancha) -> Response:
    """End the session."""
    return _signed_out(request, services, Response(status_code=204))


@router.post("/sign-out", include_in_schema=False)
async def post_sign_out(request: Request, services: Kancha) -> Response:
    """The button of the pages."""
    if not is_own_page(request):
        raise CsrfError("The form comes from another site.", remedy="Sign out on a page of this service.")
    return await run_in_threadpool(_signed_out, request, services, _see(request, "/sign-in"))


def _signed_out(request: Request, services: Services, response: Response) -> Response:
    secret = session_of(request)
    if secret is not None:
        session.sign_out(services, secret, browser_of(request))
    drop_cookie(request, response, cookie_name(request.url.scheme))
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post("/session/password", summary="Change one's password", status_code=204)
def post_password(request: Request, services: Kancha, body: PasswordChange) -> Response:
    """Set another password; every session of the person ends, this one too."""
    session.change_own_password(services, services.caller, body.old, body.new, browser_of(request))
    return Response(status_code=204)


# --- links that work once ------------------------------------------------------------------------


@router.get("/first/{secret}", include_in_schema=False)
def get_first(request: Request, secret: str) -> Response:
    """What a link opens: a page that sets a password, or the demonstration."""
    services = _services(request)
    try:
        link, person = people.open_link(services, secret)
        if link.purpose == "demo":
            return give_session(
                request, _see(request, "/map"), session.sign_in_by_link(services, secret, browser_of(request))
            )
    except KanchaError as error:
        return _page(request, "link_spent.html", status_of(error), error=error.as_dict())
    return _page(request, "first.html", error=None, person=person, name="" if person is None else person.name)


@router.post("/first/{secret}", include_in_schema=False)
async def post_first(request: Request, secret: str) -> Response:
    """Set the password, and sign in with it."""
    told = await _told(request)
    services, browser = _services(request), browser_of(request)
    name, password = str(told.get("name", "")), str(told.get("password", ""))

    def follow() -> str:
        person = people.follow_link(services, secret, name, password, browser.address)
        return session.begin_session(services, person, browser, "link")

    try:
        begun = await run_in_threadpool(follow)
    except KanchaError as error:
        return await run_in_threadpool(_first_again, request, secret, name, error)
    return give_session(request, _see(request, "/map"), begun)


def _first_again(request: Request, secret: str, name: str, error: KanchaError) -> Response:
    status = status_of(error)
    try:
        _, person = people.open_link(_services(request), secret)
    except KanchaError as spent:
        return _page(request, "link_spent.html", status_of(spent), error=spent.as_dict())
    shown = name[:120] if person is None else person.name
    return _page(request, "first.html", status, error=error.as_dict(), person=person, name=shown)
