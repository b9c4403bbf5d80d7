"""Signing in by the bureau's own provider: the way there and the way back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from service.auth.oidc import PENDING_S
from service.auth.wire import code_of
from service.dependencies import Kancha, base_url
from service.errors import OidcError
from service.http_errors import answer_of, status_of
from service.http_guard import cookie_name
from service.routers.browsers import browser_of, drop_cookie, give_session, set_cookie
from service.routers.html import html_page
from service.usecases.oidc import begin_oidc, finish_oidc, open_pending

router = APIRouter(include_in_schema=False)


@router.get("/sign-in/oidc")
def get_oidc_start(request: Request, services: Kancha, next: Annotated[str, Query()] = "") -> Response:
    """Send the browser to the provider; what is remembered meanwhile goes with it, sealed."""
    home = f"{request.scope.get('root_path', '')}/"
    try:
        address, kept = begin_oidc(services, f"{base_url(request)}/sign-in/oidc/return", next or home)
    except OidcError as error:
        return _refused(request, error)
    response = RedirectResponse(address, 303, {"Cache-Control": "no-store"})
    set_cookie(request, response, _pending_cookie(request), kept, PENDING_S)
    return response


@router.get("/sign-in/oidc/return")
def get_oidc_return(
    request: Request,
    services: Kancha,
    code: Annotated[str, Query()] = "",
    state: Annotated[str, Query()] = "",
    error: Annotated[str, Query()] = "",
) -> Response:
    """Begin the session of whom the provider vouches for, and go where they wanted to."""
    name = _pending_cookie(request)
    kept = request.cookies.get(name, "")
    browser = browser_of(request)
    try:
        wanted = open_pending(services, kept, state).next
        if not code:
            raise _codeless(error)
        secret = finish_oidc(services, kept, code, state, browser)
    except OidcError as refusal:
        response = _refused(request, refusal)
    else:
        response = RedirectResponse(wanted, 303, {"Cache-Control": "no-store"})
        give_session(request, response, secret)
    # it serves once, whatever came of it
    drop_cookie(request, response, name)
    return response


def _pending_cookie(request: Request) -> str:
    return cookie_name(request.url.scheme).replace("session", "oidc")


def _codeless(error: str) -> OidcError:
    word = code_of(error)
    return OidcError(
        f"The provider lets nobody in ({word or 'no reason that can be read'}).",
        remedy="Begin the sign-in anew, or ask whoever runs the provider.",
        reason="denied",
        error=word,
    )


def _refused(request: Request, error: OidcError) -> Response:
    """The refusal as a page for people; they are not led to the sign-in and back here, where it would fail again."""
    if "text/html" not in request.headers.get("accept", ""):
        return answer_of(request, error)
    response = html_page("oidc_failed.html", request, error=error.as_dict())
    response.status_code = status_of(error)
    response.headers["Cache-Control"] = "no-store"
    return response
