"""Collections of OGC API Features: findings, structures, leads, cases, scenes, ledger, newest layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from geodata.types import LAYER_KINDS
from geodata.values import BEIJING
from service.errors import NotFoundError, SortKeyError
from service.ogc import properties
from service.ogc.properties import Property
from service.services import Services
from service.store.queries import FeaturePage, FeatureQuery, Sort
from service.store.records import Box, LayerVersion
from service.usecases import coverage, coverage_features, scene_features

FINDINGS = "findings"
STRUCTURES = "structures"
LEADS = "leads"
CASES = "cases"
SCENES = "scenes"
COVERAGE = "coverage"
BLIND_SPOTS = "blind_spots"
TITLES: Mapping[str, str] = MappingProxyType(
    {
        FINDINGS: "Findings 疑似违法图斑",
        STRUCTURES: "Structures 建筑",
        LEADS: "Leads 线索",
        CASES: "Cases 案件",
        SCENES: "Scenes 影像",
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
        LEADS: "What deserves a look, merged from all that told of it, with its verdict; nobody is named.",
        CASES: "Every case with its state, its next term and what is overdue; nobody is named.",
        SCENES: "Every stored raster of one date, by its footprint.",
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
Interval = tuple[str, str]


@dataclass(frozen=True)
class CollectionInfo:
    """A collection.

    Args:
        id: Its id.
        title: For people.
        description: What it holds.
        bbox: Box around its features.
        interval: Time span of its features.
    """

    id: str
    title: str
    description: str
    bbox: Box | None
    interval: Interval | None


@dataclass(frozen=True)
class _Source:
    """Where the features of a collection come from."""

    extent: Callable[[], tuple[Box | None, Interval | None]]
    page: Callable[[FeatureQuery], FeaturePage]
    every: Callable[[FeatureQuery], Iterator[str]]
    one: Callable[[str], str]
    state: Callable[[], str]
    properties: Mapping[str, Property]


def _source(services: Services, name: str) -> _Source:
    """The source of a collection.

    Raises:
        NotFoundError: Without it.
    """
    store = services.store
    if name == FINDINGS:
        scans = store.scans
        return _Source(
            scans.extent, scans.findings, scans.all_findings, scans.finding,
            lambda: store.state("findings"), properties.FINDINGS,
        )  # fmt: skip
    if name == STRUCTURES:
        built = store.structures
        return _Source(
            built.extent, built.features, built.all_features, built.feature,
            lambda: store.state("findings"), properties.STRUCTURES,
        )  # fmt: skip
    if name == LEADS:
        seen = store.leads
        return _Source(
            seen.extent, seen.features, seen.all_features, seen.feature, lambda: store.state("leads"), properties.LEADS
        )
    if name == CASES:
        told = store.cases
        return _Source(
            told.extent, told.features, told.all_features, told.feature, lambda: store.state("cases"), properties.CASES
        )
    if name in LAYER_KINDS:
        return _layer(services, newest(services, name))
    if name in _MADE:
        return _made(services, name)
    raise NotFoundError(f"There is no collection {name[:80]!r}.", remedy="GET /collections lists them.")


def newest(services: Services, kind: str) -> LayerVersion:
    """The version of a layer that is its collection.

    Raises:
        NotFoundError: Where none is stored.
    """
    version = services.store.layers.newest(kind)
    if version is None:
        raise NotFoundError(f"There is no collection {kind!r}: no such layer is stored.",
                            remedy=f"Store one: POST /layers/{kind}.")  # fmt: skip
    return version


def _layer(services: Services, version: LayerVersion) -> _Source:
    layers = services.store.layers

    # a layer has no times of its own: every feature meets every time span, as the standard says
    def of_version(query: FeatureQuery) -> FeatureQuery:
        return replace(query, within=version.id)

    return _Source(
        lambda: (version.bbox, None),
        lambda query: layers.features(of_version(query)),
        lambda query: layers.all_features(of_version(query)),
        lambda fid: layers.feature(version.id, fid),
        lambda: version.id,
        properties.of_columns(version.columns),
    )


def _made(services: Services, name: str) -> _Source:
    """A collection that is made when it is asked for."""
    page, one, told = _MADE[name]

    def state() -> str:
        # the ledger is as of today, so its answers hold for a day at most
        today = datetime.now(BEIJING).date().isoformat()
        return f"{services.store.state('scenes', 'layers')} {today}"

    def every(query: FeatureQuery) -> Iterator[str]:
        yield from page(services, replace(query, limit=10**9, after=())).items

    extent = scene_features.extent if name == SCENES else coverage.extent
    return _Source(
        lambda: extent(services),
        lambda query: page(services, query),
        every,
        lambda fid: one(services, fid),
        state,
        told,
    )


_MADE: Mapping[str, tuple[Callable[..., FeaturePage], Callable[[Services, str], str], Mapping[str, Property]]] = (
    MappingProxyType(
        {
            SCENES: (scene_features.page, scene_features.one, properties.SCENES),
            COVERAGE: (coverage_features.cell_features, coverage_features.cell_feature, properties.COVERAGE),
            BLIND_SPOTS: (coverage_features.blind_features, coverage_features.blind_feature, properties.BLIND_SPOTS),
        }
    )
)


def list_collections(services: Services) -> list[CollectionInfo]:
    """Findings, structures, leads, cases, scenes, every layer kind with a version, the ledger where there is one."""
    kinds = [kind for kind in LAYER_KINDS if services.store.layers.newest(kind) is not None]
    found = [get_collection(services, name) for name in (FINDINGS, STRUCTURES, LEADS, CASES, SCENES, *kinds)]
    ledger = get_collection(services, COVERAGE)
    return found if ledger.bbox is None else [*found, ledger, get_collection(services, BLIND_SPOTS)]


def get_collection(services: Services, name: str) -> CollectionInfo:
    """One collection.

    Raises:
        NotFoundError: Without it.
    """
    bbox, interval = _source(services, name).extent()
    return CollectionInfo(name, TITLES[name], _DESCRIPTIONS[name], bbox, interval)


def items(services: Services, name: str, query: FeatureQuery) -> FeaturePage:
    """A page of the features of a collection.

    Raises:
        NotFoundError: Without the collection.
    """
    return _source(services, name).page(query)


def every_item(services: Services, name: str, query: FeatureQuery) -> Iterator[str]:
    """All features that a query wants, a portion at a time.

    Raises:
        NotFoundError: Without the collection.
    """
    return _source(services, name).every(query)


def item(services: Services, name: str, fid: str) -> str:
    """One feature of a collection.

    Raises:
        NotFoundError: Without it.
    """
    if name in LAYER_KINDS and (text := services.store.layers.newest_feature(name, fid)) is not None:
        return text  # one question in place of two; what is not there is told below
    return _source(services, name).one(fid)


def state(services: Services, name: str) -> str:
    """A word that changes whenever the features of a collection do.

    Raises:
        NotFoundError: Without the collection.
    """
    return _source(services, name).state()


def properties_of(services: Services, name: str) -> Mapping[str, Property]:
    """What the features of a collection tell.

    Raises:
        NotFoundError: Without the collection.
    """
    return _source(services, name).properties


def sort_of(told: str | None, known: Mapping[str, Property]) -> tuple[Sort, ...]:
    """The order that a query asks for: `-priority,area_m2`; none: as they came.

    Raises:
        SortKeyError: If there is no such property, or it is no single value.
    """
    if told is None:
        return ()
    # a plus sign means rising, and arrives as a space where it was not escaped
    words = [word.strip() for word in told.split(",")]
    sorts = [Sort(word.removeprefix("+" if word.startswith("+") else "-"), word.startswith("-")) for word in words]
    simple = _sortable(known)
    for sort in sorts:
        if sort.name not in simple or len(sorts) > 8:
            raise SortKeyError(
                f"The collection cannot be sorted by {sort.name[:60]!r}.",
                remedy=f"Known: {', '.join(simple)[:600]}; a minus means the highest first.",
            )
    return tuple(sorts)


def _sortable(known: Mapping[str, Property]) -> Sequence[str]:
    return ["id", *(name for name, told in known.items() if told.simple)]
