"""What routes of signing in give browsers and take from them: cookies, where they come from, where they go on."""

from __future__ import annotations

from fastapi import Request, Response

from service.http_guard import address_of, cookie_name
from service.usecases.session import Browser


def browser_of(request: Request) -> Browser:
    """From where and with what a request comes."""
    return Browser(address_of(request.scope), request.headers.get("user-agent", ""))


def session_of(request: Request) -> str | None:
    """The secret of the session by which a request comes; None where it comes with a key."""
    secret: str | None = request.scope["state"]["session"]
    return secret


def give_session(request: Request, response: Response, secret: str) -> Response:
    """An answer that gives the browser its session, which ends with the browser: office machines are shared."""
    set_cookie(request, response, cookie_name(request.url.scheme), secret, None)
    response.headers["Cache-Control"] = "no-store"
    return response


def set_cookie(request: Request, response: Response, name: str, value: str, age_s: int | None) -> None:
    """A cookie that no script reads and no page of another site sends with a change."""
    secure = request.url.scheme == "https"
    response.set_cookie(name, value, max_age=age_s, path="/", secure=secure, httponly=True, samesite="lax")


def drop_cookie(request: Request, response: Response, name: str) -> None:
    """The cookie is there no more."""
    secure = request.url.scheme == "https"
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")
