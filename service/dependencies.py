"""What routes depend on: the services, parsed queries, links."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import anyio.to_thread
from fastapi import Depends, Query, Request, Response

from geodata.io.dates import parse_or_none
from service.auth.caller import Caller
from service.errors import BadQueryError
from service.ogc.cursors import decode, encode
from service.routers.addresses import GEOJSON as GEOJSON
from service.routers.addresses import has_tag, tag, with_query
from service.schemas.common import Link
from service.services import Services
from service.store.queries import Key
from service.store.records import Box
from service.uploads import Form, receive_form
from service.usecases.sights import Sights


async def services_of(request: Request) -> Services:
    """The services of the application that answers, as the caller sees them; of what is open to all, in whole."""
    caller: Caller | None = request.scope["state"]["caller"]
    if caller is None:
        found: Services = request.app.state.services
        return found
    sights: Sights = request.app.state.sights
    if caller.scope is None:
        seen = sights.services_for(caller)
    else:
        # whose ground has to be looked up waits for the store
        seen = await anyio.to_thread.run_sync(sights.services_for, caller)
    request.scope["state"]["sight"] = seen.sight.key
    return seen


Kancha = Annotated[Services, Depends(services_of)]
Body = Annotated[Form, Depends(receive_form)]


@dataclass(frozen=True)
class Paging:
    """The wanted page of a list."""

    limit: int
    key: Key

    @property
    def after_key(self) -> int:
        """The key of lists that are in the order of coming."""
        if not self.key:
            return 0
        if len(self.key) > 1:
            raise BadQueryError("The cursor belongs to another list.", remedy="Follow the `next` links as they are.")
        return int(self.key[0])


async def paging(
    request: Request,
    limit: Annotated[
        int | None, Query(ge=1, description="Items of the page; more than the service allows is cut.")
    ] = None,
    cursor: Annotated[str | None, Query(description="Where the page begins: take it from the `next` link.")] = None,
) -> Paging:
    """The page that a query asks for."""
    services: Services = request.app.state.services
    limits = services.settings.limits
    wanted = limits.page_size if limit is None else limit
    return Paging(min(wanted, limits.max_page_size), decode(cursor) if cursor else ())


Pages = Annotated[Paging, Depends(paging)]


def only_query(*names: str) -> Callable[[Request], Awaitable[None]]:
    """A dependency that refuses query parameters other than the named ones, as OGC API Features asks.

    A misspelt filter that is passed over in silence would answer another question than the one asked.
    """

    # asynchronous, as all that takes no time: others are handed to a thread and back
    async def check(request: Request) -> None:
        for name in request.query_params:
            if name not in names:
                raise BadQueryError(
                    f"There is no query parameter {name[:80]!r}.",
                    remedy=f"Known: {', '.join(names) or 'none'}.",
                )

    return check


def parse_bbox(text: str | None) -> tuple[Box, ...]:
    """The boxes that a `bbox` parameter means: two where it crosses the antimeridian, none where absent.

    Args:
        text: west,south,east,north in degrees, or six numbers with heights, which are passed over.

    Raises:
        BadQueryError: If it means no box.
    """
    if text is None:
        return ()
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:
        numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
    good = len(numbers) == 4 and all(math.isfinite(n) for n in numbers)
    if (
        not good
        or numbers[1] > numbers[3]
        or max(abs(numbers[0]), abs(numbers[2])) > 180
        or max(abs(numbers[1]), abs(numbers[3])) > 90
    ):
        raise BadQueryError(
            f"bbox={text[:100]} is no box.",
            remedy="Write west,south,east,north in degrees, south not above north.",
        )
    west, south, east, north = numbers
    if west <= east:
        return ((west, south, east, north),)
    return ((west, south, 180.0, north), (-180.0, south, east, north))


def parse_interval(text: str | None) -> tuple[datetime | None, datetime | None] | None:
    """The time span that a `datetime` parameter means.

    Args:
        text: A time, or `start/end` where either may be `..` or empty.

    Raises:
        BadQueryError: If it means none.
    """
    if text is None:
        return None
    parts = text.split("/")
    if len(parts) > 2:
        raise BadQueryError(f"datetime={text[:100]} is no time span.", remedy="Write start/end, each a time or `..`.")
    ends = [None if part in ("", "..") and len(parts) == 2 else _moment(part) for part in parts]
    start, end = ends[0], ends[-1]
    if start is not None and end is not None and start > end:
        raise BadQueryError(f"datetime={text[:100]} ends before it begins.", remedy="Swap the two.")
    return start, end


def _moment(text: str) -> datetime:
    # a plus sign in a query means a space: people write +08:00 without escaping it
    moment = parse_or_none(text.strip().replace(" ", "+"))
    if moment is None:
        raise BadQueryError(f"{text[:60]!r} is no time.", remedy="Write it as 2025-04-12T10:30:00Z.")
    return moment


def base_url(request: Request) -> str:
    """Address of this service without a slash at the end."""
    return str(request.base_url).rstrip("/")


def page_links(request: Request, following: int | Key | None, kind: str = "application/json") -> list[Link]:
    """`self` and, where there is more, `next`."""
    key = (following,) if isinstance(following, int) else following
    here = f"{base_url(request)}{request.url.path}"
    asked = dict(request.query_params)
    links = [Link(href=with_query(here, asked), rel="self", type=kind)]
    if key:
        links.append(Link(href=with_query(here, asked | {"cursor": encode(key)}), rel="next", type=kind))
    return links


def etag_of(request: Request, *parts: str) -> str:
    """A strong tag of an answer that the parts, the address, the code and what the caller sees decide."""
    return tag(str(request.url), *parts, request.scope["state"].get("sight", ""))


def unchanged(request: Request, etag: str) -> Response | None:
    """The answer 304 where the client has this very version already."""
    asked = request.headers.get("if-none-match", "")
    # `*` asks whether there is anything at all, which is known only once it was looked for
    if asked.strip() != "*" and has_tag(asked, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return None
