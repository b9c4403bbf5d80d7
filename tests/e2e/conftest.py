"""What tests of the page share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import launched


@pytest.fixture(scope="module")
def chrome() -> Iterator[Any]:
    """A browser that runs; each who looks gets a context of their own in it."""
    with launched() as made:
        yield made
