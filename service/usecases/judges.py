"""Who stands for what somebody says they saw: a verdict, the answer of an audit."""

from __future__ import annotations

from service.auth.caller import Caller
from service.errors import VerdictError

_LONGEST_NAME = 200


def named_judge(caller: Caller, told: str | None) -> str:
    """The name that is kept with a verdict.

    Args:
        caller: Who asks.
        told: Who judged, as the caller says: needed from a key and on the command line; a person who has signed in
            speaks for nobody else.

    Raises:
        VerdictError: Without a name, with one that is too long, or with another than that of the person signed in.
    """
    name = (told or "").strip()
    if caller.kind == "person":
        if name not in ("", caller.name):
            raise VerdictError(
                f"{name[:60]!r} stands for the verdict, and {caller.name!r} has signed in.",
                remedy="Leave judged_by out; whoever judges signs in themselves.",
            )
        return caller.name
    if not name or len(name) > _LONGEST_NAME:
        raise VerdictError(
            "Nobody stands for the verdict." if not name else f"The name of the judge has {len(name)} letters.",
            remedy=f"Name who judged it, in at most {_LONGEST_NAME} letters.",
        )
    return name
