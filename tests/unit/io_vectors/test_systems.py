"""Under which system a file is read: zones, central meridians, web maps, old datums, or none at all."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely

from geodata.china import to_bd09, to_gcj02
from geodata.crs import CGCS2000_GEOD
from geodata.errors import CRSError, CRSMismatchError, MissingCRSError, TransformationError
from geodata.io.vectors import LayerReader, ReadAs

PLACE = shapely.box(114.47, 36.58, 114.4705, 36.5804)
SEVEN = "21.5,-140.2,-77.1,0.31,-0.42,1.05,-2.3"


def write(path: Path, shapes: list[shapely.Geometry], crs: str | None) -> Path:
    """A file that declares a system, or a shapefile without a .prj."""
    names = [f"宗-{i}" for i in range(len(shapes))]
    frame = gpd.GeoDataFrame({"parcel_id": names}, geometry=shapes, crs=crs or "EPSG:4547")
    frame.to_file(path, engine="pyogrio", **({"encoding": "GBK"} if path.suffix == ".shp" else {}))
    if crs is None:
        path.with_suffix(".prj").unlink(missing_ok=True)
    return path


def projected(shape: shapely.Geometry, code: int, source: int = 4490) -> shapely.Geometry:
    way = pyproj.Transformer.from_crs(source, code, always_xy=True)
    return shapely.transform(shape, lambda c: np.column_stack(way.transform(c[:, 0], c[:, 1])))


def read(path: Path, how: ReadAs) -> tuple[shapely.Geometry, str]:
    reader = LayerReader(path, "parcels", how)
    (frame,) = reader.frames()
    return frame.geometry.iloc[0], reader.report.crs


def far_m(one: shapely.Geometry, other: shapely.Geometry) -> float:
    a, b = shapely.get_coordinates(shapely.centroid(one))[0], shapely.get_coordinates(shapely.centroid(other))[0]
    return float(CGCS2000_GEOD.inv(*a, *b)[2])


@pytest.mark.parametrize("code", [4526, 4545, 4546, 4547, 4548, 4549])
def test_a_shapefile_in_gbk_without_prj_by_zone_or_central_meridian(tmp_path: Path, code: int) -> None:
    path = write(tmp_path / "宗地.shp", [projected(PLACE, code)], None)
    with pytest.raises(MissingCRSError):
        read(path, ReadAs())
    shape, words = read(path, ReadAs(crs=f"EPSG:{code}"))
    assert far_m(shape, PLACE) < 0.001 and words == f"EPSG:{code} (as given)"


def test_a_zone_that_contradicts_its_system_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "p.shp", [projected(PLACE, 4526)], None)
    with pytest.raises(CRSMismatchError, match=r"carries zone 38, but EPSG:4527 wants zone 39"):
        read(path, ReadAs(crs="EPSG:4527"))
    with pytest.raises(CRSMismatchError, match=r"carries zone 38, but EPSG:4547 has none"):
        read(path, ReadAs(crs="EPSG:4547"))


@pytest.mark.parametrize(("name", "forth"), [("GCJ-02", to_gcj02), ("bd09", to_bd09)])
@pytest.mark.parametrize("declared", [None, "EPSG:4326", "EPSG:4547"])
def test_a_web_maps_coordinates_are_turned_back_as_declared(
    tmp_path: Path, name: str, forth: object, declared: str | None
) -> None:
    shown = shapely.transform(PLACE, lambda c: np.column_stack(forth(c[:, 0], c[:, 1])))  # type: ignore[operator]
    shown = projected(shown, 4547) if declared == "EPSG:4547" else shown
    path = write(tmp_path / "p.shp", [shown], declared)
    shape, words = read(path, ReadAs(crs=name))
    assert far_m(shape, PLACE) < 0.001
    assert words.endswith("turned back to CGCS2000") and ("against" in words) is (declared is not None)


def test_what_is_not_finite_is_told_of_and_the_rest_is_turned(tmp_path: Path) -> None:
    odd = shapely.Polygon([(114, 36), (float("inf"), 36), (114, 36.1)])
    path = write(tmp_path / "p.gpkg", [PLACE, odd], "EPSG:4326")
    reader = LayerReader(path, "parcels", ReadAs(crs="GCJ-02"))
    (frame,) = reader.frames()
    assert len(frame) == 1 and reader.report.dropped == [("宗-1", "its coordinates are not finite")]


@pytest.mark.parametrize(("code", "datum"), [(2362, 4610), (2383, 4610), (2414, 4214), (2435, 4214), (4214, 4214)])
def test_an_old_datum_is_left_only_by_a_declared_transformation(tmp_path: Path, code: int, datum: int) -> None:
    own = projected(PLACE, code, datum) if code != datum else PLACE
    path = write(tmp_path / "p.shp", [own], f"EPSG:{code}")
    with pytest.raises(CRSError, match="no public accurate transformation"):
        read(path, ReadAs())
    shape, words = read(path, ReadAs(transformation=SEVEN))
    assert 10 < far_m(shape, PLACE) < 200, "as a change of datum does"
    assert words == f"EPSG:{code}, by the seven parameters {SEVEN} (as given)"
    with pytest.raises(TransformationError, match="moves the data by"):
        read(path, ReadAs(transformation="2150,-14020,-7710,0,0,0,0"))


def test_a_zone_of_an_old_datum_is_held_against_its_eastings(tmp_path: Path) -> None:
    path = write(tmp_path / "p.shp", [projected(PLACE, 2362, 4610)], None)
    with pytest.raises(CRSMismatchError, match="carries zone 38"):
        read(path, ReadAs(crs="EPSG:2383", transformation=SEVEN))


def test_a_transformation_that_is_not_needed_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "p.gpkg", [projected(PLACE, 4547)], "EPSG:4547")
    shape, words = read(path, ReadAs(transformation=SEVEN))
    assert far_m(shape, PLACE) < 0.001 and words == "EPSG:4547; the declared transformation is not needed"
