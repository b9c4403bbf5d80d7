"""What the guarded process does: open a GeoTIFF and tell its metadata as plain values."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window as RioWindow

from geodata.errors import BandsError, EmptyRasterError, MissingCRSError, RasterError

GDAL_ENV = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_GEOREF_SOURCES": "INTERNAL",
    "GDAL_CACHEMAX": 256_000_000,
    "GDAL_NUM_THREADS": 1,
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
}
"""Nothing beside the file itself is read: no side file, no neighbour, no network."""

MAX_BANDS = 8
_PART_PX = 2048
_MAX_TAGS = 500
_DTYPES = {"uint8", "uint16", "int16", "float32", "float64"}
_COLOURS = {
    ColorInterp.red: "red",
    ColorInterp.green: "green",
    ColorInterp.blue: "blue",
    ColorInterp.gray: "grey",
    ColorInterp.alpha: "alpha",
}
_DESCRIPTIONS = {
    "red": "red",
    "green": "green",
    "blue": "blue",
    "nir": "nir",
    "near infrared": "nir",
    "nearinfrared": "nir",
    "pan": "grey",
    "gray": "grey",
    "grey": "grey",
}


def band_names(count: int, colours: list[ColorInterp], descriptions: list[str | None]) -> list[str]:
    """A name for each band: by its description, by its colour, else by the usual order.

    Without a word in the file one band is grey, three are red, green, blue, and a fourth is near infrared,
    as the four-band products of GF, ZY and NAIP are delivered.
    """
    names = []
    for i in range(count):
        said = _DESCRIPTIONS.get((descriptions[i] or "").strip().lower())
        names.append(said or _COLOURS.get(colours[i], f"band_{i + 1}"))
    unnamed = [i for i, name in enumerate(names) if name.startswith("band_")]
    if len(unnamed) == count:
        usual = ["grey"] if count < 3 else ["red", "green", "blue", "nir"]
        for i, name in zip(unnamed, usual, strict=False):
            names[i] = name
    elif unnamed == [3] and names[:3] == ["red", "green", "blue"]:
        names[3] = "nir"
    return [name if names.index(name) == i else f"{name}_{i + 1}" for i, name in enumerate(names)]


def probe_raster(path: str) -> dict[str, Any]:
    """Metadata of a GeoTIFF; see `geodata.io.rasters.RasterInfo` for the meaning of each value.

    Raises:
        RasterError: If the library cannot open it.
        BandsError: If the bands are too many or of an unusable type.
        MissingCRSError: If the file is not georeferenced at all.
        EmptyRasterError: If every pixel is nodata.
    """
    name = Path(path).name
    try:
        with warnings.catch_warnings(), rasterio.Env(**GDAL_ENV):
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path, driver="GTiff") as dataset:
                return _describe(dataset, name)
    except RasterioError as error:
        raise RasterError(
            f"{name} cannot be read: {str(error)[:200]}.",
            remedy="The file is damaged; export it again, or re-write it with: gdal_translate -of COG.",
        ) from error


def _describe(dataset: Any, name: str) -> dict[str, Any]:
    if dataset.count > MAX_BANDS:
        raise BandsError(
            f"{name} has {dataset.count} bands; at most {MAX_BANDS} are read.",
            remedy="Keep the bands you need: gdal_translate -b 1 -b 2 -b 3 INPUT output.tif",
            bands=dataset.count,
        )
    kinds = set(dataset.dtypes)
    if not kinds <= _DTYPES:
        raise BandsError(
            f"{name} holds {', '.join(sorted(kinds))} values.",
            remedy=f"Accepted types: {', '.join(sorted(_DTYPES))}.",
            found=sorted(kinds),
        )
    if ColorInterp.palette in dataset.colorinterp:
        raise BandsError(
            f"{name} holds indices into a colour table, not measurements.",
            remedy="Expand it: gdal_translate -expand rgb INPUT output.tif",
            bands=dataset.count,
        )
    transform = dataset.transform
    if transform.is_identity:
        hint = " It has ground control points only." if dataset.gcps[0] else ""
        raise MissingCRSError(
            f"{name} is not georeferenced: no transform from pixels to coordinates.{hint}",
            remedy="Orthorectify or georeference it first (gdalwarp); a CRS alone does not place it.",
        )
    _require_pixels(dataset, name)
    return {
        "width": dataset.width,
        "height": dataset.height,
        "transform": list(transform)[:6],
        "crs_wkt": dataset.crs.to_wkt() if dataset.crs else "",
        "bands": band_names(dataset.count, list(dataset.colorinterp), list(dataset.descriptions)),
        "dtype": str(dataset.dtypes[0]),
        "nodata": dataset.nodata,
        "overviews": list(dataset.overviews(1)),
        "tags": {k[:64]: v[:200] for k, v in list(dataset.tags().items())[:_MAX_TAGS]},
        "datetime_tag": dataset.tags().get("TIFFTAG_DATETIME") or dataset.tags().get("ACQUISITION_DATETIME"),
    }


def _require_pixels(dataset: Any, name: str) -> None:
    """See that one valid pixel exists; stops at the first block that has one.

    A file without any nodata declaration passes here unless it is black all over.
    """
    declared = not all(MaskFlags.all_valid in flags for flags in dataset.mask_flag_enums)
    for _, block in dataset.block_windows(1):
        for window in _parts(block):
            if declared and not dataset.dataset_mask(window=window).any():
                continue
            if declared and not np.issubdtype(dataset.dtypes[0], np.floating):
                return
            values = dataset.read(window=window)
            if (np.isfinite(values) & (declared | (values != 0))).any():
                return
    raise EmptyRasterError(
        f"{name} holds {dataset.width} x {dataset.height} pixels, all of them nodata.",
        remedy="Check the export: the file has a frame but no picture.",
        valid_share=0.0,
    )


def _parts(block: RioWindow) -> Iterator[RioWindow]:
    """A block in parts that are small enough to decode without care (strips can be wide)."""
    for row in range(block.row_off, block.row_off + block.height, _PART_PX):
        for col in range(block.col_off, block.col_off + block.width, _PART_PX):
            yield RioWindow(
                col,
                row,
                min(_PART_PX, block.col_off + block.width - col),
                min(_PART_PX, block.row_off + block.height - row),
            )


PROBES: dict[str, Callable[..., dict[str, Any]]] = {"raster": probe_raster}
