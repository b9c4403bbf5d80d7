"""The service watches itself, from time to time and whenever somebody asks whether it is ready."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime

from geodata.errors import KanchaError
from service.services import Services
from service.usecases.system_alarms import end_system_alarm, raise_system_alarm, tell_conditions
from service.usecases.watching import Looking, detectors, urgent
from service.watching.conditions import BLOCKING, DISK_LOW, STORE, Condition, store_unavailable
from service.watching.drift import conditions_of
from service.watching.figures import Detectors, Figures

_LOG = logging.getLogger(__name__)
Listener = Callable[[Sequence[Condition], Sequence[Condition]], None]
"""Told what came and what went, in the thread of the watcher."""


class Watcher:
    """Looks at a service in a thread of its own until it is closed.

    Args:
        services: The service itself, with a runner.
        listeners: Told of every change. The log is always told, and the administrators by an alarm.
    """

    def __init__(self, services: Services, listeners: Sequence[Listener] = ()) -> None:
        self._services, self._listeners = services, (_to_log, *listeners)
        self._how = services.settings.watching
        self._looking = Looking(services)
        self._figures: Figures | None = None
        self._detectors: Detectors | None = None
        self._drift_due = 0.0
        self._known: dict[tuple[str, str], Condition] = {}
        self._told_before = False
        self._asked: Future[list[Condition]] | None = None
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="watcher", daemon=True)
        self._thread.start()

    @property
    def figures(self) -> Figures | None:
        """The last look; None before the first."""
        return self._figures

    @property
    def detectors(self) -> Detectors | None:
        """The last look at the detectors; None before the first."""
        return self._detectors

    def close(self) -> None:
        """Stop. A look at a store that hangs is not waited for."""
        self._stop.set()
        self._thread.join(self._how.answer_s)

    async def conditions(self) -> list[Condition]:
        """What is not well: store, disk and runner as they are now, everything else as of the last look.

        A store that hangs is not waited for longer than `answer_s`, however many ask.
        """
        try:
            waiting = asyncio.shield(asyncio.wrap_future(self._ask()))
            now = await asyncio.wait_for(waiting, self._how.answer_s)
        except TimeoutError:
            now = [store_unavailable(self._how.answer_s)]
        live = {*BLOCKING, DISK_LOW}
        told = [] if self._figures is None else self._figures.conditions
        return [*map(self._dated, now), *(one for one in told if one.code not in live)]

    def _ask(self) -> Future[list[Condition]]:
        """An answer to come: of the question that hangs, where one does."""
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = Future()
                # set to running: whoever waits no longer must not cancel it for the others
                self._asked.set_running_or_notify_cancel()
                threading.Thread(target=self._answer, args=(self._asked,), name="ready", daemon=True).start()
            return self._asked

    def _answer(self, asked: Future[list[Condition]]) -> None:
        try:
            asked.set_result(urgent(self._services))
        except Exception as error:
            _LOG.error("asking the store: %s", type(error).__name__)
            asked.set_result([store_unavailable()])

    def _work(self) -> None:
        while True:
            try:
                self._look()
            except KanchaError as error:
                _LOG.error("watching: %s", error)
            except Exception:
                # a watcher that died would tell the last good state for ever
                _LOG.exception("watching")
            if self._stop.wait(self._how.every_s):
                return

    def _look(self) -> None:
        found = self._looking.figures(datetime.now(UTC))
        if found.counted is not None and time.monotonic() >= self._drift_due:
            self._drift_due = time.monotonic() + self._how.drift_every_s
            self._detectors = detectors(self._services, found.at)
        drifts = () if self._detectors is None else conditions_of(self._detectors.drifts)
        told = [self._dated(one) for one in (*found.conditions, *drifts)]
        self._figures = replace(found, conditions=told)
        went = self._tell(told)
        if not any(one.code == STORE for one in told):
            self._tell_administrators(told, went)

    def _dated(self, condition: Condition) -> Condition:
        """The same with when it began: what the figures do not tell is when it was first seen."""
        known = self._known.get(condition.key)
        first = datetime.now(UTC) if known is None else known.since
        return condition if condition.since is not None else replace(condition, since=first)

    def _tell(self, told: Sequence[Condition]) -> list[Condition]:
        """Tell the listeners what changed; what went is given back."""
        now = {one.key: one for one in told}
        came = [one for key, one in now.items() if key not in self._known]
        went = [one for key, one in self._known.items() if key not in now]
        self._known = now
        if came or went:
            for listener in self._listeners:
                listener(came, went)
        return went

    def _tell_administrators(self, told: Sequence[Condition], went: Sequence[Condition]) -> None:
        """As alarms, each once as long as it lasts, whoever of several processes sees it.

        At the first look what ended while nobody watched is over, too.
        """
        if not self._told_before:
            tell_conditions(self._services, told)
        else:
            for one in told:
                raise_system_alarm(self._services, one)
            for code in {one.code for one in went} - {one.code for one in told}:
                end_system_alarm(self._services, code)
        self._told_before = True


def _to_log(came: Sequence[Condition], went: Sequence[Condition]) -> None:
    for one in came:
        level = logging.ERROR if one.severity == "critical" else logging.WARNING
        _LOG.log(level, "%s", one.title, extra={"told": {"condition": one.code, "severity": one.severity}})
    for one in went:
        _LOG.info("over: %s", one.title, extra={"told": {"condition": one.code, "severity": one.severity}})
