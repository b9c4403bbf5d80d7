"""The service as a caller sees it: the ground of their areas, looked up in the layer of areas."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from threading import Lock

import shapely

from service.auth.caller import Caller
from service.auth.roles import Permission
from service.auth.sight import Sight
from service.errors import ForbiddenError
from service.ogc.texts import row_of
from service.services import Services
from service.store.base import Store

_KEPT = 256
_Place = tuple[frozenset[str] | None, str, str, str]


class Sights:
    """Remembers what callers see, until the layer of areas changes.

    Args:
        services: The service itself.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: OrderedDict[_Place, tuple[Sight, Store]] = OrderedDict()
        self._lock = Lock()

    def services_for(self, caller: Caller) -> Services:
        """The service as somebody sees it."""
        areas = "" if caller.scope is None else self._areas()
        place = (caller.scope, caller.clearance.word, areas, "" if caller.scope is None else caller.id)
        with self._lock:
            known = self._known.get(place)
        if known is None:
            known = self._look(caller, areas)
            with self._lock:
                self._known[place] = known
                while len(self._known) > _KEPT:
                    self._known.popitem(last=False)
        sight, store = known
        return replace(self._services, store=store, caller=caller, sight=sight)

    def _areas(self) -> str:
        """Id of the newest version of the layer of areas; empty without one."""
        version = self._services.store.layers.newest("areas")
        return "" if version is None else version.id

    def _look(self, caller: Caller, areas: str) -> tuple[Sight, Store]:
        shapes: list[shapely.Geometry] | None = None
        if caller.scope is not None:
            found = self._services.store.layers.named(areas, sorted(caller.scope)) if areas else ()
            shapes = [shape for text in found if (shape := row_of(text).geometry) is not None]
        sight = Sight.of(shapes, caller.clearance, caller.id, caller.scope or frozenset())
        return sight, self._services.store.seen_by(sight)


def require_clearance(services: Services, grade: str) -> None:
    """See that somebody stores nothing that they would not see themselves.

    Raises:
        ForbiddenError: If the grade is above their clearance.
    """
    if grade in services.sight.hidden:
        raise ForbiddenError(
            f"What is {grade} is above your clearance, {services.caller.clearance.word}.",
            remedy="Have it stored by somebody who may see it.",
            secrecy=grade,
            clearance=services.caller.clearance.word,
        )


def require_ground(services: Services, shape: shapely.Geometry) -> None:
    """See that somebody stores nothing that lies wholly beyond their areas.

    Raises:
        ForbiddenError: If it does.
    """
    if not services.sight.meets(shape):
        raise ForbiddenError(
            "It lies wholly outside the areas that you work in.",
            remedy="Have it stored by somebody who works there.",
            bounds=[round(v, 6) for v in shape.bounds],
        )


def require_all_of(services: Services, shape: shapely.Geometry, what: str) -> None:
    """See that somebody may have the whole of a thing, as its file.

    Raises:
        ForbiddenError: If it reaches beyond their areas.
    """
    if not services.sight.holds(shape):
        raise ForbiddenError(
            f"{what} reaches beyond the areas that you work in.",
            remedy="Its tiles and previews show the part within them.",
        )


def require_permission(services: Services, permission: Permission, *, everywhere: bool = False) -> None:
    """See that somebody may do a part of what they ask, which the route alone does not tell.

    Args:
        services: The service as they see it.
        permission: What it takes.
        everywhere: Whether they have to work everywhere.

    Raises:
        ForbiddenError: If they may not.
    """
    if not services.caller.may(permission) or (everywhere and services.sight.ground is not None):
        where = " and work everywhere" if everywhere else ""
        raise ForbiddenError(
            f"This takes the permission {permission.value!r}{where}.",
            remedy="Name what is stored already, or ask an administrator.",
            permission=permission.value,
        )
