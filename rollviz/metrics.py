"""What a rollout costs, and who notices: pure functions of a timeline.

They measure the timeline's last rollout, from the edit that began it; ``since`` measures from
another moment on. Every one of them is a single pass over the changes.

>>> from rollviz.objects import Deployment, DeploymentSpec, Metadata, PodTemplate
>>> from rollviz.simulator import Cluster
>>> cluster = Cluster()
>>> _ = cluster.create(Deployment(Metadata("web"), DeploymentSpec(3, {}, PodTemplate({}))))
>>> cluster.run_for(5)
>>> metrics(cluster.timeline).most_pods
3
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Any, NamedTuple

from rollviz.cast import Cast
from rollviz.controller.deployment_util import deployment_complete
from rollviz.objects import Deployment
from rollviz.timeline import Counts, Timeline
from rollviz.traffic import Request, downtime, failed, requests


class Level(NamedTuple):
    """The three counts from ``t`` seconds on, until the next level; the first is from ever."""

    t: float
    counts: Counts


class Span(NamedTuple):
    """A rollout's place in its timeline, in seconds on the timeline's clock.

    Attributes:
        start: the edit that began it.
        complete: when the Deployment was complete, as ``kubectl rollout status`` says it; None
            if it never was.
        end: when the last terminating pod was gone as well; the timeline's end if it is not
            complete.
    """

    start: float
    complete: float | None
    end: float


@dataclass(frozen=True, slots=True)
class Metrics:
    """What a rollout took. Times are in seconds, to the millisecond.

    Attributes:
        duration: from the edit to complete; up to the timeline's end if it never was.
        complete: whether it was.
        downtime: seconds in which every request fails: see :func:`rollviz.traffic.downtime`.
        least_available: the fewest available pods at any moment.
        most_pods: the most pods at any moment: everything on screen, terminating ones too.
        pod_seconds: pods times seconds, terminating ones too, until the last of them is gone.
        requests: how many requests were sent meanwhile.
        failed_requests: how many of them failed.
    """

    duration: float
    complete: bool
    downtime: float
    least_available: int
    most_pods: int
    pod_seconds: float
    requests: int
    failed_requests: int

    def text(self, name: str) -> str:
        """One of them as people read it: ``4.2``, or ``never`` for what was never complete."""
        value = getattr(self, name)
        if name == "duration" and not self.complete:
            return "never"
        return f"{value:.1f}" if isinstance(value, float) else str(value)


LABELS = {
    "duration": "duration (s)",
    "downtime": "downtime (s)",
    "least_available": "least available (pods)",
    "most_pods": "most pods",
    "pod_seconds": "pod-seconds",
    "requests": "requests",
    "failed_requests": "failed requests",
}
"""What can be measured, and what tables and charts call it."""


def metrics(
    timeline: Timeline,
    since: float | None = None,
    *,
    traffic: Mapping[str, Any] | None = None,
    deployment: str | None = None,
) -> Metrics:
    """Measure a rollout.

    Args:
        timeline: simulated, recorded or live.
        since: the second to measure from; by default the edit that began the last rollout.
        traffic: arguments of :func:`rollviz.traffic.requests`, such as ``{"pre_stop": 0}``.
        deployment: which Deployment; by default the timeline's first.

    Raises:
        ValueError: there is no such Deployment.
    """
    name = deployment_name(timeline, deployment)
    counted = levels(timeline, name)
    span = _rollout(timeline, since, name, counted)
    seen = during(counted, span)
    sent = _requests(timeline, span, name, traffic or {})
    return Metrics(
        duration=round((span.end if span.complete is None else span.complete) - span.start, 3),
        complete=span.complete is not None,
        downtime=_downtime(timeline, span, name, traffic or {}),
        least_available=min(level.counts.available for level in seen),
        most_pods=max(level.counts.everything for level in seen),
        pod_seconds=_pod_seconds(seen),
        requests=len(sent),
        failed_requests=failed(sent),
    )


def _pod_seconds(seen: Sequence[Level]) -> float:
    return round(sum((a.counts.everything * (b.t - a.t) for a, b in pairwise(seen)), 0.0), 3)


def _requests(
    timeline: Timeline, span: Span, name: str, traffic: Mapping[str, Any]
) -> list[Request]:
    sent = requests(timeline, deployment=name, **traffic)
    return [request for request in sent if span.start <= request.t < span.end]


def _downtime(timeline: Timeline, span: Span, name: str, traffic: Mapping[str, Any]) -> float:
    knobs = {key: value for key, value in traffic.items() if key in _DOWNTIME_KNOBS}
    begun = timeline.until(span.end)
    return round(float(downtime(begun, since=span.start, deployment=name, **knobs)), 3)


_DOWNTIME_KNOBS = {"endpoints_lag", "pre_stop", "readiness", "warm_up"}
"""Those of the traffic's arguments that say when requests fail, not which."""


