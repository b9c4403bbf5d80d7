"""Models as an administrator puts them to use over HTTP, in the record, and never over what another just did."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from service.auth.record import entry_by
from service.errors import BehindError
from service.files import held_alone
from service.services import Services
from service.settings import Settings
from service.usecases.models import in_use, list_models, lock_of, use


def state_of(settings: Settings) -> str:
    """What the shelf is like, as a word that another content changes: which models there are, which is in use."""
    told = [in_use(settings), *sorted(f"{entry.name}+{entry.checksum}" for entry in list_models(settings))]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def put_to_use(services: Services, name: str, expected: str | None = None) -> str:
    """Let scans take a model where nobody says otherwise; the one that they took stays as its challenger.

    Args:
        services: The service; its caller stands in the record.
        name: Its name, or `training-free`: none.
        expected: What the shelf was like when the caller looked; None: whatever it is.

    Returns:
        Its identity.

    Raises:
        OptionError: If there is no such model.
        ModelError: If it cannot be used: it is damaged, or does not run.
        BehindError: If the shelf is another by now.
    """
    settings = services.settings
    with held_alone(lock_of(settings)):
        state = state_of(settings)
        if expected not in (None, state):
            raise BehindError(
                "The models are not what they were when you looked: somebody has added one, or put another to use.",
                remedy="Look at the list again, and say it again if it still holds.",
                expected=expected,
                state=state,
            )
        before = in_use(settings)
        identity = use(settings, name)
        if identity != before:
            entry = entry_by(services.caller, datetime.now(UTC), "model-used", identity, before=before)
            services.store.audit_log.append(entry)
        return identity
