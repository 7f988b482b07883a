"""Stage data that grows with its timeline, and what is new about it: for the live mirror.

:func:`rollviz.figures.stage_data` works out all that there is to draw of a timeline. A
:class:`Reel` keeps the same up to date while the timeline grows, at the cost of what is new.

A *patch* says what has changed, ``[path, keep, items]``: of the list at ``path`` the first
``keep`` items stay as they are, and these follow. Where ``keep`` is None the value is replaced.

>>> from rollviz.objects import Deployment, DeploymentSpec, Metadata, PodTemplate
>>> timeline = Timeline(source="live")
>>> reel = Reel(timeline, "web")
>>> web = Deployment(Metadata("web"), DeploymentSpec(3, {}, PodTemplate({})))
>>> timeline.add(1.0, "ADDED", web)
>>> ["times", 0, [0.0, 1.0, 1.0]] in reel.read()
True
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from rollviz.cast import Cast, History, Json
from rollviz.explain import Line
from rollviz.explain.findings import Finding, finding, may_change
from rollviz.explain.scene import Moment, Scene, scene_of
from rollviz.explain.waiting import following, waiting
from rollviz.figures import step_words
from rollviz.film import LONG, Film, squeeze
from rollviz.steps import Step
from rollviz.timeline import Snapshot, Timeline

Patch = list[list[Any]]
"""``[path, keep, items]``, any number of them, to be taken in this order."""

_HISTORIES = ("alive", "revision", "cause", "size", "counts")


class Reel:
    """What there is to draw of one Deployment, as long as its timeline grows.

    Attributes:
        data: as :func:`rollviz.figures.stage_data` gives it, with these differences: each of
            ``steps`` also has ``next`` (what the controller does next, or waits for) and
            ``finding`` (what it would not have done: see :mod:`rollviz.explain.findings`);
            ``slots`` and ``exits`` leave room for what may come; long films are not hurried;
            there are no ``events`` and no ``traffic``.
        findings: of the steps so far, in their order.

    Args:
        timeline: one that grows, from a live cluster mostly.
        deployment: the name of the Deployment to show; it need not be there yet.
    """

    def __init__(self, timeline: Timeline, deployment: str) -> None:
        self.timeline = timeline
        self.data: Json = _empty(deployment, timeline.source)
        self._film = Film(timeline)
        self._cast = Cast((), deployment)
        self._script = _Script(timeline)
        self._moments = _Moments()
        self._taken = self._first = 0
        self._moving: set[int] = set()
        self._patch: Patch = []
        self.read()

    @property
    def findings(self) -> list[Finding]:
        """What the cluster did and our controller would not have done."""
        return [found for _, found in sorted(self._script.findings.items())]

    @property
    def in_doubt(self) -> bool:
        """Whether a resizing is not explained yet: read again in a moment, also without news."""
        return bool(self._script.doubtful)

    def read(self, now: float = 0.0) -> Patch:
        """Bring ``data`` up to date; returns what has changed about it, [] for nothing.

        ``now`` is the time on the timeline's clock, where nothing may have happened for a while.
        """
        self._patch = []
        self._film.read()
        steps, first = self._film.steps, self._first
        self._take(steps[-1].stop)
        self._write_film(first)
        self._write_stage(since=steps[first].start)
        self._write_words(steps, first, now)
        self._first = len(steps) - 1
        return self._patch

    def _take(self, stop: int) -> None:
        """Let the cast play what has happened; its histories go by the number of the change."""
        for index in range(self._taken, stop):
            change = self.timeline.changes[index]
            self._cast.take(change, index)
            self._moments.take(change.t)
        self._taken = stop

    def _write_film(self, first: int) -> None:
        film, half = self._film, max(2 * first - 1, 0)
        self._append("times", half, film.times[half:])
        self._append("seconds", half, [round(s, 3) for s in film.unhurried[half:]])
        self._set("scale", squeeze([*self._moments.kept, film.times[0], film.times[-1]]))

    def _write_stage(self, since: int) -> None:
        played = self._cast.setting()
        self._set("slots", max(played["slots"], *(row[1] for row in played["spec"]), 1))
        self._set("exits", max(played["exits"], 1))
        for key in ("nodes", "node_slots", "looks"):
            self._set(key, played[key])
        for key in ("spec", "band"):
            self._write_history(key, self.data[key], played[key], since)
        for index, lane in enumerate(played["lanes"]):
            self._write_one("lanes", index, lane, _HISTORIES, since)
        self._write_pods(since)

    def _write_pods(self, since: int) -> None:
        """Those that moved in steps that are not over, and those that have moved since."""
        self._moving |= self._cast.touched
        self._cast.touched.clear()
        for index in sorted(self._moving):
            pod = self._cast.pod(index)
            self._write_one("pods", index, pod, ("looks", "on"), since)
            if max(pod["looks"][-1][0], pod["on"][-1][0]) < self._film.steps[-1].start:
                self._moving.discard(index)

    def _write_one(
        self, key: str, index: int, one: Json, histories: Sequence[str], since: int
    ) -> None:
        """Write a lane or a pod: whole where it is new."""
        known = self.data[key]
        if index == len(known):
            placed = {name: self._placed(one[name]) for name in histories}
            self._append(key, index, [one | placed])
            return
        for name in histories:
            self._write_history(f"{key}.{index}.{name}", known[index][name], one[name], since)
        if one.get("exit") != known[index].get("exit"):
            known[index]["exit"] = one["exit"]
            self._patch.append([f"{key}.{index}.exit", None, one["exit"]])

    def _write_history(self, path: str, known: History, played: History, since: int) -> None:
        """Write the rows whose positions are new, or not yet where they will stay."""
        keep = bisect_left(played, since, key=lambda row: row[0])
        rows = self._placed(played[keep:])
        if known[keep:] != rows:
            known[keep:] = rows
            self._patch.append([path, keep, rows])

    def _placed(self, rows: History) -> History:
        return [[round(self._film.of_change(index), 3), *values] for index, *values in rows]

    def _write_words(self, steps: Sequence[Step], first: int, now: float) -> None:
        for index, row in self._script.read(steps, first, now):
            if index == len(self.data["steps"]):
                self._append("steps", index, [row])
            elif self.data["steps"][index] != row:
                self.data["steps"][index] = row
                self._patch.append([f"steps.{index}", None, row])
        known = len(self.data["lines"])
        self._append("lines", known, [list(line) for line in list(self._script.lines)[known:]])

    def _append(self, key: str, keep: int, items: list[Any]) -> None:
        if self.data[key][keep:] != items:
            self.data[key][keep:] = items
            self._patch.append([key, keep, items])

    def _set(self, key: str, value: Any) -> None:
        if self.data[key] != value:
            self.data[key] = value
            self._patch.append([key, None, value])


class _Moments:
    """The moments at which something happened, no more of them than ``squeeze`` needs."""

    def __init__(self) -> None:
        self.kept: list[float] = []
        self._last = 0.0

    def take(self, t: float) -> None:
        t = round(t, 3)
        if self.kept and t - self._last > LONG:
            self.kept += [self._last, t]
        elif not self.kept or t - self.kept[-1] > LONG / 2:
            self.kept.append(t)
        self._last = t


class _Script:
    """Every step in words, each worded as long as it may change."""

    def __init__(self, timeline: Timeline) -> None:
        self.lines: dict[Line, int] = {}
        self.findings: dict[int, Finding] = {}
        self._timeline = timeline
        self._before, self._after = Moment(Snapshot()), Moment(Snapshot())
        self._applied = 0
        self.doubtful: list[int] = []

    def read(self, steps: Sequence[Step], first: int, now: float) -> list[tuple[int, Json]]:
        """Word the steps from ``first`` on, and those before that were in doubt."""
        doubtful, self.doubtful = self.doubtful, []
        rows = [
            self._row(index, scene_of(self._timeline, steps[index]), now)
            for index in doubtful
            if index < first
        ]
        for step in steps[first:]:
            self._move(self._after, self._applied, step.stop)
            self._applied = step.stop
            rows.append(self._row(step.index, self._scene(step), now))
            if step is not steps[-1]:
                self._move(self._before, step.start, step.stop)
        return rows

    def _scene(self, step: Step) -> Scene:
        return Scene(self._timeline, step, self._before, self._after)

    def _row(self, index: int, scene: Scene, now: float) -> tuple[int, Json]:
        if may_change(scene, now):
            self.doubtful.append(index)
        found = finding(scene, now)
        if found:
            self.findings[index] = found
        ahead = "" if index == 0 else waiting(scene) or following(scene)
        row = step_words(scene, self.lines)
        return index, row | {"next": ahead, "finding": found.text if found else ""}

    def _move(self, moment: Moment, start: int, stop: int) -> None:
        for change in self._timeline.changes[start:stop]:
            moment.apply(change)


def _empty(deployment: str, source: str) -> Json:
    lists = (
        *("times", "seconds", "scale", "spec", "lanes", "looks", "pods", "nodes"),
        *("band", "events", "steps", "lines", "traffic"),
    )
    numbers = dict.fromkeys(("slots", "exits", "node_slots"), 0)
    return {"name": deployment, "source": source, **{key: [] for key in lists}, **numbers}
