"""Plain tables: found below titles, in any encoding and with any sign between, refused by name where they are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from geodata.errors import EncodingError, KanchaError, LayerColumnsError, LayerError
from geodata.io.tables import Columns, PlainTable, read_table

WANTED = {"number": ["编号"], "text": ["内容", "描述"], "seen_at": ["日期"]}
LINES = [["汇总表"], ["编号", "内容", "别的"], ["1", "盖房", "x"], [], ["2", "", ""], ["", " ", ""]]


def read(path: Path, content: bytes | str, *, encoding: str = "utf-8", **how: Any) -> PlainTable:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return read_table(path, Columns(WANTED, how.pop("mapping", {}), ["seen_at"]), **how)


@pytest.mark.parametrize("between", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_table_of_text_is_read_with_the_numbers_of_its_rows(tmp_path: Path, between: str, encoding: str) -> None:
    text = "\n".join(between.join(line) for line in LINES)
    told = read(tmp_path / "a.csv", text, encoding=encoding)
    assert [(row, dict(values)) for row, values in told.rows] == [
        (3, {"number": "1", "text": "盖房"}),
        (5, {"number": "2"}),
    ]
    assert dict(told.columns) == {"number": "编号", "text": "内容"} and told.unread == ["别的"]


def test_a_mapping_goes_before_the_usual_names(tmp_path: Path) -> None:
    told = read(tmp_path / "a.csv", "编号,流水,描述\n1,2,x\n", mapping={"number": "流水"})
    assert told.rows == [(2, {"number": "2", "text": "x"})] and told.unread == ["编号"]


def test_days_of_a_workbook_are_days_and_other_numbers_stay(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["编号", "日期"], [46083, 46083], [7, "2026-03-02"], [8, 20260302]):
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    rows = read_table(tmp_path / "a.xlsx", Columns(WANTED, {}, ["seen_at"])).rows
    assert [values["seen_at"] for _, values in rows] == ["2026-03-02T00:00:00", "2026-03-02", 20260302]
    assert rows[0][1]["number"] == 46083


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", LayerColumnsError),
        (b"\x00\xff\xfe\x81", LayerError),
        ("甲,乙\n1,2\n".encode(), LayerColumnsError),
        ("编号,内容\n1,".encode() + b"\xff\xff\xff\n", EncodingError),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, error: type[KanchaError]) -> None:
    with pytest.raises(error):
        read(tmp_path / "x.csv", content)


def test_a_table_that_is_too_long_or_lacks_what_is_mapped_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="more than 2 rows"):
        read(tmp_path / "a.csv", "编号\n1\n2\n3\n", most=2)
    with pytest.raises(LayerColumnsError, match="流水"):
        read(tmp_path / "a.csv", "编号\n1\n", mapping={"text": "流水"})
