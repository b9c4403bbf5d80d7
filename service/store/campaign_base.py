"""Campaigns as a store keeps them: what they began with, which never changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from service.store.records import Page


@dataclass(frozen=True)
class CampaignRow:
    """A campaign.

    Args:
        id: Its id.
        name: What it is called.
        as_of: The day of its baseline.
        source: What the baseline was taken from.
        secrecy: Grade of what it rests on.
        baseline: Its items: `id`, `village`, `area_m2`, `geometry`.
        targets: What is to be reached: `village`, `open_at_most`, `by`.
        created_at: When it was begun.
        created_by: By whom.
    """

    id: str
    name: str
    as_of: date
    source: str
    secrecy: str
    baseline: Sequence[Mapping[str, Any]]
    targets: Sequence[Mapping[str, Any]]
    created_at: datetime
    created_by: str


class CampaignStore(Protocol):
    """Campaigns."""

    def add(self, row: CampaignRow) -> None:
        """Store a campaign."""

    def get(self, campaign_id: str) -> CampaignRow:
        """One campaign; `NotFoundError` without it."""

    def page(self, limit: int, after_key: int = 0) -> Page[CampaignRow]:
        """A page of campaigns, the latest first."""
