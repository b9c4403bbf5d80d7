"""Campaigns: begun from a survey or from the structures of an area, followed by cases, structures and verdicts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import orjson
import shapely

from geodata.crs import CGCS2000_GEOD
from geodata.io.dates import BEIJING
from service.auth.caller import Clearance
from service.auth.sight import Sight
from service.cases.campaigns import (
    ALL,
    Campaign,
    Day,
    Fate,
    Figure,
    Item,
    Reached,
    Target,
    burn_down,
    figures,
    of_village,
    reached,
    villages,
)
from service.cases.errors import CaseFactError
from service.services import Services
from service.store.campaign_base import CampaignRow
from service.store.queries import FeatureQuery
from service.store.records import Page
from service.usecases.campaign_fates import Ground
from service.usecases.cases import teller
from service.usecases.layers import newest_versions

_OPEN_STANDINGS = ("suspected", "nonconforming")
"""Of a survey these must go, or be made right (docs/survey.md)."""
_MOST_ITEMS = 100_000
_MOST_NAME = 200


@dataclass(frozen=True)
class Beginning:
    """What a campaign is begun with.

    Args:
        name: What it is called.
        as_of: The day of its baseline; with a survey that of the survey.
        targets: `village` (empty: everywhere), `open_at_most`, `by`.
        area: Only structures that meet this polygon; None: everywhere.
        survey: A survey, as `kancha survey -o` writes it; None: the suspected structures of the store.
    """

    name: str
    as_of: date | None = None
    targets: Sequence[Mapping[str, Any]] = ()
    area: shapely.Geometry | None = None
    survey: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class CampaignView:
    """A campaign as of a day.

    Args:
        campaign: As it was begun.
        today: The day.
        figures: By village; the whole campaign under the empty name.
        days: The burn-down.
        reached: Each target and how far it is.
    """

    campaign: Campaign
    today: date
    figures: Mapping[str, Sequence[Figure]]
    days: Sequence[Day]
    reached: Sequence[Reached]


def begin(services: Services, told: Beginning) -> CampaignView:
    """Begin a campaign: its baseline is fixed now and never changes.

    Raises:
        CaseFactError: If it has no name, no item, or a target that cannot be.
    """
    name = told.name.strip()
    if not name or len(name) > _MOST_NAME:
        raise CaseFactError(f"A campaign has a name of 1 to {_MOST_NAME} letters.", remedy="Give it.")
    seen = _internal(services)
    as_of = told.as_of or _survey_day(told.survey) or datetime.now(BEIJING).date()
    source = "structures" if told.survey is None else "survey"
    items = list(_of_survey(told.survey) if told.survey is not None else _of_structures(seen, as_of))
    if told.area is not None:
        items = [item for item in items if shapely.geometry.shape(item.geometry).intersects(told.area)]
    if not items or len(items) > _MOST_ITEMS:
        raise CaseFactError(
            f"The baseline would hold {len(items)} structures; it needs 1 to {_MOST_ITEMS}.",
            remedy="Choose another day, area or survey.",
        )
    if len({item.id for item in items}) < len(items):
        raise CaseFactError("Two structures of the survey share an id.", remedy="Give each building an id of its own.")
    row = CampaignRow(
        id=f"campaign-{uuid.uuid4().hex[:16]}",
        name=name,
        as_of=as_of,
        source=source,
        secrecy="internal",
        baseline=[asdict(item) for item in items],
        targets=[_target(one, {item.village for item in items}) for one in told.targets],
        created_at=datetime.now(UTC),
        created_by=teller(services),
    )
    services.store.campaigns.add(row)
    return view_campaign(services, row.id)


def list_campaigns(services: Services, limit: int, after_key: int = 0) -> Page[CampaignRow]:
    """A page of campaigns, the latest first."""
    return services.store.campaigns.page(limit, after_key)


def view_campaign(services: Services, campaign_id: str, today: date | None = None) -> CampaignView:
    """A campaign as of a day, today without one; `NotFoundError` without it."""
    campaign = _campaign(services.store.campaigns.get(campaign_id))
    day = today or datetime.now(BEIJING).date()
    ground = Ground(_internal(services), campaign.items)
    fates: dict[str, Fate] = {item.id: ground.fate(item) for item in campaign.items}
    told = {
        village: figures(of_village(campaign, village), fates, day)
        for village in [ALL, *(name for name in villages(campaign) if name)]
    }
    days = burn_down(campaign.items, fates, campaign.as_of, max(day, campaign.as_of))
    return CampaignView(campaign, day, told, days, reached(campaign, fates, day))


def _internal(services: Services) -> Services:
    """The service without what is secret: a campaign is shown to many."""
    sight = Sight.of(None, Clearance.INTERNAL)
    return replace(services, store=services.store.seen_by(sight), sight=sight)


def _campaign(row: CampaignRow) -> Campaign:
    items = [Item(**one) for one in row.baseline]
    targets = [Target(str(t["village"]), int(t["open_at_most"]), date.fromisoformat(t["by"])) for t in row.targets]
    return Campaign(row.id, row.name, row.as_of, row.source, items, targets)


def _target(told: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
    village, most, by = told.get("village", ""), told.get("open_at_most", 0), told.get("by", "")
    try:
        day = date.fromisoformat(str(by)).isoformat()
    except ValueError as error:
        raise CaseFactError(f"A target has a day (YYYY-MM-DD), not {str(by)[:40]!r}.", remedy="Give `by`.") from error
    if not isinstance(most, int) or isinstance(most, bool) or most < 0:
        raise CaseFactError("`open_at_most` of a target is a whole number from 0.", remedy="0 is clear to zero (清零).")
    if village not in (ALL, *known):
        names = ", ".join(sorted(name for name in known if name)) or "none"
        raise CaseFactError(f"The baseline has no village {str(village)[:60]!r}.", remedy=f"It has: {names}.")
    return {"village": village, "open_at_most": most, "by": day}


def _survey_day(survey: Mapping[str, Any] | None) -> date | None:
    told = None if survey is None else (survey.get("survey") or {}).get("as_of")
    return None if told is None else datetime.fromisoformat(str(told)).astimezone(BEIJING).date()


def _of_survey(survey: Mapping[str, Any]) -> Iterator[Item]:
    """The buildings of a survey that are open."""
    try:
        for feature in survey["features"]:
            told = feature["properties"]
            if told["standing"] in _OPEN_STANDINGS:
                shape = shapely.geometry.shape(feature["geometry"])
                area = round(abs(float(CGCS2000_GEOD.geometry_area_perimeter(shape)[0])), 1)
                yield Item(str(told["building_id"]), str(told.get("village") or ""), area, feature["geometry"])
    except (KeyError, TypeError, AttributeError, ValueError, shapely.GEOSException) as error:
        raise CaseFactError(
            "The survey cannot be used.", remedy="Send the GeoJSON file that `kancha survey -o` wrote."
        ) from error


def _of_structures(services: Services, as_of: date) -> Iterator[Item]:
    """The suspected structures that stood on a day."""
    named = _Villages(services)
    for text in services.store.structures.all_features(FeatureQuery()):
        feature = orjson.loads(text)
        told = feature["properties"]
        first, gone = _day(told["first_seen"]), _day(told["gone_on"])
        stood = first is not None and first <= as_of and (gone is None or gone > as_of)
        if stood and told["status"] == "suspected" and told["state"] != "merged":
            village = named(shapely.geometry.shape(feature["geometry"]))
            yield Item(str(feature["id"]), village, float(told["area_m2"]), feature["geometry"], told["finding_ids"])


class _Villages:
    """Names of the smallest administrative area around a place.

    Args:
        services: The service.
    """

    def __init__(self, services: Services) -> None:
        version = newest_versions(services).get("areas")
        rows = [] if version is None else [orjson.loads(text) for text in services.store.layers.rows(version)]
        self._named = sorted(
            ((shapely.geometry.shape(row["geometry"]), str(row["properties"].get("name") or "")) for row in rows),
            key=lambda pair: pair[0].area,
        )

    def __call__(self, outline: shapely.Geometry) -> str:
        point = outline.representative_point()
        return next((name for shape, name in self._named if shape.covers(point)), "")


def _day(text: str | None) -> date | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(BEIJING).date()
