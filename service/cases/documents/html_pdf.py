"""From HTML to PDF by weasyprint: with the parts that are given, and nothing from anywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.cases.documents.errors import PdfError

SCHEME = "part:"
"""How HTML names a part: `<img src="part:before.png">`."""

_TYPES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"<svg": "image/svg+xml"}
MAX_HTML = 8 << 20


def html_to_pdf(html: str, parts: Mapping[str, bytes] | None = None) -> bytes:
    """A page of HTML as PDF, with fonts of the machine.

    Args:
        html: The page; pictures are named `part:NAME`.
        parts: Bytes by name, PNG, JPEG or SVG.

    Returns:
        The PDF; the same page and parts give the same bytes.

    Raises:
        PdfError: If the page asks for something that is not among the parts, or is too long.
    """
    # loaded on demand: it brings Pango along, which only who prints needs
    from weasyprint import HTML
    from weasyprint.urls import FatalURLFetchingError, URLFetcherResponse

    given = parts or {}
    if len(html) > MAX_HTML:
        raise PdfError(f"The page has {len(html):,} characters.", remedy=f"Keep to {MAX_HTML:,}.")

    def fetched(url: str, *_: Any, **__: Any) -> URLFetcherResponse:
        name = url.removeprefix(SCHEME)
        if not url.startswith(SCHEME) or name not in given:
            raise FatalURLFetchingError(url)
        return URLFetcherResponse(url, given[name], {"Content-Type": _type_of(given[name])})

    try:
        made = HTML(string=html, base_url=SCHEME, url_fetcher=fetched).write_pdf()
    except FatalURLFetchingError as error:
        raise PdfError(
            f"The page asks for {str(error)[:200]}, which was not given.",
            remedy=f"Give it among the parts and name it {SCHEME}NAME; nothing is fetched from elsewhere.",
            asked=str(error)[:200],
        ) from error
    return bytes(made or b"")


def _type_of(part: bytes) -> str:
    return next((kind for head, kind in _TYPES.items() if part.startswith(head)), "application/octet-stream")
