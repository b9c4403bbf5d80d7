"""The features API beside tipg and pygeoapi on the same PostGIS: `make bench-api`.

Real parcels, replicated to 200,000; one worker process each; 8 connections; the services take turns within one run.
The peers live in an environment of their own (`requirements/bench.txt`).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import psycopg
import rasterio
import rasterio.shutil
import shapely
from affine import Affine
from rich.console import Console
from rich.table import Table

from service.bootstrap import open_services
from service.files import Upload, sha256_of
from service.render.schemes import SCHEMES
from service.settings import Settings
from service.store.postgis import PostgisStore
from service.store.records import FeatureRow, LayerVersion, Scene
from service.store.sqlite import SqliteStore
from service.usecases.scenes import SceneFacts, add_scene
from service.usecases.vector_tiles import make_archive
from tests.access import key_for
from tests.benchmarks.load import Load, rss_mib, run
from tests.integration.service_kit import draw_pair, finished, free_port, post_pair, until
from tests.postgres import Cluster, binaries

ROOT = Path(__file__).parents[2]
IMAGERY = ROOT.parent / "shared" / "data" / "levir_dev"
PARCELS = ROOT.parent / "shared" / "data" / "parcels" / "cadastre-91216-parcelles.json"
PEERS = ROOT / ".venv-bench"
COUNT = 200_000


def features(count: int) -> list[FeatureRow]:
    """Real parcels, side by side over and over."""
    told = json.loads(PARCELS.read_text())["features"]
    shapes = np.array([shapely.geometry.shape(one["geometry"]) for one in told], dtype=object)
    west, south, east, north = shapely.total_bounds(shapes)
    rows: list[FeatureRow] = []
    side = int(np.ceil(np.sqrt(count / len(told))))
    for copy in range(side * side):
        dx, dy = (copy % side) * (east - west), (copy // side) * (north - south)
        moved = shapely.transform(shapes, lambda xy, dx=dx, dy=dy: np.round(xy + [dx, dy], 8))  # type: ignore[misc]
        for number, (shape, text) in enumerate(zip(moved, shapely.to_geojson(moved), strict=True)):
            if len(rows) == count:
                return rows
            fid = f"{told[number]['id']}-{copy}"
            box = shape.bounds
            properties = {
                "parcel_id": fid, "land_use": f"{number % 12:04}", "owner_kind": "collective", "village": f"村{copy}",
                "accuracy_m": 0.5, "contenance": told[number]["properties"].get("contenance"),
            }  # fmt: skip
            head = json.dumps({"type": "Feature", "id": fid, "bbox": list(box)}, separators=(",", ":"))[:-1]
            tail = json.dumps(properties, separators=(",", ":"), ensure_ascii=False)
            rows.append(FeatureRow(fid, box, f'{head},"geometry":{text},"properties":{tail}}}'))
    return rows


def version(rows: list[FeatureRow]) -> LayerVersion:
    """The layer version that they are."""
    boxes = np.array([row.bbox for row in rows])
    west, south, east, north = *boxes[:, :2].min(0).tolist(), *boxes[:, 2:].max(0).tolist()
    columns = {"parcel_id": "object", "land_use": "object", "owner_kind": "object", "village": "object",
               "accuracy_m": "float64", "contenance": "float64"}  # fmt: skip
    now = datetime.now(UTC)
    return LayerVersion("bench", "parcels", "parcels.json", "0" * 64, "0" * 64, {}, None, True, columns, {},
                        len(rows), (west, south, east, north), now)  # fmt: skip


def peer_table(url: str, rows: list[FeatureRow]) -> None:
    """The same parcels as a plain table, as the peers like it."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "CREATE TABLE parcels (gid serial PRIMARY KEY, parcel_id text, land_use text, owner_kind text, "
            "village text, accuracy_m float8, contenance float8, geom geometry(Geometry, 4326))"
        )
        copy = "COPY parcels (parcel_id, land_use, owner_kind, village, accuracy_m, contenance, geom) FROM STDIN"
        with connection.cursor() as cursor, cursor.copy(copy) as out:
            for row in rows:
                told = json.loads(row.geojson)
                shape = shapely.set_srid(shapely.from_geojson(json.dumps(told["geometry"])), 4326)
                out.write_row([*told["properties"].values(), shapely.to_wkb(shape, hex=True, include_srid=True)])
        connection.execute("CREATE INDEX ON parcels USING gist (geom)")
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")


