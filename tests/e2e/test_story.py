"""The whole chain on the demonstration district: found at night, stopped, decided, gone, green, closed, and sealed."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from tests.integration.service_kit import kancha

STEPS = (
    "夜间扫描", "报警", "线索核查", "受理案件", "现场勘验", "责令停止通知书送达", "立案", "权利告知书送达",
    "法制审核通过",
    "作出决定", "决定书送达", "催告书送达", "作出强制执行决定", "拆除公告", "被拒绝：强制法 44、强制法 43", "开始拆除",
    "拆除完成", "影像核验：gone", "增绿核测", "结案", "证据包",
)  # fmt: skip


@pytest.mark.soak
def test_one_structure_goes_from_the_first_night_to_the_closed_case(tmp_path: Path) -> None:
    data = tmp_path / "demo" / "story"
    told = kancha("demo", tmp_path / "demo", "--story", data=data)
    assert told.returncode == 0, told.stdout + told.stderr
    places = [told.stdout.find(step) for step in STEPS]
    assert min(places) >= 0, STEPS[places.index(min(places))]
    assert places == sorted(places)
    assert "校验通过；改动一个字节后：校验未通过" in told.stdout and ": closed," in told.stdout
    case_id = re.search(r"case-[0-9a-f]{16}", told.stdout)
    assert case_id is not None
    shown = kancha("cases", "show", case_id[0], data=data)
    assert shown.returncode == 0 and "已结案" in shown.stdout and "defect" not in shown.stdout
    explained = kancha("clocks", "explain", case_id[0], data=data)
    assert explained.returncode == 0 and "行政强制法" in explained.stdout
    evidence = data / "evidence.zip"
    assert kancha("evidence", "verify", evidence, data=tmp_path / "none").returncode == 0
    assert kancha("evidence", "verify", data / "evidence-changed.zip", data=tmp_path / "none").returncode == 1
    with zipfile.ZipFile(evidence) as archive:
        kinds = {name.split("/")[1] for name in archive.namelist() if name.startswith("parts/")}
    assert {"chip", "document", "photo", "layer", "parameters", "audit_extract"} <= kinds
    assert len(list((data / "documents").glob("*.docx"))) == 4
