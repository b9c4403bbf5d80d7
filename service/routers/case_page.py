"""A case on one page for the desk: where it stands, its terms, its history, its files, what may follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from fastapi import Request, Response

from geodata.io.dates import BEIJING
from service.auth.roles import Permission
from service.cases.categories import CATEGORIES
from service.cases.clocks.clock import Clock
from service.cases.documents import KINDS as DOCUMENTS
from service.cases.events import KINDS, CaseEvent
from service.cases.fact_words import fact_title, value_words
from service.cases.workflow.machine import Refusal
from service.cases.workflow.regions import PROCEDURE, REGIONS, initial
from service.cases.workflow.table import RULES
from service.ogc.sketch import sketch
from service.routers.html import html_page
from service.services import Services
from service.store.case_base import CaseFile
from service.usecases import cases as usecase

_PEOPLE = ("officers", "handlers")
_LONG = ("sha256",)
_CLOCKS: Mapping[str, tuple[str, str]] = {
    "running": ("running", "运行中"),
    "paused": ("paused", "暂停"),
    "met": ("met", "已办"),
    "met_late": ("met late", "逾期办结"),
    "overdue": ("overdue", "逾期"),
    "lapsed": ("over", "已届满"),
    "breached": ("breached", "违反"),
    "cancelled": ("cancelled", "已取消"),
}
_WHOSE: Mapping[str, str] = {
    "bureau": "本机关 bureau",
    "authority": "其他机关 authority",
    "party_duty": "当事人义务 party",
    "party": "当事人权利 right",
    "bar": "不得早于 bar",
}
_EVIDENCE: Mapping[str, tuple[str, str]] = {
    "photo": ("photograph", "照片"),
    "recording": ("recording", "音像"),
    "paper": ("paper", "书面材料"),
    "receipt": ("receipt", "回证"),
    "package": ("evidence package", "证据包"),
}
_TITLES: Mapping[str, str] = {
    "site": "制止 Stop",
    "seal": "查封 Seal",
    "goods": "登记保存 Goods",
    "party": "当事人 Party",
    "legal": "法制审核 Legal review",
    "statement": "陈述申辩 Statement",
    "hearing": "听证 Hearing",
    "appraisal": "鉴定 Appraisal",
    "announcement": "公告 Announcement",
    "review": "复议 Review",
    "suit": "诉讼 Suit",
    "court": "法院 Court",
    "hold": "暂缓 Hold",
    "filing": "立案审批 Filing",
    "penalty": "处罚审批 Penalty",
    "closure": "结案审批 Closing",
    "dispatch": "派遣 Dispatch",
    "land": "土地利用 Land",
}
_ORDER = ("overdue", "running", "paused", "breached", "met_late", "lapsed", "met", "cancelled")


@dataclass(frozen=True)
class Words:
    """Something in Chinese and English.

    Args:
        zh: In Chinese.
        en: In English; empty where it is the same.
    """

    zh: str
    en: str = ""


def case_page(request: Request, services: Services, view: usecase.CaseView) -> Response:
    """The page of a case.

    Args:
        request: The request.
        services: The service, as the caller sees it.
        view: The case.
    """
    works = services.caller.may(Permission.CASES)
    # who may not ask for the list of officers is told their ids, as by the routes
    names = {one.id: one.display_name for one in usecase.officers(services)} if works else {}
    moves = usecase.possible(services, view.row.id)[1] if works else None
    feature = orjson.loads(view.row.geojson)
    return html_page(
        "case.html",
        request,
        case=view.row,
        head=_head(view, names),
        regions=_regions(view),
        defects=[
            (event, KINDS[event.kind], _refusals(refused)) for event, refused in usecase.defects_of(services, view)
        ],
        clocks=[
            _clock(one) for one in sorted(view.clocks, key=lambda one: (_ORDER.index(one.state.value), one.due_at))
        ],
        events=[_event(one, names) for one in view.events],
        files=[_file(one, names) for one in services.store.cases.files(view.row.id)],
        moves=None if moves is None else [_move(one) for one in moves],
        sketch=sketch([feature["geometry"]]),
        printed_at=when(datetime.now(BEIJING)),
    )


def when(moment: datetime | None) -> str:
    """A moment in Beijing, to the minute; empty for none."""
    return "" if moment is None else f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def _pair(told: tuple[str, str]) -> Words:
    en, zh = told
    return Words(zh, "" if en == zh else en)


def _head(view: usecase.CaseView, names: Mapping[str, str]) -> list[tuple[str, Words]]:
    row, standing = view.row, view.standing
    en, zh = REGIONS[PROCEDURE][row.state]
    told: list[tuple[str, Words]] = [
        ("状态 State", Words(zh, en)),
        ("办理路径 Path", _pair(value_words(row.path))),
        ("建设阶段 Stage", _pair(value_words(row.stage))),
        ("违法类别 Categories", _categories(standing.categories)),
        ("处理结果 Outcome", _pair(value_words(row.outcome))),
        ("承办人 In charge", Words("、".join(names.get(one, one) for one in standing.handlers))),
        ("派遣单位 Unit", Words(row.unit)),
        ("受理 Opened", Words(when(row.opened_at))),
        ("下一到期 Due", Words(when(row.due_at))),
        ("结案 Closed", Words(when(row.closed_at))),
        ("建筑 Structure", Words(row.structure_id or "")),
    ]
    return [(title, words) for title, words in told if words.zh]


def _regions(view: usecase.CaseView) -> list[tuple[str, Words]]:
    """The states of the regions beside the procedure that are not where all cases begin."""
    first = initial()
    return [
        (_TITLES.get(region, region), _pair(REGIONS[region][state]))
        for region, state in view.standing.regions.items()
        if region != PROCEDURE and state != first[region]
    ]


def _clock(clock: Clock) -> dict[str, Any]:
    return {
        "title": Words(clock.title_zh, clock.title),
        "source": Words(clock.source_zh, clock.source),
        "whose": _WHOSE.get(clock.whose.value, clock.whose.value),
        "state": clock.state.value,
        "state_words": _pair(_CLOCKS[clock.state.value]),
        "started_on": clock.started_on,
        "due_at": when(clock.due_at),
        "provisional": clock.provisional,
        "steps": [Words(one.zh, one.en) for one in clock.steps],
        "marks": list(clock.marks),
    }


def _event(event: CaseEvent, names: Mapping[str, str]) -> dict[str, Any]:
    kind = KINDS[event.kind]
    return {
        "number": event.number,
        "title": Words(kind.title_zh, kind.title),
        "at": when(event.at),
        "recorded_at": when(event.recorded_at),
        "by": names.get(event.by, event.by),
        "corrects": event.corrects,
        "facts": [(_pair(fact_title(name)), _value(name, value, names)) for name, value in _told(event)],
    }


def _told(event: CaseEvent) -> list[tuple[str, Any]]:
    """The facts of an event; of a correction its reason and the facts that it changes."""
    told = dict(event.facts)
    changed = told.pop("facts", {}) if event.corrects is not None else {}
    return [*told.items(), *changed.items()]


def _value(name: str, value: Any, names: Mapping[str, str]) -> Words:
    if name in _PEOPLE and isinstance(value, list):
        return Words("、".join(names.get(str(one), str(one)) for one in value))
    if name == "categories" and isinstance(value, list):
        return _categories(value)
    if name == "kind":
        return _kind(str(value))
    if name == "discovered_on":
        return Words(_moment(str(value)))
    if name in _LONG:
        return Words(f"{str(value)[:16]}…")
    return _pair(value_words(value))


def _kind(name: str) -> Words:
    """A kind of file or of document."""
    if name in DOCUMENTS:
        return Words(DOCUMENTS[name].title_zh, DOCUMENTS[name].title)
    return _pair(_EVIDENCE.get(name, (name, name)))


def _categories(names: Sequence[str]) -> Words:
    """Categories of violation; one that nobody has called is told by its name."""
    known = [CATEGORIES.get(one) for one in names]
    zh = "、".join(name if one is None else one.title_zh for name, one in zip(names, known, strict=True))
    return Words(zh, ", ".join(one.title for one in known if one is not None))


def _moment(told: str) -> str:
    """A day as it is, a moment in Beijing."""
    return told if len(told) <= len("2025-04-12") else when(datetime.fromisoformat(told))


def _file(file: CaseFile, names: Mapping[str, str]) -> dict[str, Any]:
    told = file.facts.get("told", {})
    position, sighting = told.get("position"), file.facts.get("sighting") or {}
    return {
        "file": file,
        "size": f"{file.size_bytes / 1e6:.1f} MB" if file.size_bytes >= 1e5 else f"{file.size_bytes / 1e3:.0f} kB",
        "taken_at": when(file.taken_at),
        "received_at": when(file.received_at),
        "by": names.get(file.received_by, file.received_by),
        "position": "" if not position else _place(position),
        "bearing": "" if told.get("bearing_deg") is None else f"{told['bearing_deg']:.0f}°",
        "distance": sighting.get("distance_m"),
        "note": told.get("note", ""),
        "doubts": file.doubts,
    }


def _place(position: Sequence[float | None]) -> str:
    lon, lat, error = position
    return f"{lat:.6f}, {lon:.6f}" + ("" if error is None else f" ± {error:.0f} m")


def _move(move: usecase.Possible) -> dict[str, Any]:
    kind = KINDS[move.kind]
    return {
        "title": Words(kind.title_zh, kind.title),
        "articles": "；".join(RULES[move.kind].articles),
        "refused": _refusals(move.refused),
    }


def _refusals(refused: Sequence[Refusal]) -> list[dict[str, Any]]:
    return [
        {
            "words": Words(one.no.message_zh, one.no.message),
            "articles": "；".join(one.articles),
            "remedy": one.no.remedy,
        }
        for one in refused
    ]
