"""The places where imagery arrives, as the settings name them."""

from __future__ import annotations

from collections.abc import Sequence

from service.arrivals.base import Source
from service.settings import Settings


def open_sources(settings: Settings) -> Sequence[Source]:
    """The places that the settings name."""
    return []
