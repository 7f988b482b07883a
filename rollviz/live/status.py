"""How a mirror is doing, and who wants to be told."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from rollviz.live.errors import LiveError, Refused

CATCHING_UP = 2.0
"""Seconds for which a watch that runs again is taken to tell what was missed meanwhile."""

_log = logging.getLogger("rollviz.live")


class Status:
    """The state of a mirror, put together from what its watches report.

    Args:
        needed: how many watches have to run for it to be live.

    Attributes:
        was_live: whether it ever was; until then, to be refused is final.
        stop: set when it has ended.
        failure: why it has failed; "" otherwise.

    >>> status = Status(needed=1)
    >>> status.report("Pod", None)
    >>> status.state
    'live'
    """

    def __init__(self, needed: int) -> None:
        self.was_live = False
        self.stop = threading.Event()
        self.failure = ""
        self._needed = needed
        self._running: set[str] = set()
        self._errors: dict[str, LiveError] = {}
        self._caught_up = 0.0
        self._ended = ""
        self._changed = threading.Condition()
        self._listeners: list[Callable[[], None]] = []

    @property
    def state(self) -> str:
        """``connecting``, ``live``, ``reconnecting``, ``stopped`` or ``failed``."""
        if self._ended:
            return self._ended
        if len(self._running) == self._needed:
            return "live"
        return "reconnecting" if self.was_live else "connecting"

    @property
    def watching(self) -> bool:
        """Whether changes come as they happen, all of them, and none that were missed before."""
        return self.state == "live" and time.monotonic() >= self._caught_up

    @property
    def trouble(self) -> str:
        """What is wrong, in one line; "" for nothing."""
        with self._changed:
            errors = dict.fromkeys(str(error) for error in self._errors.values())
        return self.failure or "; ".join(errors)

    def report(self, kind: str, error: LiveError | None) -> None:
        """A watch says what is wrong with it, or, with None, that it runs."""
        with self._changed:
            if self._ended:
                return
            if error:
                self._errors[kind] = error
                self._running.discard(kind)
            else:
                if self.was_live and kind not in self._running:
                    self._caught_up = time.monotonic() + CATCHING_UP
                self._errors.pop(kind, None)
                self._running.add(kind)
            self.was_live = self.was_live or len(self._running) == self._needed
        if isinstance(error, Refused) and not self.was_live:
            self.end("failed", str(error))
        self.notify()

    def clear(self, kind: str) -> None:
        """What was wrong is right again; nothing is said of whether its watch runs."""
        with self._changed:
            self._errors.pop(kind, None)
        self.notify()

    def end(self, state: str, failure: str = "") -> None:
        """It is over: ``stopped`` or ``failed``. The first word counts."""
        with self._changed:
            if not self._ended:
                self._ended, self.failure = state, failure
                self._errors.clear()
        self.stop.set()
        self.notify()

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have it called after every change; returns a function that ends this."""
        self._listeners.append(listener)
        return lambda: self._drop(listener)

    def notify(self) -> None:
        """Tell everyone that something has changed."""
        with self._changed:
            self._changed.notify_all()
        for listener in list(self._listeners):
            try:
                listener()
            except Exception:
                self._drop(listener)
                _log.exception("a subscriber of a mirror failed, and is not called again")

    def wait(self, holds: Callable[[], bool], timeout: float | None) -> bool:
        """Wait until ``holds()``, or until it is over; says whether it holds."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._ended) or holds(), timeout)
        return holds()

    def _drop(self, listener: Callable[[], None]) -> None:
        if listener in self._listeners:
            self._listeners.remove(listener)
