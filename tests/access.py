"""Keys for tests: what a bureau's own systems would send."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from service.app import create_app
from service.auth.caller import Caller
from service.auth.roles import Role
from service.bootstrap import open_services
from service.services import Services
from service.settings import Settings
from service.usecases.keys import KeyFacts, create_key

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

EVERY_ROLE = tuple(role.value for role in Role)


def make_key(
    services: Services,
    roles: Sequence[str] = EVERY_ROLE,
    areas: Sequence[str] | None = None,
    clearance: str = "secret",
) -> dict[str, str]:
    """The header of a new key; without more said it may do everything."""
    facts = KeyFacts("test", roles, areas=areas, clearance=clearance)
    return {"Authorization": f"Bearer {create_key(services, Caller.local(), facts)[1]}"}


def key_for(settings: Settings, **rights: Any) -> dict[str, str]:
    """The same for a service that is not open in this process."""
    services = open_services(settings)
    try:
        return make_key(services, **rights)
    finally:
        services.close()


@contextmanager
def client_of(settings: Settings, *, fails: bool = True, **rights: Any) -> Iterator[TestClient]:
    """A client of a service in this process, with a key.

    Args:
        settings: Of the service.
        fails: Whether an unforeseen error of the service is raised here; else it is the answer 500.
        rights: Of the key.
    """
    with TestClient(create_app(settings), raise_server_exceptions=fails) as client:
        client.headers.update(make_key(client.app.state.services, **rights))  # type: ignore[attr-defined]
        yield client
