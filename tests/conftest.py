"""What all tests share: databases to test on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgres import Cluster, cluster

_LONGEST = ("e2e", "integration", "conformance")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: at the end no worker waits for another."""

    def rank(item: pytest.Item) -> int:
        folder = item.path.parent.name
        return _LONGEST.index(folder) if folder in _LONGEST else len(_LONGEST)

    items.sort(key=rank)


@pytest.fixture(scope="session")
def postgis() -> Iterator[Cluster]:
    """A private PostgreSQL with PostGIS; without one its tests are skipped, and fail in the gate."""
    with cluster() as running:
        yield running
