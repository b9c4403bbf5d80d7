"""What everybody may read: the progress in figures, and the cases without anybody's name or exact place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from geodata.io.dates import BEIJING
from service.auth.caller import Clearance
from service.auth.sight import Sight
from service.cases.categories import CATEGORIES
from service.cases.histories import CaseHistory
from service.cases.ledger import Figure, figures_of
from service.cases.workflow.regions import PROCEDURE, REGIONS
from service.errors import NotFoundError
from service.services import Services
from service.usecases.case_histories import histories
from service.usecases.case_ledgers import OUTCOMES_ZH

FEWEST = 5
"""A place with fewer cases is not told by itself: who lives there would be known by it."""
_SHOWN_FIGURES = ("stop_rate", "clear_rate", "days_to_end", "freed_area", "greened_area")


@dataclass(frozen=True)
class PublicCase:
    """A case as everybody may read it.

    Args:
        serial: Its number.
        place: The street or village; empty where so few cases lie there that people would be known by it.
        category: What is wrong, in Chinese.
        state: Where it stands, in Chinese.
        outcome: How it ended, in Chinese; empty before.
        opened_on: When it was opened.
        changed_on: When it was decided, proved or closed last.
        area_m2: About how large, in tens.
        reused: What the land became.
    """

    serial: str
    place: str
    category: str
    state: str
    outcome: str
    opened_on: date
    changed_on: date
    area_m2: int | None
    reused: str


@dataclass(frozen=True)
class PublicPage:
    """The public page.

    Args:
        as_of: When it was made.
        opened: Cases that were opened.
        closed: Of them, closed.
        figures: Figures with their definitions.
        places: Cases and closed cases by street or village; the small ones together, under an empty name.
        cases: The cases; empty where the bureau publishes figures alone.
    """

    as_of: datetime
    opened: int
    closed: int
    figures: Sequence[Figure]
    places: Sequence[tuple[str, int, int]]
    cases: Sequence[PublicCase]


def public_page(services: Services, now: datetime | None = None) -> PublicPage:
    """What everybody may read now.

    Secret cases are not counted. Nobody is named, no place is told more exactly than by its street or village, and that
    only where at least five cases lie; areas are rounded.

    Raises:
        NotFoundError: If the bureau publishes nothing.
    """
    told, at = services.settings.cases, now or datetime.now(UTC)
    if told.public == "nothing":
        raise NotFoundError("Nothing is published here.", remedy="The bureau sets KANCHA_CASES__PUBLIC.")
    sight = Sight.of(None, Clearance.INTERNAL)
    seen = replace(services, store=services.store.seen_by(sight), sight=sight)
    every = [one for one in histories(seen) if _is_shown(one, at, told.public_days)]
    counts = Counter(one.around.village for one in every)
    places = {name for name, count in counts.items() if name and count >= FEWEST}
    figures = [one for one in figures_of(every) if one.name in _SHOWN_FIGURES]
    cases = [_case(one, places) for one in every] if told.public == "cases" else []
    cases.sort(key=lambda one: (one.changed_on, one.serial), reverse=True)
    return PublicPage(
        at, len(every), sum(one.closed_at is not None for one in every), figures, _places(every, places), cases
    )


def _is_shown(one: CaseHistory, now: datetime, days: int) -> bool:
    return one.closed_at is None or not days or one.closed_at > now - timedelta(days=days)


def _places(every: Sequence[CaseHistory], places: set[str]) -> list[tuple[str, int, int]]:
    groups: dict[str, list[CaseHistory]] = {}
    for one in every:
        groups.setdefault(one.around.village if one.around.village in places else "", []).append(one)
    return [(name, len(some), sum(one.closed_at is not None for one in some)) for name, some in sorted(groups.items())]


def _case(one: CaseHistory, places: set[str]) -> PublicCase:
    known, village = CATEGORIES.get(one.category), one.around.village
    last = max(moment for moment in (one.opened_at, one.decided_at, one.proved_at, one.closed_at) if moment is not None)
    area = one.around.area_m2
    return PublicCase(
        serial=one.around.serial,
        place=village if village in places else "",
        category="违法建设" if known is None else known.title_zh,
        state=REGIONS[PROCEDURE][one.state][1],
        outcome=OUTCOMES_ZH.get(one.outcome, ""),
        opened_on=one.opened_at.astimezone(BEIJING).date(),
        changed_on=last.astimezone(BEIJING).date(),
        area_m2=None if area is None else max(10, round(area / 10) * 10),
        reused=one.reused,
    )
