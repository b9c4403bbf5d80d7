"""With which scenes a night compares a new one: recent, admissible, and together all that the new one can tell."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from geodata.coverage import Cells
from geodata.coverage.cells import share_of_cells
from geodata.coverage.looks import F32, HIDDEN, Look
from geodata.coverage.partners import Choice, Earlier, choose
from geodata.crs import CGCS2000_GEOD, CRS84, metric_crs_at
from geodata.errors import KanchaError
from geodata.io.dates import BEIJING
from geodata.pairing.plan import overlap_share
from geodata.repair import to_crs
from service.errors import StoreBusyError
from service.services import Services
from service.store.records import Scene
from service.usecases.coverage import demands_of, lattice_of, look_of, zones_of
from service.usecases.pairs import as_raster, check_pair, is_model
from service.usecases.scans import ScanOrder, options_for

_LOOKS = 3
"""Of each place the latest looks that are weighed: older ones date a change worse than any of them."""
_HALF = 0.5


@dataclass(frozen=True)
class Refused:
    """An earlier scene of the same place that cannot be compared, and why."""

    scene: Scene
    error: KanchaError


@dataclass(frozen=True)
class Pairing:
    """With what a scene is compared.

    Args:
        scene: The scene.
        choice: The partners, and what they leave.
        scenes: The partners by their ids.
        refused: Scenes that were wanted and cannot be compared.
        met: Whether there is any earlier scene of its place.
    """

    scene: Scene
    choice: Choice
    scenes: Mapping[str, Scene]
    refused: tuple[Refused, ...]
    met: bool

    @property
    def debt_km2(self) -> float:
        """What is owed to its ground, see `Partner.debt_km2`."""
        return sum(partner.debt_km2 for partner in self.choice.partners)


class Pairer:
    """Chooses partners from the catalogue.

    Args:
        services: The service itself.
        also: Scenes that are not stored yet and count as if they were.
    """

    def __init__(self, services: Services, also: Sequence[Scene] = ()) -> None:
        self._services, self._also = services, also

    @cached_property
    def _lattice(self) -> tuple[shapely.MultiPolygon, pyproj.CRS] | None:
        return lattice_of(self._services)

    @cached_property
    def _zones(self) -> gpd.GeoDataFrame | None:
        return zones_of(self._services)

    def _crs(self, outline: shapely.MultiPolygon) -> pyproj.CRS:
        """The system of the ledger, whose looks are kept; of a scene beyond its areas, one of its own."""
        if self._lattice is not None and self._lattice[0].intersects(outline):
            return self._lattice[1]
        return metric_crs_at(outline.centroid.x, outline.centroid.y)

    def of(self, scene: Scene) -> Pairing:
        """The partners of a scene among those that were taken on an earlier day.

        A scene that cannot be weighed, for one that it has too many cells, has none and says why: whatever is wrong
        with it, the others are compared.
        """
        outline = _outline(scene)
        crs = self._crs(outline)
        try:
            cells = Cells.over(outline, self._services.settings.coverage.cell_m, crs)
            new = _on_all(self._look(scene, cells), cells)
        except StoreBusyError:
            raise  # no fault of the scene
        except KanchaError as error:
            ground_km2 = self._ground_m2(scene) / 1e6
            return Pairing(scene, Choice((), ground_km2, 0.0, ground_km2), {}, (Refused(scene, error),), True)
        return self._weighed(scene, cells, new)

    def _weighed(self, scene: Scene, cells: Cells, new: Look) -> Pairing:
        """The partners that tell most of what a scene shows."""
        earlier: list[Earlier] = []
        scenes: dict[str, Scene] = {}
        refused: list[Refused] = []
        wanted, met = np.where(new.seen > 0, _LOOKS, 0), False
        for other in self._earlier(scene):
            met = True
            look = self._look(other, cells)
            useful = (look.seen > 0) & (wanted[look.slices] > 0)
            if not useful.any():
                continue
            try:
                gate = check_pair(other, scene, options_for(ScanOrder(other.id, scene.id), other, scene), None)
            except KanchaError as error:
                refused.append(Refused(other, error))
                continue
            earlier.append(Earlier(look, self._ground_m2(other), gate.logit_penalty))
            scenes[other.id] = other
            wanted[look.slices] -= look.seen > _HALF
            if not (wanted > 0).any():
                break
        due = demands_of(self._services, self._zones, cells, _day(scene))
        choice = choose(new, earlier, due, cells.cell_m2, self._services.settings.nightly.min_overlap_share)
        return Pairing(scene, choice, {p.scene: scenes[p.scene] for p in choice.partners}, tuple(refused), met)

    def comparisons(self, pairing: Pairing, waiting: Collection[str]) -> list[tuple[Scene, Scene]]:
        """What is compared for a scene: it with its partners, and, where it came late, later ones with it.

        Args:
            pairing: Of the scene.
            waiting: Scenes that wait for their own comparison, and find it then.
        """
        scene = pairing.scene
        own = [(pairing.scenes[partner.scene], scene) for partner in pairing.choice.partners]
        late = (one for one in self._later_of(scene) if one.id not in waiting)
        return [*own, *((scene, one) for one in late if scene.id in self.of(one).scenes)]

    def _later_of(self, scene: Scene) -> Sequence[Scene]:
        """Later scenes that a scene, which came late, may be the better partner of: of each place the next one."""
        outline = _outline(scene)
        left: shapely.Geometry = outline
        found = []
        for other in sorted(self._near(scene), key=lambda one: (one.acquired_at, one.id)):
            if self._days_between(scene, other) >= self._services.settings.nightly.min_days:
                theirs = _outline(other)
                if left.intersects(theirs):
                    found.append(other)
                    left = left.difference(theirs)
                if left.is_empty:
                    break
        return found

    def _earlier(self, scene: Scene) -> Iterator[Scene]:
        """Earlier scenes of the same place, the latest first."""
        here, settings = as_raster(scene), self._services.settings.nightly
        for other in sorted(self._near(scene), key=lambda one: (one.acquired_at, one.id), reverse=True):
            apart = self._days_between(other, scene) >= settings.min_days
            if apart and overlap_share(here, as_raster(other)) >= settings.min_overlap_share:
                yield other

    def _near(self, scene: Scene) -> list[Scene]:
        here = shapely.box(*scene.bbox)
        also = [other for other in self._also if here.intersects(shapely.box(*other.bbox))]
        near = [*self._services.store.scenes.meeting(scene.bbox), *also]
        return [other for other in near if other.id != scene.id and not is_model(other)]

    @staticmethod
    def _days_between(before: Scene, after: Scene) -> int:
        if before.acquired_at >= after.acquired_at:
            return -1
        return (_day(after) - _day(before)).days

    def _look(self, scene: Scene, cells: Cells) -> Look:
        """What a scene shows of the cells; without a mask all of its frame."""
        if scene.mask_sha256 is not None:
            look = look_of(self._services, scene, cells.grid.crs).over(cells.grid)
            return look or _blank(scene, cells)
        (local,) = to_crs(np.array([_outline(scene)], dtype=object), CRS84, cells.grid.crs)
        seen = share_of_cells(cells.grid, local).astype(np.float32)
        return Look(scene.id, scene.acquired_at, seen, {name: np.zeros_like(seen) for name in HIDDEN})

    @staticmethod
    def _ground_m2(scene: Scene) -> float:
        return abs(float(CGCS2000_GEOD.geometry_area_perimeter(_outline(scene))[0]))


def _blank(scene: Scene, cells: Cells) -> Look:
    nothing = np.zeros(cells.grid.shape, np.float32)
    return Look(scene.id, scene.acquired_at, nothing, dict.fromkeys(HIDDEN, nothing))


def _on_all(look: Look, cells: Cells) -> Look:
    """A look at all of the cells, also where it says nothing of some at the rim."""

    def whole(share: F32) -> F32:
        out = np.zeros(cells.grid.shape, np.float32)
        out[look.slices] = share
        return out

    return Look(look.scene, look.on, whole(look.seen), {name: whole(share) for name, share in look.hidden.items()})


def _outline(scene: Scene) -> shapely.MultiPolygon:
    outline = shapely.make_valid(shapely.geometry.shape(scene.footprint))
    return shapely.MultiPolygon([part for part in shapely.get_parts(outline) if isinstance(part, shapely.Polygon)])


def _day(scene: Scene) -> date:
    return scene.acquired_at.astimezone(BEIJING).date()