def deployment_name(timeline: Timeline, name: str | None = None) -> str:
    """The name of the Deployment to measure: the one asked for, or the timeline's first.

    Raises:
        ValueError: there is no such Deployment.
    """
    for change in timeline.changes:
        if isinstance(change.object, Deployment) and name in (None, change.object.name):
            return change.object.name
    raise ValueError(
        f"deployment: there is no {name!r} in this timeline"
        if name
        else "the timeline holds no Deployment: apply one first"
    )


# --- when -----------------------------------------------------------------------------------


def rollout(timeline: Timeline, since: float | None = None, deployment: str | None = None) -> Span:
    """When the last rollout began and ended.

    It began with the edit of the template or of ``replicas`` that found the Deployment
    complete: an edit in mid-rollout belongs to the rollout that it changes. ``since`` takes
    another moment, in seconds, for its beginning.

    Raises:
        ValueError: there is no such Deployment.
    """
    name = deployment_name(timeline, deployment)
    return _rollout(timeline, since, name, levels(timeline, name))


def _rollout(timeline: Timeline, since: float | None, name: str, counted: Sequence[Level]) -> Span:
    start, complete = last_edit(timeline, name)
    if since is not None:
        start = min(max(since, 0.0), timeline.duration)
    if complete is None:
        return Span(start, None, timeline.duration)
    complete = max(start, complete)
    return Span(start, complete, _settled(counted, complete, timeline.duration))


def last_edit(timeline: Timeline, deployment: str | None = None) -> tuple[float, float | None]:
    """When the last rollout was begun, and when it was complete (None if it is not), in seconds.

    That is :func:`rollout` without its end, and without looking at any pod.

    Raises:
        ValueError: there is no such Deployment.
    """
    name = deployment_name(timeline, deployment)
    start, complete = 0.0, None
    before: Deployment | None = None
    for t, type, now in _deployments(timeline, name):
        if _begins(before, now, complete):
            start, complete = t, None
        if type == "DELETED" or not deployment_complete(now, now.status):
            complete = None
        elif complete is None:
            complete = t
        before = now if type != "DELETED" else None
    return start, complete


def _deployments(timeline: Timeline, name: str) -> Iterator[tuple[float, str, Deployment]]:
    for change in timeline.changes:
        if isinstance(change.object, Deployment) and change.object.name == name:
            yield change.t, change.type, change.object


def _begins(before: Deployment | None, now: Deployment, complete: float | None) -> bool:
    """Whether this change of the Deployment is an edit that begins a rollout."""
    if before is None:
        return True
    if complete is None or before.metadata.generation == now.metadata.generation:
        return False
    was, spec = before.spec, now.spec
    return (was.replicas, was.template) != (spec.replicas, spec.template)


def _settled(counted: Sequence[Level], complete: float, end: float) -> float:
    """The first moment from ``complete`` on at which no pod is terminating."""
    for level, after in zip(counted, [*counted[1:], None], strict=True):
        past = after is None or after.t > complete
        if past and level.counts.everything == level.counts.not_terminating:
            return max(level.t, complete)
    return end


# --- how many -------------------------------------------------------------------------------


def levels(timeline: Timeline, deployment: str | None = None) -> list[Level]:
    """The three counts at every moment at which one of them changed, as the stage shows them.

    Raises:
        ValueError: there is no such Deployment.
    """
    cast = Cast(timeline.changes, deployment_name(timeline, deployment))
    for change in timeline.changes:
        cast.take(change, change.t)
    counted = [Level(t, Counts(*counts)) for t, *counts in cast.data()["band"]]
    return [Level(-inf, Counts(0, 0, 0)), *counted]


def during(counted: Sequence[Level], span: Span) -> list[Level]:
    """The levels of a span: what it began with, all in between, and the last one at its end.

    What is so for no time at all, at the very start, does not count.
    """
    begun = next(level for level in reversed(counted) if level.t <= span.start)
    within = [level for level in counted if span.start < level.t < span.end]
    return [begun._replace(t=span.start), *within, [begun, *within][-1]._replace(t=span.end)]
