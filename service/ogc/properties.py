"""What the features of a collection tell, for schemas, filters and sorting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from geodata.types import STATUSES
from service.cases.leads.values import STAGES, SourceKind

_SIMPLE = ("string", "number", "integer", "boolean")


@dataclass(frozen=True)
class Property:
    """One property.

    Args:
        kind: Its JSON type.
        title: For people.
        form: `date` or `date-time` for times.
        values: The values that it may have, none: any.
    """

    kind: str
    title: str
    form: str | None = None
    values: tuple[str, ...] = ()

    @property
    def simple(self) -> bool:
        """Whether it is one value, that can be compared and sorted by."""
        return self.kind in _SIMPLE

    def schema(self) -> dict[str, Any]:
        """Its JSON schema."""
        told: dict[str, Any] = {"title": self.title, "type": self.kind}
        if self.form is not None:
            told["format"] = self.form
        if self.values:
            told["enum"] = list(self.values)
        return told


def _text(title: str, *values: str) -> Property:
    return Property("string", title, values=values)


def _number(title: str) -> Property:
    return Property("number", title)


def _time(title: str) -> Property:
    return Property("string", title, "date-time")


def _list(title: str) -> Property:
    return Property("array", title)


FINDINGS: Mapping[str, Property] = MappingProxyType(
    {
        "scan_id": _text("Scan 扫描"),
        "structure_id": _text("Structure 建筑"),
        "change": _text("Change 变化", "appeared", "disappeared", "altered"),
        "status": _text("Status 状态", *STATUSES),
        "confidence": _number("Confidence 置信度"),
        "priority": _number("Priority 优先级"),
        "tier": _text("Tier 级别", "candidate", "confirmed"),
        "stage": _text("Stage 阶段", "earthworks", "foundation", "under_construction", "finished", "unknown"),
        "area_m2": _number("Area 面积, m2"),
        "area_error_m2": _number("Error of the area 面积误差, m2"),
        "outline_error_m": _number("Error of the outline 轮廓误差, m"),
        "height_gain_m": _number("Height gain 高度增量, m"),
        "storeys": _number("Storeys 层数"),
        "severity": _text("Severity 严重程度"),
        "consequence": _text("What follows 处理建议"),
        "authority": _text("Authority 主管部门"),
        "before_acquired_at": _time("Earlier date 前期时间"),
        "after_acquired_at": _time("Later date 后期时间"),
        "judged": Property("boolean", "Verdict 核查结论"),
        "judged_reason": _text("Reason of a dismissal 排除原因"),
        "suppressed_by": _text("Repeats the dismissed finding 重复于"),
        "cues": _list("What speaks against it 疑点"),
        "flags": _list("What calls for attention 标记"),
        "reasons": _list("Reasons 理由"),
        "parcel_ids": _list("Parcels 宗地"),
        "permit_ids": _list("Permits 许可"),
        "permit_matches": _list("How permits were found 许可匹配"),
    }
)
STRUCTURES: Mapping[str, Property] = MappingProxyType(
    {
        "state": _text("State 状态", "standing", "gone", "merged"),
        "status": _text("Status 合法性状态", *STATUSES),
        "first_seen": _time("First seen 首次出现"),
        "last_absent": _time("Last seen absent 最后未见"),
        "last_seen": _time("Last seen 最近出现"),
        "gone_on": _time("Gone 拆除"),
        "area_m2": _number("Area 面积, m2"),
        "height_m": _number("Height 高度, m"),
        "merged_into": _text("Merged into 并入"),
        "split_from": _text("Split from 分自"),
        "rebuilt_of": _text("Rebuilt where this was 原址重建"),
        "growth": _list("Growth 变化过程"),
        "finding_ids": _list("Findings 图斑"),
    }
)
LEADS: Mapping[str, Property] = MappingProxyType(
    {
        "state": _text("State 状态", "open", "judged", "case", "dismissed"),
        "verdict": Property("integer", "Verdict 核查结论: 0 未核查, 1 合法, 2 违法, 3 实地伪变化"),
        "verdict_title": _text("Verdict, English"),
        "verdict_zh": _text("Verdict 核查结论"),
        "ground": _text("Ground 结论依据"),
        "ground_zh": _text("Ground 结论依据, Chinese"),
        "priority": _number("Priority 优先级"),
        "source": _text("Who told first; as a parameter: any who told 来源", *SourceKind),
        "reports": Property("integer", "Reports 上报数"),
        "independent_sources": Property("integer", "Independent sources 独立来源数"),
        "stage": _text("Stage 阶段", *STAGES),
        "rebuilt": Property("boolean", "Rebuilt where one was gone 原址复建"),
        "structure_id": _text("Structure 建筑"),
        "follows": _text("Follows the settled lead 接续线索"),
        "case_id": _text("Case 案件"),
        "first_seen": _time("First seen 首次发现"),
        "last_seen": _time("Last seen 最近发现"),
        "opened_at": _time("Made 生成"),
        "triaged_at": _time("First judged 首次核查"),
        "changed_at": _time("Changed 更新"),
        "sources": _list("Who told 来源"),
        "sources_zh": _list("Who told 来源, Chinese"),
        "finding_ids": _list("Findings 图斑"),
        "parcel_ids": _list("Parcels 宗地"),
    }
)
CASES: Mapping[str, Property] = MappingProxyType(
    {
        "serial": _text("Serial 案号"),
        "state": _text("State 状态"),
        "state_zh": _text("State 状态, Chinese"),
        "path": _text("Path 办理路径", "fast", "slow", "village", "land"),
        "stage": _text("Stage 阶段", "under_construction", "finished"),
        "outcome": _text("Outcome 结果"),
        "unit": _text("Dispatched to 承办单位"),
        "structure_id": _text("Structure 建筑"),
        "opened_at": _time("Opened 受理"),
        "changed_at": _time("Changed 更新"),
        "closed_at": _time("Closed 结案"),
        "due_at": _time("Next term 最近期限"),
        "due_term": _text("Next term by name 最近期限名称"),
        "due_term_zh": _text("Next term by name 最近期限名称, Chinese"),
        "site": _text("Measures on site 现场措施"),
        "seal": _text("Sealing 查封"),
        "hold": _text("Hold 中止暂缓"),
        "court": _text("Held by a court 法院停止执行"),
        "review": _text("Review 行政复议"),
        "suit": _text("Suit 行政诉讼"),
        "land": _text("Reuse of the land 土地利用"),
        "events": Property("integer", "Events 事项数"),
        "categories": _list("Categories 违法类型"),
        "overdue": _list("Overdue terms 逾期期限"),
    }
)
COVERAGE: Mapping[str, Property] = MappingProxyType(
    {
        "seen": Property("boolean", "Seen in time 按期覆盖"),
        "last_seen": _time("Last seen 最近覆盖"),
        "age_days": _number("Age of the look 距今天数"),
        "due_days": _number("Due after 周期天数"),
        "due_on": _time("Due on 到期"),
        "reason": _text("Why not 未覆盖原因"),
        "area_m2": _number("Area 面积, m2"),
        "scenes": _list("Scenes 影像"),
    }
)
BLIND_SPOTS: Mapping[str, Property] = MappingProxyType(
    {
        "reason": _text("Why 原因"),
        "reason_zh": _text("原因"),
        "last_seen": _time("Last seen 最近覆盖"),
        "area_m2": _number("Area 面积, m2"),
    }
)
SCENES: Mapping[str, Property] = MappingProxyType(
    {
        "acquired_at": _time("Acquired 获取时间"),
        "file_name": _text("File 文件"),
        "gsd_m": _number("Pixel size 分辨率, m"),
        "crs": _text("System 坐标系"),
        "bands": _list("Bands 波段"),
        "dtype": _text("Type of samples 数据类型"),
        "width": Property("integer", "Columns 列数"),
        "height": Property("integer", "Rows 行数"),
        "usable_share": _number("Usable share 可用比例"),
        "size_bytes": Property("integer", "Size 大小, bytes"),
        "sha256": _text("SHA-256"),
        "secrecy": _text("Secrecy 密级", "public", "internal", "secret"),
        "created_at": _time("Stored 入库时间"),
    }
)


def of_columns(columns: Mapping[str, str]) -> dict[str, Property]:
    """The properties of a layer from the types of its columns."""
    return {name: _of_type(name, kind) for name, kind in columns.items()}


def _of_type(name: str, kind: str) -> Property:
    if kind == "date":
        return Property("string", name, "date")
    if kind.startswith("datetime"):
        return Property("string", name, "date-time")
    if kind.startswith(("int", "uint", "Int")):
        return Property("integer", name)
    if kind.startswith(("float", "Float")):
        return Property("number", name)
    return Property("boolean" if kind in ("bool", "boolean") else "string", name)
