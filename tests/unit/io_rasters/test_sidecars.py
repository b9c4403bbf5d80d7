"""How a scene was taken, from the files beside it and from its tags."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from geodata.io import sidecars
from geodata.io.rasters import inspect_raster
from geodata.io.sidecars import UNKNOWN, Acquisition, acquisition_from_mapping, read_acquisition
from tests.unit.io_rasters.raster_kit import noise, write

IMD = """version = "28.3";
BEGIN_GROUP = BAND_B
\tabsCalFactor = 2.0;
END_GROUP = BAND_B
BEGIN_GROUP = IMAGE_1
\tsatId = "WV03";
\tfirstLineTime = 2025-04-12T03:16:43.287350Z;
\tmeanSunAz = 150.2;
\tmeanSunEl = 61.5;
\tmeanSatAz = 213.4;
\tmeanSatEl = 71.6;
\tmeanOffNadirViewAngle = 16.9;
\tcloudCover = 0.082;
END_GROUP = IMAGE_1
END;
"""
GF2 = """<?xml version="1.0" encoding="utf-8"?>
<ProductMetaData>
  <SatelliteID>GF2</SatelliteID><SensorID>PMS1</SensorID>
  <ReceiveTime>2025-04-12 03:09:09.0</ReceiveTime><CenterTime>2025-04-12 11:09:09.0</CenterTime>
  <CloudPercent>4</CloudPercent><RollViewingAngle>-12</RollViewingAngle><PitchViewingAngle>0</PitchViewingAngle>
  <SolarAzimuth>146.266</SolarAzimuth><SolarZenith>25.5</SolarZenith>
  <SatelliteAzimuth>280.4</SatelliteAzimuth><SatelliteZenith>76</SatelliteZenith>
