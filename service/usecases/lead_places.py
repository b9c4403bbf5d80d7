"""Where something lies that is told by address or number of a parcel alone: found as the ground of permits is."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np

from geodata.assess.register import Hint, resolve_permits
from geodata.crs import CRS84
from service.cases.leads.intake import spot_at
from service.cases.leads.values import Spot
from service.services import Services
from service.usecases.layer_loading import parcels_of
from service.usecases.layer_rows import to_frame

PARCEL_M = 1.0
"""Error of the outline of a parcel, m."""


def spots_of(services: Services, told: Sequence[tuple[str, str]]) -> Sequence[Spot]:
    """The places of parcels that are told by number and address; none where none fits, or several equally well.

    Args:
        services: The service.
        told: Number of the parcel and address; each may be empty.
    """
    version = services.store.layers.newest("parcels")
    if version is None or not any(number or address for number, address in told):
        note = "" if version is not None else "no parcels are on file"
        return [Spot(note=note if number or address else "") for number, address in told]
    hints = [Hint(number or None, address or None) for number, address in told]
    known = parcels_of(services, version.id, hints)
    asked = gpd.GeoDataFrame(
        {
            # each row for itself: rows of one permit would share their ground
            "permit_id": [str(place) for place in range(len(hints))],
            "parcel_id": [hint.parcel_id for hint in hints],
            "address": [hint.address for hint in hints],
        },
        geometry=gpd.GeoSeries(np.full(len(hints), None, dtype=object), crs=CRS84),
        crs=CRS84,
    )
    found = resolve_permits(asked, to_frame(known.values(), version.columns))
    assert found is not None  # rows were given
    spots = []
    for ground, match, why in zip(found.ground, found.match, found.note, strict=True):
        if ground is None:
            spots.append(Spot(note=why or "no parcel of this number or address is on file"))
        else:
            spots.append(spot_at(ground, PARCEL_M, match))
    return spots
