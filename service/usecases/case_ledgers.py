"""The ledger of cases as a workbook and as a page to print: figures with their definitions, groups, one row a case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

from openpyxl import Workbook

from geodata.exchange.files import in_one_go
from geodata.exchange.sheets import add_sheet
from geodata.io.dates import BEIJING
from service.cases.categories import CATEGORIES
from service.cases.documents import html_to_pdf
from service.cases.fairness import EqualTreatment, equal_treatment
from service.cases.histories import CaseHistory
from service.cases.ledger import MU_M2, Figure, Ledger, ledger
from service.cases.workflow.regions import PROCEDURE, REGIONS
from service.files import write_beside
from service.render.templates import filled
from service.services import Services
from service.usecases.case_histories import EPOCH, histories
from service.version import code_version

Language = Literal["zh", "en"]
DIMENSIONS = {"unit": "承办单位", "village": "村（社区）、街道", "category": "违法类型", "month": "受理月份"}
OUTCOMES_ZH = {
    "corrected": "改正", "demolished": "拆除", "partly_demolished": "局部拆除", "confiscated": "没收", "fined": "罚款",
    "no_penalty": "不予处罚", "not_filed": "不予立案", "transferred": "移送", "terminated": "终结执行",
    "withdrawn": "撤销",
}  # fmt: skip
PATHS_ZH = {"fast": "快速", "slow": "一般", "village": "乡村", "land": "土地"}


def write_case_ledger(
    services: Services,
    path: Path,
    language: Language = "zh",
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Write the ledger of the cases that the caller sees, whole or not at all; how many it has is told.

    Args:
        services: The service as the caller sees it.
        path: A file that ends in `.xlsx` or `.pdf`.
        language: Of titles and definitions.
        since: Cases opened from when on; None: all.
        until: Until when, excluded; None: now.
    """
    every = [one for one in histories(services) if (since or EPOCH) <= one.opened_at < (until or datetime.now(UTC))]
    told = ledger(every, since or EPOCH, until or datetime.now(UTC))
    if path.suffix.lower() == ".pdf":
        body = _body(services, told, every, equal_treatment(every), language)
        write_beside(path, html_to_pdf(filled("case_ledger.html", body)))
    else:
        _workbook(path, told, every, language)
    return len(every)


def value_text(figure: Figure, language: Language = "zh") -> str:
    """A figure as it is printed; `-` where there is nothing to tell it from."""
    zh = language == "zh"
    if figure.value is None:
        return "-"
    if figure.unit == "share":
        return f"{100 * figure.value:.1f} %"
    if figure.unit == "m2":
        return f"{figure.value:,.0f} m² ({figure.value / MU_M2:,.2f} {'亩' if zh else 'mu'})"
    units = {"hours": ("小时", "h"), "days": ("天", "d")}
    return f"{figure.value:,.1f} {units[figure.unit][0 if zh else 1]}"


def _body(
    services: Services, told: Ledger, cases: Sequence[CaseHistory], fair: EqualTreatment, at: Language
) -> dict[str, Any]:
    zh = at == "zh"
    return {
        "zh": zh,
        "t": lambda chinese, english: chinese if zh else english,
        "text": partial(value_text, language=at),
        "bureau": services.settings.cases.bureau,
        "made": f"{datetime.now(BEIJING):%Y-%m-%d %H:%M}",
        "version": code_version(),
        "since": None if told.since == EPOCH else _day(told.since),
        "until": _day(told.until),
        "cases": cases,
        "ledger": told,
        "fair": fair,
        "dimensions": DIMENSIONS,
        "name": _name,
        "outcome": lambda name: OUTCOMES_ZH.get(name, name or "-"),
        "path": lambda name: PATHS_ZH.get(name, name),
        "state": lambda name: REGIONS[PROCEDURE][name][1],
        "day": _day,
    }


def _name(dimension: str, name: str) -> str:
    if dimension == "category" and name in CATEGORIES:
        return CATEGORIES[name].title_zh
    return "（未载明）" if name in ("-", "none", "unknown") else name


