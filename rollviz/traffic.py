"""Requests through a Service: which version answered them, and which failed.

A pure function of a timeline. It models what stands between a client and a pod:

- **Endpoints.** A pod is a *ready* endpoint while its Ready condition is true and it is not
  terminating. From its deletion on it is *terminating*, and *serving* while it stays ready.
- **kube-proxy** sends a new request to one of the ready endpoints. Only where there are none
  does it fall back to those that are terminating and still serving (KEP-1669, stable since
  1.28); where there are none of these either, the request is refused. It hears of every change
  ``endpoints_lag`` seconds late: the EndpointSlice controller, the API server and each node's
  rules take their time, and the pod's own shutdown does not wait for them.
- **The pod.** It answers from when it is Ready. Once deleted it goes on for ``pre_stop``
  seconds, which is what a sleeping ``preStop`` hook is for; then SIGTERM closes its listener.
  Requests that it has by then are finished if it is ``draining``, and cut off if not. No pod
  outlives its last moment in the timeline.

So a rolling update loses requests where pods stop listening before the last kube-proxy knows
(``pre_stop`` less than ``endpoints_lag``), and where pods are sent requests before they can
answer (``readiness=False``). Requests go round the endpoints in turn, so that the same
timeline always gives the same answers; a real kube-proxy draws lots.

>>> from rollviz.timeline import Timeline
>>> requests(Timeline())
[]
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from math import inf
from typing import NamedTuple

from rollviz.objects import Pod
from rollviz.timeline import Timeline

ANSWERED, REFUSED, CUT, NO_ENDPOINT = "answered", "refused", "cut", "no endpoint"
"""What became of a request: the last three are failures."""

Spans = list[tuple[float, float]]
"""Stretches of time, from (included) to (excluded), in seconds, in order, not touching."""


class Request(NamedTuple):
    """One request.

    Attributes:
        t: when it was sent, in seconds on the timeline's clock.
        pod: the pod that it was sent to, or "" where there was no endpoint.
        replica_set: that pod's ReplicaSet: the version, as pictures colour it.
        image: that pod's image.
        outcome: ``answered``, ``refused`` (nobody listened), ``cut`` (begun, not finished) or
            ``no endpoint``.
    """

    t: float
    pod: str
    replica_set: str
    image: str
    outcome: str

    @property
    def failed(self) -> bool:
        """Whether the client got no answer."""
        return self.outcome != ANSWERED


def requests(
    timeline: Timeline,
    per_second: float = 10.0,
    *,
    endpoints_lag: float = 0.2,
    pre_stop: float = 5.0,
    draining: bool = True,
    request_seconds: float = 0.1,
    readiness: bool = True,
    warm_up: float = 0.0,
    deployment: str | None = None,
    until: float | None = None,
) -> list[Request]:
    """Send requests at an even pace, from when the first could be answered to the end.

    Args:
        timeline: of any source.
        per_second: how many requests a second.
        endpoints_lag: seconds until kube-proxy knows of a change.
        pre_stop: seconds for which a deleted pod still accepts requests, at most until it is
            gone; 0 for a pod that stops at once.
        draining: whether a pod finishes the requests that it has when it stops accepting.
        request_seconds: how long a request takes.
        readiness: with False nothing guards a starting pod: it is sent requests from when its
            containers are made, and refuses them until it is Ready in the timeline. (The
            rollout stays as it was. In a cluster a pod without a readiness probe counts as
            ready at once, so that the rollout runs ahead as well: simulate it with a short
            startup, and say here how long the ``warm_up`` is.)
        warm_up: seconds after Ready for which a pod refuses requests all the same.
        deployment: the Deployment behind the Service; all pods by default.
        until: when to stop, in seconds on the timeline's clock; by default where it ends.

    Returns:
        The requests in order; [] if none could ever be answered.

    Raises:
        ValueError: ``per_second`` is not above 0.
    """
    if per_second <= 0:
        raise ValueError(f"per_second: {per_second} is not above 0")
    lives = _lives(timeline, deployment, readiness, warm_up, pre_stop)
    proxy = _Proxy(lives, endpoints_lag)
    begins = _first_answer(lives, endpoints_lag)
    end = timeline.duration if until is None else until
    sent: list[Request] = []
    for n in count():
        t = begins + n / per_second
        if t >= end:
            return sent
        life = proxy.choose(t, n)
        if life is None:
            sent.append(Request(t, "", "", "", NO_ENDPOINT))
            continue
        outcome = life.answer(t, request_seconds, draining)
        sent.append(Request(t, life.pod.name, life.pod.replica_set, life.pod.image, outcome))
    return sent


def downtime(
    timeline: Timeline,
    *,
    endpoints_lag: float = 0.2,
    pre_stop: float = 5.0,
    readiness: bool = True,
    warm_up: float = 0.0,
    since: float = 0.0,
    deployment: str | None = None,
    until: float | None = None,
) -> float:
    """Seconds in which every request fails: no pod that kube-proxy knows of answers.

    Counted from the first answer, but not before ``since`` seconds, to the end; 0 if there
    never is one. The other arguments are those of :func:`requests`.
    """
    lives = _lives(timeline, deployment, readiness, warm_up, pre_stop)
    end = timeline.duration if until is None else until
    whole = [(max(since, _first_answer(lives, endpoints_lag)), end)]
    up = _both(whole, _answering(lives, endpoints_lag))
    return sum(b - a for a, b in _both(whole, _outside(up)))


def failed(sent: Iterable[Request]) -> int:
    """How many of the requests failed."""
    return sum(request.failed for request in sent)


def by_version(sent: Iterable[Request]) -> dict[str, int]:
    """How many requests each image answered, in the order in which they first did."""
    return dict(Counter(request.image for request in sent if not request.failed))


@dataclass(slots=True)
class _Life:
    """What a Service can know of a pod, and when the pod answers."""

    pod: Pod
    ready: Spans = field(default_factory=list)
    terminating: Spans = field(default_factory=list)
    answers: Spans = field(default_factory=list)
    deleted: float = inf
    gone: float = inf

    def see(self, t: float, pod: Pod, readiness: bool) -> None:
        """Take in how the pod is from ``t`` on."""
        self.pod = pod
        if pod.terminating and self.deleted == inf:
            self.deleted = t
        endpoint = pod.status.ready or (not readiness and _runs(pod))
        _switch(self.ready, t, endpoint and not pod.terminating)
        _switch(self.terminating, t, endpoint and pod.terminating)
        _switch(self.answers, t, pod.status.ready)

    def end(self, t: float) -> None:
        """The pod is gone at ``t``."""
        self.deleted = min(self.deleted, t)
        self.gone = t
        for spans in (self.ready, self.terminating, self.answers):
            _switch(spans, t, False)

    def settle(self, warm_up: float, pre_stop: float) -> None:
        """Cut what it answers to what its container does: warm up first, close at SIGTERM."""
        closes = self.deleted + pre_stop
        spans = [(begin + warm_up, min(end, closes)) for begin, end in self.answers]
        self.answers = [(begin, end) for begin, end in spans if begin < end]

    def answer(self, t: float, takes: float, draining: bool) -> str:
        """What becomes of a request sent at ``t`` that takes so many seconds."""
        closes = next((end for begin, end in self.answers if begin <= t < end), None)
        if closes is None:
            return REFUSED
        return CUT if t + takes > (self.gone if draining else closes) else ANSWERED


def _runs(pod: Pod) -> bool:
    """Whether its containers were started, ready or not."""
    status = pod.status
    return status.reason == "ContainerCreating" or (status.phase == "Running" and not status.reason)


class _Proxy:
    """kube-proxy's late knowledge of the endpoints, asked for at ever later times."""

    def __init__(self, lives: list[_Life], lag: float) -> None:
        self._lives = lives
        self._news = sorted(
            (t + lag, i, pool, arrives)
            for i, life in enumerate(lives)
            for pool, spans in enumerate((life.ready, life.terminating))
            for span in spans
            for t, arrives in zip(span, (True, False), strict=True)
        )
        self._heard = 0
        self._pools: tuple[list[int], list[int]] = ([], [])

    def choose(self, t: float, n: int) -> _Life | None:
        """The endpoint for the ``n``-th request, sent at ``t``; None where there is none."""
        while self._heard < len(self._news) and self._news[self._heard][0] <= t:
            _, i, pool, arrives = self._news[self._heard]
            if arrives:
                insort(self._pools[pool], i)
            else:
                del self._pools[pool][bisect_left(self._pools[pool], i)]
            self._heard += 1
        pool_ = self._pools[0] or self._pools[1]
        return self._lives[pool_[n % len(pool_)]] if pool_ else None


