"""Reports in tables: the columns that are read, by the names that hotlines and patrols give them, and a row as told."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

import orjson

from geodata.io.dates import BEIJING, parse_or_none
from geodata.values import parse_day
from service.cases.leads.intake import Said
from service.cases.leads.values import SOURCES_ZH, SourceKind

COLUMNS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        name: tuple(words.split("|"))
        for name, words in {
            "number": "工单编号|工单号|编号|案件编号|事件编号|流水号|巡查编号|id",
            "source": "来源|线索来源|上报来源",
            "origin": "来源单位|上报单位|系统",
            "seen_at": "发现时间|上报时间|来电时间|受理时间|巡查时间|时间|日期|date|time",
            "lon": "经度|lng|longitude",
            "lat": "纬度|latitude",
            "accuracy_m": "定位精度|精度|精度米",
            "address": "地址|事发地址|事发地点|地点|位置|详细地址|坐落",
            "parcel_id": "宗地号|宗地编号|宗地代码|地块编号|地块编码",
            "text": "内容|描述|反映内容|诉求内容|问题描述|情况说明|备注|description",
            "category": "类别|问题类型|类型|诉求类型",
            "stage": "阶段|施工阶段|建设阶段",
            "anonymous": "匿名|是否匿名|是否保密",
            "name": "姓名|举报人|来电人|联系人|诉求人|反映人",
            "telephone": "电话|联系电话|来电号码|手机|手机号|电话号码",
        }.items()
    }
)
"""Columns, with the names that they usually have; x and y are not among them: the X of surveyors is the northing."""
DAYS = ("seen_at",)
_STAGES_ZH = {"推堆土": "earthworks", "基础": "foundation", "在建": "under_construction", "建成": "finished"}
_TRUE = {"是", "1", "true", "yes", "y", "匿名", "保密"}
_FALSE = {"否", "0", "false", "no", "n", "不匿名", "不保密", "实名"}
_SOURCES: Mapping[str, str] = MappingProxyType(
    {**{kind.value: kind.value for kind in SourceKind}, **{word: kind.value for kind, word in SOURCES_ZH.items()},
     "12345": "hotline", "热线": "hotline", "巡查": "patrol", "视频": "camera"}
)  # fmt: skip


def said_of(values: Mapping[str, Any], usual: Said) -> Said:
    """What a row tells.

    Args:
        values: Its values by column; what is empty is left out.
        usual: What holds where the row says nothing: source, origin, system, secrecy, accuracy.

    Raises:
        ValueError: If a value cannot be read; it says which.
    """
    told = {name: _text(value) for name, value in values.items()}
    source = usual.source
    if "source" in told:
        source = _SOURCES.get(told["source"].lower(), told["source"])
    lon, lat = (_number(told, name) for name in ("lon", "lat"))
    if (lon is None) != (lat is None):
        raise ValueError("of longitude and latitude only one is told")
    return Said(
        source=source,
        # what has no number of its own is known by its words, so that the same file twice adds nothing
        number=told.get("number") or f"row-{_digest(values)}",
        origin=told.get("origin", usual.origin),
        seen_at=_moment(told["seen_at"]) if "seen_at" in told else usual.seen_at,
        geometry=None if lon is None else {"type": "Point", "coordinates": [lon, lat]},
        accuracy_m=_number(told, "accuracy_m") if "accuracy_m" in told else usual.accuracy_m,
        system=usual.system,
        address=told.get("address", ""),
        parcel_id=told.get("parcel_id", ""),
        text=told.get("text", ""),
        category=told.get("category", ""),
        stage=_STAGES_ZH.get(told["stage"], told["stage"]) if "stage" in told else None,
        anonymous=_truth(told["anonymous"]) if "anonymous" in told else usual.anonymous,
        reporter={name: told[name] for name in ("name", "telephone") if name in told},
        secrecy=usual.secrecy,
    )


def _digest(values: Mapping[str, Any]) -> str:
    # who told it is no part of its name: nobody's telephone number is to be found by trying
    kept = {name: str(value) for name, value in values.items() if name not in ("name", "telephone")}
    return hashlib.sha256(orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)).hexdigest()[:20]


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _number(told: Mapping[str, str], name: str) -> float | None:
    if name not in told:
        return None
    try:
        return float(told[name])
    except ValueError as error:
        raise ValueError(f"{name} is {told[name][:40]!r}, which is no number") from error


def _moment(text: str) -> datetime:
    """A moment, or the beginning of a day, in Beijing where no zone is told."""
    moment = parse_or_none(text) or parse_or_none(text.replace("/", "-"))
    if moment is not None:
        return moment
    for form in ("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y年%m月%d日 %H:%M", "%Y.%m.%d %H:%M"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=BEIJING)
        except ValueError:
            continue
    try:
        day = parse_day(text)
    except ValueError as error:
        raise ValueError(f"seen_at is {text[:40]!r}, which is no time") from error
    if day is None:
        raise ValueError(f"seen_at is {text[:40]!r}, which is no time")
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING)


def _truth(text: str) -> bool:
    word = text.lower()
    if word not in _TRUE | _FALSE:
        # to take a person's name because nobody could read the word would be the worse mistake
        raise ValueError(f"anonymous is {text[:20]!r}: 是 or 否")
    return word in _TRUE
