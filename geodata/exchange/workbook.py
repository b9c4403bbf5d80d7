"""The ledger of findings (线索台账) as a workbook that an office opens: one row a finding, and a summary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from openpyxl import Workbook

from geodata.china import M2_PER_MU
from geodata.errors import OptionError
from geodata.exchange.files import in_one_go
from geodata.exchange.sheets import add_sheet
from geodata.features import BEIJING
from geodata.report.view import FindingView, finding_views
from geodata.report.words import Text

Language = Literal["zh", "en"]
_MOST_ROWS = 1_000_000


@dataclass(frozen=True)
class LedgerOptions:
    """How a ledger is written.

    Args:
        language: Its language.
        villages: Village by parcel.
        words: Words of the rulebooks for their own codes: code to (zh, en) as in a provenance.
        told: What is said on the last sheet: title to text.
    """

    language: Language = "zh"
    villages: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Row:
    """A finding as it was stored, and as it is shown."""

    stored: Mapping[str, Any]
    shown: FindingView
    village: str


@dataclass(frozen=True)
class _Column:
    title: Text
    width: int
    value: Callable[[_Row, Language], Any]
    form: str = "General"


_VERDICT = {True: Text("属实", "real"), False: Text("不属实", "not real"), None: Text("未核查", "not judged")}

COLUMNS: tuple[_Column, ...] = (
    _Column(Text("序号", "No."), 6, lambda r, _: r.shown.number),
    _Column(Text("线索编号", "Finding"), 24, lambda r, _: r.shown.id),
    _Column(Text("状态", "Status"), 14, lambda r, at: _in(r.shown.status, at)),
    _Column(Text("变化", "Change"), 8, lambda r, at: _in(r.shown.change, at)),
    _Column(Text("施工阶段", "Stage"), 10, lambda r, at: _in(r.shown.stage, at)),
    _Column(Text("面积（m²）", "Area (m²)"), 11, lambda r, _: _number(r.stored.get("area_m2"), 1), "#,##0.0"),
    _Column(Text("面积（亩）", "Area (mu)"), 10, lambda r, _: _mu(r.stored.get("area_m2")), "#,##0.00"),
    _Column(Text("前时相", "Before"), 11, lambda r, _: _day(r.stored.get("before_acquired_at")), "yyyy-mm-dd"),
    _Column(Text("后时相", "After"), 11, lambda r, _: _day(r.stored.get("after_acquired_at")), "yyyy-mm-dd"),
    _Column(Text("置信度", "Confidence"), 8, lambda r, _: _number(r.stored.get("confidence"), 3), "0%"),
    _Column(Text("优先级", "Priority"), 8, lambda r, _: _number(r.stored.get("priority"), 2), "0.00"),
    _Column(Text("严重程度", "Severity"), 9, lambda r, at: _in(r.shown.severity, at)),
    _Column(Text("理由", "Reasons"), 60, lambda r, at: "\n".join(_in(x.message, at) for x in r.shown.reasons)),
    _Column(Text("法律依据", "Legal basis"), 36, lambda r, at: _several(_in(x.basis, at) for x in r.shown.reasons)),
    _Column(Text("处置路径", "What follows"), 26, lambda r, at: _in(r.shown.consequence, at)),
    _Column(Text("主管部门", "Authority"), 20, lambda r, at: _in(r.shown.authority, at)),
    _Column(Text("核查结论", "Verdict"), 10, lambda r, at: _in(_VERDICT[r.stored.get("judged")], at)),
    _Column(Text("村", "Village"), 12, lambda r, _: r.village),
    _Column(Text("宗地", "Parcels"), 20, lambda r, _: "\n".join(r.shown.parcels)),
    _Column(Text("许可", "Permits"), 20, lambda r, at: "\n".join(_permit(x, at) for x in r.shown.permits)),
    _Column(Text("标记", "Flags"), 16, lambda r, at: "\n".join(_in(x, at) for x in r.shown.flags)),
    _Column(Text("经度", "Longitude"), 12, lambda r, _: round(_point(r)[0], 7), "0.000000"),
    _Column(Text("纬度", "Latitude"), 12, lambda r, _: round(_point(r)[1], 7), "0.000000"),
)
"""Columns of the ledger; positions are CRS84 (WGS 84, which agrees with CGCS2000 to decimetres)."""
_SUMMARY = (Text("村", "Village"), Text("状态", "Status"), Text("件数", "Findings"),
            Text("面积（m²）", "Area (m²)"), Text("面积（亩）", "Area (mu)"))  # fmt: skip
_SHEETS = (Text("线索台账", "Findings"), Text("汇总", "Summary"), Text("说明", "About"))


def write_ledger(findings: Iterable[Mapping[str, Any]], path: Path, options: LedgerOptions | None = None) -> int:
    """Write the ledger of findings, whole or not at all.

    Args:
        findings: Their properties with `geometry` (shapely, CRS84).
        path: A file that ends in .xlsx.
        options: How.

    Returns:
        How many findings it has.

    Raises:
        OptionError: If the name does not end in .xlsx, or a sheet cannot hold so many.
    """
    how = options or LedgerOptions()
    if path.suffix.lower() != ".xlsx":
        raise OptionError(f"{path.name} is not named as a workbook.", remedy="End it in .xlsx.")
    stored = list(findings)
    if len(stored) > _MOST_ROWS:
        raise OptionError(
            f"{len(stored)} findings do not fit on one sheet ({_MOST_ROWS}).", remedy="Choose a scan or a status."
        )
    rows = _rows(stored, how)
    book = Workbook(write_only=True)
    at = how.language
    add_sheet(book, _in(_SHEETS[0], at), [(_in(c.title, at), c.width, c.form) for c in COLUMNS],
           ([c.value(row, at) for c in COLUMNS] for row in rows))  # fmt: skip
    forms = ("General", "General", "#,##0", "#,##0.0", "#,##0.00")
    add_sheet(book, _in(_SHEETS[1], at), [(_in(t, at), 16, form) for t, form in zip(_SUMMARY, forms, strict=True)],
           summary(rows, at))  # fmt: skip
    about = [(_in(Text("项目", "Item"), at), 24, "General"), (_in(Text("内容", "Content"), at), 80, "General")]
    add_sheet(book, _in(_SHEETS[2], at), about, how.told.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    with in_one_go(path) as target:
        book.save(target)
    return len(rows)


def _rows(stored: Sequence[Mapping[str, Any]], how: LedgerOptions) -> list[_Row]:
    by_id = {str(row["id"]): row for row in stored}
    views = finding_views(stored, {"rulebook": {"words": how.words}})
    return [_Row(by_id[v.id], v, next((how.villages[p] for p in v.parcels if p in how.villages), "")) for v in views]


def summary(rows: Sequence[_Row], at: Language) -> list[list[Any]]:
    """Findings and areas by village and status, and all together."""
    groups: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        groups.setdefault((row.village, _in(row.shown.status, at)), []).append(float(row.stored.get("area_m2") or 0))
    groups[(_in(Text("合计", "All"), at), "")] = [float(row.stored.get("area_m2") or 0) for row in rows]
    return [
        [village, status, len(areas), round(sum(areas), 1), round(sum(areas) / M2_PER_MU, 2)]
        for (village, status), areas in groups.items()
    ]


def _in(text: Text, at: Language) -> str:
    return text.zh if at == "zh" else text.en


def _permit(permit: tuple[str, Text | None], at: Language) -> str:
    """A permit, and by what it was placed where that was not its own polygon."""
    name, match = permit
    return name if match is None else f"{name} ({_in(match, at)})"


def _several(texts: Iterable[str]) -> str:
    return "\n".join(dict.fromkeys(text for text in texts if text))


def _number(value: Any, places: int) -> float | None:
    return None if value is None or value != value else round(float(value), places)


def _mu(value: Any) -> float | None:
    return None if value is None else round(float(value) / M2_PER_MU, 2)


def _day(value: Any) -> date | None:
    return None if value is None else datetime.fromisoformat(str(value)).astimezone(BEIJING).date()


def _point(row: _Row) -> tuple[float, float]:
    inside = row.shown.shape.representative_point()
    return inside.x, inside.y
