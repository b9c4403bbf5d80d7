"""Findings beside the truth of the district: found, missed, false, and whether the assessment agrees."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

FOUND_SHARE = 0.3
"""Found: at least this share of a true object is covered. False: less of an alarm lies on truth (methods.md 8)."""


@dataclass(frozen=True)
class Comparison:
    """Findings beside the truth.

    Args:
        truth: One row per true change: `truth_id`, `change`, `kind`, `area_m2`, `expected_status`, `found`,
            `covered` (share), `status` and `finding_id` of the finding that covers most of it.
        false: The findings that lie on no true change, with `looks_like`: the kind of the distractor there.
    """

    truth: pd.DataFrame
    false: pd.DataFrame

    @property
    def found(self) -> int:
        """True changes that were found."""
        return int(self.truth["found"].sum())

    @property
    def status_agrees(self) -> int:
        """Found changes whose status is the expected one."""
        hit = self.truth[self.truth["found"]]
        return int((hit["status"] == hit["expected_status"]).sum())


def compare(findings: gpd.GeoDataFrame, truth: gpd.GeoDataFrame, distractors: gpd.GeoDataFrame) -> Comparison:
    """Hold findings against the truth of a district.

    Args:
        findings: Of a scan, CRS84.
        truth: `DemoFiles.truth`, CRS84.
        distractors: `DemoFiles.distractors`, CRS84.
    """
    metric = truth.estimate_utm_crs()
    ours, real, lures = (frame.to_crs(metric).reset_index(drop=True) for frame in (findings, truth, distractors))
    cover = ours.union_all()
    rows = []
    for row in real.itertuples():
        overlap = ours.intersection(row.geometry).area
        best = int(overlap.idxmax()) if len(overlap) and overlap.max() > 0 else None
        covered = row.geometry.intersection(cover).area / row.geometry.area
        rows.append(
            {
                "truth_id": row.truth_id,
                "change": row.change,
                "kind": row.kind,
                "area_m2": row.area_m2,
                "expected_status": row.expected_status,
                "expected_reasons": row.expected_reasons,
                "covered": covered,
                "found": covered >= FOUND_SHARE,
                "status": None if best is None else ours.loc[best, "status"],
                "finding_id": None if best is None else ours.loc[best, "id"],
            }
        )
    on_truth = ours.intersection(real.union_all()).area / ours.area
    false = ours[on_truth < FOUND_SHARE].copy()
    false["looks_like"] = [_kind_at(shape, lures) for shape in false.geometry]
    return Comparison(pd.DataFrame(rows), pd.DataFrame(false.drop(columns="geometry")))


def _kind_at(shape: object, lures: gpd.GeoDataFrame) -> str:
    """The distractor that covers most of a shape, else `other`."""
    overlap = lures.intersection(shape).area
    return str(lures.loc[overlap.idxmax(), "kind"]) if len(overlap) and overlap.max() > 0 else "other"
