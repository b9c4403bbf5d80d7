"""What the columns of foreign layers are likely to hold, told by their usual names.

The names are those of the cadastral and planning databases (Pinyin initials: DKBM 地块编码, ZDDM 宗地代码) and those
that clerks write above registers. A guess is shown, never used unasked.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from geodata.features import SCHEMAS, matching
from geodata.types import LayerKind

_PARCEL = "宗地代码|宗地号|宗地编号|地块编码|地块编号|地块号|不动产单元号|地籍号|ZDDM|ZDH|DKBM|DKBH|BDCDYH|DJH"
_PLACE = "坐落|土地坐落|宗地坐落|地址|详细地址|建设地址|建设位置|项目地址|ZL|TDZL|DZ"
_USE = "用途|规划用途|建设用途|房屋用途|GHYT|YT"

NAMES: Mapping[LayerKind, Mapping[str, str]] = {
    "parcels": {
        "parcel_id": _PARCEL,
        "land_use": "地类编码|地类|土地用途|批准用途|DLBM|TDYT|PZYT",
        "owner_kind": "权属性质|土地权属性质|QSXZ",
        "village": "村|村名|所在村|坐落单位名称|权属单位名称|ZLDWMC|QSDWMC|CMC",
        "accuracy_m": "点位精度|界址点精度",
        "address": _PLACE,
    },
    "permits": {
        "permit_id": "许可证号|许可证编号|规划许可证号|证书编号|证号|编号|XKZH|XKZBH|ZSBH|GHXKZH",
        "valid_from": "有效期起|有效期自|起始日期|生效日期|批准日期|发证日期|核发日期|YXQQ|QSRQ|SXRQ|FZRQ",
        "parcel_id": _PARCEL,
        "kind": "许可类型|许可证类型|证书类型|XKLX",
        "valid_to": "有效期止|有效期至|截止日期|到期日期|YXQZ|JZRQ",
        "area_m2": "批准面积|建筑面积|建设规模|许可面积|PZMJ|JZMJ",
        "height_m": "批准高度|建筑高度|高度|JZGD|GD",
        "use": _USE,
        "issued_on": "发证日期|核发日期|批准日期|FZRQ",
        "address": _PLACE,
    },
    "zones": {
        "zone_id": "分区编号|地块编号|图斑编号|标识码|FQBH|TBBH|BSM",
        "kind": "分区类型|管控类型|分区名称|类型|FQLX|GKLX|FQMC",
        "use": f"{_USE}|用地性质|YDXZ",
        "setback_m": "退线距离|退界距离|退让距离",
        "max_height_m": "建筑限高|限高|JZXG",
        "valid_from": "批准日期|生效日期|PZRQ",
    },
    "buildings": {
        "building_id": "房屋编号|建筑编号|自然幢号|幢号|FWBH|JZBH|ZRZH|ZH",
        "built_on": "竣工日期|竣工时间|建成日期|JGRQ|JGSJ",
        "height_m": "建筑高度|房屋高度|高度|JZGD|FWGD|GD",
        "register_id": "不动产权证号|产权证号|权证号|BDCQZH|QZH",
    },
    "areas": {
        "area_id": "行政区代码|区划代码|行政区划代码|代码|XZQDM|XZQHDM|XZDM",
        "name": "行政区名称|区划名称|行政区划名称|名称|XZQMC|XZQHMC|MC",
        "parent_id": "上级代码|上级行政区代码|SJDM",
        "level": "级别|行政级别|JB",
        "division_code": "区划代码|行政区划代码|XZQHDM",
    },
    "patches": {
        "JCBH": "监测编号|图斑编号|TBBH",
        "TBLX": "图斑类型",
        "XZQDM": "行政区代码|县代码",
        "XMC": "县名称",
        "JCMJ": "监测面积|图斑面积|TBMJ",
        "QSX": "前时相",
        "HSX": "后时相",
        "BZ": "备注",
    },
}
"""Usual names of each column, the likeliest first, parted by |."""

By = Literal["told", "name", "guess"]


@dataclass(frozen=True)
class Guess:
    """Which column of a file a column of the schema comes from.

    Args:
        source: Its name in the file.
        by: Because the mapping says so, because it is called so, or because it usually is called so.
    """

    source: str
    by: By


def guessed(present: Sequence[str], kind: LayerKind, mapping: Mapping[str, str]) -> dict[str, Guess]:
    """What the columns of a file hold: as told, by their own names, else by their usual ones.

    Args:
        present: The columns of the file.
        kind: Which layer it is.
        mapping: Foreign column names, target to source; names that are not there are passed over.

    Returns:
        Target to its column; a column is guessed for one target alone, needed targets first.
    """
    targets = [column.name for column in sorted(SCHEMAS[kind], key=lambda column: not column.required)]
    found: dict[str, Guess] = {}
    for target in targets:
        told = matching(mapping[target], present) if target in mapping else None
        own = None if target in mapping else matching(target, present)
        if told is not None or own is not None:
            found[target] = Guess(str(told or own), "told" if told is not None else "name")
    plain = {_plain(name): name for name in reversed(present)}
    for target in targets:
        usual = NAMES[kind].get(target, "").split("|")
        taken = {guess.source for guess in found.values()}
        free = [plain[name] for word in usual if (name := _plain(word)) in plain and plain[name] not in taken]
        if target not in found and target not in mapping and free:
            found[target] = Guess(free[0], "guess")
    return {column.name: found[column.name] for column in SCHEMAS[kind] if column.name in found}


def _plain(name: str) -> str:
    """A name without width, case, spaces and what stands in brackets: 建筑面积（㎡） is 建筑面积."""
    text = unicodedata.normalize("NFKC", name).lower().partition("(")[0]
    return "".join(text.split()).strip("*:")
