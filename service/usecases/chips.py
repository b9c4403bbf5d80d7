"""The place of a finding before and after, as one small picture."""

from __future__ import annotations

import cv2
import numpy as np
import orjson
import shapely

from geodata.report.pictures import Scenes, chip_pictures
from service.errors import InternalError, NotFoundError
from service.render.ground import on_ground
from service.services import Services
from service.store.records import Scan
from service.usecases.scenes import shown_raster

_SIDE_PX, _GAP_PX = 216, 6


def finding_chip(services: Services, finding_id: str) -> bytes:
    """A finding at both dates, side by side, with its outline: PNG. What lies beyond the caller's ground is black.

    Raises:
        NotFoundError: Without the finding, or where an earlier release did not say of which scan it is.
        RasterError: If a scene cannot be decoded there.
    """
    feature = orjson.loads(services.store.scans.finding(finding_id))
    told = feature["properties"]
    if not told.get("scan_id"):
        raise NotFoundError(f"The finding {finding_id} tells no scan.", remedy="Order the scan anew.")
    scan = services.store.scans.get(str(told["scan_id"]))
    scenes = scenes_of(services, scan, str(told["change"]))
    outline = shapely.geometry.shape(feature["geometry"])
    pair = chip_pictures(
        scenes, outline, str(told["status"]), scenes.metric, lambda grid: on_ground(services.sight, grid)
    )
    size = (_SIDE_PX, _SIDE_PX)
    sides = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in pair]
    gap = np.full((_SIDE_PX, _GAP_PX, 3), 255, np.uint8)
    whole = cv2.cvtColor(np.hstack([sides[0], gap, sides[1]]), cv2.COLOR_RGB2BGR)
    ok, content = cv2.imencode(".png", whole, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    if not ok:
        raise InternalError("The picture could not be encoded.")
    return bytes(content.tobytes())


def scenes_of(services: Services, scan: Scan, change: str) -> Scenes:
    """The two scenes of a scan, and where they lie relative to an outline.

    Args:
        services: The service as the caller sees it.
        scan: The scan.
        change: What changed.

    Raises:
        NotFoundError: Without a scene, or its file.
    """
    before, after = (services.store.scenes.get(one) for one in (scan.before_scene, scan.after_scene))
    return Scenes.around(shown_raster(services, before), shown_raster(services, after), scan.provenance, change)
