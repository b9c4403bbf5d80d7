"""The short way for what map clients ask all day: a plain page of features, and one feature.

The route in `routers.items` answers the same (a test holds the two against each other, byte by byte); what a framework
does for every request is several times what the database needs for these. Whatever is not plain, or goes wrong, goes
the long way and gets its answer or refusal there.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.datastructures import URL
from starlette.types import ASGIApp, Receive, Scope, Send

from geodata.errors import KanchaError
from service.auth.caller import Caller
from service.dependencies import parse_bbox
from service.http_guard import may_now
from service.ogc.cursors import decode
from service.ogc.systems import CRS84_URI
from service.routers.addresses import GEOJSON, feature_headers, has_tag, links_of_item, links_of_page, tag
from service.routers.answers import feature, feature_collection, form_of_header
from service.services import Services
from service.store.queries import FeatureQuery
from service.usecases import collections as usecase
from service.usecases.sights import Sights

_PLAIN = frozenset({"bbox", "limit", "cursor", "f"})
_THREADS = 4
Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class _Asked:
    """A request that is plain."""

    url: str
    base: str
    collection: str
    fid: str | None
    query: dict[str, str]
    seen: str


class FastLane:
    """Answers plain requests for features itself and hands on all others.

    Args:
        app: What answers the others; its `state.services` is used.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="features")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        asked = _plain(scope) if scope["type"] == "http" and scope["path"].startswith("/collections/") else None
        answer = None
        name = "get_items" if asked is None or asked.fid is None else "get_item"
        if asked is not None and may_now(scope, name):
            sights: Sights = scope["app"].state.sights
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._threads, _answer, sights, scope["state"]["caller"], asked)
        if answer is None:
            await self._app(scope, receive, send)
            return
        scope["state"].update(route=name, method="GET")
        status, headers, body = answer
        told = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": body})


def _plain(scope: Scope) -> _Asked | None:
    """The request, where it asks for no more than a box, a page, or one feature as GeoJSON."""
    parts = scope["path"].split("/")
    if scope["method"] != "GET" or not 4 <= len(parts) <= 5 or parts[3] != "items":
        return None
    one = len(parts) == 5
    told = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    query = dict(told)
    if len(query) != len(told) or not query.keys() <= (_PLAIN - {"bbox", "limit", "cursor"} if one else _PLAIN):
        return None
    headers = {name: value for name, value in scope["headers"] if name in (b"accept", b"if-none-match")}
    form = query.get("f") or form_of_header(headers.get(b"accept", b"").decode("latin-1"))
    if form not in ("json", "geojson"):
        return None
    url = URL(scope=scope)
    base = f"{url.scheme}://{url.netloc}{scope.get('root_path', '')}"
    seen = headers.get(b"if-none-match", b"").decode("latin-1")
    seen = "" if seen.strip() == "*" else seen
    return _Asked(str(url), base, parts[2], parts[4] if one else None, query, seen)


def _answer(sights: Sights, caller: Caller, asked: _Asked) -> Answer | None:
    """The answer; None where the long way has to say what is wrong."""
    try:
        services = sights.services_for(caller)
        return _page(services, asked) if asked.fid is None else _item(services, asked)
    except (KanchaError, ValueError):
        return None


def _page(services: Services, asked: _Asked) -> Answer | None:
    limits = services.settings.limits
    limit = int(asked.query.get("limit", limits.page_size))
    if limit < 1:
        return None
    state = usecase.state(services, asked.collection)
    etag = f"W/{tag(asked.url, asked.collection, state, 'geojson', services.sight.key)}"
    headers = feature_headers(CRS84_URI, etag)
    if has_tag(asked.seen, etag):
        return 304, {"ETag": etag}, b""
    cursor = asked.query.get("cursor")
    query = FeatureQuery(
        boxes=parse_bbox(asked.query.get("bbox")),
        limit=min(limit, limits.max_page_size),
        after=decode(cursor) if cursor else (),
    )
    found = usecase.items(services, asked.collection, query)
    links = links_of_page(asked.base, asked.collection, asked.query, found.after)
    body = feature_collection(found, links, stamped=True)
    return 200, {**headers, "Content-Type": GEOJSON, "Content-Length": str(len(body))}, body


def _item(services: Services, asked: _Asked) -> Answer:
    assert asked.fid is not None
    text = usecase.item(services, asked.collection, asked.fid)
    etag = f"W/{tag(asked.url, text, 'geojson', services.sight.key)}"
    if has_tag(asked.seen, etag):
        return 304, {"ETag": etag}, b""
    body = feature(text, links_of_item(asked.base, asked.collection, asked.fid))
    headers = feature_headers(CRS84_URI, etag)
    return 200, {**headers, "Content-Type": GEOJSON, "Content-Length": str(len(body))}, body
