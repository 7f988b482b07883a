"""The live mirror as a widget: a player whose end is *now*."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

import traitlets

from rollviz.explain import Finding
from rollviz.explain.scene import LOOK_AROUND
from rollviz.live import LiveError, Mirror
from rollviz.objects import Deployment
from rollviz.reel import Patch, Reel
from rollviz.timeline import Timeline
from rollviz.widgets.player import Player
from rollviz.widgets.stage import HERE, MODULES, Stage, script, stylesheet

PAUSE = 0.1
"""Seconds between two redraws at least: what comes in between is drawn together."""

MOST_UNHEARD = 200
"""Patches that are kept for a browser that has not said yet what it has."""


class MirrorPlayer(Player):
    """A rollout of a real cluster as it happens, with a past that can be scrubbed.

    It reads only, on threads in the background: other cells go on running. Whatever goes wrong is
    told in place, by ``state`` and ``message``. Use it as a context manager, or ``stop()`` it; the
    timeline stays.

    Args:
        what, namespace, context, kubeconfig, options: as for :class:`rollviz.live.Mirror`.
        present: for a projector.

    Traits, besides those of ``Player``:

    - ``following``: whether it shows what happens now; going back in time ends that.
    - ``state``: ``connecting``, ``live``, ``reconnecting``, ``stopped`` or ``failed``;
      ``message``: what is wrong, in one line, or ""; ``where``: of which cluster, in words.
    - ``deployments``: the names of those that were seen; ``deployment``: the one on show.

    >>> with MirrorPlayer("deployment/web", namespace="shop") as mirror:     # doctest: +SKIP
    ...     mirror.wait(lambda mirror: mirror.timeline.duration > 60)
    <MirrorPlayer of web in namespace shop: live, 12 steps>
    """

    _esm = script(*MODULES, "mirror").replace("{ render }", "{ render: renderMirror }")
    source: Mirror | None = None
    _css = stylesheet() + (HERE / "mirror.css").read_text("utf-8")
    data = traitlets.Dict().tag(sync=True)  # not packed: patches go into it in the browser
    following = traitlets.Bool(True).tag(sync=True)
    state = traitlets.Unicode("connecting").tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)
    where = traitlets.Unicode().tag(sync=True)
    deployments = traitlets.List(traitlets.Unicode()).tag(sync=True)
    deployment = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        what: str | Iterable[str],
        namespace: str | None = None,
        context: str | None = None,
        kubeconfig: str | Path | None = None,
        *,
        present: bool = False,
        **options: Any,
    ) -> None:
        self._reel = Reel(Timeline(source="live"), "")
        self._lock = threading.RLock()
        self._version = 0
        self._unheard: list[Patch] | None = []
        self._looked = 0
        self._news, self._ended = threading.Event(), threading.Event()
        # Not Player's: there is no timeline yet.
        Stage.__init__(self, data=self._reel.data | {"version": 0}, present=present)
        self.on_msg(lambda _, content, __: self._hear(content))
        self.source, problem = _begin((what, namespace, context, kubeconfig), options)
        self._thread = threading.Thread(target=self._draw_on, name="rollviz-draw", daemon=True)
        if self.source is None:
            self.state, self.message, self.where = "failed", problem, _words(what)
            return
        self.where = _words(what)
        self._unsubscribe = self.source.subscribe(lambda _: self._news.set())
        self._news.set()
        self._thread.start()

    def __repr__(self) -> str:
        note = f": {self.message}" if self.message else f", {self.last_step} steps"
        return f"<MirrorPlayer of {self.where}: {self.state}{note}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def timeline(self) -> Timeline:  # type: ignore[override]
        """What has happened so far: see :attr:`rollviz.live.Mirror.timeline`."""
        return self.source.timeline if self.source else self._reel.timeline

    @property
    def findings(self) -> list[Finding]:
        """Where the cluster did what our controller would not have done, as far as is drawn."""
        return self._reel.findings

    def wait(
        self, until: Callable[[Mirror], bool] | None = None, timeout: float | None = None
    ) -> Self:
        """Wait until ``until(mirror)`` holds, or, without it, until it is live.

        Raises:
            LiveError: it has failed or was stopped, so it never will.
            TimeoutError: it does not within ``timeout`` seconds.
        """
        if self.source is None:
            raise LiveError(self.message)
        self.source.wait(until, timeout)
        self.draw()
        return self

    def save(self, path: str | Path) -> None:
        """Write what has happened so far; ``rollviz.load`` reads it.

        Raises:
            FileExistsError: the file is there already.
        """
        if self.source:
            self.source.save(path)
        else:
            self.timeline.save(path)

    def stop(self) -> None:
        """Let go of the cluster. What was seen stays, to be scrubbed and saved."""
        if self._ended.is_set() or self.source is None:
            return
        self._unsubscribe()
        self._ended.set()
        self._news.set()
        self.source.stop()
        if self._thread is not threading.current_thread():
            self._thread.join()
        self.draw()

    def close(self) -> None:
        """Stop, and take the widget away."""
        self.stop()
        super().close()

    def draw(self) -> None:
        """Show at once what has happened so far, which else is done at most ten times a second."""
        with self._lock:
            if self.source is None:
                return
            self._read_state(self.source)
            self._find_deployments()
            if self._reel.timeline is not self.timeline:
                self._begin_anew()
            elif self._reel.data["name"]:
                self._tell(self._reel.read(self.source.now))

    def _draw_on(self) -> None:
        """Draw whenever there is news, and then pause: what the thread does."""
        try:
            while not self._ended.is_set():
                self._news.wait(LOOK_AROUND if self._reel.in_doubt else None)
                self._news.clear()
                self.draw()
                self._ended.wait(PAUSE)
        except Exception as error:
            self.state, self.message = "failed", f"internal error: {error!r}"
            raise

    def _read_state(self, source: Mirror) -> None:
        self.state, self.message = source.state, source.message
        place = ", ".join(
            f"{name} {value}"
            for name, value in (
                ("namespace", source.namespace),
                ("context", source.context),
                ("cluster", source.host),
            )
            if value
        )
        what = self.where.partition(" in ")[0]
        self.where = f"{what} in {place}" if place else what

    def _find_deployments(self) -> None:
        changes = self.timeline.changes
        if self._reel.timeline is not self.timeline:
            self._looked = 0
        count = len(changes)
        names = dict.fromkeys(self.deployments)
        for change in changes[self._looked : count]:
            if isinstance(change.object, Deployment):
                names[change.object.name] = None
        self._looked = count
        self.deployments = list(names)
        if names and self.deployment not in names:
            self.deployment = next(iter(names))

    @traitlets.observe("deployment")
    def _show_another(self, _: Any) -> None:
        with self._lock:
            if self.source is not None and self.deployment != self._reel.data["name"]:
                self._begin_anew()

    def _begin_anew(self) -> None:
        """Show another Deployment, or go on with a timeline that begins later."""
        self._reel = Reel(self.timeline, self.deployment)
        self._send_all()

    def _send_all(self) -> None:
        self._version += 1
        self._reel.data["version"] = self._version
        if self._unheard is not None:
            self._unheard = []
        self.data = self._reel.data

    def _tell(self, patch: Patch) -> None:
        """Send what is new; all that was sent before too, while nobody has said to have it."""
        if not patch:
            return
        self._version += 1
        self._reel.data["version"] = self._version
        if self._unheard is None:
            self.send({"from": self._version - 1, "to": self._version, "patch": patch})
            return
        self._unheard.append(patch)
        if len(self._unheard) > MOST_UNHEARD:
            self.send_state("data")
            self._unheard = []
            return
        whole = [change for each in self._unheard for change in each]
        base = self._version - len(self._unheard)
        self.send({"from": base, "to": self._version, "patch": whole})

    def _hear(self, content: dict[str, Any]) -> None:
        """A browser says which version of the data it has."""
        with self._lock:
            self._unheard = None
            if content.get("have") != self._version:
                self.send_state("data")


def _begin(target: Any, options: dict[str, Any]) -> tuple[Mirror | None, str]:
    """A mirror that has begun, or None and why there can't be one."""
    try:
        return Mirror(*target, **options), ""
    except (LiveError, ValueError, OSError) as error:
        return None, str(error)


