"""From Xian 1980 and Beijing 1954 to CGCS2000, by the transformation that a bureau declares.

The two have no public accurate parameters: every bureau has its own, and nobody's are guessed here. Three ways to
declare them are read: seven parameters, the code of an operation of the EPSG registry, and a PROJ pipeline.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyproj
from pyproj.crs import CoordinateOperation  # type: ignore[attr-defined]
from pyproj.exceptions import CRSError as ProjCRSError
from pyproj.exceptions import ProjError

from geodata.crs import CGCS2000_GEOD, crs_label
from geodata.errors import TransformationError

MOST_M = 500.0
"""A change of datum moves a place in China by some hundred metres, never by more than this."""
_WAYS = (
    "Give seven parameters (dx,dy,dz in m, rx,ry,rz in arc seconds, scale in ppm; Bursa-Wolf as a coordinate frame "
    "rotation), the code of an operation such as EPSG:15918, or a PROJ pipeline from the file's coordinates to degrees."
)
_TARGETS = (4326, 4490)

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Transformation:
    """A way from a system to longitude and latitude of CGCS2000.

    Args:
        words: What it is, for the report.
        to_lonlat: From x and y (easting first) to longitude and latitude in degrees.
        plain: The same without any change of datum, against which it is measured.
    """

    words: str
    to_lonlat: Callable[[F64, F64], tuple[F64, F64]]
    plain: Callable[[F64, F64], tuple[F64, F64]]

    def require_small(self, x: F64, y: F64) -> None:
        """See that it moves places no farther than a change of datum does.

        Raises:
            TransformationError: With the distance.
        """
        lon, lat = self.to_lonlat(x, y)
        own_lon, own_lat = self.plain(x, y)
        if not (np.isfinite(lon).all() and np.isfinite(lat).all() and (np.abs(lat) <= 90).all()):
            raise TransformationError(
                f"The transformation {self.words} makes no longitude and latitude of ({x[0]:.3f}, {y[0]:.3f}).",
                remedy=_WAYS,
            )
        _, _, far = CGCS2000_GEOD.inv(own_lon, own_lat, lon, lat)
        most = float(np.max(far))
        if most > MOST_M:
            raise TransformationError(
                f"The transformation {self.words} moves the data by {most:,.0f} m; a change of datum moves places by "
                f"less than {MOST_M:.0f} m.",
                remedy=f"Check units, signs and order. {_WAYS}",
                moved_m=most,
            )


def declared_transformation(text: str, crs: pyproj.CRS) -> Transformation:
    """The transformation that a text declares for a system.

    Args:
        text: Seven parameters, the code of an operation, or a pipeline.
        crs: The system of the data, on Xian 1980 or Beijing 1954.

    Raises:
        TransformationError: If it cannot be read, or is from another datum or to another one.
    """
    own = crs.geodetic_crs
    assert own is not None  # what stands on a datum has degrees on it
    geographic = pyproj.Transformer.from_crs(crs, own, always_xy=True).transform if crs != own else _same
    try:
        numbers = [float(part) for part in re.split(r"[,;\s]+", text.strip())]
    except ValueError:
        numbers = []
    if len(numbers) == 7:
        return Transformation(
            f"by the seven parameters {text.strip()}", _chain(geographic, _seven(numbers, own)), geographic
        )
    code = re.fullmatch(r"(?i)(?:epsg:)?(\d{3,6})", text.strip())
    if code is not None:
        step, name = _operation(int(code.group(1)), own)
        return Transformation(f"by EPSG:{code.group(1)} ({name})", _chain(geographic, step), geographic)
    if "proj=" in text:
        return Transformation(f"by the pipeline {text.strip()}", _pipeline(text), geographic)
    what = f"{len(numbers)} numbers" if numbers else repr(text[:80])
    raise TransformationError(f"The transformation {what} cannot be read.", remedy=_WAYS)


def _same(x: F64, y: F64) -> tuple[F64, F64]:
    return x, y


def _chain(
    first: Callable[[F64, F64], tuple[F64, F64]], second: Callable[[F64, F64], tuple[F64, F64]]
) -> Callable[[F64, F64], tuple[F64, F64]]:
    return lambda x, y: second(*first(x, y))


def _pipeline(text: str) -> Callable[[F64, F64], tuple[F64, F64]]:
    try:
        transformer = pyproj.Transformer.from_pipeline(text)
    except ProjError as error:
        raise TransformationError(f"PROJ cannot read the pipeline {text[:200]!r}.", remedy=_WAYS) from error
    return lambda x, y: transformer.transform(x, y)


def _seven(numbers: list[float], own: pyproj.CRS) -> Callable[[F64, F64], tuple[F64, F64]]:
    ellipsoid = own.ellipsoid
    assert ellipsoid is not None  # both datums have one
    dx, dy, dz, rx, ry, rz, scale = numbers
    return _pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=push +v_3 "
        f"+step +proj=cart +a={ellipsoid.semi_major_metre} +rf={ellipsoid.inverse_flattening} "
        f"+step +proj=helmert +x={dx} +y={dy} +z={dz} +rx={rx} +ry={ry} +rz={rz} +s={scale} "
        "+convention=coordinate_frame +step +inv +proj=cart +a=6378137 +rf=298.257222101 "
        "+step +proj=pop +v_3 +step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )


def _operation(code: int, own: pyproj.CRS) -> tuple[Callable[[F64, F64], tuple[F64, F64]], str]:
    """An operation of the registry between longitude and latitude of two datums, with its name."""
    try:
        told = CoordinateOperation.from_epsg(code).to_json_dict()
    except ProjCRSError as error:
        raise TransformationError(f"There is no coordinate operation EPSG:{code}.", remedy=_WAYS) from error
    ends = [(told.get(end) or {}).get("id", {}).get("code") for end in ("source_crs", "target_crs")]
    if ends[0] != own.to_epsg() or ends[1] not in _TARGETS:
        raise TransformationError(
            f"EPSG:{code} ({told['name']}) leads from EPSG:{ends[0]} to EPSG:{ends[1]}; "
            f"the data are on {crs_label(own)}.",
            remedy="Name an operation from that system to EPSG:4326 or EPSG:4490.",
        )
    transformer = pyproj.Transformer.from_pipeline(f"urn:ogc:def:coordinateOperation:EPSG::{code}")

    def lonlat(lon: F64, lat: F64) -> tuple[F64, F64]:
        # the registry has latitude first
        to_lat, to_lon = transformer.transform(lat, lon)
        return to_lon, to_lat

    return lonlat, str(told["name"])
