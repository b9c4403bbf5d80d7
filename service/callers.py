"""Who asks. Until there is sign-in everybody is the same."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request


def caller_of(request: Request) -> str:
    """The name of who sends a request: what is theirs is counted and kept under it."""
    return "anyone"


Caller = Annotated[str, Depends(caller_of)]
