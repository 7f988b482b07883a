"""The mirror: some Deployments of a real cluster as a timeline that grows."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

from rollviz.live.access import CONNECT_SECONDS, DEPLOYMENTS, RESOURCES, Access, Resource
from rollviz.live.connect import connect
from rollviz.live.errors import (
    SIMULATE,
    Forbidden,
    Interrupted,
    LiveError,
    Refused,
    Unreachable,
)
from rollviz.live.feed import Feed
from rollviz.live.recorder import Recorder
from rollviz.live.reflector import Backoff, Reflector
from rollviz.live.status import Status
from rollviz.timeline import Timeline

HISTORY = 100_000
"""How many changes a mirror remembers at least."""

SILENCE = 60.0
"""Seconds without a word from the cluster after which a connection is given up."""

PATIENCE = 10.0
"""Seconds for which a cluster that was never reached is tried."""

IN_A_BROWSER = (
    "Python in a browser cannot reach a cluster, nor read your kubeconfig: open this notebook on "
    f"a machine that can, with make lab. {SIMULATE}"
)
"""Why there is no mirror on a page that needs no server."""

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_KIND = re.compile(r"^(deployments?|deploy)(\.apps)?/")
_SELECTOR = re.compile(r"=|\s(in|notin)\s|^!")
_CLUSTER = "cluster"
_JOIN_SECONDS = CONNECT_SECONDS + 1


class Mirror:
    """Some Deployments of a cluster, their ReplicaSets, pods and events, as they change.

    It reads only (get, list, watch). Everything happens on threads in the background: making a
    Mirror returns at once, and what goes wrong is told by ``state`` and ``message``. Once it
    has been live it never gives up: it connects again, and brings in what it has missed.

    Args:
        what: the name of a Deployment (``web``, ``deployment/web``), several names, or a label
            selector (``app=web,tier!=cache``).
        namespace: where they are; else the context's namespace.
        context: a context of the kubeconfig; else the current one.
        kubeconfig: a file; else ``$KUBECONFIG``, ``~/.kube/config``, or the service account of
            the pod that this runs in.
        keep_all: keep secrets too (see :mod:`rollviz.live.redact`).
        record: a file to which every change is written as it comes.
        history: how many changes are remembered at least; older ones fold into the beginning.
        silence: seconds without a word after which a connection is given up.
        patience: seconds for which a cluster that was never reached is tried.
        backoff: the longest first and the longest wait before connecting again, in seconds.

    Raises:
        ValueError: ``what`` is neither names nor a selector.
        FileExistsError: ``record`` is there already.
        Refused: this Python runs in a browser, which gives it no thread and no socket.

    >>> with Mirror("web", namespace="shop") as mirror:         # doctest: +SKIP
    ...     mirror.wait().timeline.last.counts()
    Counts(available=5, not_terminating=5, everything=5)
    """

    def __init__(
        self,
        what: str | Iterable[str],
        namespace: str | None = None,
        context: str | None = None,
        kubeconfig: str | Path | None = None,
        *,
        keep_all: bool = False,
        record: str | Path | None = None,
        history: int = HISTORY,
        silence: float = SILENCE,
        patience: float = PATIENCE,
        backoff: tuple[float, float] = (0.5, 30.0),
    ) -> None:
        if sys.platform == "emscripten":
            raise Refused(IN_A_BROWSER)
        self._names, self._selector = _names_or_selector(what)
        self._recorder = None if record is None else Recorder(record)
        self._target = kubeconfig, context, namespace
        self._silence, self._patience, self._backoff = silence, patience, backoff
        self._access: Access | None = None
        self._feed = Feed(
            lambda name: not self._names or name in self._names,
            self._now,
            history=history,
            watched=lambda: self._status.watching,
            keep_all=keep_all,
            recorder=self._recorder,
        )
        self._status = Status(needed=len(RESOURCES))
        self._elsewhere = ""
        self._reflectors: list[Reflector] = []
        self._threads: list[threading.Thread] = []
        self._start("mirror", self._run)

    def __repr__(self) -> str:
        what = self._selector or ", ".join(sorted(self._names))
        where = f" in {self.namespace}" if self.namespace else ""
        note = f": {self.message}" if self.message else f", {len(self.timeline)} changes"
        return f"<Mirror of {what}{where}, {self.state}{note}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def timeline(self) -> Timeline:
        """What has happened so far.

        It grows. After ``history`` changes another one, which begins later with all that was
        there then, takes its place, so memory is bounded; whoever draws it should ask anew.
        """
        return self._feed.timeline

    @property
    def namespace(self) -> str:
        """The namespace that is mirrored; "" until the kubeconfig has been read."""
        return self._access.namespace if self._access else self._target[2] or ""

    @property
    def context(self) -> str:
        """The context of the kubeconfig; "" until it has been read, and inside a cluster."""
        return self._access.context if self._access else self._target[1] or ""

    @property
    def host(self) -> str:
        """The API server's address; "" until the kubeconfig has been read."""
        return self._access.host if self._access else ""

    @property
    def kubeconfig(self) -> str:
        """The files that were read, as ``$KUBECONFIG`` names them; "" inside a cluster."""
        return self._access.kubeconfig if self._access else ""

    @property
    def now(self) -> float:
        """The cluster's time in seconds on the timeline's clock; 0 until it has begun."""
        epoch = self.timeline.epoch
        return round(self._now() - epoch, 6) if epoch else 0.0

    @property
    def recorded(self) -> int:
        """How many changes were written to the recording."""
        return self._recorder.count if self._recorder else 0

    @property
    def state(self) -> str:
        """``connecting``, ``live``, ``reconnecting``, ``stopped`` or ``failed``."""
        return self._status.state

    @property
    def message(self) -> str:
        """What is wrong, or what is missing, in one line; "" while all is well."""
        waiting = self._status.was_live and not self._status.stop.is_set()
        return self._status.trouble or (self._missing() if waiting else "")

    def subscribe(self, listener: Callable[[Mirror], None]) -> Callable[[], None]:
        """Have ``listener(mirror)`` called after each change, of the timeline or of the state.

        It is called on threads of the mirror's and should return soon; one that raises is
        logged and not called again. Returns a function that ends it.
        """
        return self._status.subscribe(lambda: listener(self))

    def wait(
        self, until: Callable[[Mirror], bool] | None = None, timeout: float | None = None
    ) -> Self:
        """Wait until ``until(mirror)`` holds, or, without it, until the mirror is live.

        Raises:
            LiveError: it has failed or was stopped, so it never will.
            TimeoutError: it does not within ``timeout`` seconds.
        """
        holds = until or (lambda mirror: mirror.state == "live")
        if not self._status.wait(lambda: holds(self), timeout):
            if self._status.stop.is_set():
                raise LiveError(self.message or "the mirror was stopped")
            raise TimeoutError(self.message or f"not within {timeout} seconds")
        return self

    def save(self, path: str | Path) -> None:
        """Write what has happened so far; ``rollviz.load`` reads it.

        Raises:
            FileExistsError: the file is there already.
        """
        timeline = self.timeline
        changes = timeline.changes[: len(timeline.changes)]
        commands = list(timeline.commands)
        gaps = timeline.gaps.copy()
        Timeline(changes, [], commands, timeline.epoch, "recorded", gaps).save(path)

    def stop(self) -> None:
        """Let go of the cluster. The timeline stays."""
        self._end("stopped")
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(_JOIN_SECONDS)
        if self._access:
            self._access.close()

    def _end(self, state: str, failure: str = "") -> None:
        self._status.end(state, failure)
        if self._access:
            self._access.hang_up()
        self._feed.close()

    def _start(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(
            target=self._guarded, args=(target,), name=f"rollviz-{name}", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _guarded(self, target: Callable[[], None]) -> None:
        """Run a thread's work; whatever ends it shows."""
        try:
            target()
        except (LiveError, OSError) as error:
            self._end("failed", str(error))
        except Exception as error:
            self._end("failed", f"internal error: {error!r}")
            raise
        if self._status.failure:
            self._end("failed")  # the other watches are of no use any more

    def _run(self) -> None:
        """Connect, list everything once, then watch: the first thread starts the others."""
        self._access = connect(*self._target)
        self._reflectors = [self._reflector(self._access, resource) for resource in RESOURCES]
        self._list_all()
        if self._status.stop.is_set():
            return
        if self._missing():
            self._look_elsewhere(self._access)
        first, *others = self._reflectors
        for reflector in others:
            self._start(reflector.resource.plural, reflector.run)
        first.run()

    def _list_all(self) -> None:
        """List everything once, as often as it takes, while patience lasts."""
        backoff, begun = Backoff(*self._backoff), time.monotonic()
        while not self._status.stop.is_set():
            try:
                return self._list_once()
            except Refused:
                raise
            except LiveError as error:
                tired = time.monotonic() - begun > self._patience
                if tired and isinstance(error, Unreachable | Interrupted):
                    raise
                self._status.report(_CLUSTER, error)
                self._status.stop.wait(backoff.next(error.retry_after))

    def _list_once(self) -> None:
        forbidden = []
        for reflector in self._reflectors:
            try:
                reflector.list()
            except Forbidden as error:
                forbidden.append(error)
        if forbidden:
            raise Forbidden.all(forbidden)
        self._status.clear(_CLUSTER)

    def _missing(self) -> str:
        """Which Deployments are not there, in words; "" where all are."""
        there = self._feed.names("Deployment")
        if self._selector:
            text = f"no Deployment in namespace {self.namespace!r} matches {self._selector!r} yet"
            return "" if there else text
        missing = ", ".join(repr(name) for name in sorted(self._names - there))
        text = f"no Deployment {missing} in namespace {self.namespace!r}: waiting for it"
        return text + self._elsewhere if missing else ""

    def _look_elsewhere(self, access: Access) -> None:
        """Find out which other namespaces have what is missing here."""
        for name in sorted(self._names - self._feed.names("Deployment")):
            found = access.namespaces_with(name)
            if found:
                self._elsewhere += f"; there is a {name!r} in namespace {', '.join(found)}"

    def _now(self) -> float:
        return time.time() + (self._access.skew if self._access else 0.0)

    def _reflector(self, access: Access, resource: Resource) -> Reflector:
        selectors = {}
        if resource is DEPLOYMENTS and self._selector:
            selectors = {"label_selector": self._selector}
        elif resource is DEPLOYMENTS and len(self._names) == 1:
            selectors = {"field_selector": f"metadata.name={min(self._names)}"}
        return Reflector(
            access,
            resource,
            selectors,
            self._feed,
            report=self._status.report,
            changed=self._status.notify,
            stop=self._status.stop,
            backoff=Backoff(*self._backoff),
            silence=self._silence,
        )


def _names_or_selector(what: str | Iterable[str]) -> tuple[set[str], str]:
    """Names of Deployments, or a label selector; the other one is empty.

    >>> _names_or_selector("deployment/web"), _names_or_selector("app=web")
    (({'web'}, ''), (set(), 'app=web'))
    """
    words = [what] if isinstance(what, str) else list(what)
    names = {_KIND.sub("", word) for word in words}
    if names and all(_NAME.fullmatch(name) for name in names):
        return names, ""
    if isinstance(what, str) and _SELECTOR.search(what):
        return set(), what
    raise ValueError(
        f"{what!r} is neither the name of a Deployment (web), several names (['web', 'api']), "
        "nor a label selector (app=web)"
    )
