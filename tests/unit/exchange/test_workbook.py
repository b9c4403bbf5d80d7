"""The ledger of findings as a workbook."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import shapely

from geodata.errors import OptionError
from geodata.exchange import LedgerOptions, write_ledger


def finding(fid: str, **more: Any) -> dict[str, Any]:
    return {
        "id": fid, "status": "suspected", "change": "appeared", "stage": "under_construction", "tier": "confirmed",
        "area_m2": 1333.3, "area_error_m2": 12.0, "confidence": 0.91, "priority": 3.5, "severity": "high",
        "before_acquired_at": "2026-03-31T20:00:00+00:00", "after_acquired_at": "2026-06-01T03:00:00+00:00",
        "parcel_ids": ["G1"], "permit_ids": [], "flags": [], "cues": [], "authority": "urban_management_bureau",
        "reasons": [{"message": "=1+1", "message_zh": "=1+1", "basis": "城乡规划法第40条", "certainty": "certain"}],
        "judged": None, "geometry": shapely.box(114.5, 36.6, 114.5004, 36.6004), **more,
    }  # fmt: skip


def test_a_ledger_reads_back_as_written(tmp_path: Path) -> None:
    rows = [finding("b", status="permitted", area_m2=666.65, parcel_ids=["G2"], judged=False), finding("a")]
    options = LedgerOptions(villages={"G1": "东村"}, told={"范围": "all scans"})
    assert write_ledger(rows, tmp_path / "l.xlsx", options) == 2
    assert [p.name for p in tmp_path.iterdir()] == ["l.xlsx"]
    book = openpyxl.load_workbook(tmp_path / "l.xlsx")
    assert book.sheetnames == ["线索台账", "汇总", "说明"]
    sheet = book["线索台账"]
    head = [cell.value for cell in sheet[1]]
    first, second = ({k: c for k, c in zip(head, row, strict=True)} for row in sheet.iter_rows(min_row=2))
    assert (first["线索编号"].value, second["线索编号"].value) == ("a", "b"), "suspicions come first"
    assert (first["面积（m²）"].value, first["面积（亩）"].value) == (1333.3, 2.0)
    assert first["前时相"].value == datetime(2026, 4, 1), "a Beijing day"
    assert (first["村"].value, second["村"].value or "") == ("东村", "")
    assert (first["核查结论"].value, second["核查结论"].value) == ("未核查", "不属实")
    assert (first["状态"].value, first["严重程度"].value) == ("疑似违法建设", "严重")
    assert (first["理由"].value, first["理由"].data_type) == ("=1+1", "s"), "a text is no formula"
    assert first["经度"].value == pytest.approx(114.5002) and first["纬度"].value == pytest.approx(36.6002)
    assert [[c.value for c in row] for row in book["汇总"].iter_rows(min_row=2)] == [
        ["东村", "疑似违法建设", 1, 1333.3, 2.0],
        [None, "已有许可", 1, 666.6, 1.0],
        ["合计", None, 2, 1999.9, 3.0],
    ] or [[c.value or "" for c in row] for row in book["汇总"].iter_rows(min_row=2)] == [
        ["东村", "疑似违法建设", 1, 1333.3, 2.0],
        ["", "已有许可", 1, 666.6, 1.0],
        ["合计", "", 2, 1999.9, 3.0],
    ]
    assert [c.value for c in book["说明"][2]] == ["范围", "all scans"]


def test_a_ledger_speaks_english_and_may_be_empty(tmp_path: Path) -> None:
    write_ledger([], tmp_path / "l.xlsx", LedgerOptions("en"))
    book = openpyxl.load_workbook(tmp_path / "l.xlsx")
    assert book.sheetnames == ["Findings", "Summary", "About"] and book["Findings"].max_row == 1
    with pytest.raises(OptionError, match=r"\.xls"):
        write_ledger([], tmp_path / "l.xls")
    assert [p.name for p in tmp_path.iterdir()] == ["l.xlsx"]
