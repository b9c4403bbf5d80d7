"""The words of the report in both languages, always of a suspicion, and the national articles in English."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """A text in both languages."""

    zh: str
    en: str


STATUS: dict[str, Text] = {
    "suspected": Text("疑似违法建设", "Suspected"),
    "unassessed": Text("未评估", "Not assessed"),
    "permitted": Text("已有许可", "Permitted"),
    "existing": Text("既有建筑", "Existing"),
}
"""In the order in which the report shows them."""

CHANGE: dict[str, Text] = {
    "appeared": Text("新增", "appeared"),
    "disappeared": Text("消失", "disappeared"),
    "altered": Text("改变", "altered"),
}

TIER: dict[str, Text] = {
    "confirmed": Text("高置信线索", "strong lead"),
    "candidate": Text("一般线索", "weak lead"),
}

CERTAINTY: dict[str, Text] = {
    "certain": Text("超出误差范围", "beyond the error"),
    "possible": Text("可能", "possible"),
    "within_error": Text("误差范围以内", "within the error"),
}

STAGE: dict[str, Text] = {
    "earthworks": Text("土方施工", "earthworks"),
    "foundation": Text("基础施工", "foundation"),
    "under_construction": Text("在建", "under construction"),
    "finished": Text("已建成", "finished"),
    "unknown": Text("无法判断", "unknown"),
}

CUES: dict[str, Text] = {
    "shadow": Text("阴影", "shadow"),
    "tree": Text("树木", "tree"),
    "vehicle": Text("车辆", "vehicle"),
    "container": Text("集装箱", "container"),
    "greenhouse": Text("大棚", "greenhouse"),
    "solar_panel": Text("光伏板", "solar panel"),
    "tarpaulin": Text("篷布", "tarpaulin"),
    "bare_soil": Text("裸土", "bare soil"),
    "water": Text("水体", "water"),
    "scaffold": Text("脚手架", "scaffold"),
    "registration": Text("配准误差", "registration"),
    "edge_of_image": Text("影像边缘", "edge of the image"),
    "no_height_gain": Text("高程无变化", "no height gain"),
    "other": Text("其他", "other"),
}

FLAGS: dict[str, Text] = {
    "concealment": Text("疑似遮盖", "possible concealment"),
    "rebuilt": Text("疑似复建", "possibly rebuilt"),
    "protected_land": Text("位于保护性用地", "on protected land"),
    "changed_since_dismissal": Text("排除后又有变化", "changed since it was dismissed"),
    "permit_place_inferred": Text("许可位置由地址或坐标点推定", "a permit placed by address or point"),
}

MATCH: dict[str, Text] = {
    "parcel_number_normalised": Text("按地块号（统一写法）", "by parcel number in one spelling"),
    "address": Text("按地址", "by address"),
    "address_similar": Text("按相近地址", "by a similar address"),
    "point": Text("按坐标点", "by its point"),
}
"""How the ground of a permit was found, where neither its own polygon nor the parcel number as it is told it."""

AUTHORITY: dict[str, Text] = {
    "urban_management_bureau": Text("城市管理综合执法局", "Urban management bureau"),
    "township_government": Text("乡镇人民政府", "Township government"),
    "natural_resources": Text("自然资源主管部门", "Natural resources authority"),
}

SEVERITY: dict[str, Text] = {
    "low": Text("轻微", "low"),
    "medium": Text("一般", "medium"),
    "high": Text("严重", "high"),
    "critical": Text("特别严重", "critical"),
}

LAYER: dict[str, Text] = {
    "parcels": Text("地块", "parcels"),
    "permits": Text("许可", "permits"),
    "zones": Text("管控区", "zones"),
    "buildings": Text("既有建筑", "buildings"),
    "areas": Text("行政区划", "administrative areas"),
    "patches": Text("下发图斑", "patches handed down"),
}

ROLE: dict[str, Text] = {
    "before": Text("前期影像", "first date"),
    "after": Text("后期影像", "second date"),
    "before_dsm": Text("前期地表模型", "first surface model"),
    "after_dsm": Text("后期地表模型", "second surface model"),
    "before_dtm": Text("前期地面模型", "first terrain model"),
    "after_dtm": Text("后期地面模型", "second terrain model"),
}

CHECK: dict[str, Text] = {
    "overlap": Text("重叠度", "Overlap"),
    "pixel-ratio": Text("像元大小比", "Pixel size ratio"),
    "season": Text("季节差", "Season"),
    "sun": Text("太阳方向差", "Sun"),
    "view": Text("观测方向差", "Line of sight"),
    "off-nadir": Text("侧摆角", "Off nadir"),
    "depth": Text("灰度级", "Grey levels"),
    "alignment": Text("配准", "Alignment"),
    "residual": Text("配准残差", "Residual shift"),
    "usable": Text("有效像元", "Usable pixels"),
}

CHECK_OUTCOME: dict[str, Text] = {
    "accepted": Text("通过", "accepted"),
    "warned": Text("警告", "warned"),
    "refused": Text("不通过", "refused"),
    "overridden": Text("人工放行", "overridden"),
    "unknown": Text("无信息", "not told"),
}

GATE: dict[str, Text] = {
    "accepted": Text("影像对符合比对要求。", "The pair is admissible."),
    "accepted-with-warnings": Text(
        "影像对可以比对，但有以下警告，图斑置信度已相应降低。",
        "The pair was compared with warnings; the confidence of the findings is lowered accordingly.",
    ),
    "refused": Text("影像对不符合比对要求。", "The pair is not admissible."),
}

PIXELS: dict[str, Text] = {
    "usable": Text("可见地面", "ground"),
    "nodata": Text("无数据", "nodata"),
    "saturated": Text("过饱和", "saturated"),
    "cloud": Text("云", "cloud"),
    "haze": Text("雾霾", "haze"),
    "shadow": Text("深阴影", "deep shadow"),
    "water": Text("水体", "water"),
    "vegetation": Text("植被", "vegetation"),
}

PARAMETER: dict[str, Text] = {
    "min_area_m2": Text("最小面积（m²）", "Smallest area (m²)"),
    "min_confidence": Text("最低置信度", "Lowest confidence"),
    "gsd_m": Text("指定像元大小（m）", "Chosen pixel size (m)"),
    "min_gain_m": Text("最小高差（m）", "Smallest height change (m)"),
    "false_alarms_per_km2": Text("可容忍虚警（个/km²）", "Bearable false alarms per km²"),
    "detector": Text("检测方法", "Detector"),
    "thorough": Text("全分辨率逐像元检查", "Full resolution everywhere"),
    "terrain": Text("地形", "Terrain"),
    "strict": Text("严格模式", "Strict"),
    "accept": Text("放行的检查项", "Accepted checks"),
    "before_date": Text("指定前期日期", "Chosen first date"),
    "after_date": Text("指定后期日期", "Chosen second date"),
    "before_crs": Text("指定前期坐标系", "Chosen first system"),
    "after_crs": Text("指定后期坐标系", "Chosen second system"),
    "rules": Text("规则库", "Rulebook"),
    "aoi": Text("关注范围", "Area of interest"),
}

_LAWS = {
    "土地管理法实施条例": "Implementing Regulations of the Land Administration Law",
    "土地管理法": "Land Administration Law",
    "城乡规划法": "Urban and Rural Planning Law",
}


def term(table: dict[str, Text], key: str) -> Text:
    """The words for a key; a key without words stands for itself rather than being lost."""
    return table.get(key) or Text(key, key)


def basis_text(basis: str) -> Text:
    """A legal basis in both languages.

    >>> basis_text("土地管理法第75条、第77条").en
    'Land Administration Law Art. 75, Art. 77'
    """
    english = basis
    for law, name in _LAWS.items():
        english = english.replace(law, name)
    english = re.sub(r"第(\d+)条", r" Art. \1", english).replace("、", ",").replace("；", "; ")
    return Text(basis, english.strip())
