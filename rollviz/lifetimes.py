"""How long a recording's pods took, and which of its images never worked.

>>> first = Life("nginx:1.27", 0, scheduled=1.0, ready=3.0125)
>>> behaviour([first]).startup("nginx:1.27", 0)
2.0
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from rollviz.objects import Pod
from rollviz.simulator import Latency, PodBehaviour

KUBELET = Latency().kubelet
"""Seconds that a simulated kubelet takes by itself."""

_PULLS = {"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull"}


@dataclass(eq=False)
class Life:
    """A pod's times, in seconds, as far as they were seen; ``n`` counts those of its ReplicaSet."""

    image: str
    n: int
    node: str = ""
    scheduled: float | None = None
    ready: float | None = None
    deleted: float | None = None
    gone: float | None = None
    reasons: set[str] = field(default_factory=set)

    @property
    def startup(self) -> float | None:
        """From scheduled to ready, less the kubelet's own time."""
        if self.scheduled is None or self.ready is None:
            return None
        return max(0.0, round(self.ready - self.scheduled - KUBELET, 3))

    @property
    def termination(self) -> float | None:
        """From deleted to gone; None for one that never ran, which is gone at once."""
        if self.deleted is None or self.gone is None or not self.node:
            return None
        return round(self.gone - self.deleted, 3)

    def take(self, t: float, deleted: bool, pod: Pod) -> None:
        """Take in a change of the pod, at ``t`` seconds."""
        if pod.spec.node_name and not self.node:
            self.node = pod.spec.node_name
            self.scheduled = None if pod.status.ready else t  # one that was found: not known
        if pod.status.ready and self.ready is None:
            self.ready = t
        if pod.terminating and self.deleted is None:
            self.deleted = t
        if deleted:
            self.gone = t
        self.reasons.add("Running" if pod.status.phase == "Running" else pod.status.reason)


def behaviour(lives: Collection[Life]) -> PodBehaviour:
    """How pods behave in a simulation that is to be like these."""
    by_image: defaultdict[str, list[Life]] = defaultdict(list)
    for life in lives:
        by_image[life.image].append(life)
    usual = _usual([life.startup for life in lives], 2.0)
    images: Mapping[str, Any] = {
        image: _failure(each) or _startups(each, usual) for image, each in by_image.items()
    }
    return PodBehaviour((usual,), _terminations(lives), images)


def _failure(lives: Sequence[Life]) -> str:
    """How an image fails of which no pod was ever ready, as :data:`FAILURES` has it."""
    reasons = set[str]().union(*(life.reasons for life in lives))
    if any(life.ready is not None for life in lives):
        return ""
    if reasons & _PULLS:
        return "ImagePullBackOff"
    if "CrashLoopBackOff" in reasons:
        return "CrashLoopBackOff"
    return "NeverReady" if "Running" in reasons else ""


def _startups(lives: Sequence[Life], usual: float) -> tuple[float, ...]:
    """Seconds for the n-th pod; one that was deleted before it was ready took longer than that."""
    usual = _usual([life.startup for life in lives], usual)
    times: defaultdict[int, list[float]] = defaultdict(list)
    for life in lives:
        if life.startup is not None:
            times[life.n].append(life.startup)
    for life in lives:
        if life.n not in times and life.scheduled is not None and life.deleted is not None:
            times[life.n] = [max(usual, life.deleted - life.scheduled + KUBELET)]
    return tuple(_usual(times[n], usual) for n in range(max(life.n for life in lives) + 1))


def _terminations(lives: Collection[Life]) -> tuple[float, ...]:
    usual = _usual([life.termination for life in lives], 1.0)
    most = max((life.n for life in lives), default=0)
    times: defaultdict[int, list[float | None]] = defaultdict(list)
    for life in lives:
        times[life.n].append(life.termination)
    return tuple(_usual(times[n], usual) for n in range(most + 1))


def _usual(times: Sequence[float | None], otherwise: float) -> float:
    known = [t for t in times if t is not None]
    return round(median(known), 3) if known else otherwise
