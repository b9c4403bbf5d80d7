"""The cases of `cases.yaml` as structures and layers, and as a table for readers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import yaml
from shapely.geometry import box

from geodata.assess import Book, parse_book, shipped_book
from geodata.crs import CRS84
from geodata.types import Layers

EAST, NORTH = 468000.0, 4066000.0
NOON = datetime(2026, 9, 18, 4, tzinfo=UTC)
HOUSE = (10.0, 10.0, 30.0, 20.0)
_COLUMNS = {
    "permits": {"id": "permit_id", "from": "valid_from", "to": "valid_to", "area": "area_m2", "height": "height_m",
                "parcel": "parcel_id", "kind": "kind", "use": "use"},
    "parcels": {"id": "parcel_id", "accuracy": "accuracy_m", "land_use": "land_use"},
    "zones": {"id": "zone_id", "kind": "kind", "to": "valid_to", "setback": "setback_m", "max_height": "max_height_m",
              "use": "use"},
    "buildings": {"id": "building_id", "built": "built_on"},
}  # fmt: skip
_HOUSE = {"gain": "height_gain_m", "first_seen": "first_seen_on", "area_error": "area_error_m2"}


@dataclass(frozen=True)
class Case:
    """One case: what it is called, what is given, what must come out."""

    name: str
    given: dict[str, Any]

    @property
    def structure(self) -> gpd.GeoDataFrame:
        """The one structure."""
        told = dict(self.given.get("house") or {})
        at = told.pop("at", HOUSE)
        row = {
            "change": "appeared",
            "outline_error_m": told.pop("error", 0.5),
            "area_m2": (at[2] - at[0]) * (at[3] - at[1]),
            "before_acquired_at": "2025-09-18T04:00:00+00:00",
            **{_HOUSE.get(name, name): value for name, value in told.items()},
        }
        return frame([{**row, "at": at}])

    @property
    def layers(self) -> Layers:
        """The layers."""
        given = {kind: self.given[kind] for kind in _COLUMNS if kind in self.given}
        return Layers(**{kind: _layer(kind, rows) for kind, rows in given.items()})

    @property
    def book(self) -> Book:
        """The rulebook."""
        name = self.given.get("book", "cn")
        return parse_book(_books()[name], name, fictitious=True) if name in _books() else shipped_book(name)

    @property
    def expected(self) -> tuple[str, list[tuple[str, str, str]]]:
        """Status, then code, certainty and article of each reason."""
        status, *reasons = self.given["expect"]
        return status, [tuple("" if part == "-" else part for part in r.split(" ")) for r in reasons]


def _layer(kind: str, rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    names = _COLUMNS[kind]
    told = [{names[k]: v for k, v in row.items() if k in names} | _defaults(kind, row) for row in rows]
    return frame(told, [*names.values()])


def _defaults(kind: str, row: dict[str, Any]) -> dict[str, Any]:
    since = {"valid_from": row.get("from", "2025-01-01")} if kind == "permits" else {}
    return {"at": row.get("at"), **since}


def frame(rows: list[dict[str, Any]], columns: list[str] | None = None) -> gpd.GeoDataFrame:
    """Rows with `at` in metres as a frame in CRS84; an empty one keeps its columns."""
    at = [row.get("at") for row in rows]
    shapes = [None if a is None else box(EAST + a[0], NORTH + a[1], EAST + a[2], NORTH + a[3]) for a in at]
    names = columns or [name for name in dict.fromkeys(name for row in rows for name in row) if name != "at"]
    data = {name: [_text(row.get(name)) for row in rows] for name in names}
    return gpd.GeoDataFrame(data, geometry=gpd.GeoSeries(shapes, crs="EPSG:4547")).to_crs(CRS84)


def _text(value: Any) -> Any:
    return str(value) if hasattr(value, "isoformat") else value


@cache
def _file() -> dict[str, Any]:
    text = (Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)  # type: ignore[no-any-return]


@cache
def _books() -> dict[str, str]:
    return {name: yaml.safe_dump(book, allow_unicode=True) for name, book in _file()["books"].items()}


def cases() -> list[Case]:
    """All cases."""
    return [Case(one["case"], one) for one in _file()["cases"]]


def table() -> str:
    """The cases as Markdown."""
    lines = ["| case | given | status | reasons |", "|---|---|---|---|"]
    for case in cases():
        given = "; ".join(
            f"{kind}: {_shown(case.given[kind])}" for kind in ("book", "house", *_COLUMNS) if kind in case.given
        )
        status, reasons = case.expected
        more = [f"{k}: `{case.given[k]}`" for k in ("authority", "severity", "consequence") if k in case.given]
        told = [f"`{code}` {sure.replace('_', ' ')}{', ' + basis if basis else ''}" for code, sure, basis in reasons]
        lines.append(f"| {case.name} | {given} | {status} | {'; '.join([*told, *more])} |")
    return "\n".join(lines) + "\n"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{k} {_shown(v)}" for k, v in value.items())
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return ", ".join(_shown(v) for v in value)
    if isinstance(value, list):
        return "[" + " ".join(str(v) for v in value) + "]" if value else "none on file"
    return str(value)


def page() -> str:
    """The whole page of the documents."""
    return _HEAD + table()


_HEAD = """# What an assessment says: cases

Every row is a test (`tests/unit/assess/cases.yaml`). Rectangles are `[left bottom right top]` in metres. The house is
20 m by 10 m at `[10 10 30 20]` with an outline error of 0.5 m, seen on 2026-09-18 and absent on 2025-09-18; a permit is
valid from 2025-01-01 on; both unless the row says otherwise. The rulebook `tolerant` is made up for these tests.

"""

if __name__ == "__main__":
    Path(__file__).resolve().parents[3].joinpath("docs", "cases.md").write_text(page(), encoding="utf-8")
