"""Who sends a request: looked up by the secret that comes with it, fast enough for every request."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from geodata.errors import KanchaError
from service.auth.caller import Caller
from service.auth.people import ApiKey, Session, caller_of_key, caller_of_person
from service.auth.tokens import digest
from service.services import Services

_LOG = logging.getLogger(__name__)
_FRESH_S = 1.0
"""So long what is known is believed without asking the store whether rights have changed."""
_NOTE_AFTER = timedelta(minutes=1)
_MOST = 10_000
Kind = Literal["session", "key"]


@dataclass
class _Known:
    holder: Session | ApiKey
    caller: Caller
    seen_at: datetime


class Authenticator:
    """Remembers who is who until rights change.

    Args:
        services: The service.
    """

    def __init__(self, services: Services) -> None:
        self._store = services.store
        self._idle = timedelta(seconds=services.settings.auth.session_idle_s)
        self._known: dict[tuple[Kind, str], _Known] = {}
        self._state, self._fresh_until = "", 0.0
        self._notes = ThreadPoolExecutor(1, thread_name_prefix="seen")

    def close(self) -> None:
        """Finish what is being noted."""
        self._notes.shutdown(wait=True)

    def stale(self) -> None:
        """Ask the store next time: rights may have changed."""
        self._fresh_until = 0.0

    def remembered(self, kind: Kind, secret: str) -> Caller | None:
        """Who it is, where that is known without asking the store."""
        if time.monotonic() >= self._fresh_until:
            return None
        found = self._known.get((kind, digest(secret)))
        return None if found is None or not self._lives(found) else self._used(kind, found)

    def caller(self, kind: Kind, secret: str) -> Caller | None:
        """Who it is; None for what was never made, has run out, or was ended.

        Raises:
            StoreBusyError: If the store does not answer.
        """
        self._refresh()
        place = (kind, digest(secret))
        found = self._known.get(place)
        if found is None or not self._lives(found):
            # of another process's session the last use may be known to the store alone
            state = self._state
            found = self._look_up(*place)
            if found is None or not self._lives(found):
                self._known.pop(place, None)
                return None
            if len(self._known) >= _MOST:
                self._known.clear()
            # rights that changed while they were looked up are looked up again next time
            if state == self._state == self._store.state("people"):
                self._known[place] = found
        return self._used(kind, found)

    def _refresh(self) -> None:
        state = self._store.state("people")
        if state != self._state:
            self._known.clear()
            self._state = state
        self._fresh_until = time.monotonic() + _FRESH_S

    def _look_up(self, kind: Kind, name: str) -> _Known | None:
        if kind == "session":
            told = self._store.access.session(name)
            if told is None or not told[1].active:
                return None
            return _Known(told[0], caller_of_person(told[1]), told[0].seen_at)
        found = self._store.access.key(name)
        who = None if found is None else caller_of_key(*found)
        if found is None or who is None:
            return None
        return _Known(found[0], who, found[0].used_at or found[0].created_at)

    def _lives(self, known: _Known) -> bool:
        now = datetime.now(UTC)
        if isinstance(known.holder, ApiKey):
            return known.holder.lives(now)
        return known.holder.lives(now, self._idle) or (
            known.seen_at > known.holder.seen_at
            and now < known.seen_at + self._idle
            and now < known.holder.expires_at
            and known.holder.revoked_at is None
        )

    def _used(self, kind: Kind, known: _Known) -> Caller:
        now = datetime.now(UTC)
        if now - known.seen_at > _NOTE_AFTER:
            known.seen_at = now
            name = known.holder.id if isinstance(known.holder, Session) else known.holder.digest
            self._notes.submit(_quietly, lambda: self._store.access.seen(kind, name, now))
        return known.caller


def _quietly(note: Callable[[], None]) -> None:
    """That somebody was seen is worth no refusal: a busy store is told to the log alone."""
    try:
        note()
    except KanchaError as error:
        _LOG.warning("the use of a session or key was not noted: %s", error)
