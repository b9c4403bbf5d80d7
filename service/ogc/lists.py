"""Features that are made when they are asked for: the same queries, over a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from service.errors import BadQueryError
from service.ogc.texts import row_of
from service.store.queries import FeaturePage, FeatureQuery, Sort

T = TypeVar("T")


def page_of_list(items: Sequence[T], query: FeatureQuery, text_of: Callable[[T], str]) -> FeaturePage:
    """A page of features that are made from the members of a list.

    Args:
        items: Those that meet the boxes and the values of the query, in their own order.
        query: Its filter, order, limit and key are kept here. The key is a place in the list: what is made
            anew every day has no key of its own.
        text_of: Makes the finished GeoJSON text of one.
    """
    first = _place(query)
    if query.filter is None and not query.sort:
        some = [text_of(item) for item in items[first : first + query.limit]]
        return _page(some, first, len(items))
    texts = _wanted([text_of(item) for item in items], query)
    for sort in reversed(query.sort):
        texts.sort(key=lambda text: _rank(text, sort), reverse=sort.falling)
    return _page(texts[first : first + query.limit], first, len(texts))


def _place(query: FeatureQuery) -> int:
    if not query.after:
        return 0
    if len(query.after) != 1:
        raise BadQueryError("The cursor belongs to another list.", remedy="Follow the `next` links as they are.")
    return int(query.after[0])


def _page(some: list[str], first: int, matched: int) -> FeaturePage:
    following = first + len(some)
    return FeaturePage(some, matched, (following,) if some and following < matched else ())


def _wanted(texts: list[str], query: FeatureQuery) -> list[str]:
    if query.filter is not None:
        texts = [text for text in texts if query.filter.matches(row_of(text))]
    return texts


def _rank(text: str, sort: Sort) -> tuple[int, Any]:
    """What is missing comes first, then texts, then numbers."""
    row = row_of(text)
    value = row.fid if sort.name == "id" else row.properties.get(sort.name)
    if isinstance(value, (int, float)):
        return 2, value
    return (1, value) if isinstance(value, str) else (0, 0)
