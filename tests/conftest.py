"""What all tests share: databases to test on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgres import Cluster, cluster


@pytest.fixture(scope="session")
def postgis() -> Iterator[Cluster]:
    """A private PostgreSQL with PostGIS; without one its tests are skipped, and fail in the gate."""
    with cluster() as running:
        yield running
