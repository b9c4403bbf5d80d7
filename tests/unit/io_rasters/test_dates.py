"""Dates from tags, names and what a user types."""

from __future__ import annotations

import pytest

from geodata.errors import OptionError
from geodata.io.dates import date_from_name, date_from_tag, parse_date


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("before_20250412.tif", "2025-04-12T00:00:00"),
        ("GF2_20250412T103000.tif", "2025-04-12T10:30:00"),
        ("GF2_20250412_103000_L1.tif", "2025-04-12T10:30:00"),
        ("x20250412103000.tif", "2025-04-12T10:30:00"),
        ("district_2025-04-12.tif", "2025-04-12T00:00:00"),
        ("district_2025_04_12.tif", "2025-04-12T00:00:00"),
        ("district.2025.04.12.tif", "2025-04-12T00:00:00"),
        ("正射_2025年4月12日.tif", "2025-04-12T00:00:00"),
        ("正射2025年11月2日.tif", "2025-11-02T00:00:00"),
        ("20240229.tif", "2024-02-29T00:00:00"),
        ("19800101.tif", "1980-01-01T00:00:00"),
        ("20250231_20250301.tif", "2025-03-01T00:00:00"),
        ("20250412_1.tif", "2025-04-12T00:00:00"),
    ],
)
def test_the_date_in_a_name_is_a_beijing_day(name: str, moment: str) -> None:
    got = date_from_name(name)
    assert got is not None and got.isoformat() == moment + "+08:00"


@pytest.mark.parametrize(
    "name",
    ["scene.tif", "120250412.tif", "202504123.tif", "20251312.tif", "20250230.tif", "18990101.tif", "2025-4.tif", ""],
)
def test_a_name_without_a_date(name: str) -> None:
    assert date_from_name(name) is None


@pytest.mark.parametrize(
    ("tag", "moment"),
    [
        ("2025:04:12 10:30:00", "2025-04-12T10:30:00+08:00"),
        ("2025-04-12 10:30:00", "2025-04-12T10:30:00+08:00"),
        ("2025:04:12", "2025-04-12T00:00:00+08:00"),
        ("2025-04-12T10:30:00Z", "2025-04-12T10:30:00+00:00"),
        (" 2025:04:12 10:30:00\0", "2025-04-12T10:30:00+08:00"),
    ],
)
def test_the_tag(tag: str, moment: str) -> None:
    got = date_from_tag(tag)
    assert got is not None and got.isoformat() == moment


@pytest.mark.parametrize("tag", [None, "", "0000:00:00 00:00:00", "soon", "    :  :     :  :  "])
def test_a_tag_that_says_nothing(tag: str | None) -> None:
    assert date_from_tag(tag) is None


def test_what_a_user_types() -> None:
    assert parse_date("2025-04-12").isoformat() == "2025-04-12T00:00:00+08:00"
    assert parse_date(" 2025-04-12T10:30:00+00:00 ").isoformat() == "2025-04-12T10:30:00+00:00"
    assert parse_date("2025年4月12日").isoformat() == "2025-04-12T00:00:00+08:00"
    with pytest.raises(OptionError, match="'yesterday' is not a date"):
        parse_date("yesterday")
