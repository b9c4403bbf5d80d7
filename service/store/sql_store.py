"""A whole store over one engine."""

from __future__ import annotations

from copy import copy
from typing import Self

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from service.auth.sight import EVERYTHING, Sight
from service.errors import StoreBusyError
from service.store.database import Database
from service.store.quick import Quick
from service.store.sql_access import SqlAccess
from service.store.sql_alarm_rules import SqlRules
from service.store.sql_alarms import SqlAlarms
from service.store.sql_audit_log import SqlAuditLog
from service.store.sql_audits import SqlAudits
from service.store.sql_campaigns import SqlCampaigns
from service.store.sql_case_news import SqlCaseNews
from service.store.sql_cases import SqlCases
from service.store.sql_deliveries import SqlDeliveries
from service.store.sql_events import SqlEvents
from service.store.sql_intake import SqlIntake
from service.store.sql_jobs import SqlJobs
from service.store.sql_layers import SqlLayers
from service.store.sql_leads import SqlLeads
from service.store.sql_objections import SqlObjections
from service.store.sql_people import SqlPeople
from service.store.sql_personal import SqlPersonal
from service.store.sql_proofs import SqlProofs
from service.store.sql_runners import SqlRunners, SqlSteps
from service.store.sql_scans import SqlScans
from service.store.sql_scenes import SqlScenes
from service.store.sql_structures import SqlStructures
from service.store.sql_verdicts import SqlVerdicts
from service.store.sql_watching import SqlWatching


class SqlStore:
    """What every database keeps; what differs between them is the engine and how rows are found by box.

    Args:
        engine: Of a database whose tables are up to date.
        quick: Of the same database.
        longest_s: See `Database`.
    """

    def __init__(self, engine: sa.Engine, quick: Quick, longest_s: float | None = None) -> None:
        self.engine = engine
        self._db = Database(engine, quick, longest_s)
        self.people = SqlPeople(self._db)
        self.access = SqlAccess(self._db)
        self.audit_log = SqlAuditLog(self._db)
        self.intake = SqlIntake(self._db)
        self.runners = SqlRunners(self._db)
        self.steps = SqlSteps(self._db)
        self.watching = SqlWatching(self._db)
        self.rules = SqlRules(self._db)
        self.deliveries = SqlDeliveries(self._db)
        self._look(EVERYTHING)

    def _look(self, sight: Sight) -> None:
        self._sight = sight
        self.scenes = SqlScenes(self._db, sight)
        self.layers = SqlLayers(self._db, sight)
        self.personal = SqlPersonal(self._db, self.layers)
        self.jobs = SqlJobs(self._db, sight)
        self.scans = SqlScans(self._db, sight)
        self.structures = SqlStructures(self._db, sight)
        self.verdicts = SqlVerdicts(self._db, sight)
        self.audits = SqlAudits(self._db, sight)
        self.alarms = SqlAlarms(self._db, sight)
        self.events = SqlEvents(self._db, sight)
        self.cases = SqlCases(self._db, sight)
        self.case_news = SqlCaseNews(self._db, sight)
        self.objections = SqlObjections(self._db, sight)
        self.leads = SqlLeads(self._db, sight)
        self.proofs = SqlProofs(self._db, sight)
        self.campaigns = SqlCampaigns(self._db, sight)

    def seen_by(self, sight: Sight) -> Self:
        """The same store as somebody sees it: nothing else is told or counted. Only the store itself is closed."""
        other = copy(self)
        other._look(sight)
        return other

    def state(self, *what: str) -> str:
        """A word that changes with `scenes`, `layers`, `findings`, `cases`, `leads` or `people` (and rights)."""
        return f"{self._db.state(*what)}{self._sight.key}"

    def ping(self) -> None:
        """See that the store answers.

        Raises:
            StoreBusyError: If not.
        """
        try:
            with self.engine.connect() as connection:
                connection.execute(sa.text("SELECT count(*) FROM alembic_version")).scalar_one()
        except SQLAlchemyError as error:
            raise StoreBusyError(f"The database does not answer: {error}.") from error

    def close(self) -> None:
        """Let go of every connection."""
        self._db.quick.close()
        self.engine.dispose()
