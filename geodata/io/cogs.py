"""Cloud-optimised GeoTIFFs: the same pixels in blocks with overviews, so that any part is read quickly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rasterio
import rasterio.shutil

from geodata.errors import RasterError
from geodata.io.probes import GDAL_ENV
from geodata.io.rasters import RasterInfo

BLOCK_PX = 512
_COARSEST_PX = 512
"""A stored picture of at most this size serves a look at the whole scene."""


def is_quick(info: RasterInfo) -> bool:
    """Whether any part of a raster can be read quickly as it is: in blocks, with overviews down to a small picture.

    Args:
        info: An accepted raster.
    """
    with rasterio.Env(**GDAL_ENV), rasterio.open(info.path, driver="GTiff") as dataset:
        in_blocks = all(
            max(shape) <= 2 * BLOCK_PX and (shape[1] < dataset.width or dataset.width <= _COARSEST_PX)
            for shape in dataset.block_shapes
        )
    coarsest = max((1, *info.overviews))
    return in_blocks and max(info.width, info.height) / coarsest <= _COARSEST_PX


def write_cog(info: RasterInfo, path: Path) -> tuple[int, ...]:
    """The same pixels as a COG, without loss; nodata, masks and band names are kept.

    Args:
        info: An accepted raster.
        path: The file to write.

    Returns:
        The decimation factors of its overviews.

    Raises:
        RasterError: If a block cannot be decoded, or there is no space.
    """
    floats = info.dtype.startswith("float")
    options: dict[str, Any] = {
        "driver": "COG",
        "compress": "DEFLATE",
        "level": 6,
        "predictor": 3 if floats else 2,
        "blocksize": BLOCK_PX,
        "overview_resampling": "average",
        "bigtiff": "IF_SAFER",
        "num_threads": "ALL_CPUS",
    }
    try:
        with rasterio.Env(**GDAL_ENV):
            rasterio.shutil.copy(info.path, path, **options)
            with rasterio.open(path, driver="GTiff") as dataset:
                return tuple(dataset.overviews(1))
    except rasterio.errors.RasterioError as error:
        path.unlink(missing_ok=True)
        raise RasterError(
            f"{info.name} cannot be written as a COG: {error}.",
            remedy="Export the file again; see that the data folder has space.",
        ) from error