class Server:
    """A service in one process."""

    def __init__(
        self, name: str, command: list[str], env: dict[str, str], ready: str, key: dict[str, str] | None = None
    ) -> None:
        self.name, self.port, self.key = name, free_port(), key or {}
        told = [part.replace("PORT", str(self.port)) for part in command]
        self.process = subprocess.Popen(
            told, env={**os.environ, **env}, cwd=env.get("PWD", ROOT), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until(lambda: self._answers(ready), 60)

    def _answers(self, path: str) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended")
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=20, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(20)


def ours(name: str, folder: Path, store: str) -> Server:
    """Kancha over a store."""
    env = {"KANCHA_DATA": str(folder), "KANCHA_STORE": store, "KANCHA_ACCESS_LOG": "false", "PYTHONPATH": str(ROOT)}
    # the peers know no callers and no limits: ours looks its caller up, but is not held back
    env |= {"KANCHA_AUTH__RATE_PER_S": "0"}
    key = key_for(Settings(data=folder, store=store))
    return Server(name, [sys.executable, "-m", "scripts.main", "serve", "--port", "PORT"], env, "/readyz", key)


def tipg(url: str) -> Server:
    """tipg over the plain table."""
    command = [str(PEERS / "bin" / "uvicorn"), "tipg.main:app", "--port", "PORT", "--log-level", "warning"]
    env = {"DATABASE_URL": url, "TIPG_DB_SCHEMAS": '["public"]', "TIPG_MAX_FEATURES_PER_QUERY": "10000",
           "TIPG_DB_MIN_CONN_SIZE": "1", "TIPG_DB_MAX_CONN_SIZE": "10"}  # fmt: skip
    return Server("tipg", command, env, "/collections/public.parcels")


def pygeoapi(url: str, folder: Path) -> Server:
    """pygeoapi over the plain table."""
    parts = psycopg.conninfo.conninfo_to_dict(url)
    config = {
        "server": {"bind": {"host": "127.0.0.1", "port": 1}, "url": "http://127.0.0.1", "mimetype": "application/json",
                   "encoding": "utf-8", "language": "en-US", "gzip": False, "pretty_print": False,
                   "limits": {"default_items": 100, "max_items": 10000},
                   "map": {"url": "https://x", "attribution": "x"}},
        "logging": {"level": "ERROR"},
        "metadata": {"identification": {"title": "x", "description": "x", "keywords": ["x"], "keywords_type": "theme",
                                        "terms_of_service": "x", "url": "https://x"},
                     "license": {"name": "x", "url": "https://x"}, "provider": {"name": "x", "url": "https://x"},
                     "contact": {"name": "x", "email": "x@example.org", "url": "https://x"}},
        "resources": {"parcels": {
            "type": "collection", "title": "parcels", "description": "parcels", "keywords": ["x"],
            "extents": {"spatial": {"bbox": [-180, -90, 180, 90], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}},
            "links": [], "providers": [{"type": "feature", "name": "PostgreSQL", "data": {
                "host": "127.0.0.1", "port": int(parts["port"]), "dbname": parts["dbname"], "user": parts["user"],
                "password": "x", "search_path": ["public"]}, "id_field": "gid", "table": "parcels",
                "geom_field": "geom"}]}},
    }  # fmt: skip
    path = folder / "pygeoapi.json"
    path.write_text(json.dumps(config))
    env = {"PYGEOAPI_CONFIG": str(path), "PYGEOAPI_OPENAPI": str(folder / "openapi.yml")}
    subprocess.run([PEERS / "bin" / "pygeoapi", "openapi", "generate", str(path), "--output-file",
                    env["PYGEOAPI_OPENAPI"]], check=True, env={**os.environ, **env}, capture_output=True)  # fmt: skip
    command = [str(PEERS / "bin" / "uvicorn"), "pygeoapi.starlette_app:APP", "--port", "PORT", "--log-level", "warning"]
    return Server("pygeoapi", command, env, "/collections/parcels/items?limit=1&f=json")


def titiler() -> Server:
    """titiler over files."""
    command = [str(PEERS / "bin" / "uvicorn"), "--app-dir", str(Path(__file__).parent), "titiler_app:app", "--port",
               "PORT", "--log-level", "warning"]  # fmt: skip
    env = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_CACHEMAX": "200", "VSI_CACHE": "TRUE"}
    return Server("titiler", command, env, "/openapi.json")


def mosaic(path: Path, side: int = 8192) -> Path:
    """Real imagery, side by side over and over, as a COG."""
    tiles = []
    for file in sorted(IMAGERY.rglob("*.tif")):
        with warnings.catch_warnings(), rasterio.open(file) as dataset:
            warnings.simplefilter("ignore")
            if min(dataset.shape) >= 1024 and dataset.count >= 3:
                tiles.append(dataset.read([1, 2, 3])[:, :1024, :1024])
        if len(tiles) == 16:
            break
    cells = side // 1024
    whole = np.concatenate(
        [np.concatenate([tiles[(r * cells + c * 3) % len(tiles)] for c in range(cells)], 2) for r in range(cells)], 1
    )
    plain = path.with_suffix(".plain.tif")
    profile = {"driver": "GTiff", "width": side, "height": side, "count": 3, "dtype": "uint8", "tiled": True,
               "crs": "EPSG:32650", "transform": Affine(0.5, 0, 500_000, 0, -0.5, 4_052_000),
               "photometric": "RGB"}  # fmt: skip
    with rasterio.open(plain, "w", **profile) as dataset:
        dataset.write(whole)
    rasterio.shutil.copy(plain, path, driver="COG", compress="DEFLATE", predictor=2, overview_resampling="average")
    plain.unlink()
    return path


def picture_paths(scene: Scene, file: Path, form: str, count: int = 300) -> tuple[list[str], list[str]]:
    """The same tiles asked of Kancha and of titiler, from five levels."""
    drawn = random.Random(11)
    west, south, east, north = scene.bbox
    mine, peers = [], []
    for _ in range(count):
        z = drawn.choice((14, 15, 16, 17, 18))
        lon, lat = drawn.uniform(west + 0.002, east - 0.002), drawn.uniform(south + 0.002, north - 0.002)
        column, row = SCHEMES["WebMercatorQuad"].tiles(np.array([lon]), np.array([lat]), z)
        x, y = int(column[0]), int(row[0])
        mine.append(f"/scenes/{scene.id}/tiles/WebMercatorQuad/{z}/{x}/{y}.{form}")
        peers.append(f"/cog/tiles/WebMercatorQuad/{z}/{x}/{y}.{form}?url={file}")
    return mine, peers


def boxes(rows: list[FeatureRow], wanted: int, count: int = 200, seed: int = 3) -> list[str]:
    """Boxes that about so many parcels meet."""
    centres = np.array([[(r.bbox[0] + r.bbox[2]) / 2, (r.bbox[1] + r.bbox[3]) / 2] for r in rows if r.bbox])
    west, south = centres.min(0)
    east, north = centres.max(0)
    side = np.sqrt((east - west) * (north - south) * wanted / len(rows))
    drawn, found = random.Random(seed), []
    for x, y in drawn.sample(centres.tolist(), count):
        found.append(f"{x - side / 2:.6f},{y - side / 2:.6f},{x + side / 2:.6f},{y + side / 2:.6f}")
    return found


def turns(servers: list[tuple[Server, list[str], list[int]]], seconds: float, rounds: int) -> dict[str, list[Load]]:
    """Every service in turn, over and over."""
    found: dict[str, list[Load]] = {server.name: [] for server, _, _ in servers}
    for server, paths, pids in servers:
        run(server.port, paths, pids, seconds=1.0, headers=server.key)  # warm
    for _ in range(rounds):
        for server, paths, pids in servers:
            found[server.name].append(run(server.port, paths, pids, seconds=seconds, headers=server.key))
    return found


def middle(loads: list[Load]) -> Load:
    """The round in the middle, by answers a second."""
    return sorted(loads, key=lambda load: load.per_s)[len(loads) // 2]


def main() -> None:
    """Run what is asked for and print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="names of scenarios, commas between")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=COUNT)
    asked = parser.parse_args()
    console = Console(width=150)
    bin_ = binaries()
    assert bin_ is not None, "PostgreSQL with PostGIS is not here: tools/postgres"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cluster = Cluster(bin_)
        stack.callback(cluster.stop)
        started = time.monotonic()
        rows = features(asked.count)
        url = cluster.new_database("bench")
        with closing(PostgisStore(url)) as store:
            store.layers.add(version(rows), rows)
        (folder / "sqlite").mkdir()
        with closing(SqliteStore(folder / "sqlite" / "kancha.sqlite")) as store:
            store.layers.add(version(rows), rows)
        peers = cluster.new_database("peers")
        peer_table(peers, rows)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
        console.print(f"{len(rows):,} parcels stored three times in {time.monotonic() - started:.0f} s")
        with closing(open_services(Settings(data=folder / "sqlite"))) as services:
            begun = time.monotonic()
            count = make_archive(services, version(rows))
            console.print(f"archive of {count:,} tiles made in {time.monotonic() - begun:.0f} s")
        shutil.copytree(folder / "sqlite" / "tiles", folder / "pg" / "tiles")
        cog = mosaic(folder / "cog_20250412.tif")
        with closing(open_services(Settings(data=folder / "pg", store=url))) as services:
            copy = folder / "pg" / "incoming" / cog.name
            shutil.copyfile(cog, copy)
            scene, _ = add_scene(services, Upload(copy, sha256_of(copy), copy.stat().st_size), SceneFacts())
        servers = {
            "kancha": ours("kancha", folder / "pg", url),
            "kancha-sqlite": ours("kancha-sqlite", folder / "sqlite", ""),
            "tipg": tipg(peers),
            "pygeoapi": pygeoapi(peers, folder),
            "titiler": titiler(),
        }
        for server in servers.values():
            stack.callback(server.stop)
        wanted = set(filter(None, asked.only.split(",")))
        every = scenarios(rows, url)
        for form in ("png", "jpg", "webp"):
            mine, others = picture_paths(scene, cog, form)
            every[form] = {"kancha": mine, "titiler": others}
        for name, told in every.items():
            if wanted and name not in wanted:
                continue
            some = [(servers[s], paths, [servers[s].process.pid, cluster.process.pid]) for s, paths in told.items()]
            report(console, name, turns(some, asked.seconds, asked.rounds))
        if not wanted or "export" in wanted:
            export(console, servers)
        if not wanted or "readers" in wanted:
            readers(console, servers, folder, boxes(rows, 160))
        for name, server in servers.items():
            now, most = rss_mib(server.process.pid)
            console.print(f"{name}: {now:.0f} MiB resident, {most:.0f} at most")


def scenarios(rows: list[FeatureRow], url: str) -> dict[str, dict[str, list[str]]]:
    """What each service is asked for, by scenario."""
    own, peer = "/collections/parcels/items", "/collections/public.parcels/items"
    told: dict[str, dict[str, list[str]]] = {}
    for count in (100, 1000):
        some = boxes(rows, int(count * 1.6))
        told[f"bbox{count}"] = {
            "kancha": [f"{own}?bbox={box}&limit={count}" for box in some],
            "kancha-sqlite": [f"{own}?bbox={box}&limit={count}" for box in some],
            "tipg": [f"{peer}?bbox={box}&limit={count}&f=geojson" for box in some],
            "pygeoapi": [f"{own}?bbox={box}&limit={count}&f=json" for box in some],
        }
    deep = 150_000 * len(rows) // COUNT
    told["deep"] = {
        "kancha": [f"{own}?limit=100&cursor={deep + k}" for k in range(50)],
        "kancha-sqlite": [f"{own}?limit=100&cursor={deep + k}" for k in range(50)],
        "tipg": [f"{peer}?limit=100&offset={deep + k}&f=geojson" for k in range(50)],
        "pygeoapi": [f"{own}?limit=100&offset={deep + k}&f=json" for k in range(50)],
    }
    drawn = random.Random(5).sample(range(len(rows)), 300)
    told["single"] = {
        "kancha": [f"{own}/{rows[k].fid}" for k in drawn],
        "kancha-sqlite": [f"{own}/{rows[k].fid}" for k in drawn],
        "tipg": [f"{peer}/{k + 1}?f=geojson" for k in drawn],
        "pygeoapi": [f"{own}/{k + 1}?f=json" for k in drawn],
    }
    for wanted in (500, 5000):
        some = tiles(rows, wanted)
        told[f"tile{wanted}"] = {
            "kancha": [f"/collections/parcels/tiles/WebMercatorQuad/{z}/{x}/{y}.mvt" for z, x, y in some],
            "kancha-sqlite": [f"/collections/parcels/tiles/WebMercatorQuad/{z}/{x}/{y}.mvt" for z, x, y in some],
            "tipg": [f"/collections/public.parcels/tiles/WebMercatorQuad/{z}/{x}/{y}" for z, x, y in some],
        }
    return told


def tiles(rows: list[FeatureRow], wanted: int) -> list[tuple[int, int, int]]:
    """Tiles of the level that comes nearest to so many features, those that come nearest."""
    centres = np.array([[(r.bbox[0] + r.bbox[2]) / 2, (r.bbox[1] + r.bbox[3]) / 2] for r in rows if r.bbox])
    best: list[tuple[float, int, tuple[int, int]]] = []
    for z in range(12, 18):
        column, row = SCHEMES["WebMercatorQuad"].tiles(centres[:, 0], centres[:, 1], z)
        found, counts = np.unique(np.floor(np.column_stack([column, row])).astype(int), axis=0, return_counts=True)
        best += [
            (abs(np.log(count / wanted)), z, (int(x), int(y))) for (x, y), count in zip(found, counts, strict=True)
        ]
    return [(z, x, y) for _, z, (x, y) in sorted(best)[:30]]


def report(console: Console, name: str, found: dict[str, list[Load]]) -> None:
    """A table of one scenario, with the best peer as the measure."""
    peers = [middle(loads).per_s for who, loads in found.items() if not who.startswith("kancha")]
    best = max(peers) if peers else float("nan")
    table = Table(title=name, title_justify="left")
    for column in ("service", "per s", "p95 ms", "CPU ms", "kB", "errors", "times the best peer", "times pygeoapi"):
        table.add_column(column, justify="right")
    slow = middle(found["pygeoapi"]).per_s if "pygeoapi" in found else float("nan")
    for who, loads in found.items():
        load = middle(loads)
        table.add_row(who, f"{load.per_s:.1f}", f"{load.p95_ms:.1f}", f"{load.cpu_ms:.2f}", f"{load.bytes / 1e3:.1f}",
                      str(load.errors), f"{load.per_s / best:.2f}", f"{load.per_s / slow:.1f}")  # fmt: skip
    console.print(table)


def readers(console: Console, servers: dict[str, Server], folder: Path, some: list[str], seconds: float = 60.0) -> None:
    """500 connections read while scans are stored one after the other."""
    before, after = draw_pair(folder / "pair")
    for name in ("kancha", "kancha-sqlite"):
        server = servers[name]
        address = f"http://127.0.0.1:{server.port}"
        client = httpx.Client(base_url=address, headers=server.key, timeout=120, trust_env=False)
        stop, done, failed = threading.Event(), [0], [0]

        def scan(client: httpx.Client = client, stop: threading.Event = stop, done: list[int] = done,
                 failed: list[int] = failed) -> None:  # fmt: skip
            number = 0
            while not stop.is_set():
                number += 1
                order = post_pair(client, before, after, min_confidence=str(0.3 + number / 1000))
                if order.status_code != 202 or finished(client, order.json()["jobID"])["status"] != "successful":
                    failed[0] += 1
                done[0] += 1

        writer = threading.Thread(target=scan)
        writer.start()
        own = "/collections/parcels/items"
        paths = [f"{own}?bbox={box}&limit=100" for box in some] + ["/collections/findings/items", "/collections"]
        load = run(server.port, paths, [server.process.pid], seconds=seconds, connections=500, headers=server.key)
        stop.set()
        writer.join()
        console.print(
            f"500 readers for {seconds:.0f} s, {name}: {load.per_s:.0f} answers a second, p95 {load.p95_ms:.0f} ms, "
            f"{load.errors} errors; {done[0]} scans stored meanwhile, {failed[0]} failed"
        )
        client.close()


def export(console: Console, servers: dict[str, Server]) -> None:
    """All parcels in one answer."""
    for name in ("kancha", "kancha-sqlite"):
        server = servers[name]
        before = rss_mib(server.process.pid)[1]
        start, size = time.monotonic(), 0
        address = f"http://127.0.0.1:{server.port}/collections/parcels/export"
        headers = {"Accept-Encoding": "identity", **server.key}
        with httpx.stream("GET", address, headers=headers, timeout=120, trust_env=False) as answer:
            for part in answer.iter_raw():
                size += len(part)
        took = time.monotonic() - start
        most = rss_mib(server.process.pid)[1]
        console.print(f"export of everything, {name}: {took:.2f} s, {size / 1e6:.0f} MB, "
                      f"memory {before:.0f} -> {most:.0f} MiB at most")  # fmt: skip


if __name__ == "__main__":
    main()