def _lives(
    timeline: Timeline, deployment: str | None, readiness: bool, warm_up: float, pre_stop: float
) -> list[_Life]:
    """The lives of the pods behind the Service, in the order in which they were made."""
    owners: dict[str, str] = {}
    current: dict[str, _Life] = {}
    lives: list[_Life] = []
    for t, type, object in timeline.changes:
        if object.kind == "ReplicaSet" and object.metadata.owner:
            owners[object.name] = object.metadata.owner.name
        if not isinstance(object, Pod):
            continue
        life = current.get(object.name)
        if life is None:
            life = current[object.name] = _Life(object)
            lives.append(life)
        if type == "DELETED":
            del current[object.name]
            life.end(t)
        else:
            life.see(t, object, readiness)
    for life in lives:
        life.settle(warm_up, pre_stop)
    if deployment is None:
        return lives
    return [life for life in lives if owners.get(life.pod.replica_set) == deployment]


def _answering(lives: list[_Life], lag: float) -> Spans:
    """When at least one endpoint that kube-proxy knows of, and would choose, answers."""
    ready = _union(span for life in lives for span in _later(life.ready, lag))
    none_ready = _outside(ready)
    up: Spans = []
    for life in lives:
        fallback = _both(_later(life.terminating, lag), none_ready)
        up += _both(_later(life.ready, lag), life.answers) + _both(fallback, life.answers)
    return _union(up)


