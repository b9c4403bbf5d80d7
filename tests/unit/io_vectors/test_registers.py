"""Registers as CSV and XLSX: encodings, headers below titles, days as numbers, merged cells, places."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from geodata.errors import (
    EncodingError,
    GeometryError,
    KanchaError,
    LayerColumnsError,
    LayerError,
    LayerValueError,
    MissingCRSError,
)
from geodata.io.vectors import LayerReader, ReadAs, read_layer

HEADER = ["permit_id", "valid_from", "parcel_id", "address"]
ROWS = [["证-1", "2024-05-01", "甲-001", "人民路12号"], ["证-2", "2024/6/1", "", "光明路3号"]]


def text_table(path: Path, rows: list[list[str]], encoding: str = "utf-8", sign: str = ",", eol: str = "\r\n") -> Path:
    path.write_bytes((eol.join(sign.join(row) for row in rows) + eol).encode(encoding))
    return path


def workbook(path: Path, rows: list[list[Any]], change: Callable[[Any], None] = lambda sheet: None) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    change(book.active)
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "UTF-8 (found in the text"),
        ("utf-8-sig", "UTF-8-SIG (by its byte order mark)"),
        ("gbk", "GB18030 (found in the text"),
        ("gb18030", "GB18030 (found in the text"),
        ("utf-16", "UTF-16 (by its byte order mark)"),
    ],
)
@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_text_in_any_encoding_and_with_any_sign_between(tmp_path: Path, encoding: str, told: str, sign: str) -> None:
    path = text_table(tmp_path / "p.csv", [HEADER, *ROWS], encoding, sign)
    frame, report = read_layer(path, "permits")
    assert frame["permit_id"].tolist() == ["证-1", "证-2"]
    assert frame["valid_from"].tolist() == [date(2024, 5, 1), date(2024, 6, 1)]
    assert frame["address"].tolist() == ["人民路12号", "光明路3号"]
    assert frame["parcel_id"].tolist() == ["甲-001", None]
    assert report.encoding.startswith(told) and (report.rows, report.crs) == (2, "none")


def test_the_users_encoding_is_taken_or_refused(tmp_path: Path) -> None:
    path = text_table(tmp_path / "p.csv", [HEADER, *ROWS], "gbk")
    assert read_layer(path, "permits", encoding="GBK")[1].encoding == "GB18030 (as given)"
    with pytest.raises(EncodingError, match="not UTF-8"):
        read_layer(path, "permits", encoding="UTF-8")
    with pytest.raises(EncodingError, match="no text encoding"):
        read_layer(path, "permits", encoding="klingon")


def test_quoted_values_hold_signs_and_line_feeds(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text('permit_id,valid_from,address\n"a,1",2024-05-01,"人民路\n12号"\n', encoding="utf-8")
    frame, _ = read_layer(path, "permits")
    assert frame[["permit_id", "address"]].values.tolist() == [["a,1", "人民路\n12号"]]


TITLES: list[list[Any]] = [["邯郸市建设工程规划许可证登记表"], ["制表：规划科", None, "2026-09-30"], []]


def test_a_header_below_titles_and_days_of_every_kind(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        *TITLES,
        ["permit_id", "valid_from", "valid_to", "issued_on", "area_m2", "address"],
        ["证-1", 45413, datetime(2026, 5, 1), "2024年4月1日", 120.5, "人民路12号"],
        [],
        [20240002, 20240601, "长期", None, None, "光明路3号"],
    ]
    frame, report = read_layer(workbook(tmp_path / "p.xlsx", rows), "permits")
    assert frame["permit_id"].tolist() == ["证-1", "20240002"]
    assert frame["valid_from"].tolist() == [date(2024, 5, 1), date(2024, 6, 1)]
    assert frame["valid_to"].tolist() == [date(2026, 5, 1), None]
    assert frame["issued_on"].tolist() == [date(2024, 4, 1), None]
    assert frame["area_m2"].iloc[0] == 120.5 and np.isnan(frame["area_m2"].iloc[1])
    assert (report.rows, report.kept, report.encoding) == (2, 2, "UTF-8 (fixed by the format)")


def test_days_are_counted_as_the_workbook_counts(tmp_path: Path) -> None:
    path = tmp_path / "p.xlsx"
    book = openpyxl.Workbook()
    book.epoch = datetime(1904, 1, 1)
    for row in (["permit_id", "valid_from", "address"], ["a", 43951, "b"]):
        book.active.append(row)
    book.save(path)
    assert read_layer(path, "permits")[0]["valid_from"].tolist() == [date(2024, 5, 1)]


def test_merged_cells_hold_their_value_and_headers_of_two_rows_are_joined(tmp_path: Path) -> None:
    rows = [
        ["许可登记表"],
        ["编号", "有效期", None, "坐落"],
        [None, "起", "止", None],
        ["证-1", "2024-05-01", "2026-05-01", "人民路12号"],
        ["证-2", "2024-06-01", None, None],
    ]

    def merge(sheet: Any) -> None:
        for area in ("A1:D1", "A2:A3", "B2:C2", "D2:D3", "D4:D5"):
            sheet.merge_cells(area)

    mapping = {"permit_id": "编号", "valid_from": "有效期起", "valid_to": "有效期止", "address": "坐落"}
    frame, _ = read_layer(workbook(tmp_path / "p.xlsx", rows, merge), "permits", mapping=mapping)
    assert frame["permit_id"].tolist() == ["证-1", "证-2"]
    assert frame["valid_to"].tolist() == [date(2026, 5, 1), None]
    assert frame["address"].tolist() == ["人民路12号", "人民路12号"]


def with_formula(path: Path, cached: str) -> Path:
    """A workbook whose cell D2 is a formula, with the value that a spreadsheet program stored, or none."""
    workbook(path, [HEADER, ["a", "2024-05-01", "x", '=CONCATENATE("人民路",12,"号")']])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    xml = parts["xl/worksheets/sheet1.xml"].decode()
    assert xml.count("<v></v>") + xml.count("<v />") + xml.count("<v/>") == 1
    for empty in ("<v></v>", "<v />", "<v/>"):
        xml = xml.replace(empty, cached)
    parts["xl/worksheets/sheet1.xml"] = xml.replace(
        '<c r="D2">', '<c r="D2" t="str">' if cached else '<c r="D2">'
    ).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_formulas_give_their_stored_value_or_are_refused(tmp_path: Path) -> None:
    frame, _ = read_layer(with_formula(tmp_path / "p.xlsx", "<v>人民路12号</v>"), "permits")
    assert frame["address"].tolist() == ["人民路12号"]
    with pytest.raises(LayerError, match="formula in D2 has no stored value"):
        read_layer(with_formula(tmp_path / "q.xlsx", ""), "permits")


def test_an_error_in_a_needed_cell_is_refused_and_elsewhere_is_nothing(tmp_path: Path) -> None:
    rows = [[*HEADER, "备注"], ["a", "2024-05-01", "#REF!", "x", "y"]]
    with pytest.raises(LayerValueError, match="parcel_id holds the error #REF!"):
        read_layer(workbook(tmp_path / "p.xlsx", rows), "permits")
    rows[1][2], rows[1][4] = "z", "#N/A"
    assert read_layer(workbook(tmp_path / "q.xlsx", rows), "permits")[0]["备注"].tolist() == [None]


def test_the_sheet_named_like_the_layer_or_the_only_one(tmp_path: Path) -> None:
    def more(title: str, state: str = "visible") -> Callable[[Any], None]:
        def change(sheet: Any) -> None:
            other = sheet.parent.create_sheet(title)
            other.sheet_state = state
            for row in ([*HEADER], ["from the other", "2024-05-01", "x", "y"]):
                other.append(row)

        return change

    rows = [HEADER, ["from the first", "2024-05-01", "x", "y"]]
    named = workbook(tmp_path / "a.xlsx", rows, more("Permits"))
    assert read_layer(named, "permits")[0]["permit_id"].tolist() == ["from the other"]
    hidden = workbook(tmp_path / "b.xlsx", rows, more("代码", "hidden"))
    assert read_layer(hidden, "permits")[0]["permit_id"].tolist() == ["from the first"]
    with pytest.raises(LayerError, match=r"2 sheets \(Sheet, 代码\) and none is called 'permits'"):
        read_layer(workbook(tmp_path / "c.xlsx", rows, more("代码")), "permits")


def test_places_by_wkt_and_by_coordinates_in_a_named_system(tmp_path: Path) -> None:
    rows = [
        ["permit_id", "valid_from", "wkt", "经度", "纬度"],
        ["own", "2024-05-01", "POLYGON ((113.64 36.72, 113.641 36.72, 113.641 36.721, 113.64 36.72))", "", ""],
        ["point", "2024-05-01", "", "113.65", "36.73"],
    ]
    path = text_table(tmp_path / "p.csv", rows, sign=";")
    with pytest.raises(MissingCRSError, match="--crs"):
        read_layer(path, "permits")
    frame, report = read_layer(path, "permits", crs="EPSG:4490")
    assert frame.geometry.iloc[0].area > 0 and frame.geometry.iloc[1] is None, "a point is no ground"
    assert frame[["point_lon", "point_lat"]].values[1].tolist() == pytest.approx([113.65, 36.73])
    assert "wkt" not in frame.columns and report.crs == "EPSG:4490 (as given)"


def test_surveyors_coordinates_are_mapped_and_never_guessed(tmp_path: Path) -> None:
    rows = [["permit_id", "valid_from", "X", "Y", "address"], ["a", "2024-05-01", 4066000.5, 468000.5, "人民路1号"]]
    path = workbook(tmp_path / "p.xlsx", rows)
    assert np.isnan(read_layer(path, "permits")[0]["point_lon"].iloc[0])
    mapping = {"lon": "Y", "lat": "X"}
    frame, _ = read_layer(path, "permits", crs="EPSG:4547", mapping=mapping)
    assert frame["point_lon"].iloc[0] == pytest.approx(113.6418, abs=1e-3)
    with pytest.raises(LayerColumnsError, match="absent Z"):
        read_layer(path, "permits", crs="EPSG:4547", mapping={"lon": "Z", "lat": "X"})


@pytest.mark.parametrize(("column", "value"), [("wkt", "POLYGON ((1 2"), ("lon", "east")])
def test_an_unreadable_place_names_its_row(tmp_path: Path, column: str, value: str) -> None:
    rows = [["permit_id", "valid_from", "wkt", "lon", "lat"], ["a", "2024-05-01", "", "113", "36"]]
    bad = dict(zip(rows[0], rows[1], strict=True)) | {column: value}
    path = text_table(tmp_path / "p.csv", [*rows, list(bad.values())], sign=";")
    with pytest.raises(LayerValueError, match=f"Row 2 of 'p.csv': {column} is"):
        read_layer(path, "permits", crs="EPSG:4490")


def test_a_register_of_buildings_keeps_those_without_an_outline(tmp_path: Path) -> None:
    rows = [["building_id", "built_on", "wkt"], ["a", "2020-01-01", ""], ["b", "2021-01-01", "POINT (113 36)"]]
    frame, report = read_layer(text_table(tmp_path / "b.csv", rows), "buildings", crs="EPSG:4490")
    assert frame["building_id"].tolist() == ["a", "b"] and frame.geometry.isna().all()
    assert report.dropped == []


def test_missing_columns_are_told_with_those_of_the_likeliest_header(tmp_path: Path) -> None:
    path = workbook(tmp_path / "p.xlsx", [*TITLES, ["证号", "发证日期", "坐落"], ["a", 45413, "b"]])
    with pytest.raises(LayerColumnsError, match="lacks permit_id, valid_from; it has: 证号, 发证日期, 坐落"):
        read_layer(path, "permits")
    with pytest.raises(LayerColumnsError, match="empty table"):
        read_layer(workbook(tmp_path / "e.xlsx", []), "permits")
    with pytest.raises(GeometryError, match="0 features"):
        read_layer(text_table(tmp_path / "h.csv", [HEADER]), "permits")


def test_portions_of_a_table_give_the_whole(tmp_path: Path) -> None:
    rows = [[f"p{i}", "2024-05-01", f"x{i}", ""] for i in range(7)] + [["p0", "2024-05-01", "x0", ""]]
    path = text_table(tmp_path / "p.csv", [HEADER, *rows])
    reader = LayerReader(path, "permits", ReadAs(), 3)
    assert [len(frame) for frame in reader.frames()] == [3, 3, 1]
    assert (reader.report.rows, reader.report.kept, reader.report.duplicated) == (8, 7, ["p0"])


def test_bombs_old_workbooks_and_damage_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", bytes(64 * 1024**2))
    with pytest.raises(LayerError, match="would unpack"):
        read_layer(tmp_path / "bomb.xlsx", "permits")
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100))
    with pytest.raises(LayerError, match="old form"):
        read_layer(tmp_path / "old.xls", "permits")
    whole = workbook(tmp_path / "p.xlsx", [HEADER, *ROWS]).read_bytes()
    for share in range(1, 10):
        (tmp_path / "cut.xlsx").write_bytes(whole[: len(whole) * share // 10])
        with pytest.raises(KanchaError, match=r"cut\.xlsx"):
            read_layer(tmp_path / "cut.xlsx", "permits")
    with pytest.raises(LayerError, match="only registers may be"):
        read_layer(tmp_path / "p.xlsx", "parcels")
