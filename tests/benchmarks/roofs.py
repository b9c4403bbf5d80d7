"""Buildings of one image on real pictures that nothing was learnt from: France, 100 m chips with building masks."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.features import rasterize, shapes
from rich.console import Console
from shapely.geometry import shape

from geodata.scan_roofs import RoofOptions, roofs_of

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "france_pairs"
AMBIGUOUS = ("instances_test_377",)
"""Re-roofed and marked both as gone and as new, see the README of the data."""


def roofs(console: Console, workers: int) -> dict[str, Any] | None:
    """Pixels and buildings of one date against the masks."""
    masks = [
        (DATA / date / path.name, path)
        for date, folder in (("before", "buildings_before"), ("after", "buildings_after"))
        for path in sorted((DATA / folder).glob("*.tif"))
        if not path.name.startswith(AMBIGUOUS)
    ]
    if not masks:
        console.print(f"roofs: skipped, there is no {DATA}")
        return None
    hit = claimed = true = 0
    found = buildings = false = 0
    confidence, right = [], []
    for image, mask in masks:
        with rasterio.open(mask) as dataset:
            truth, grid = dataset.read(1) == 1, dataset.transform
            crs = dataset.crs
        told = roofs_of(image, options=RoofOptions(acquired_at=datetime(2024, 6, 1, tzinfo=UTC), workers=workers))
        local = told.frame.to_crs(crs)
        said = np.zeros(truth.shape, bool)
        for outline, probability in zip(local.geometry, local["confidence"], strict=True):
            own = rasterize([outline], truth.shape, transform=grid) == 1
            said |= own
            real = bool(own.any()) and float(truth[own].mean()) >= 0.5
            confidence.append(float(probability))
            right.append(real)
            false += not real
        hit, claimed, true = hit + int((said & truth).sum()), claimed + int(said.sum()), true + int(truth.sum())
        for geometry, _ in shapes(truth.astype(np.uint8), mask=truth, transform=grid):
            building = shape(geometry)
            if building.area >= 20:
                own = rasterize([building], truth.shape, transform=grid) == 1
                buildings += 1
                found += float(said[own].mean()) >= 0.5
    km2 = len(masks) * 0.1024**2
    f1 = 2 * hit / max(1, claimed + true)
    result = {
        "pictures": len(masks), "buildings": buildings, "found": found, "told": len(right), "false": false,
        "false_per_km2": round(false / km2, 1), "pixel_f1": round(f1, 4), "precision": round(hit / max(1, claimed), 4),
        "recall": round(hit / max(1, true), 4), "mean_confidence": round(float(np.mean(confidence)), 3),
        "right_share": round(float(np.mean(right)), 3),
    }  # fmt: skip
    console.print(
        f"{len(masks)} French pictures of 100 m: pixel F1 {f1:.3f}, {found} of {buildings} buildings found, "
        f"{false} of {len(right)} told are none ({false / km2:.0f} per km2); mean confidence "
        f"{result['mean_confidence']}, right {result['right_share']}"
    )
    return result
