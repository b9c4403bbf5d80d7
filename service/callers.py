"""Who asks, as routes and use cases see it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from service.auth.caller import Caller as Somebody
from service.errors import NotSignedInError


async def somebody(request: Request) -> Somebody:
    """Who sends a request.

    Raises:
        NotSignedInError: If nobody says so.
    """
    found: Somebody | None = request.scope["state"]["caller"]
    if found is None:
        raise NotSignedInError("This is for those who have signed in.", remedy="Sign in at /sign-in.")
    return found


async def caller_of(who: Annotated[Somebody, Depends(somebody)]) -> str:
    """The id of who sends a request: what is theirs is counted and kept under it."""
    return who.id


def session_of(request: Request) -> str | None:
    """The secret of the session by which a request comes; None where it comes with a key."""
    secret: str | None = request.scope["state"]["session"]
    return secret


By = Annotated[Somebody, Depends(somebody)]
Caller = Annotated[str, Depends(caller_of)]
