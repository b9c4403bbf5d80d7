"""In which form an answer is wanted, and how features are put into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import orjson
from fastapi import Request

from service.errors import BadQueryError
from service.ogc.forms import FORMS
from service.routers.addresses import HTML
from service.schemas.common import Link
from service.store.queries import FeaturePage

_NAMES: Mapping[str, str] = MappingProxyType({"json": "geojson", "html": "html", **{name: name for name in FORMS}})
_BY_TYPE: Mapping[str, str] = MappingProxyType(
    {
        "application/geo+json": "geojson",
        "application/json": "geojson",
        HTML: "html",
        "text/csv": "csv",
        "application/vnd.flatgeobuf": "fgb",
        "application/geopackage+sqlite3": "gpkg",
        "application/geo+json-seq": "geojsonl",
    }
)


def wanted_form(request: Request, told: str | None, known: tuple[str, ...]) -> str:
    """The form that a client wants: by the parameter `f`, else by what it accepts, else GeoJSON.

    Args:
        request: The request.
        told: The parameter.
        known: The forms of this route.

    Raises:
        BadQueryError: If the parameter names none of them.
    """
    if told is not None:
        form = _NAMES.get(told)
        if form not in known:
            raise BadQueryError(
                f"There is no form f={told[:40]}.",
                remedy=f"Known: {', '.join('json' if one == 'geojson' else one for one in known)}.",
            )
        return form
    return form_of_header(request.headers.get("accept", ""), known)


def form_of_header(accept: str, known: Sequence[str] = tuple(_NAMES.values())) -> str:
    """The form that a client accepts best; GeoJSON where it names none that is known."""
    if accept in ("", "*/*"):
        return "geojson"
    return next((form for form in _accepted(accept) if form in known), "geojson")


def _accepted(header: str) -> list[str]:
    """The forms that a client accepts, the most wanted first; `*/*` is GeoJSON."""
    asked: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")):
        kind, _, rest = part.partition(";")
        form = _BY_TYPE.get(kind.strip().lower()) or ("geojson" if kind.strip() == "*/*" else None)
        if form is not None:
            asked.append((-_weight(rest), place, form))
    return [form for _, _, form in sorted(asked)]


def _weight(rest: str) -> float:
    for part in rest.split(";"):
        name, _, value = part.strip().partition("=")
        if name == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


Links = Sequence[Link] | Sequence[dict[str, str]]


def _plain(links: Links) -> list[dict[str, Any]]:
    return [one if isinstance(one, dict) else one.model_dump(exclude_none=True) for one in links]


def collection_members(page: FeaturePage, links: Links, *, stamped: bool = False) -> dict[str, Any]:
    """What OGC API Features adds to a FeatureCollection.

    Args:
        page: The page.
        links: `self`, `next` and others.
        stamped: Whether to tell the time of the answer; not where the answer must stay the same.
    """
    told: dict[str, Any] = {} if page.matched is None else {"numberMatched": page.matched}
    told["numberReturned"] = len(page.items)
    told["links"] = _plain(links)
    if stamped:
        told["timeStamp"] = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return told


def feature_collection(page: FeaturePage, links: Links, *, stamped: bool = False, **members: Any) -> bytes:
    """A FeatureCollection of finished texts, without reading them again."""
    told = {"type": "FeatureCollection", **members, **collection_members(page, links, stamped=stamped)}
    head = orjson.dumps(told)[:-1] + b',"features":['
    return head + ",".join(page.items).encode() + b"]}"


def feature(text: str, links: Links) -> bytes:
    """One stored feature with its links."""
    told = orjson.dumps(_plain(links))
    return text[:-1].encode() + b',"links":' + told + b"}"
