"""Those who are told: what each may see now, looked up once a round."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

import shapely

from service.alarms.values import Channel
from service.auth.caller import Clearance
from service.auth.people import caller_of_person
from service.auth.roles import Permission
from service.auth.sight import Sight
from service.errors import NotFoundError
from service.ogc.texts import row_of
from service.services import Services
from service.usecases.sights import Sights


class Recipients:
    """The service as those see it who are told.

    Args:
        services: The service itself.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._sights = Sights(services)
        self._known: dict[str, Services | None] = {}
        self._bureau = services.store.seen_by(Sight.of(None, Clearance.INTERNAL))
        self._lock = Lock()

    def of(self, person_id: str) -> Services | None:
        """The service as somebody sees it; None where they have no access any more."""
        with self._lock:
            if person_id not in self._known:
                self._known[person_id] = self._look(person_id)
            return self._known[person_id]

    def of_channel(self, channel: Channel) -> Services | None:
        """The service as the owner of a subscription sees it; the bureau's own see all that is not secret."""
        if channel.owner_id is None:
            sight = Sight.of(None, Clearance.INTERNAL)
            return Services(
                settings=self._services.settings, store=self._bureau, blobs=self._services.blobs, sight=sight
            )
        seen = self.of(channel.owner_id)
        return seen if seen is not None and seen.caller.may(Permission.EXPORT) else None

    def _look(self, person_id: str) -> Services | None:
        try:
            person = self._services.store.people.get(person_id)
        except NotFoundError:
            return None
        if not person.active or Permission.READ not in person.grant.permissions:
            return None
        return self._sights.services_for(caller_of_person(person))


def ground_of(seen: Services, areas: Sequence[str] | None) -> shapely.Geometry | None:
    """The ground of some areas, of the newest layer of them that somebody sees; None: everywhere."""
    if areas is None:
        return None
    version = seen.store.layers.newest("areas")
    found = () if version is None else seen.store.layers.named(version.id, areas)
    shapes = [shape for text in found if (shape := row_of(text).geometry) is not None]
    ground = shapely.union_all(shapes)
    shapely.prepare(ground)
    return ground