</ProductMetaData>"""
ZY3 = """<?xml version="1.0" encoding="GB2312"?>
<sensor_corrected_metadata><productInfo><SatelliteID>ZY3-2</SatelliteID><RegionName>邯郸</RegionName>
<SunAltitude>47.2</SunAltitude><SunAzimuth>160.5</SunAzimuth><SatAzimuth>101</SatAzimuth><SatAltitude>82</SatAltitude>
<CenterTime>2025-04-12T11:20:01</CenterTime></productInfo></sensor_corrected_metadata>"""
DIMAP = """<?xml version="1.0"?>
<Dimap_Document><Source><MISSION>PHR</MISSION><MISSION_INDEX>1B</MISSION_INDEX>
<IMAGING_DATE>2025-04-12</IMAGING_DATE><IMAGING_TIME>03:20:11.5Z</IMAGING_TIME></Source>
<CLOUD_COVERAGE unit="percent">12.5</CLOUD_COVERAGE>
<Use><LOCATION_TYPE>Top Center</LOCATION_TYPE><SUN_ELEVATION unit="deg">60.1</SUN_ELEVATION>
<SUN_AZIMUTH unit="deg">140.0</SUN_AZIMUTH><VIEWING_ANGLE unit="deg">9.0</VIEWING_ANGLE></Use>
<Use><LOCATION_TYPE>Center</LOCATION_TYPE><SUN_ELEVATION unit="deg">60.2</SUN_ELEVATION>
<SUN_AZIMUTH unit="deg">141.0</SUN_AZIMUTH><VIEWING_ANGLE unit="deg">10.0</VIEWING_ANGLE></Use>
<Use><LOCATION_TYPE>Bottom Center</LOCATION_TYPE><SUN_ELEVATION unit="deg">60.3</SUN_ELEVATION>
<SUN_AZIMUTH unit="deg">142.0</SUN_AZIMUTH><VIEWING_ANGLE unit="deg">11.0</VIEWING_ANGLE></Use></Dimap_Document>"""
STAC = {
    "type": "Feature",
    "properties": {
        "datetime": "2025-04-12T03:00:00Z", "platform": "superview-1", "gsd": 0.5, "eo:cloud_cover": 3,
        "view:sun_elevation": 58.5, "view:sun_azimuth": 141, "view:off_nadir": 7.2, "view:azimuth": 45.0,
    },
}  # fmt: skip


def told_by(folder: Path, name: str, text: str | bytes, scene: str = "scene.tif") -> Acquisition:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_acquisition(folder / scene)


def figures(told: Acquisition) -> tuple[object, ...]:
    return (
        told.sun_elevation_deg, told.sun_azimuth_deg, told.view_off_nadir_deg, told.view_azimuth_deg, told.sensor,
        told.cloud_cover,
    )  # fmt: skip


def test_nothing_beside_tells_nothing(tmp_path: Path) -> None:
    assert read_acquisition(tmp_path / "scene.tif") == UNKNOWN
    assert UNKNOWN.as_dict() == {} and UNKNOWN.as_stac() == {}


def test_maxar_imd(tmp_path: Path) -> None:
    told = told_by(tmp_path, "scene.IMD", IMD)
    assert figures(told) == (61.5, 150.2, 16.9, 213.4, "WV03", 0.082)
    assert told.acquired_at == datetime(2025, 4, 12, 3, 16, 43, 287350, tzinfo=UTC)
    assert told.source == ("scene.IMD",)
    assert dict(told.checksums) == {"scene.IMD": hashlib.sha256(IMD.encode()).hexdigest()}


def test_gaofen_xml_with_zenith_and_roll_in_beijing_time(tmp_path: Path) -> None:
    told = told_by(tmp_path, "scene.xml", GF2)
    assert figures(told) == (64.5, 146.266, 12.0, 280.4, "GF2", 0.04)
    assert told.acquired_at is not None and told.acquired_at.isoformat() == "2025-04-12T11:09:09+08:00"


def test_ziyuan_xml_in_gb2312_with_altitudes(tmp_path: Path) -> None:
    told = told_by(tmp_path, "scene.xml", ZY3.encode("gb2312"))
    assert figures(told) == (47.2, 160.5, 8.0, 101.0, "ZY3-2", None)


def test_dimap_takes_the_centre_and_is_found_for_its_image(tmp_path: Path) -> None:
    told = told_by(tmp_path, "DIM_PHR1B_P_202504.XML", DIMAP, scene="IMG_PHR1B_P_202504_R1C1.TIF")
    assert figures(told) == (60.2, 141.0, 10.0, None, "PHR 1B", 0.125)
    assert told.acquired_at == datetime(2025, 4, 12, 3, 20, 11, 500000, tzinfo=UTC)


def test_stac_item_and_the_way_back(tmp_path: Path) -> None:
    told = told_by(tmp_path, "scene.json", json.dumps(STAC))
    assert figures(told) == (58.5, 141.0, 7.2, 45.0, "superview-1", 0.03)
    again = acquisition_from_mapping(told.as_stac(), "attributes")
    assert figures(again) == figures(told) and again.acquired_at == told.acquired_at


def test_tags_fill_what_side_files_leave_open(tmp_path: Path) -> None:
    (tmp_path / "scene.json").write_text(json.dumps({"properties": {"view:off_nadir": 3}}))
    told = read_acquisition(tmp_path / "scene.tif", {"SUN_ELEVATION": "44", "view:off_nadir": "9", "AREA": "x"})
    assert told.view_off_nadir_deg == 3 and told.sun_elevation_deg == 44
    assert told.source == ("scene.json", "tags")


@pytest.mark.parametrize(
    ("name", "value"),
    [("SUN_ELEVATION", "high"), ("SUN_ELEVATION", "123"), ("eo:cloud_cover", "-999"), ("view:off_nadir", "nan")],
)
def test_what_is_no_angle_is_unknown(name: str, value: str) -> None:
    assert acquisition_from_mapping({name: value}, "tags") == UNKNOWN


BOMB = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<ProductMetaData><SolarZenith>&b;</SolarZenith></ProductMetaData>"""
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/hostname"><x><SolarZenith>30</SolarZenith></x>'


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("scene.xml", BOMB, "document type or entities"),
        ("scene.xml", OUTSIDE, "document type or entities"),
        ("scene.xml", BOMB.encode("utf-16"), "document type or entities"),
        ("scene.xml", "<a><b></a>", "not well-formed"),
        ("scene.xml", "<a>" * 100 + "</a>" * 100, "too deep"),
        ("scene.json", "{", "not a JSON"),
        ("scene.json", "[" * 100_000, "not a JSON"),
        ("scene.json", b" " * (sidecars.MAX_BYTES + 1), "larger than 4 MiB"),
    ],
)
def test_a_hostile_or_broken_side_file_is_left_out_and_named(
    tmp_path: Path, name: str, text: str | bytes, reason: str
) -> None:
    told = told_by(tmp_path, name, text)
    assert figures(told) == figures(UNKNOWN) and told.checksums == ()
    assert [n for n, _ in told.ignored] == [name] and reason in told.ignored[0][1]


def test_files_of_other_scenes_are_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "other.IMD").write_text(IMD)
    (tmp_path / "scene2.xml").write_text(GF2)
    assert read_acquisition(tmp_path / "scene.tif") == UNKNOWN


def test_a_raster_carries_it_and_takes_its_date_last(tmp_path: Path) -> None:
    path = write(tmp_path / "scene.tif", noise(), tags={"SUN_AZIMUTH": "123.5"})
    (tmp_path / "scene.IMD").write_text(IMD)
    told = inspect_raster(path)
    assert told.acquisition.sun_elevation_deg == 61.5
    assert told.acquired_at is not None and told.acquired_at.astimezone(UTC).date().isoformat() == "2025-04-12"
    named = write(tmp_path / "scene_20240101.tif", noise())
    (tmp_path / "scene_20240101.IMD").write_text(IMD)
    by_name = inspect_raster(named).acquired_at
    assert by_name is not None and by_name.utcoffset() == timedelta(hours=8) and by_name.year == 2024


def test_tags_of_the_file_are_heard(tmp_path: Path) -> None:
    path = write(tmp_path / "scene.tif", noise(), tags={"SUN_ELEVATION": "40.5", "OFF_NADIR": "11"})
    told = inspect_raster(path).acquisition
    assert (told.sun_elevation_deg, told.view_off_nadir_deg, told.source) == (40.5, 11.0, ("tags",))
