"""What PostGIS alone can do."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from service.errors import StoreBusyError
from service.store.postgis import PostgisStore
from tests.postgres import Cluster


def test_a_question_that_takes_too_long_is_ended(postgis: Cluster) -> None:
    store = PostgisStore(postgis.new_database(), longest_s=0.3)
    try:
        with pytest.raises(StoreBusyError, match="statement timeout"), store._db.read() as connection:
            connection.execute(sa.text("SELECT pg_sleep(5)"))
        assert store.scenes.page(1).matched == 0
        # what writes takes as long as it takes
        with store._db.write("scenes") as connection:
            connection.execute(sa.text("SELECT pg_sleep(0.5)"))
    finally:
        store.close()
