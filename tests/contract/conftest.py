"""One contract, every store: SQLite in a file, PostgreSQL with PostGIS."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.store.base import Store
from service.store.postgis import PostgisStore
from service.store.sqlite import SqliteStore

BACKENDS = ("postgis", "sqlite")
Opener = Callable[[str], Store]
"""Opens the store of a name: the same name is the same store."""


@pytest.fixture(params=BACKENDS)
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens stores of one kind, and closes them at the end."""
    opened: list[Store] = []
    urls: dict[str, str] = {}

    def open_it(name: str) -> Store:
        if request.param == "sqlite":
            store: Store = SqliteStore(tmp_path / f"{name}.sqlite")
        else:
            cluster = request.getfixturevalue("postgis")
            url = urls.get(name) or urls.setdefault(name, cluster.new_database())
            store = PostgisStore(url)
        opened.append(store)
        return store

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def store(opener: Opener) -> Store:
    """A new store."""
    return opener(f"s{uuid.uuid4().hex}")
