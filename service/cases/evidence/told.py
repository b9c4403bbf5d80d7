"""What is told of a photograph by who sends it, and the bounds within which that and the photograph may differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True)
class Position:
    """A place.

    Args:
        lon: Longitude, degrees (CGCS2000 or WGS 84; not the shifted system of web maps).
        lat: Latitude, degrees.
        error_m: Its error, m; None: not told.
    """

    lon: float
    lat: float
    error_m: float | None = None


@dataclass(frozen=True)
class Told:
    """What the form tells.

    Args:
        case_id: The case that the photograph shall stand in.
        taken_at: When it was taken, with zone.
        position: From where.
        bearing_deg: Where the camera looked, degrees clockwise from true north.
        from_camera: Whether the form says that it comes straight from the camera.
        phone_clock: What the phone's clock showed when it sent; with the time of arrival that tells its drift.
        proves_after: When that happened which the photograph shall prove the end or the state of.
        proves: What that is, in English and Chinese.
    """

    case_id: str
    taken_at: datetime | None = None
    position: Position | None = None
    bearing_deg: float | None = None
    from_camera: bool = False
    phone_clock: datetime | None = None
    proves_after: datetime | None = None
    proves: tuple[str, str] = ("the event before", "前一事项")


@dataclass(frozen=True)
class Place:
    """The structure.

    Args:
        outline: Its outline, longitude and latitude.
        error_m: Error of the outline, m.
    """

    outline: BaseGeometry
    error_m: float = 1.0


@dataclass(frozen=True)
class Bounds:
    """From where on something is doubted. Our own choice, none is a term of law.

    Args:
        clock_s: How far clocks may be apart, s; phones that hear their network keep a second or two.
        told_s: How far the time that is told may be off, s.
        late_days: From so many days between taking and arrival on it is noted.
        modified_s: How much later than taken the file may be written, s.
        thumbnail: Difference of the small picture, 0 to 1; measured in docs/evidence.md.
        position_m: Error of a position that tells none, m.
        rough_m: An error from which on it is noted, m.
        apart_m: How far the two positions may be apart beyond their errors, m.
        far_m: Distance to the structure beyond the error, m: doubt.
        very_far_m: The same, m: grave.
        compass_deg: Error of a phone's compass, degrees.
        declination_deg: What magnetic north may add, degrees; in China it lies within that of true north.
    """

    clock_s: float = 300.0
    told_s: float = 900.0
    late_days: float = 7.0
    modified_s: float = 60.0
    thumbnail: float = 0.12
    position_m: float = 30.0
    rough_m: float = 100.0
    apart_m: float = 50.0
    far_m: float = 150.0
    very_far_m: float = 1000.0
    compass_deg: float = 20.0
    declination_deg: float = 12.0


BOUNDS = Bounds()

EDITORS = (
    "photoshop", "lightroom", "gimp", "snapseed", "picsart", "canva", "meitu", "美图", "醒图", "hypic", "b612",
    "facetune", "affinity", "paint.net", "pixelmator", "acdsee", "photoscape", "光影魔术手", "可牛", "vsco", "polarr",
    "picasa", "darktable", "rawtherapee", "luminar", "faceapp", "remini", "stable diffusion", "midjourney",
    "dall-e", "firefly",
)  # fmt: skip
"""Words in the names of programs that change pictures. A list never ends; what is not in it is not cleared by that."""
WATERMARKERS = ("水印", "马克相机", "watermark", "timemark", "timestamp camera", "元道经纬")
"""Words in the names of apps that write time and place into the picture."""

WAYS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "copy": ("a copy", "复制"),
        "cropped": ("cropped", "裁剪"),
        "turned": ("mirrored or turned", "镜像或旋转"),
        "turned_cropped": ("mirrored or turned, and cropped", "镜像或旋转并裁剪"),
    }
)
"""What was done to a picture that was used before."""
