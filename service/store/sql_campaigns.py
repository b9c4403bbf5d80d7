"""Campaigns in a table."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from service.auth.sight import EVERYTHING, Sight
from service.errors import NotFoundError
from service.store.campaign_base import CampaignRow
from service.store.case_schema import campaigns
from service.store.database import Database
from service.store.records import Page
from service.store.sql_sight import disclosed

_ROW = [c.name for c in campaigns.c if c.name != "seq"]


class SqlCampaigns:
    """Campaigns.

    Args:
        database: Where the table is.
        sight: Whose eyes they are seen with.
    """

    def __init__(self, database: Database, sight: Sight = EVERYTHING) -> None:
        self._db, self._sight = database, sight

    def add(self, row: CampaignRow) -> None:
        """Store a campaign."""
        values = {name: getattr(row, name) for name in _ROW}
        values |= {name: [dict(one) for one in values[name]] for name in ("baseline", "targets")}
        with self._db.write("cases") as connection:
            connection.execute(sa.insert(campaigns).values(values))

    def get(self, campaign_id: str) -> CampaignRow:
        """One campaign.

        Raises:
            NotFoundError: Without it.
        """
        shown = disclosed(campaigns.c.secrecy, self._sight)
        with self._db.read() as connection:
            row = connection.execute(sa.select(campaigns).where(campaigns.c.id == campaign_id, *shown)).first()
        if row is None:
            raise NotFoundError(f"There is no campaign {campaign_id[:80]!r}.", remedy="GET /campaigns lists them.")
        return _row(row)

    def page(self, limit: int, after_key: int = 0) -> Page[CampaignRow]:
        """A page of campaigns, the latest first."""
        shown = disclosed(campaigns.c.secrecy, self._sight)
        older = sa.true() if after_key == 0 else campaigns.c.seq < after_key
        with self._db.read() as connection:
            matched = connection.execute(sa.select(sa.func.count()).select_from(campaigns).where(*shown)).scalar_one()
            rows = connection.execute(
                sa.select(campaigns).where(older, *shown).order_by(campaigns.c.seq.desc()).limit(limit + 1)
            ).all()
        following = rows[limit - 1].seq if len(rows) > limit else None
        return Page([_row(row) for row in rows[:limit]], matched, following)


def _row(row: sa.Row[Any]) -> CampaignRow:
    return CampaignRow(**{name: getattr(row, name) for name in _ROW})
