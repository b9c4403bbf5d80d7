"""Reading vector files: formats, encodings, systems, and what a damaged file gets."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio
import pytest
import shapely
from shapely.geometry import LineString, Polygon, box

from geodata.crs import CRS84
from geodata.errors import (
    CRSError,
    CRSMismatchError,
    EncodingError,
    GeometryError,
    KanchaError,
    LayerColumnsError,
    LayerError,
    LayerValueError,
    MissingCRSError,
    MissingFileError,
)
from geodata.io.vectors import read_area, read_layer

EAST, NORTH = 468000.0, 4066000.0
REAL = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "parcels"


def square(left: float = 0, size: float = 100) -> Polygon:
    """A square in metres of EPSG:4547."""
    return box(EAST + left, NORTH, EAST + left + size, NORTH + size)


@pytest.fixture
def parcels() -> gpd.GeoDataFrame:
    """Two parcels with Chinese text."""
    columns = {
        "parcel_id": ["甲-1", "乙-2"],
        "village": ["王家庄村民委员会", "李"],
        "land_use": ["0101", "0702"],
    }
    return gpd.GeoDataFrame(columns, geometry=[square(0), square(100)], crs="EPSG:4547")


def write_shapefile(frame: gpd.GeoDataFrame, path: Path, encoding: str, *, cpg: str | None) -> Path:
    """A shapefile in an encoding, its .cpg saying something, or absent."""
    pyogrio.write_dataframe(frame, path, driver="ESRI Shapefile", encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    raw = bytearray(path.with_suffix(".dbf").read_bytes())
    raw[29] = 0  # the language byte, which GDAL sets
    path.with_suffix(".dbf").write_bytes(raw)
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg)
    return path


class TestFormats:
    """Four formats, told by their content."""

    @pytest.mark.parametrize("name", ["p.gpkg", "p.fgb", "p.geojson", "p.shp"])
    def test_each_gives_the_same_layer(self, tmp_path: Path, parcels: gpd.GeoDataFrame, name: str) -> None:
        path = tmp_path / name
        if name.endswith(".shp"):
            write_shapefile(parcels, path, "UTF-8", cpg="UTF-8")
        else:
            parcels.to_file(path)
        frame, report = read_layer(path, "parcels")
        assert frame.crs == CRS84
        assert sorted(frame["parcel_id"]) == ["乙-2", "甲-1"]
        assert sorted(frame["village"]) == ["李", "王家庄村民委员会"]
        expected = parcels.to_crs(CRS84).union_all()
        assert frame.union_all().symmetric_difference(expected).area < 1e-12
        assert (report.rows, report.kept, report.crs, report.source) == (2, 2, "EPSG:4547", name)

    def test_the_extension_does_not_matter(self, tmp_path: Path, parcels: gpd.GeoDataFrame) -> None:
        parcels.to_file(tmp_path / "p.gpkg")
        (tmp_path / "p.gpkg").rename(tmp_path / "layer.geojson")
        assert read_layer(tmp_path / "layer.geojson", "parcels")[1].kept == 2

    @pytest.mark.parametrize("name", ["a!b.geojson", "x.zip", "带 空格.json", "vsi.csv"])
    def test_the_name_opens_nothing_else(self, tmp_path: Path, parcels: gpd.GeoDataFrame, name: str) -> None:
        parcels.to_file(tmp_path / "p.geojson")
        (tmp_path / "p.geojson").rename(tmp_path / name)
        assert read_layer(tmp_path / name, "parcels")[1].source == name

    def test_checksum_of_one_file_and_of_all_parts(self, tmp_path: Path, parcels: gpd.GeoDataFrame) -> None:
        parcels.to_file(tmp_path / "p.fgb")
        _, report = read_layer(tmp_path / "p.fgb", "parcels")
        assert report.sha256 == hashlib.sha256((tmp_path / "p.fgb").read_bytes()).hexdigest()
        shp = write_shapefile(parcels, tmp_path / "s.shp", "GBK", cpg=None)
        before = read_layer(shp, "parcels")[1].sha256
        parts = [shp.with_suffix(s).read_bytes() for s in (".shp", ".shx", ".dbf", ".prj")]
        assert before == hashlib.sha256(b"".join(parts)).hexdigest()

    def test_layer_of_a_geopackage(self, tmp_path: Path, parcels: gpd.GeoDataFrame) -> None:
        path = tmp_path / "p.gpkg"
        parcels.to_file(path, layer="宗地")
        parcels.iloc[:1].to_file(path, layer="other")
        with pytest.raises(LayerError, match="宗地, other"):
            read_layer(path, "parcels")
        parcels.iloc[1:].to_file(path, layer="parcels")
        assert list(read_layer(path, "parcels")[0]["parcel_id"]) == ["乙-2"]

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.kml", b"<?xml version='1.0'?><kml/>"),
            ("a.vrt", b"<OGRVRTDataSource/>"),
            ("a.geojson", b""),
            ("a.csv", b"parcel_id,WKT\n"),
            ("a.tif", b"II*\0\0\0\0\0"),
        ],
    )
    def test_other_formats_are_refused(self, tmp_path: Path, name: str, content: bytes) -> None:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(LayerError, match="none of the accepted"):
            read_layer(tmp_path / name, "parcels")

    def test_other_json_is_refused_by_its_name(self, tmp_path: Path) -> None:
        path = tmp_path / "t.json"
        path.write_text('{"type":"Topology","objects":{"a":{"type":"GeometryCollection","geometries":[]}},"arcs":[]}')
        with pytest.raises(LayerError, match="TopoJSON"):
            read_layer(path, "parcels")

    def test_other_sqlite_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "t.gpkg"
        with sqlite3.connect(path) as connection:
            connection.execute("create table parcels (parcel_id text)")
        connection.close()
        with pytest.raises(LayerError, match="t.gpkg"):
            read_layer(path, "parcels")

    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(MissingFileError, match="no file"):
            read_layer(tmp_path / "none.shp", "parcels")
        with pytest.raises(MissingFileError, match="folder"):
            read_layer(tmp_path, "parcels")


class TestEncodings:
    """Chinese text in shapefiles."""

    @pytest.mark.parametrize(
        ("encoding", "cpg", "found"),
        [
            ("GBK", None, "GB18030"),
            ("GBK", "GBK", "GB18030"),
            ("GBK", "UTF-8", "GB18030"),
            ("GBK", "ISO-8859-1", "GB18030"),
            ("UTF-8", "UTF-8", "UTF-8"),
            ("UTF-8", None, "UTF-8"),
            ("UTF-8", "GBK", "UTF-8"),
        ],
    )
    def test_text_decides(
        self, tmp_path: Path, parcels: gpd.GeoDataFrame, encoding: str, cpg: str | None, found: str
    ) -> None:
        path = write_shapefile(parcels, tmp_path / "p.shp", encoding, cpg=cpg)
        frame, report = read_layer(path, "parcels")
        assert list(frame["parcel_id"]) == ["甲-1", "乙-2"]
        assert list(frame["village"]) == ["王家庄村民委员会", "李"]
        assert report.encoding.startswith(found)

    def test_chinese_field_names_can_be_mapped(self, tmp_path: Path, parcels: gpd.GeoDataFrame) -> None:
        chinese = parcels.rename(columns={"parcel_id": "地块编号"})
        path = write_shapefile(chinese, tmp_path / "p.shp", "GBK", cpg=None)
        frame, _ = read_layer(path, "parcels", mapping={"parcel_id": "地块编号"})
        assert list(frame["parcel_id"]) == ["甲-1", "乙-2"]

    def test_the_users_word_is_taken_or_refused(self, tmp_path: Path, parcels: gpd.GeoDataFrame) -> None:
        path = write_shapefile(parcels, tmp_path / "p.shp", "GBK", cpg=None)
        assert read_layer(path, "parcels", encoding="GBK")[1].encoding == "GB18030 (as given)"
        with pytest.raises(EncodingError, match="not UTF-8"):
            read_layer(path, "parcels", encoding="UTF-8")
        with pytest.raises(EncodingError, match="no text encoding"):
            read_layer(path, "parcels", encoding="klingon")

    def test_a_character_cut_by_the_fields_width(self, tmp_path: Path, parcels: gpd.GeoDataFrame) -> None:
        parcels["village"] = ["村" * 26 + "ab", "李"]  # 80 bytes, the width of the field
        path = write_shapefile(parcels, tmp_path / "p.shp", "UTF-8", cpg=None)
        dbf = path.with_suffix(".dbf")
        assert dbf.read_bytes().count(b"ab") == 1
        dbf.write_bytes(dbf.read_bytes().replace(b"ab", "村".encode()[:2]))
        frame, report = read_layer(path, "parcels")
        assert list(frame["village"]) == ["村" * 26, "李"]
        assert report.encoding.startswith("UTF-8")

    def test_names_cut_to_ten_bytes_are_recognised(self, tmp_path: Path) -> None:
        rows = {"building_i": ["B-1"], "register_i": ["R-1"], "built_on": ["2020-01-01"]}
        buildings = gpd.GeoDataFrame(rows, geometry=[square()], crs="EPSG:4547")
        path = write_shapefile(buildings, tmp_path / "b.shp", "UTF-8", cpg=None)
        frame, _ = read_layer(path, "buildings")
        assert (frame["building_id"].iloc[0], frame["register_id"].iloc[0]) == ("B-1", "R-1")
        assert frame["built_on"].iloc[0].isoformat() == "2020-01-01"


class TestShapefileParts:
    """A shapefile is several files."""

    @pytest.mark.parametrize("part", [".shx", ".dbf"])
    def test_missing_part(self, tmp_path: Path, parcels: gpd.GeoDataFrame, part: str) -> None:
        path = write_shapefile(parcels, tmp_path / "p.shp", "UTF-8", cpg=None)
        path.with_suffix(part).unlink()
        with pytest.raises(LayerError, match=f"lacks its {part}"):
            read_layer(path, "parcels")

    def test_missing_prj_is_refused_with_a_way_out(self, tmp_path: Path, parcels: gpd.GeoDataFrame) -> None:
        path = write_shapefile(parcels, tmp_path / "p.shp", "UTF-8", cpg=None)
        path.with_suffix(".prj").unlink()
        with pytest.raises(MissingCRSError, match="--crs EPSG:4547"):
            read_layer(path, "parcels")
        frame, report = read_layer(path, "parcels", crs="EPSG:4547")
        assert (len(frame), report.crs) == (2, "EPSG:4547 (as given)")

    @pytest.mark.parametrize("content", [b"", b"GEOGCS[", b"\xff\xfe\x80", b"\x00" * 40])
    def test_an_unreadable_prj_counts_as_none(self, tmp_path: Path, parcels: gpd.GeoDataFrame, content: bytes) -> None:
        path = write_shapefile(parcels, tmp_path / "p.shp", "UTF-8", cpg=None)
        path.with_suffix(".prj").write_bytes(content)
        with pytest.raises(MissingCRSError, match="no readable coordinate reference system"):
            read_layer(path, "parcels")
        assert read_layer(path, "parcels", crs="EPSG:4547")[1].kept == 2

    def test_a_prj_with_a_chinese_name_in_gbk(self, tmp_path: Path, parcels: gpd.GeoDataFrame) -> None:
        path = write_shapefile(parcels, tmp_path / "p.shp", "GBK", cpg=None)
        wkt = path.with_suffix(".prj").read_text()
        named = wkt.replace(wkt.split('"')[1], "国家大地坐标系三度带", 1)
        path.with_suffix(".prj").write_bytes(named.encode("gbk"))
        frame, _ = read_layer(path, "parcels")
        assert frame.total_bounds[0] == pytest.approx(113.6418, abs=1e-3)

    def test_a_part_alone_is_no_layer(self, tmp_path: Path, parcels: gpd.GeoDataFrame) -> None:
        path = write_shapefile(parcels, tmp_path / "p.shp", "UTF-8", cpg=None)
        with pytest.raises(LayerError, match=r"only a part.*p\.shp"):
            read_layer(path.with_suffix(".dbf"), "parcels")

    def test_upper_case_parts(self, tmp_path: Path, parcels: gpd.GeoDataFrame) -> None:
        path = write_shapefile(parcels, tmp_path / "p.shp", "GBK", cpg=None)
        for suffix in (".shp", ".dbf", ".prj"):
            path.with_suffix(suffix).rename(path.with_suffix(suffix.upper()))
        assert read_layer(path.with_suffix(".SHP"), "parcels")[1].kept == 2

    @pytest.mark.parametrize("part", [".shp", ".shx", ".dbf"])
    def test_cut_off_parts(self, tmp_path: Path, parcels: gpd.GeoDataFrame, part: str) -> None:
        path = write_shapefile(parcels, tmp_path / "p.shp", "UTF-8", cpg=None)
        whole = path.with_suffix(part).read_bytes()
        path.with_suffix(part).write_bytes(whole[: len(whole) * 2 // 3])
        with pytest.raises(LayerError, match="cut off|damaged"):
            read_layer(path, "parcels")

    def test_zipped(self, tmp_path: Path, parcels: gpd.GeoDataFrame) -> None:
        path = write_shapefile(parcels, tmp_path / "p.shp", "GBK", cpg=None)
        with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
            for part in (".shp", ".shx", ".dbf", ".prj"):
                archive.write(path.with_suffix(part), f"export/宗地{part}")
        frame, report = read_layer(tmp_path / "p.zip", "parcels")
        assert (list(frame["parcel_id"]), report.source) == (["甲-1", "乙-2"], "p.zip")
        assert report.sha256 == hashlib.sha256((tmp_path / "p.zip").read_bytes()).hexdigest()

    @pytest.mark.parametrize(
        ("entries", "words"),
        [
            ({"../../evil.shp": b"x"}, "leads out"),
            ({"a.txt": b"x"}, "0 shapefiles"),
            ({"a.shp": b"x", "b.shp": b"x"}, "2 shapefiles"),
            ({"a.shp": bytes(64 * 1024**2)}, "would unpack"),
            ({f"{i}.txt": b"" for i in range(1001)}, "1001 files"),
        ],
    )
    def test_hostile_zips(self, tmp_path: Path, entries: dict[str, bytes], words: str) -> None:
        with zipfile.ZipFile(tmp_path / "p.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in entries.items():
                archive.writestr(name, content)
        with pytest.raises(LayerError, match=words):
            read_layer(tmp_path / "p.zip", "parcels")


def geojson(path: Path, geometry: Any, crs: str | None = None, **properties: Any) -> Path:
    """One feature, with the old `crs` member or none."""
    feature = {"type": "Feature", "properties": {"parcel_id": "P-1", **properties}}
    member = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    geometry = None if geometry is None else json.loads(shapely.to_geojson(geometry))
    features = [{**feature, "geometry": geometry}]
    path.write_text(json.dumps({"type": "FeatureCollection", **member, "features": features}))
    return path


class TestSystems:
    """The declared system against the coordinates."""

    def test_legacy_crs_member(self, tmp_path: Path) -> None:
        path = geojson(tmp_path / "p.geojson", square(), "urn:ogc:def:crs:EPSG::4547")
        frame, report = read_layer(path, "parcels")
        assert report.crs == "EPSG:4547"
        assert frame.total_bounds[0] == pytest.approx(113.6418, abs=1e-3)

    def test_zone_coded_metres_in_degrees(self, tmp_path: Path) -> None:
        path = geojson(tmp_path / "p.geojson", box(38_468_000, NORTH, 38_468_100, NORTH + 100))
        with pytest.raises(CRSMismatchError, match="zone 38 is EPSG:4526") as caught:
            read_layer(path, "parcels")
        assert "--crs" in caught.value.remedy
        frame, report = read_layer(path, "parcels", crs="EPSG:4526")
        assert frame.total_bounds[0] == pytest.approx(113.6418, abs=1e-3)
        assert "as given, against the file's" in report.crs

    def test_degrees_in_metres(self, tmp_path: Path) -> None:
        path = geojson(tmp_path / "p.geojson", box(113.6, 36.7, 113.7, 36.8), "urn:ogc:def:crs:EPSG::4547")
        with pytest.raises(CRSMismatchError, match="look like degrees"):
            read_layer(path, "parcels")

    def test_northing_in_the_place_of_the_easting(self, tmp_path: Path) -> None:
        path = geojson(tmp_path / "p.geojson", box(NORTH, EAST, NORTH + 9, EAST + 9), "urn:ogc:def:crs:EPSG::4547")
        with pytest.raises(CRSMismatchError, match="northing and easting are swapped"):
            read_layer(path, "parcels")

    def test_a_declared_system_goes_before_a_given_one(self, tmp_path: Path) -> None:
        path = geojson(tmp_path / "p.geojson", square(), "urn:ogc:def:crs:EPSG::4547")
        assert read_layer(path, "parcels", crs="EPSG:4490")[1].crs == "EPSG:4547"

    def test_a_datum_without_public_parameters(self, tmp_path: Path) -> None:
        path = geojson(tmp_path / "p.geojson", square(), "urn:ogc:def:crs:EPSG::2383")
        with pytest.raises(CRSError, match="no public accurate transformation"):
            read_layer(path, "parcels")


class TestBadContent:
    """Each a named error."""

    def test_missing_columns(self, tmp_path: Path, parcels: gpd.GeoDataFrame) -> None:
        parcels.rename(columns={"parcel_id": "DKBM"}).to_file(tmp_path / "p.gpkg")
        with pytest.raises(LayerColumnsError, match="lacks parcel_id.*DKBM.*--map parcels.parcel_id="):
            read_layer(tmp_path / "p.gpkg", "parcels")
        frame, _ = read_layer(tmp_path / "p.gpkg", "parcels", mapping={"parcel_id": "DKBM"})
        assert list(frame["parcel_id"]) == ["甲-1", "乙-2"]

    def test_only_empty_polygons(self, tmp_path: Path) -> None:
        path = geojson(tmp_path / "p.geojson", None)
        with pytest.raises(GeometryError, match="no geometry"):
            read_layer(path, "parcels")

    def test_self_intersection_is_repaired_and_reported(self, tmp_path: Path) -> None:
        bow_tie = Polygon([(113, 36), (113.001, 36.001), (113.001, 36), (113, 36.001)])
        frame, report = read_layer(geojson(tmp_path / "p.geojson", bow_tie), "parcels")
        assert report.repaired == ["P-1"]
        assert frame.geometry.is_valid.all()
        assert shapely.area(frame.geometry.iloc[0]) == pytest.approx(5e-7)

    def test_an_unreadable_date_names_row_and_value(self, tmp_path: Path) -> None:
        path = geojson(tmp_path / "p.geojson", box(113, 36, 113.1, 36.1), permit_id="G-1", valid_from="2024-13-01")
        with pytest.raises(LayerValueError, match="Row 1.*valid_from is '2024-13-01'"):
            read_layer(path, "permits")

    @pytest.mark.parametrize("name", ["p.gpkg", "p.fgb", "p.geojson"])
    def test_no_length_of_a_cut_file_gives_a_traceback(
        self, tmp_path: Path, parcels: gpd.GeoDataFrame, name: str
    ) -> None:
        parcels.to_file(tmp_path / name)
        raw = (tmp_path / name).read_bytes()
        for share in range(1, 10):
            cut = tmp_path / f"cut-{name}"
            cut.write_bytes(raw[: len(raw) * share // 10])
            with pytest.raises(KanchaError) as caught:
                read_layer(cut, "parcels")
            assert f"cut-{name}" in str(caught.value)
            assert str(tmp_path) not in str(caught.value) and "/layer." not in str(caught.value)


class TestArea:
    """The area of interest."""

    def test_all_polygons_are_one_area(self, tmp_path: Path, parcels: gpd.GeoDataFrame) -> None:
        parcels.to_file(tmp_path / "a.gpkg")
        area = read_area(tmp_path / "a.gpkg")
        assert isinstance(area, shapely.MultiPolygon)
        assert area.symmetric_difference(parcels.to_crs(CRS84).union_all()).area < 1e-12

    def test_no_polygon(self, tmp_path: Path) -> None:
        path = geojson(tmp_path / "a.geojson", LineString([(113, 36), (114, 37)]))
        with pytest.raises(GeometryError, match="no polygon.*LineString"):
            read_area(path)


def real_files() -> Iterator[Path]:
    """The real cadastre, where it is."""
    return iter(sorted(REAL.glob("*.json")))


@pytest.mark.skipif(not any(real_files()), reason="the real parcels are not here")
def test_real_parcels() -> None:
    for path in real_files():
        frame, report = read_layer(path, "parcels", mapping={"parcel_id": "id"})
        assert report.rows == report.kept + len(report.dropped) > 4000
        assert frame.geometry.is_valid.all() and frame["parcel_id"].str.len().eq(14).all()
