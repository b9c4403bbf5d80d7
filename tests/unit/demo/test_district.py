"""The demonstration's district: the same for the same seed, sound as data, and true to its own truth."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import cv2
import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.features import geometry_mask

from geodata.demo import DemoFiles, draw_district
from geodata.demo.expect import AFTER_DAY
from geodata.errors import InputError

SIZE_PX = 768
STATUSES = {"suspected", "permitted", "existing", "unassessed"}
REASONS = {
    "no_permit",
    "beyond_parcel",
    "in_zone",
    "permit_expired",
    "permit_not_yet_valid",
    "gone",
    "on_cultivated_land",
    "addition",
}
SITUATIONAL = {"on_cultivated_land", "addition"}
"""Reasons that come with the parcel and the neighbours on which a scenario happens to be tried."""
# What each scenario was made to give: the status, and exactly the reasons that it must carry.
INTENDED = {
    "farm_shed": ("suspected", {"no_permit", "in_zone"}),
    "factory_shed": ("suspected", {"no_permit"}),
    "hall_permitted": ("permitted", set()),
    "shed_permitted": ("permitted", set()),
    "village_house": ("suspected", {"no_permit"}),
    "village_house_permitted": ("permitted", set()),
    "crossing": ("suspected", {"no_permit", "beyond_parcel"}),
    "crossing_permitted": ("permitted", {"beyond_parcel"}),
    "riverside": ("suspected", {"no_permit", "in_zone"}),
    "in_red_line": ("suspected", {"no_permit", "in_zone"}),
    "permit_expired": ("suspected", {"permit_expired"}),
    "permit_to_come": ("suspected", {"permit_not_yet_valid"}),
    "on_file": ("existing", set()),
    "slab_permitted": ("permitted", set()),
    "unfinished": ("suspected", {"no_permit"}),
    "yard_shed": ("suspected", {"no_permit"}),
    "small_shed": ("suspected", {"no_permit"}),
    "field_house": ("suspected", {"no_permit"}),
    "extension": ("suspected", {"no_permit"}),
    "demolition": ("unassessed", {"gone"}),
}


@pytest.fixture(scope="module")
def draw(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, int], DemoFiles]:
    """Draws a district once for each seed and size."""
    done: dict[tuple[int, int], DemoFiles] = {}

    def drawn(seed: int, size_px: int) -> DemoFiles:
        if (seed, size_px) not in done:
            folder = tmp_path_factory.mktemp(f"district_{seed}_{size_px}")
            done[(seed, size_px)] = draw_district(folder, seed=seed, size_px=size_px)
        return done[(seed, size_px)]

    return drawn


@pytest.fixture(scope="module")
def full(draw: Callable[[int, int], DemoFiles]) -> DemoFiles:
    """The district that the demonstration draws."""
    return draw(7, 2048)


def pixels(path: Path) -> np.ndarray:
    with rasterio.open(path) as source:
        return np.asarray(source.read())


def in_metres(path: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(path).to_crs("EPSG:4547")


def reasons_of(value: object) -> set[str]:
    return set(value.split(",")) if isinstance(value, str) and value else set()


def test_the_same_seed_gives_the_same_district(draw: Callable[[int, int], DemoFiles], tmp_path: Path) -> None:
    first, second = draw(5, 512), draw_district(tmp_path, seed=5, size_px=512)
    for name in ("before", "after"):
        np.testing.assert_array_equal(pixels(getattr(first, name)), pixels(getattr(second, name)))
    for name in ("parcels", "permits", "zones", "buildings", "areas", "truth", "distractors"):
        one, two = gpd.read_file(getattr(first, name)), gpd.read_file(getattr(second, name))
        assert one.drop(columns="geometry").equals(two.drop(columns="geometry")), name
        assert one.geometry.to_wkb().tolist() == two.geometry.to_wkb().tolist(), name


def test_another_seed_gives_another_district(draw: Callable[[int, int], DemoFiles]) -> None:
    digests = {hashlib.sha256(pixels(draw(seed, 512).before).tobytes()).hexdigest() for seed in (5, 6)}
    assert len(digests) == 2
    truths = [gpd.read_file(draw(seed, 512).truth).geometry.union_all() for seed in (5, 6)]
    assert not truths[0].equals(truths[1])


@pytest.mark.parametrize("seed", range(1, 5))
def test_a_small_district_has_changes(draw: Callable[[int, int], DemoFiles], seed: int) -> None:
    truth = gpd.read_file(draw(seed, 512).truth)
    assert (truth.change == "appeared").sum() >= 5
    assert "suspected" in set(truth.expected_status)


@pytest.mark.parametrize("size_px", [256, 500, 700, 0, -512])
def test_a_size_that_cannot_be_drawn_is_refused(tmp_path: Path, size_px: int) -> None:
    with pytest.raises(InputError) as refusal:
        draw_district(tmp_path / "none", size_px=size_px)
    assert refusal.value.measured["size_px"] == size_px
    assert not (tmp_path / "none").exists()


def test_images_are_tiled_dated_and_share_one_grid(full: DemoFiles) -> None:
    dates = {full.before: "2025:04:12 10:30:00", full.after: "2026:09:18 11:10:00"}
    grids = set()
    for path, taken in dates.items():
        with rasterio.open(path) as source:
            assert source.dtypes == ("uint8",) * 3
            assert source.crs.to_epsg() == 4547
            assert source.profile["compress"] == "deflate"
            assert source.block_shapes == [(512, 512)] * 3
            assert source.overviews(1) == [2, 4, 8, 16]
            assert source.tags()["TIFFTAG_DATETIME"] == taken
            grids.add((source.shape, tuple(source.transform)))
    assert len(grids) == 1
    assert next(iter(grids))[0] == (2048, 2048)


def test_nothing_but_the_named_files_is_left(full: DemoFiles) -> None:
    named = {path.name for path in vars(full).values()}
    assert {path.name for path in full.before.parent.iterdir()} == named


def test_layers_have_the_columns_of_the_contract(full: DemoFiles) -> None:
    wanted = {
        "parcels": {"parcel_id", "land_use", "owner_kind", "village"},
        "permits": {"permit_id", "valid_from", "valid_to", "kind", "parcel_id", "area_m2", "use"},
        "zones": {"zone_id", "kind", "buffer_m"},
        "buildings": {"building_id", "built_on"},
        "areas": {"area_id", "name", "parent_id", "level", "division_code"},
        "truth": {"truth_id", "change", "kind", "area_m2", "expected_status", "expected_reasons"},
        "distractors": {"kind"},
    }
    for name, columns in wanted.items():
        frame = gpd.read_file(getattr(full, name))
        assert columns <= set(frame.columns), name
        identity = f"{name[:-1]}_id" if name not in {"truth", "distractors"} else None
        if identity:
            assert frame[identity].is_unique, name
        lon_lat = getattr(full, name).suffix == ".geojson"
        assert frame.crs.to_epsg() == (4326 if lon_lat else 4547), name
        assert frame.geometry.dropna().is_valid.all(), name


def test_permits_have_a_polygon_or_a_known_parcel(full: DemoFiles) -> None:
    permits, parcels = gpd.read_file(full.permits), gpd.read_file(full.parcels)
    bare = permits[permits.geometry.isna()]
    assert len(bare) > 0
    assert bare.parcel_id.isin(parcels.parcel_id).all()
    assert (permits.valid_from < permits.valid_to.fillna("9999")).all()


def test_parcels_tile_the_district_between_the_roads(full: DemoFiles) -> None:
    parcels = gpd.read_file(full.parcels)
    assert 150 <= len(parcels) <= 600
    shared = parcels.area.sum() - parcels.union_all().area
    assert shared < 0.002 * parcels.area.sum()
    assert 0.75 < parcels.area.sum() / 1024**2 < 0.95


def test_villages_share_the_district_without_gap_or_overlap(full: DemoFiles) -> None:
    areas = gpd.read_file(full.areas)
    (district,) = areas[areas.level == "district"].itertuples()
    villages = areas[areas.level == "village"]
    assert len(villages) >= 4 and (villages.parent_id == district.area_id).all()
    assert district.geometry.area == pytest.approx(1024**2)
    assert villages.area.sum() == pytest.approx(district.geometry.area, rel=1e-9)
    assert villages.union_all().symmetric_difference(district.geometry).area < 1e-3
    parcels = gpd.read_file(full.parcels)
    for village in villages.itertuples():
        own = parcels[parcels.village == village.name]
        assert own.intersection(village.geometry).area.sum() > 0.8 * own.area.sum(), village.name


def test_zones_hold_what_the_truth_needs(full: DemoFiles) -> None:
    zones = gpd.read_file(full.zones)
    assert {"permanent_basic_farmland", "river", "road_redline"} <= set(zones.kind)
    lines = zones[zones.kind == "road_redline"]
    assert lines.geom_type.isin(["LineString", "MultiLineString"]).all()
    assert (lines.buffer_m > 5).all()
    assert zones[zones.kind != "road_redline"].buffer_m.isna().all()


def test_the_truth_offers_every_kind_of_case(full: DemoFiles) -> None:
    truth = gpd.read_file(full.truth)
    new = truth[truth.change == "appeared"]
    assert 30 <= len(new) <= 45
    assert 3 <= (truth.change == "disappeared").sum() <= 4
    assert set(truth.expected_status) == STATUSES
    assert set().union(*map(reasons_of, truth.expected_reasons)) == REASONS
    assert set(truth.scenario) == set(INTENDED)
    assert new.area_m2.min() >= 20
    assert new.area_m2.max() > 1000


def test_areas_are_those_of_the_polygons(full: DemoFiles) -> None:
    truth = gpd.read_file(full.truth)
    geod = truth.crs.get_geod()
    measured = [abs(geod.geometry_area_perimeter(shape)[0]) for shape in truth.geometry]
    np.testing.assert_allclose(truth.area_m2, measured, rtol=2e-3, atol=0.1)


@pytest.mark.parametrize(("seed", "size_px"), [(7, 2048), (3, SIZE_PX), (12, SIZE_PX)])
def test_every_scenario_comes_out_as_intended(draw: Callable[[int, int], DemoFiles], seed: int, size_px: int) -> None:
    truth = gpd.read_file(draw(seed, size_px).truth)
    for row in truth.itertuples():
        told = reasons_of(row.expected_reasons)
        assert (row.expected_status, told - SITUATIONAL) == INTENDED[row.scenario], row.truth_id


def test_expected_statuses_follow_from_the_written_layers(full: DemoFiles) -> None:
    truth = in_metres(full.truth)
    parcels, buildings = gpd.read_file(full.parcels), gpd.read_file(full.buildings)
    permits = in_metres(full.permits)
    grounds = permits.geometry.copy()
    by_id = parcels.set_index("parcel_id").geometry
    for index in permits.index[permits.geometry.isna()]:
        grounds[index] = by_id[permits.parcel_id[index]]
    in_force = (permits.valid_from <= AFTER_DAY) & (permits.valid_to.fillna("9999") >= AFTER_DAY)
    for row in truth[truth.change == "appeared"].itertuples():
        covered = grounds.intersection(row.geometry).area / row.geometry.area >= 0.8
        known = buildings.intersection(row.geometry).area.sum() / row.geometry.area >= 0.8
        status = "existing" if known else "permitted" if (covered & in_force).any() else "suspected"
        assert status == row.expected_status, row.truth_id


def test_true_changes_do_not_overlap_each_other(full: DemoFiles) -> None:
    truth = in_metres(full.truth)
    assert truth.area.sum() - truth.union_all().area < 0.5


def _contrast(files: DemoFiles) -> np.ndarray:
    """How strongly the dates differ, smoothed, after each band is brought to the same mean and deviation."""
    images = []
    for path in (files.before, files.after):
        image = cv2.GaussianBlur(np.moveaxis(pixels(path), 0, -1).astype(np.float32), (0, 0), 1.5)
        images.append((image - image.mean((0, 1))) / image.std((0, 1)))
    return np.asarray(np.abs(images[0] - images[1]).mean(-1))


def test_truth_shows_in_the_images(full: DemoFiles) -> None:
    difference = _contrast(full)
    truth = in_metres(full.truth)
    with rasterio.open(full.before) as source:
        transform, shape = source.transform, source.shape
    known = geometry_mask(truth.buffer(6), shape, transform)
    ratios = []
    for outline in truth.geometry:
        inside = ~geometry_mask([outline.buffer(-1)], shape, transform)
        around = ~geometry_mask([outline.buffer(30)], shape, transform) & known
        ratios.append(difference[inside].mean() / difference[around].mean())
    assert np.median(ratios) > 1.3
    assert np.mean(np.array(ratios) > 1.0) > 0.7


def test_the_dates_are_shifted_against_each_other(full: DemoFiles) -> None:
    """Phase correlation of the edges finds the displacement; distortion and the sun may add a pixel."""
    images = [pixels(path)[1].astype(np.float32) for path in (full.before, full.after)]
    edges = [np.hypot(cv2.Sobel(i, cv2.CV_32F, 1, 0), cv2.Sobel(i, cv2.CV_32F, 0, 1)) for i in images]
    window = cv2.createHanningWindow((2048, 2048), cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(edges[0], edges[1], window)
    assert (dx, dy) == pytest.approx((1.7, -1.2), abs=1.0)


def test_distractors_are_no_truth(full: DemoFiles) -> None:
    truth, distractors = in_metres(full.truth), in_metres(full.distractors)
    kinds = set(distractors.kind)
    assert {"greenhouse", "vehicle", "bare_soil", "tarpaulin", "container", "cloud", "shadow"} <= kinds
    things = distractors[~distractors.kind.isin(["cloud", "shadow", "dust_net"])]
    overlap = shapely.intersection(things.union_all(), truth.union_all()).area
    assert overlap < 0.01 * truth.area.sum()


def test_the_cloud_leaves_the_truth_visible(full: DemoFiles) -> None:
    truth, distractors = in_metres(full.truth), in_metres(full.distractors)
    cloud = distractors[distractors.kind == "cloud"].union_all()
    assert cloud.area > 1000
    assert (truth.intersection(cloud).area > 0.5 * truth.area).sum() <= 3
