"""Whole lists, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from service.store.records import Page

T = TypeVar("T")
_PAGE = 1_000


def every(page_of: Callable[[int, int], Page[T]]) -> Iterator[T]:
    """Everything on the pages of a list.

    Args:
        page_of: Gives a page from a limit and a key.
    """
    key: int | None = 0
    while key is not None:
        page = page_of(_PAGE, key)
        yield from page.items
        key = page.next_key
