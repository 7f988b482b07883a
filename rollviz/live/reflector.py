"""List, then watch, and go on whatever happens: client-go's Reflector, for one resource."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

from rollviz.live.access import Access, Resource
from rollviz.live.errors import Gone, Interrupted, LiveError, Malformed, Unreachable
from rollviz.live.feed import Feed

Report = Callable[[str, LiveError | None], None]
"""Called with a kind, and what is wrong with its watch; None once it runs."""

_DOUBTS = 3
"""After so many faults in a row that a broken connection does not explain, list anew."""

_AT_ONCE = 1.0
"""A watch that ends without a word within so many seconds is a fault."""


class Backoff:
    """How long to wait before the next try: twice as long each time, and never quite the same.

    Args:
        first: the longest first wait, in seconds.
        most: the longest wait of all, in seconds.

    >>> backoff = Backoff(1.0, 30.0)
    >>> 0.5 <= backoff.next() <= 1.0 <= backoff.next() <= 2.0
    True
    """

    def __init__(self, first: float, most: float) -> None:
        self._first = first
        self._most = most
        self.tries = 0

    def next(self, at_least: float | None = None) -> float:
        """Seconds to wait now; never fewer than the server asked for."""
        longest = min(self._most, self._first * 2.0 ** min(self.tries, 30))
        self.tries += 1
        jittered = longest * random.uniform(0.5, 1.0)
        return max(jittered, at_least or 0.0)

    def reset(self) -> None:
        """Begin anew: it works again."""
        self.tries = 0


class Reflector:
    """Keeps a feed in step with one resource of the cluster, until told to stop.

    Args:
        access: the cluster.
        resource: what to list and watch.
        selectors: ``field_selector``, ``label_selector``.
        feed: where it goes.
        report: told of every fault, and when the watch runs again.
        changed: called after something of ours has changed.
        stop: set to end it.
        backoff: how long to wait after a fault.
        silence: seconds without a word after which the connection is given up.
    """

    def __init__(
        self,
        access: Access,
        resource: Resource,
        selectors: dict[str, str],
        feed: Feed,
        *,
        report: Report,
        changed: Callable[[], None],
        stop: Event,
        backoff: Backoff,
        silence: float,
    ) -> None:
        self.resource = resource
        self._access = access
        self._selectors = selectors
        self._feed = feed
        self._report = report
        self._changed = changed
        self._stop = stop
        self._backoff = backoff
        self._silence = silence
        self._version = ""
        self._doubts = 0

    def list(self) -> None:
        """Take over the whole state; only what differs from the one known becomes a change.

        Raises:
            LiveError: it did not work.
        """
        items, version = self._access.list_all(self.resource, **self._selectors)
        try:
            changed = self._feed.replace(self.resource.kind, items)
        except ValueError as error:
            raise self._malformed(error) from error
        self._version = version
        if changed:
            self._changed()

    def run(self) -> None:
        """Watch, and list again where that is needed, until told to stop."""
        while not self._stop.is_set():
            try:
                if not self._version:
                    self.list()
                self._watch()
            except LiveError as error:
                if not self._stop.is_set():
                    self._recover(error)

    def _watch(self) -> None:
        """Take in events until the server ends the watch."""
        response = self._access.watch(
            self.resource, self._version, self._silence, **self._selectors
        )
        begun, version = time.monotonic(), self._version
        try:
            self._report(self.resource.kind, None)
            for line in self._lines(response):
                self._take(line)
        finally:
            response.close()
        if self._version == version and time.monotonic() - begun < _AT_ONCE:
            raise Interrupted(f"{self._access.where} ends each watch at once: trying again")

    def _lines(self, response: Any) -> Iterator[bytes]:
        rest = b""
        while not self._stop.is_set():
            try:
                data = response.read1(1 << 16)
            except Exception as error:
                raise self._access.in_words(error, "watch", self.resource) from error
            if not data:
                return  # the server has ended it; what is left of a line comes again
            *lines, rest = (rest + data).split(b"\n")
            yield from lines

    def _take(self, line: bytes) -> None:
        """Take in one line of a watch."""
        try:
            event = json.loads(line)
            type, object = event["type"], event["object"]
            if type == "ERROR":
                raise self._access.answered(object, "watch", self.resource)
            version = object["metadata"]["resourceVersion"]
            changed = type != "BOOKMARK" and self._feed.apply(self.resource.kind, type, object)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._malformed(error) from error
        self._version = version
        self._backoff.reset()
        self._doubts = 0
        if changed:
            self._changed()

    def _recover(self, error: LiveError) -> None:
        """Wait as long as it takes; list again where watching on can't bring back what is lost."""
        self._doubts += not isinstance(error, Unreachable | Interrupted)
        if isinstance(error, Gone) or self._doubts >= _DOUBTS:
            self._version, self._doubts = "", 0
        if isinstance(error, Gone) and not self._backoff.tries:
            self._backoff.tries = 1
            return
        self._report(self.resource.kind, error)
        self._stop.wait(self._backoff.next(error.retry_after))

    def _malformed(self, error: Exception) -> Malformed:
        what = f"{type(error).__name__}: {error}"
        return Malformed(f"{self._access.where} sent {self.resource} that can't be read ({what})")
