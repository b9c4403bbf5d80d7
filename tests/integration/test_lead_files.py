"""Reports by the file, over HTTP and on the command line: odd files, bad rows, the same file twice."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from geodata.errors import KanchaError, LayerColumnsError, LayerError
from scripts.main import app
from service.cases.errors import ReportError
from service.cases.leads.intake import Said
from service.settings import Settings
from service.usecases.report_file import FileFacts, FileResult, take_local_file
from tests.access import client_of
from tests.integration.lead_kit import PHONE, WANG, photo_file
from tests.integration.review_kit import opened

ROWS = [
    ["工单编号", "来电时间", "经度", "纬度", "反映内容", "来电人", "来电号码", "是否匿名"],
    ["W-1", "2026/3/2 9:05", "114.5", "36.6", "有人盖房", WANG, PHONE, "否"],
    ["W-2", "2026-03-02", "114.5", "36.60001", "又在盖房", WANG, PHONE, "是"],
    ["W-3", "昨天", "114.5", "36.6", "时间不清", "", "", ""],
    ["W-4", "2026-03-02", "", "", "地址不明", "", "", ""],
    ["W-5", "2026-03-02", "214.5", "36.6", "坐标不对", "", "", ""],
    ["", "2026-03-03", "114.6", "36.7", "没有编号", "", "", "未知"],
]


def csv_file(path: Path, rows: list[list[str]] = ROWS, encoding: str = "gb18030", between: str = ",") -> Path:
    path.write_text("\r\n".join(between.join(row) for row in rows), encoding=encoding)
    return path


def taken(folder: Path, path: Path, mapping: dict[str, str] | None = None, source: str = "hotline") -> FileResult:
    services = opened(folder / "data")
    try:
        return take_local_file(services, path, FileFacts(Said(source), mapping or {}))
    finally:
        services.close()


def test_good_rows_are_kept_bad_ones_told_and_the_same_file_adds_nothing(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "工单.csv")
    told = taken(tmp_path, path)
    assert (told.rows, told.new, told.known, told.unplaced, len(told.lead_ids)) == (6, 3, 0, 1, 1)
    assert [row for row, _ in told.bad] == [4, 6, 7] and told.encoding.startswith("GB18030")
    assert "昨天" in told.bad[0][1] and "longitude" in told.bad[1][1] and "未知" in told.bad[2][1]
    assert told.columns["telephone"] == "来电号码" and told.unread == []
    again = taken(tmp_path, path)
    assert (again.new, again.known, again.lead_ids) == (0, 3, [])
    services = opened(tmp_path / "data")
    kept = {one.number: one for one in services.store.leads.reports(10).items}
    assert kept["W-1"].reporter and kept["W-2"].anonymous and kept["W-2"].reporter is None
    assert kept["W-1"].seen_at.isoformat() == "2026-03-02T01:05:00+00:00" and WANG not in json.dumps(kept["W-1"].facts)
    services.close()


def workbook(path: Path, rows: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_a_workbook_below_a_title_with_days_as_numbers_and_foreign_names(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["十二月工单汇总"],
        [],
        ["流水", "日期", "X", "Y", "事由", "坐落"],
        [1001, 46083, 114.5, 36.6, "盖房", None],
        [1002.0, 46083.5, None, None, "盖房", "人民路1号"],
        [None, None, None, None, None, None],
    ]
    path = workbook(tmp_path / "a.xlsx", rows)
    mapping = {"number": "流水", "lon": "X", "lat": "Y", "text": "事由"}
    told = taken(tmp_path, path, mapping)
    assert (told.rows, told.new, told.unplaced, told.bad) == (2, 2, 1, []) and told.encoding == ""
    services = opened(tmp_path / "data")
    kept = {one.number: one for one in services.store.leads.reports(10).items}
    assert set(kept) == {"1001", "1002"} and kept["1001"].seen_at.isoformat() == "2026-03-01T16:00:00+00:00"
    assert kept["1002"].address == "人民路1号" and kept["1002"].seen_at.isoformat() == "2026-03-02T04:00:00+00:00"
    services.close()


def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(LayerColumnsError, match="流水"):
        taken(tmp_path, csv_file(tmp_path / "a.csv"), {"number": "流水"})
    (tmp_path / "x.xlsx").write_bytes(b"PK\x03\x04not a workbook")
    with pytest.raises(LayerError):
        taken(tmp_path, tmp_path / "x.xlsx")
    with pytest.raises(ReportError):
        taken(tmp_path, tmp_path / "a.csv", source="scan")


def test_a_long_file_is_taken_in_portions(tmp_path: Path) -> None:
    rows = [[f"N-{k}", "2026-03-02", f"{114 + k / 500}", "36.6", "盖房", "", "", ""] for k in range(501)]
    told = taken(tmp_path, csv_file(tmp_path / "many.csv", [ROWS[0], *rows]))
    assert (told.new, len(told.lead_ids), told.bad) == (501, 501, [])


def test_a_file_over_http_needs_its_part_and_known_columns(tmp_path: Path) -> None:
    with client_of(Settings(data=tmp_path / "data")) as client:
        content = csv_file(tmp_path / "a.csv").read_bytes()

        def send(**fields: str) -> Any:
            return client.post("/reports/file", data=fields, files={"file": ("工单.csv", io.BytesIO(content))})

        told = send(source="hotline")
        assert told.status_code == 200 and told.json()["new"] == 3
        assert (
            [one["row"] for one in told.json()["bad"]] == [4, 6, 7] and PHONE not in told.text and WANG not in told.text
        )
        assert send(source="hotline", map='{"colour": "x"}').status_code == 400
        assert send(source="scan").status_code == 422
        assert client.post("/reports/file", data={"source": "hotline"}).status_code in (400, 422)


def run(data: Path, *command: str | Path) -> Result:
    return CliRunner().invoke(app, ["leads", *map(str, command), "--data", str(data)])


def test_the_whole_way_on_the_command_line(tmp_path: Path) -> None:
    data = tmp_path / "data"
    told = run(data, "import", csv_file(tmp_path / "a.csv"), "--source", "hotline")
    assert told.exit_code == 1 and "3 new" in told.output and "row 4:" in told.output
    assert PHONE not in told.output and WANG not in told.output
    first = csv_file(tmp_path / "b.csv", ROWS[:2])
    clean = run(data, "import", first, "--source", "hotline", "--map", "number=工单编号")
    assert clean.exit_code == 0 and "1 known before" in clean.output
    listed = run(data, "list")
    assert "12345热线" in listed.output and "1 of 1 leads" in listed.output
    services = opened(data)
    lead = str(services.store.leads.reports(10).items[-1].lead_id)
    services.close()
    shown = run(data, "show", lead)
    assert "W-1" in shown.output and "生成线索" in shown.output and PHONE not in shown.output
    bare = run(data, "judge", lead, "3", "--ground", "false_change", "--reason", "实地无建筑")
    assert isinstance(bare.exception, KanchaError) and bare.exception.code == "lead-proof"
    photo = photo_file(tmp_path / "现场.jpg")
    done = run(data, "judge", lead, "3", "--ground", "false_change", "--reason", "实地无建筑", "--photo", photo)
    assert done.exit_code == 0 and "实地伪变化" in done.output and photo.exists()
    assert "0 of 0 leads" in run(data, "list").output and "1 of 1" in run(data, "list", "--verdict", "3").output
    assert "0 findings" in run(data, "gather").output
    refused = run(data, "import", tmp_path / "none.csv", "--source", "hotline").exception
    assert isinstance(refused, KanchaError) and refused.code == "file-not-found"
