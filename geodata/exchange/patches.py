"""Findings as patches (图斑) of the national exchange form: table JCTB of 国土调查云 (domain.md 6).

The fields come from code of 2013 and of the third national survey; the list in force was not available. So the mapping
is data, unknown columns are kept, and nothing is written into a field whose codes are not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from geodata.china import M2_PER_MU
from geodata.crs import CRS84
from geodata.errors import OptionError
from geodata.features import BEIJING
from geodata.repair import to_crs


@dataclass(frozen=True)
class Field:
    """A field of the patch table.

    Args:
        name: Its name.
        title: Its Chinese title.
        number: Whether it holds numbers; text otherwise.
        in_shapefile: Whether the shapefile has it; the SQLite package has all.
    """

    name: str
    title: str
    number: bool = False
    in_shapefile: bool = True


FIELDS: tuple[Field, ...] = (
    Field("JCBH", "监测编号"),
    Field("TBLX", "图斑类型"),
    Field("XZQDM", "行政区代码"),
    Field("XMC", "县名称"),
    Field("JCMJ", "监测面积", number=True),
    Field("QSX", "前时相"),
    Field("HSX", "后时相"),
    Field("XZB", "X坐标", number=True),
    Field("YZB", "Y坐标", number=True),
    Field("TZ", "特征"),
    Field("BGDL", "变更地类"),
    Field("BGFW", "变更范围"),
    Field("WBGLX", "未变更类型"),
    Field("PZD", "拍照点", in_shapefile=False),
    Field("BZ", "备注", in_shapefile=False),
    Field("JZRY", "举证人员", in_shapefile=False),
    Field("TBFW", "图斑范围", in_shapefile=False),
)
OWN: tuple[Field, ...] = (Field("MJ_MU", "面积（亩）", number=True), Field("FINDING_ID", "线索编号"))
"""Columns of ours beside them, so that a patch leads back to its finding."""

TYPES: Mapping[str, str] = {
    "earthworks": "类型二",
    "foundation": "类型一",
    "under_construction": "类型一",
    "finished": "类型一",
}
"""TBLX of the specification of 2020 by the stage of a structure; of an unknown stage nothing is said."""


@dataclass(frozen=True)
class PatchOptions:
    """How findings become patches.

    Args:
        county_code: Six digits of the county (XZQDM).
        county_name: Its name (XMC).
        letters: Between county and year in a patch number, as in `130403SJBG26210183`.
        first_serial: Serial of the first patch.
        types: TBLX by stage.
    """

    county_code: str
    county_name: str
    letters: str = "SJBG"
    first_serial: int = 1
    types: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        if len(self.county_code) != 6 or not self.county_code.isdigit():
            raise OptionError(
                f"The county code {self.county_code[:20]!r} is not of six digits.", remedy="Give it as in 130403."
            )
        if not 1 <= self.first_serial <= 999_999:
            raise OptionError(
                f"The first serial {self.first_serial} has no place in six digits.", remedy="Give 1 to 999999."
            )


def to_patches(findings: gpd.GeoDataFrame, options: PatchOptions, crs: pyproj.CRS) -> gpd.GeoDataFrame:
    """Findings as patches.

    Args:
        findings: With the columns of the detection feature, in CRS84.
        options: How.
        crs: System of the outlines and of XZB and YZB, read x first.

    Returns:
        `FIELDS` and `OWN`, in the order of the findings. JCMJ is ellipsoidal and in m².

    Raises:
        OptionError: If there are more findings than serials.
    """
    last = options.first_serial + len(findings) - 1
    if last > 999_999:
        raise OptionError(f"The last serial would be {last}.", remedy="Begin with a lower one, or export in parts.")
    shapes = findings.geometry.to_numpy()
    local = to_crs(shapes, CRS84, crs)
    middle = shapely.get_coordinates(shapely.point_on_surface(local)) if len(local) else np.empty((0, 2))
    types = TYPES if options.types is None else options.types
    rows: list[dict[str, Any]] = []
    for k, row in enumerate(findings.to_dict("records")):
        rows.append(
            {
                "JCBH": _number(options, row["after_acquired_at"], options.first_serial + k),
                "TBLX": types.get(str(row.get("stage"))),
                "XZQDM": options.county_code,
                "XMC": options.county_name,
                "JCMJ": float(row["area_m2"]),
                "QSX": _day(row["before_acquired_at"]),
                "HSX": _day(row["after_acquired_at"]),
                "XZB": round(float(middle[k, 0]), 3),
                "YZB": round(float(middle[k, 1]), 3),
                **dict.fromkeys(("TZ", "BGDL", "BGFW", "WBGLX", "PZD", "JZRY")),
                "BZ": _remark(row),
                "TBFW": shapely.to_wkt(local[k], rounding_precision=4),
                "MJ_MU": round(float(row["area_m2"]) / M2_PER_MU, 2),
                "FINDING_ID": str(row["id"]),
            }
        )
    columns = [field.name for field in (*FIELDS, *OWN)]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry=gpd.GeoSeries(local), crs=crs)


def _number(options: PatchOptions, after: str, serial: int) -> str:
    return f"{options.county_code}{options.letters}{_moment(after):%y}{serial:06d}"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(BEIJING)


def _day(text: str) -> str:
    return f"{_moment(text):%Y%m%d}"


def _remark(row: Mapping[str, Any]) -> str | None:
    """The reasons in Chinese, as far as a remark goes."""
    words = [str(reason["message_zh"]) for reason in row.get("reasons") or ()]
    return "".join(words)[:200] or None
