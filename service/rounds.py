"""Rounds in a thread of their own: what a service does by itself, again and again, whatever goes wrong in one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from geodata.errors import KanchaError

_LOG = logging.getLogger(__name__)


class Rounds:
    """Does one thing from time to time until it is closed, the first time at once.

    Args:
        name: Of the thread, and of what went wrong in the log.
        do: A round. What it raises ends this round alone: a thread that died would do nothing any more. The same
            trouble round after round is told of once.
        every_s: Pause between two rounds, s.
    """

    def __init__(self, name: str, do: Callable[[], object], every_s: float) -> None:
        self._name, self._do, self._every_s = name, do, every_s
        self._stop = False
        self._said = ""
        self._bell = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Do a round now."""
        self._bell.set()

    def close(self) -> None:
        """Stop after the round that runs."""
        self._stop = True
        self._bell.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stop:
            self._bell.clear()
            said = ""
            try:
                self._do()
            except KanchaError as error:
                said = str(error)
                if said != self._said:
                    _LOG.error("%s: %s", self._name, said)
            except Exception as error:
                said = repr(error)
                if said != self._said:
                    _LOG.exception("%s", self._name)
            self._said = said
            if not self._stop:
                self._bell.wait(self._every_s)
