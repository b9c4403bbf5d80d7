"""What the morning report tells of leads."""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import median
from typing import Any

from service.cases.leads.values import SOURCES_ZH, SourceKind
from service.services import Services

_STALE = timedelta(days=1)


def leads_part(services: Services, since: datetime, now: datetime) -> dict[str, Any]:
    """New leads by source, what nobody judged, and how long the first verdict took.

    Args:
        services: The service.
        since: Since when it counts.
        now: The time.
    """
    told = services.store.leads.counts(since, now - _STALE)
    return {
        "new": [
            {
                "source": kind.value,
                "source_zh": SOURCES_ZH[kind],
                "count": told.new.get(kind.value, 0),
                "reports": told.reports.get(kind.value, 0),
            }
            for kind in SourceKind
            if told.new.get(kind.value) or told.reports.get(kind.value)
        ],
        "new_count": sum(told.new.values()),
        "open": told.open,
        "stale": told.stale,
        "unplaced": told.unplaced,
        "median_h": round(median(told.hours), 1) if told.hours else None,
    }
