"""Collections of OGC API Features: findings, structures, and the newest layer of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from geodata.types import LAYER_KINDS
from service.errors import NotFoundError, SortKeyError
from service.services import Services
from service.store.records import SORT_KEYS, Box, FeatureQuery, Page, SortKey
from service.usecases import coverage, coverage_features
from service.usecases.layer_rows import ID_COLUMNS

FINDINGS = "findings"
STRUCTURES = "structures"
COVERAGE = "coverage"
BLIND_SPOTS = "blind_spots"
TITLES: Mapping[str, str] = MappingProxyType(
    {
        FINDINGS: "Findings 疑似违法图斑",
        STRUCTURES: "Structures 建筑",
        COVERAGE: "Coverage 覆盖台账",
        BLIND_SPOTS: "Blind spots 盲区",
        "parcels": "Parcels 宗地",
        "permits": "Permits 许可",
        "zones": "Zones 规划控制区",
        "buildings": "Known buildings 现状建筑",
        "areas": "Administrative areas 行政区划",
        "patches": "Patches handed down 下发图斑",
    }
)
_DESCRIPTIONS: Mapping[str, str] = MappingProxyType(
    {
        FINDINGS: "Every detected change of a structure, whatever its status: a suspicion, not a verdict.",
        STRUCTURES: "What many scans saw of one building, from its first sighting to its end.",
        COVERAGE: "Cells of the area of responsibility: last seen when, by what, and why not since; as of today.",
        BLIND_SPOTS: "Ground that was not seen in time, in pieces, with the reason; as of today.",
        "parcels": "The newest stored parcels.",
        "permits": "The newest stored permits.",
        "zones": "The newest stored zones of plan and law.",
        "buildings": "The newest stored known buildings.",
        "areas": "The newest stored administrative areas.",
        "patches": "The newest stored patches of the national exchange form.",
    }
)
_FILTERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        FINDINGS: ("status", "change", "scan_id", "structure_id"),
        STRUCTURES: ("state", "status"),
        COVERAGE: ("reason",),
        BLIND_SPOTS: ("reason",),
        "parcels": (ID_COLUMNS["parcels"], "land_use", "village"),
        "permits": (ID_COLUMNS["permits"], "parcel_id", "kind"),
        "zones": (ID_COLUMNS["zones"], "kind"),
        "buildings": (ID_COLUMNS["buildings"], "register_id"),
        "areas": (ID_COLUMNS["areas"], "parent_id", "level", "division_code"),
        "patches": (ID_COLUMNS["patches"], "TBLX", "XZQDM"),
    }
)


@dataclass(frozen=True)
class CollectionInfo:
    """A collection.

    Args:
        id: Its id.
        title: For people.
        description: What it holds.
        bbox: Box around its features.
        interval: Time span of its features.
        filters: Properties that a query may ask for by value.
    """

    id: str
    title: str
    description: str
    bbox: Box | None
    interval: tuple[str, str] | None
    filters: tuple[str, ...]


def list_collections(services: Services) -> list[CollectionInfo]:
    """The findings, and every layer kind that has a version."""
    kinds = [kind for kind in LAYER_KINDS if services.store.layers.newest(kind) is not None]
    found = [get_collection(services, name) for name in (FINDINGS, STRUCTURES, *kinds)]
    ledger = get_collection(services, COVERAGE)
    return found if ledger.bbox is None else [*found, ledger, get_collection(services, BLIND_SPOTS)]


def get_collection(services: Services, name: str) -> CollectionInfo:
    """One collection.

    Raises:
        NotFoundError: Without it.
    """
    interval: tuple[str, str] | None = None
    if name == FINDINGS:
        bbox, interval = services.store.scans.extent()
    elif name == STRUCTURES:
        bbox, interval = services.store.structures.extent()
    elif name in (COVERAGE, BLIND_SPOTS):
        bbox, interval = coverage.extent(services)
    else:
        version = services.store.layers.newest(name) if name in LAYER_KINDS else None
        if version is None:
            raise NotFoundError(f"There is no collection {name!r}.", remedy="GET /collections lists them.")
        bbox = version.bbox
    return CollectionInfo(name, TITLES[name], _DESCRIPTIONS[name], bbox, interval, _FILTERS[name])


def filters_of(name: str) -> tuple[str, ...]:
    """Properties of a collection that a query may ask for by value."""
    return _FILTERS.get(name, ())


def sort_key(asked: str | None) -> SortKey | None:
    """The order that a query asks the findings for; None: as they came.

    Raises:
        SortKeyError: If there is no such order.
    """
    if asked is None:
        return None
    # a plus sign means rising, and arrives as a space where it was not escaped
    wanted = asked.strip().removeprefix("+")
    for key in SORT_KEYS:
        if key == wanted:
            return key
    raise SortKeyError(
        f"The {FINDINGS} cannot be sorted by {asked[:40]!r}.",
        remedy=f"Known: {', '.join(SORT_KEYS)}; the minus means the highest first.",
    )


def items(services: Services, name: str, query: FeatureQuery) -> Page[str]:
    """A page of the features of a collection.

    Raises:
        NotFoundError: Without the collection.
    """
    if name == FINDINGS:
        return services.store.scans.findings(query)
    if name == STRUCTURES:
        return services.store.structures.features(query)
    if name == COVERAGE:
        return coverage_features.cell_features(services, query)
    if name == BLIND_SPOTS:
        return coverage_features.blind_features(services, query)
    return services.store.layers.features(_within(services, name, query))


def item(services: Services, name: str, fid: str) -> str:
    """One feature of a collection.

    Raises:
        NotFoundError: Without it.
    """
    if name == FINDINGS:
        return services.store.scans.finding(fid)
    if name == STRUCTURES:
        return services.store.structures.feature(fid)
    if name == COVERAGE:
        return coverage_features.cell_feature(services, fid)
    if name == BLIND_SPOTS:
        return coverage_features.blind_feature(services, fid)
    version = _within(services, name, FeatureQuery()).within
    return services.store.layers.feature(version or "", fid)


def _within(services: Services, name: str, query: FeatureQuery) -> FeatureQuery:
    get_collection(services, name)
    version = services.store.layers.newest(name)
    # a layer has no times of its own yet: every feature meets every time span, as the standard says
    return FeatureQuery(
        within=None if version is None else version.id,
        boxes=query.boxes,
        limit=query.limit,
        after_key=query.after_key,
        equals=query.equals,
    )
