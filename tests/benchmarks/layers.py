"""How fast a large cadastre is imported, and in how much memory.

python tests/benchmarks/layers.py [--rows N] [--keep FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
_PART = 100_000
_WIDTH_M, _DEPTH_M = 21.0, 34.0
_USES = np.array(["0101", "0103", "0601", "0701", "0702", "1001"])


def write_parcels(path: Path, rows: int) -> Path:
    """A made-up cadastre as GeoPackage in EPSG:4547: crooked plots in rows, some drawn as bow-ties, some twice.

    Args:
        path: The file to write.
        rows: Parcels. One in 1,000 is a bow-tie, one in 5,000 is repeated far from its first place in the file.
    """
    side = int(np.ceil(np.sqrt(rows)))
    for first in range(0, rows, _PART):
        at = np.arange(first, min(rows, first + _PART))
        at[at % 5_000 == 4_999] //= 2
        frame = gpd.GeoDataFrame(
            {
                "parcel_id": [f"130402{i:012d}" for i in at],
                "land_use": _USES[at % len(_USES)],
                "owner_kind": np.where(at % 3 == 0, "国有", "集体"),
                "village": [f"第{i // 500}村" for i in at],
                "mj": np.round(200 + at % 7_001 * 0.1, 1),
            },
            geometry=_plots(at, side),
            crs="EPSG:4547",
        )
        pyogrio.write_dataframe(frame, path, layer="parcels", driver="GPKG", append=first > 0)
    return path


def _plots(at: Any, side: int) -> Any:
    """Quadrilaterals whose corners are shared with their neighbours."""

    def corner(column: Any, row: Any) -> Any:
        wobble = np.sin(column * 12.9898 + row * 78.233) * 43758.5453 % 1 - 0.5
        return np.stack([450_000 + column * _WIDTH_M + wobble * 3, 4_040_000 + row * _DEPTH_M + wobble * 2], axis=-1)

    column, row = (at % side).astype(float), (at // side).astype(float)
    corners = [corner(column, row), corner(column + 1, row), corner(column + 1, row + 1), corner(column, row + 1)]
    rings = np.stack([*corners, corners[0]], axis=1)
    tied = at % 1_000 == 999
    rings[tied] = rings[tied][:, [0, 2, 1, 3, 0]]
    return shapely.polygons(rings)


_IMPORT = """
import json, resource, sys, time
from pathlib import Path
from service.bootstrap import open_services
from service.settings import read_settings
from service.usecases.layer_files import add_layer_file
from service.usecases.layer_facts import LayerFacts
services = open_services(read_settings(data=Path(sys.argv[2])))
begun = time.perf_counter()
version, _ = add_layer_file(services, "parcels", Path(sys.argv[1]), LayerFacts())
seconds = time.perf_counter() - begun
services.close()
peaks = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
report = version.report
print(json.dumps({
    "rows": report["rows"], "kept": report["kept"], "repaired": len(report["repaired"]),
    "duplicated": len(report["duplicated"]), "seconds": seconds, "own_mib": peaks[0], "reader_mib": peaks[1],
}))
"""


def measure_import(path: Path, scratch: Path) -> dict[str, Any]:
    """Import a layer in a fresh process: seconds and peak memory, MiB, of it and of the process that reads."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", _IMPORT, str(path), str(scratch / "data")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return {**told, "rows_per_s": told["rows"] / told["seconds"], "mib": path.stat().st_size / 1024**2}


def layers(console: Console, workers: int, *, rows: int = 1_000_000) -> dict[str, Any]:
    """Import a made-up cadastre."""
    del workers  # one file is read by one process
    with tempfile.TemporaryDirectory(prefix="kancha-bench-") as scratch:
        begun = time.perf_counter()
        path = write_parcels(Path(scratch) / "parcels.gpkg", rows)
        console.print(f"made in {time.perf_counter() - begun:.1f} s")
        told = measure_import(path, Path(scratch))
    columns = ("rows", "kept", "repaired", "duplicated", "s", "rows/s", "peak MiB: reader", "store")
    table = Table(*columns, title=f"import of parcels, GeoPackage of {told['mib']:.0f} MiB")
    table.add_row(
        *(f"{told[name]:,.0f}" for name in ("rows", "kept", "repaired", "duplicated", "seconds", "rows_per_s")),
        *(f"{told[name]:,.0f}" for name in ("reader_mib", "own_mib")),
    )
    console.print(table)
    return told


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="parcels (default 1,000,000)")
    parser.add_argument("--keep", type=Path, help="only write the parcels to this file")
    arguments = parser.parse_args()
    if arguments.keep:
        write_parcels(arguments.keep, arguments.rows)
    else:
        layers(Console(width=None if sys.stdout.isatty() else 130), 1, rows=arguments.rows)
