"""Links and tags of feature answers, from plain words: the short way and the long way of a request share them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from service.ogc.cursors import encode
from service.ogc.forms import FORMS
from service.version import code_version

HTML = "text/html"
GEOJSON = "application/geo+json"
_KINDS: Mapping[str, str] = {"html": HTML, **FORMS}
_WORDS = {name: "json" if name == "geojson" else name for name in _KINDS}


def with_query(url: str, query: Mapping[str, str]) -> str:
    """An address with a query."""
    return f"{url}?{urlencode(query)}" if query else url


def links_of_page(
    base: str, collection: str, asked: Mapping[str, str], after: tuple[Any, ...], form: str = "geojson"
) -> list[dict[str, str]]:
    """`self`, `next` where there is more, the other forms, and the collection.

    Args:
        base: Address of the service.
        collection: Id of the collection.
        asked: The parameters of the request.
        after: Key of the following page, empty on the last.
        form: The form of this answer.
    """
    path = f"{base}/collections/{collection}"
    here, kind = f"{path}/items", _KINDS[form]
    links = [{"href": with_query(here, asked), "rel": "self", "type": kind}]
    if after:
        links.append({"href": with_query(here, {**asked, "cursor": encode(after)}), "rel": "next", "type": kind})
    rest = urlencode({name: value for name, value in asked.items() if name != "f"})
    lead = f"{here}?{rest}&f=" if rest else f"{here}?f="
    links += [
        {"href": lead + _WORDS[name], "rel": "alternate", "type": other}
        for name, other in _KINDS.items()
        if name != form
    ]
    return [*links, {"href": path, "rel": "collection", "type": "application/json"}]


def links_of_item(base: str, collection: str, fid: str, form: str = "geojson") -> list[dict[str, str]]:
    """`self`, the other form, and the collection."""
    path = f"{base}/collections/{collection}"
    here, other = f"{path}/items/{quote(fid, safe='')}", "html" if form == "geojson" else "geojson"
    return [
        {"href": here, "rel": "self", "type": _KINDS[form]},
        {"href": f"{here}?f={_WORDS[other]}", "rel": "alternate", "type": _KINDS[other]},
        {"href": path, "rel": "collection", "type": "application/json"},
    ]


def tag(url: str, *parts: str) -> str:
    """A strong tag of an answer that the parts, the address and the code decide."""
    told = "\n".join([*parts, url, code_version()])
    return f'"{hashlib.sha256(told.encode()).hexdigest()[:32]}"'


def has_tag(asked: str, etag: str) -> bool:
    """Whether a client that sends If-None-Match has this very version already.

    Tags are compared weakly, as the standard of HTTP asks for this header (RFC 9110, 13.1.2).
    """
    tags = {one.strip().removeprefix("W/") for one in asked.split(",")}
    return etag.removeprefix("W/") in tags or "*" in tags


def feature_headers(uri: str, etag: str) -> dict[str, str]:
    """Headers of an answer of features in a system."""
    return {"Content-Crs": f"<{uri}>", "Vary": "Accept", "Cache-Control": "no-cache", "ETag": etag}