def _words(what: str | Iterable[str]) -> str:
    return what if isinstance(what, str) else ", ".join(map(str, what))


_running: dict[tuple[str, ...], MirrorPlayer] = {}


def mirror(
    what: str | Iterable[str],
    namespace: str | None = None,
    context: str | None = None,
    kubeconfig: str | Path | None = None,
    **options: Any,
) -> MirrorPlayer:
    """Mirror Deployments of a real cluster, live, in the same player as a simulated rollout.

    Args:
        what: the name of a Deployment, several names, or a label selector (``app=web``).
        namespace: where they are; else the context's namespace.
        context: a context of the kubeconfig; else the current one.
        kubeconfig: a file; else as kubectl finds it.
        options: ``present``; and of :class:`rollviz.live.Mirror`: ``record``, ``keep_all``, ...

    Returns:
        The widget, at once. Whatever goes wrong it tells in place. Mirroring the same once more
        (a cell is run again) stops the one before.

    >>> mirror = rollviz.mirror("web", namespace="shop")        # doctest: +SKIP
    """
    key = tuple(map(str, (_words(what), namespace, context, kubeconfig)))
    before = _running.pop(key, None)
    if before is not None:
        before.stop()
    _running[key] = MirrorPlayer(what, namespace, context, kubeconfig, **options)
    return _running[key]