def _workbook(path: Path, told: Ledger, cases: Sequence[CaseHistory], at: Language) -> None:
    zh = at == "zh"
    book = Workbook(write_only=True)
    heads = ("指标", "数值", "件数", "基数", "95%下限", "95%上限", "单位", "定义") if zh else (
        "Figure", "Value", "Cases", "Of", "95 % low", "95 % high", "Unit", "Definition")  # fmt: skip
    columns = [(title, width, "General") for title, width in zip(heads, (22, 12, 8, 8, 10, 10, 8, 90), strict=True)]
    add_sheet(book, "指标" if zh else "Figures", columns, (_figure_row(one, zh) for one in told.figures))
    grouped = [(DIMENSIONS[d] if zh else d, name, *_figure_row(one, zh))
               for d, groups in told.groups.items() for name, figures in groups.items() for one in figures]  # fmt: skip
    more = [("维度" if zh else "By", 16, "General"), ("分组" if zh else "Group", 20, "General"), *columns]
    add_sheet(book, "分组" if zh else "Groups", more, grouped)
    add_sheet(book, "案件" if zh else "Cases", _case_columns(zh), (_case_row(one, zh) for one in cases))
    about = [("项目" if zh else "Item", 16, "General"), ("内容" if zh else "Content", 80, "General")]
    add_sheet(book, "说明" if zh else "About", about, _about(told, zh))
    path.parent.mkdir(parents=True, exist_ok=True)
    with in_one_go(path) as target:
        book.save(target)


def _figure_row(one: Figure, zh: bool) -> list[Any]:
    value = None if one.value is None else round(one.value, 4)
    words = one.definition_zh if zh else one.definition
    return [one.title_zh if zh else one.title, value, one.count, one.of, one.low, one.high, one.unit, words]


def _case_columns(zh: bool) -> list[tuple[str, int, str]]:
    titles = (
        ("案号", "Case", 16), ("状态", "State", 14), ("路径", "Path", 8), ("违法类型", "Category", 26),
        ("村（街道）", "Village", 16), ("面积（m²）", "Area (m²)", 11), ("承办单位", "Unit", 16),
        ("受理", "Opened", 12),
        ("立案", "Filed", 12), ("责令停止", "Stop order", 12), ("停工", "Stopped", 12), ("决定", "Decided", 12),
        ("核验", "Proved", 12), ("结案", "Closed", 12), ("结果", "Outcome", 12), ("罚款（元）", "Fine (yuan)", 11),
        ("腾退（m²）", "Freed (m²)", 11), ("增绿（m²）", "Greened (m²)", 11), ("逾期期限", "Overdue", 24),
    )  # fmt: skip
    days = {"受理", "立案", "责令停止", "停工", "决定", "核验", "结案"}
    return [(a if zh else b, width, "yyyy-mm-dd" if a in days else "General") for a, b, width in titles]


def _case_row(one: CaseHistory, zh: bool) -> list[Any]:
    moments = (
        one.opened_at,
        one.filed_at,
        one.ordered_at,
        one.stopped_at,
        one.decided_at,
        one.proved_at,
        one.closed_at,
    )
    days = [None if moment is None else moment.astimezone(BEIJING).date() for moment in moments]
    area = one.around.area_m2
    return [
        one.around.serial,
        REGIONS[PROCEDURE][one.state][1 if zh else 0],
        PATHS_ZH.get(one.path, one.path) if zh else one.path,
        _name("category", one.category) if zh else one.category,
        one.around.village,
        None if area is None else round(area, 1),
        one.unit,
        *days,
        OUTCOMES_ZH.get(one.outcome, one.outcome) if zh else one.outcome,
        one.fine_yuan,
        round(one.freed_m2, 1) or None,
        round(one.greened_m2, 1) or None,
        ", ".join(one.overdue),
    ]


def _about(told: Ledger, zh: bool) -> list[tuple[str, str]]:
    now = f"{datetime.now(BEIJING):%Y-%m-%d %H:%M} (UTC+8)"
    since = ("全部" if zh else "all") if told.since == EPOCH else _day(told.since)
    span = f"{since} – {_day(told.until)}"
    areas = "椭球面积" if zh else "on the ellipsoid"
    titles = (
        ("生成时间", "受理时间", "案件数", "面积", "版本") if zh else ("Made", "Opened", "Cases", "Areas", "Version")
    )
    return list(zip(titles, (now, span, str(told.cases), areas, f"kancha {code_version()}"), strict=True))


def _day(moment: datetime | None) -> str:
    return "-" if moment is None else f"{moment.astimezone(BEIJING):%Y-%m-%d}"
