"""A label raster as true objects, and detections painted on its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from rasterio.features import rasterize

from geodata.errors import RasterError
from geodata.grid import Grid, Window
from geodata.io.rasters import SceneReader, inspect_raster

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
