"""Campaigns over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

from pydantic import Field

from service.cases.campaigns import Day, Figure, Reached
from service.schemas.common import Answer, Link
from service.store.campaign_base import CampaignRow
from service.usecases.campaigns import CampaignView


class CampaignOut(Answer):
    """A campaign as it was begun."""

    id: str
    name: str
    as_of: date = Field(description="The day of its baseline.")
    source: str = Field(description="`structures` or `survey`.")
    baseline: int = Field(description="How many structures it began with.")
    created_at: datetime
    links: list[Link] = []

    @classmethod
    def of(cls, row: CampaignRow, links: list[Link]) -> Self:
        """The wire form of a campaign."""
        told = {name: getattr(row, name) for name in ("id", "name", "as_of", "source", "created_at")}
        return cls(**told, baseline=len(row.baseline), links=links)


class CampaignList(Answer):
    """A page of campaigns."""

    campaigns: list[CampaignOut]
    numberMatched: int  # noqa: N815 - the name that OGC API uses
    numberReturned: int  # noqa: N815
    links: list[Link]


class FigureOut(Answer):
    """A figure with what it means."""

    name: str
    title: str
    title_zh: str
    value: float | None = Field(description="null where it has no denominator.")
    unit: str = Field(description="`items`, `share`, `m2` or `mu`.")
    definition: str
    definition_zh: str

    @classmethod
    def of(cls, figure: Figure) -> Self:
        """The wire form of a figure."""
        return cls(**{name: getattr(figure, name) for name in cls.model_fields})


class DayOut(Answer):
    """A day of the burn-down, on which something changed."""

    day: date
    open: int = Field(description="Items open at its end.")
    demolished: int
    otherwise: int = Field(description="Items that ended in another way.")

    @classmethod
    def of(cls, day: Day) -> Self:
        """The wire form of a day."""
        return cls(**{name: getattr(day, name) for name in cls.model_fields})


class TargetOut(Answer):
    """A target and how far it is."""

    village: str = Field(description="Where; empty: everywhere.")
    open_at_most: int
    by: date
    open: int = Field(description="Open today, or on its day where that has passed.")
    state: str = Field(description="`reached`, `missed` or `running`.")
    a_day: float = Field(description="Items that must end a day until its day.")

    @classmethod
    def of(cls, one: Reached) -> Self:
        """The wire form of a target."""
        told = one.target
        return cls(
            village=told.village, open_at_most=told.open_at_most, by=told.by, open=one.open, state=one.state,
            a_day=one.a_day,
        )  # fmt: skip


class VillageOut(Answer):
    """The figures of a village."""

    village: str = Field(description="Empty: the whole campaign.")
    figures: list[FigureOut]


class CampaignStateOut(Answer):
    """A campaign as of a day."""

    id: str
    name: str
    as_of: date
    today: date
    source: str
    villages: list[VillageOut]
    burn_down: list[DayOut]
    targets: list[TargetOut]
    links: list[Link]

    @classmethod
    def of(cls, view: CampaignView, links: list[Link]) -> Self:
        """The wire form of its state."""
        campaign = view.campaign
        told = [
            VillageOut(village=name, figures=[FigureOut.of(one) for one in figures])
            for name, figures in view.figures.items()
        ]
        return cls(
            id=campaign.id, name=campaign.name, as_of=campaign.as_of, today=view.today, source=campaign.source,
            villages=told, burn_down=[DayOut.of(day) for day in view.days],
            targets=[TargetOut.of(one) for one in view.reached], links=links,
        )  # fmt: skip
