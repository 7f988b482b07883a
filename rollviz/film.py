"""Where on the film a moment lies, how fast it is shown, and where a second lies on paper.

A *position* is a place on the film. Position ``k`` is the picture at step ``k``: step ``k``
begins at ``k - 0.5`` with the change that makes it a step, and what follows from it happens
until ``k``; then the clock runs on to the next step. Positions rather than seconds, because
many things happen in one instant of the cluster, and a learner looks at them one by one.

>>> from rollviz.timeline import Timeline
>>> Film(Timeline()).times
[0.0]
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise

from rollviz.steps import Step
from rollviz.timeline import Timeline

SETTLE = 1.0
"""Seconds after a step's beginning in which what happens still counts as following from it."""

LONGEST = 120.0
"""Seconds that a whole film may take at normal speed; longer ones are shown faster."""

_WAIT, _WAIT_TO_READ, _WAIT_AT_MOST = 0.8, 1.4, 2.2
_UNFOLD, _UNFOLD_AT_MOST = 0.3, 0.8
_QUICK_KINDS = {"start", "ready", "available", "gone"}

LONG = 60.0
"""A silence of more seconds than this may be drawn shorter than it was."""


class Film:
    """A timeline's steps, as a film.

    Attributes:
        steps: the steps that it has; ``read`` brings in those that have come since.
        times: seconds on the timeline's clock at the positions 0, 0.5, 1, 1.5 ...
        unhurried: seconds on the film's clock at the same positions, however long it takes.
    """

    def __init__(self, timeline: Timeline) -> None:
        self.steps: list[Step] = []
        self.times: list[float] = []
        self.unhurried: list[float] = []
        self._timeline = timeline
        self._starts: list[int] = []
        self.read()

    def read(self) -> int:
        """Take in what the timeline has more by now; returns the first step that is not as it was.

        All but the last step of a timeline stay as they are, and so do their positions.
        """
        first = max(len(self.steps) - 1, 0)
        self.steps[first:] = self._timeline.steps[first:]
        self._starts[first:] = [step.start for step in self.steps[first:]]
        del self.times[max(2 * first - 1, 0) :], self.unhurried[max(2 * first - 1, 0) :]
        for step in self.steps[first:]:
            self._append(step)
        return first

    @property
    def seconds(self) -> list[float]:
        """Seconds on the film's clock at normal speed: a long film is shown faster."""
        end = self.unhurried[-1]
        faster = min(1.0, LONGEST / end) if end else 1.0
        return [round(s * faster, 3) for s in self.unhurried]

    def _append(self, step: Step) -> None:
        end = self._end_of(step)
        if step.index == 0:
            self.times, self.unhurried = [round(end, 3)], [0.0]
            return
        before = self.times[-1]
        begin = max(round(step.t, 3), before)
        end = max(round(end, 3), begin)
        self.times += [begin, end]
        read = _WAIT if self.steps[step.index - 1].kind in _QUICK_KINDS else _WAIT_TO_READ
        shown = self.unhurried[-1] + min(max(begin - before, read), _WAIT_AT_MOST)
        self.unhurried += [shown, shown + min(max(end - begin, _UNFOLD), _UNFOLD_AT_MOST)]

    def _end_of(self, step: Step) -> float:
        """When what follows from a step has happened; the timeline's end for the last."""
        if step.index == 0:
            return step.t
        if step.index == len(self.steps) - 1:
            return max(step.t, self._timeline.duration)
        changes = self._timeline.changes[step.start : step.stop]
        settled = (change.t for change in changes if change.t <= step.t + SETTLE)
        return max(settled, default=step.t)

    def of_change(self, index: int) -> float:
        """The position of ``timeline.changes[index]``."""
        k = bisect_right(self._starts, index) - 1
        return self._position(k, self._timeline.changes[index].t)

    def positions(self) -> Iterator[float]:
        """The positions of all changes of its steps, in order, to a thousandth."""
        for step in self.steps:
            t, position = -1.0, 0.0
            for change in self._timeline.changes[step.start : step.stop]:
                if change.t != t:
                    t = change.t
                    position = round(self._position(step.index, t), 3)
                yield position

    def at(self, t: float) -> float:
        """The last position at ``t`` seconds of the timeline's clock."""
        k = bisect_right(self.times, t) - 1
        return self._position((k + 1) // 2, t) if k >= 0 else 0.0

    def _position(self, k: int, t: float) -> float:
        if k == 0:
            return 0.0
        begin, end = self.times[2 * k - 1 : 2 * k + 1]
        if t <= end:
            return k - 0.5 + _part(begin, t, end) / 2
        after = self.times[2 * k + 1] if 2 * k + 1 < len(self.times) else end
        return k + _part(end, t, after) / 2


def _part(begin: float, t: float, end: float) -> float:
    """How far ``t`` lies between the two, 0 to 1; 0 where they are one moment."""
    return round(min(max((t - begin) / (end - begin), 0.0), 1.0), 3) if end > begin else 0.0


def squeeze(times: Iterable[float]) -> list[list[float]]:
    """A scale to draw time with: ``[[second, place], ...]``, places from 0 to 1.

    Between two of its points time runs evenly. Seconds are drawn to scale, but for silences
    of more than ``LONG`` seconds that would leave no room for what happens: such a one is
    drawn as a fifth of all the rest, between two points with nothing in between. ``times``
    are the moments at which something happens.

    >>> squeeze([0, 1, 4])
    [[0, 0.0], [4, 1.0]]
    >>> squeeze([0, 1, 4, 604, 610])
    [[0, 0.0], [4, 0.3333], [604, 0.5], [610, 1.0]]
    """
    moments = sorted(set(times))
    gaps = [(a, b) for a, b in pairwise(moments) if b - a > LONG]
    rest = moments[-1] - moments[0] - sum(b - a for a, b in gaps)
    silences = [(a, b) for a, b in gaps if b - a > rest > 0]
    drawn = moments[-1] - moments[0] - sum(b - a - rest / 5 for a, b in silences) or 1.0
    points, saved = [[moments[0], 0.0]], moments[0]
    for a, b in silences:
        points.append([a, round((a - saved) / drawn, 4)])
        saved += b - a - rest / 5
        points.append([b, round((b - saved) / drawn, 4)])
    return [*points, [moments[-1], round((moments[-1] - saved) / drawn, 4)]]
