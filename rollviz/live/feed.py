"""From the four watches to one timeline, on one clock, in the order of arrival."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from threading import RLock

from rollviz.live.recorder import Recorder
from rollviz.live.redact import new_mask, redact
from rollviz.live.store import Store, Update
from rollviz.objects import KINDS, Json
from rollviz.timeline import Change, Timeline

_API_VERSION = {"Deployment": "apps/v1", "ReplicaSet": "apps/v1", "Pod": "v1", "Event": "v1"}


class Feed:
    """Writes what lists and watches tell into a timeline, and into a recording if there is one.

    Any thread may write; the timeline's readers need not wait.

    Args:
        wants: whether a Deployment of that name is mirrored.
        now: the cluster's wall-clock time, in Unix seconds.
        history: how many changes are kept at least; see ``timeline``.
        watched: whether everything is being watched just now.
        keep_all: whether secrets stay in; see :mod:`rollviz.live.redact`.
        recorder: where every change is written as well.

    Attributes:
        timeline: what has happened. After ``history`` more changes than there are objects, it
            is replaced by another which begins later, with everything there as it then was.
    """

    def __init__(
        self,
        wants: Callable[[str], bool],
        now: Callable[[], float],
        *,
        history: int,
        watched: Callable[[], bool] = lambda: True,
        keep_all: bool = False,
        recorder: Recorder | None = None,
    ) -> None:
        self.timeline = Timeline(source="live")
        self._now = now
        self._history = history
        self._watched = watched
        self._mask = None if keep_all else new_mask()
        self._recorder = recorder
        self._store = Store(wants, self._prepare)
        self._most = history
        self._lock = RLock()
        self._open = True

    def apply(self, kind: str, type: str, json: Json) -> bool:
        """Take in one watch event; says whether it changed anything that is ours.

        Raises:
            ValueError: the object is not whole.
            OSError: the recording can't be written.
        """
        with self._lock:
            return self._write(self._store.apply(kind, type, json), gap=not self._watched())

    def replace(self, kind: str, items: Iterable[Json]) -> bool:
        """Take in a whole list; otherwise like :meth:`apply`."""
        with self._lock:
            self._start()
            return self._write(self._store.replace(kind, items), gap=True)

    def names(self, kind: str) -> set[str]:
        """The names of the mirrored objects of a kind."""
        with self._lock:
            return self._store.names(kind)

    def close(self) -> None:
        """Take in nothing more, and close the recording."""
        with self._lock:
            self._open = False
            if self._recorder:
                self._recorder.close()

    def _start(self) -> None:
        """Zero is the second in which the first list arrived."""
        if not self.timeline.epoch:
            self.timeline.epoch = self._store.epoch = float(math.floor(self._now()))

    def _prepare(self, json: Json) -> Json:
        return redact(json, self._mask) if self._mask else json

    def _write(self, told: Iterator[Update], gap: bool) -> bool:
        updates: list[Update] = []
        try:
            updates.extend(told)
        finally:
            if updates and self._open:
                self._add(updates, gap)
        return bool(updates)

    def _add(self, updates: list[Update], gap: bool) -> None:
        timeline = self.timeline
        t = round(self._now() - timeline.epoch, 6)
        t = max(t, timeline.changes[-1].t if timeline.changes else 0.0)
        for update in updates:
            if gap:
                timeline.gaps.add(len(timeline.changes))
            timeline.add(t, update.type, update.object)
        if self._recorder:
            rows = [_row(t, update, timeline.epoch, gap) for update in updates]
            self._recorder.write(timeline.epoch, rows)
        if len(timeline.changes) > self._most:
            self._forget()

    def _forget(self) -> None:
        """Go on with a timeline that begins half the history ago."""
        old = self.timeline
        kept = old.changes[-(self._history // 2) :]
        begin = old.after(len(old.changes) - len(kept))
        new = Timeline(epoch=old.epoch, source=old.source)
        for kind in KINDS:
            for object in begin.of_kind(kind).values():
                new.changes.append(Change(begin.t, "ADDED", object))
        self._most = len(new.changes) + self._history
        later = len(new.changes) - (len(old.changes) - len(kept))
        new.gaps = {index + later for index in old.gaps if index + later >= len(new.changes)}
        new.changes += kept
        new.commands = old.commands
        self._store.forget(change.object.metadata.uid for change in kept)
        self.timeline = new


def _row(t: float, update: Update, epoch: float, gap: bool) -> Json:
    """A change as it stands in a recording."""
    kind = update.object.kind
    json = update.json
    if json is None:
        json = update.object.to_api(epoch)
    json = {"kind": kind, "apiVersion": _API_VERSION[kind], **json}
    row = {"t": t, "kind": kind, "type": update.type}
    return row | ({"gap": True} if gap else {}) | {"object": json}