def _first_answer(lives: list[_Life], lag: float) -> float:
    return next((begin for begin, _ in _answering(lives, lag)), inf)


def _switch(spans: Spans, t: float, on: bool) -> None:
    """Begin a stretch at ``t``, or end the one that is open, as need be."""
    is_on = bool(spans) and spans[-1][1] == inf
    if on and not is_on:
        spans.append((t, inf))
    elif is_on and not on:
        begin, _ = spans.pop()
        if begin < t:
            spans.append((begin, t))


def _later(spans: Spans, lag: float) -> Spans:
    return [(begin + lag, end + lag) for begin, end in spans]


def _union(spans: Iterable[tuple[float, float]]) -> Spans:
    """The stretches that any of these cover."""
    merged: Spans = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        elif begin < end:
            merged.append((begin, end))
    return merged


def _outside(spans: Spans) -> Spans:
    """The stretches that none of these cover; they are in order and do not touch."""
    edges = [-inf, *(edge for span in spans for edge in span), inf]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]


def _both(some: Spans, others: Spans) -> Spans:
    """The stretches that both cover; each is in order and does not overlap itself."""
    shared: Spans = []
    i = j = 0
    while i < len(some) and j < len(others):
        begin = max(some[i][0], others[j][0])
        end = min(some[i][1], others[j][1])
        if begin < end:
            shared.append((begin, end))
        if some[i][1] < others[j][1]:
            i += 1
        else:
            j += 1
    return shared
