"""Old databases come up to date, and the newest tables are those that the code sees."""

from __future__ import annotations

import gzip
import json
import warnings
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import SAWarning

from service.errors import StoreTooNewError
from service.store.lead_schema import metadata
from service.store.migrate import newest, revision_of
from service.store.postgis import postgis_engine
from service.store.queries import FeatureQuery
from service.store.sqlite import SqliteStore, sqlite_engine
from tests.postgres import Cluster


def differences(engine: sa.Engine) -> list[object]:
    """What the tables of a database have and the code does not know, or the other way round."""

    def ours(entry: object, name: str | None, kind: str, *_: object) -> bool:
        told = str(name)
        beside = kind == "table" and ("_rtree" in told or told == "spatial_ref_sys")
        return not beside and told not in ("geom", "properties") and not told.endswith("_geom")

    with engine.connect() as connection, warnings.catch_warnings():
        # the generated columns of PostGIS are none of those that the code sees
        warnings.simplefilter("ignore", SAWarning)
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        found: list[object] = compare_metadata(context, metadata)
    engine.dispose()
    return found


def test_the_tables_of_sqlite_are_those_of_the_newest_revision(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "k.sqlite").close()
    assert differences(sqlite_engine(tmp_path / "k.sqlite")) == []


def test_the_tables_of_postgis_are_those_of_the_newest_revision(postgis: Cluster) -> None:
    assert differences(postgis_engine(postgis.new_database())) == []


FROZEN = sorted((Path(__file__).parent / "frozen").glob("*.sqlite.gz"))


@pytest.mark.parametrize("frozen", FROZEN, ids=lambda path: path.name[:4])
def test_a_database_of_an_older_release_comes_up_to_date_with_everything_in_it(frozen: Path, tmp_path: Path) -> None:
    path = tmp_path / "k.sqlite"
    path.write_bytes(gzip.decompress(frozen.read_bytes()))
    assert revision_of(sqlite_engine(path)) == frozen.name[:4]
    store = SqliteStore(path)
    try:
        assert revision_of(store.engine) == newest()
        assert {scene.id for scene in store.scenes.page(10).items} == {"a", "b"}
        told = [json.loads(text) for text in store.scans.findings(FeatureQuery(boxes=((113, 35, 115, 37),))).items]
        assert [one["id"] for one in told] == ["f1", "f2"]
        judged = int(frozen.name[:4]) >= 3
        assert [one["properties"].get("judged") for one in told] == [False if judged else None, None]
        assert len(store.layers.features(FeatureQuery(within="v", boxes=((113, 35, 115, 37),))).items) == 2
        assert len(store.layers.get("v").content_sha256) == 64
        # a scan that is stored already is as secret as its scenes
        secret = int(frozen.name[:4]) >= 9
        assert {scan.secrecy for scan in store.scans.page(9).items} == {"secret" if secret else "internal"}
        # every finding that counts belongs to a structure, also of a release that knew none
        assert [one["properties"]["structure_id"] is None for one in told] == [judged, False]
        known = {json.loads(text)["id"] for text in store.structures.features(FeatureQuery()).items}
        assert known == {one["properties"]["structure_id"] for one in told} - {None}
        assert differences(store.engine) == []
    finally:
        store.close()


def test_a_database_of_a_newer_release_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "k.sqlite"
    SqliteStore(path).close()
    with sqlite_engine(path).begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    before = path.read_bytes()
    with pytest.raises(StoreTooNewError, match="9999"):
        SqliteStore(path)
    assert path.read_bytes() == before
