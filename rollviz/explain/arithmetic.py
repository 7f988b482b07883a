"""A decision's numbers, line by line, as somebody would work them out on a blackboard.

Every line shows where its value comes from, so that a reader (and a property test) can
recompute what the controller decided from what is shown, and from nothing else.

>>> from rollviz.controller.decision import Decision, Scaling
>>> numbers = {"replicas": 5, "spec_max_surge": "25%", "max_surge": 2, "max_total_pods": 7}
>>> numbers |= {"current_pod_count": 6, "old_pods_count": 4, "new_rs_replicas": 2}
>>> up = Scaling("web-c86c", 2, 3)
>>> more = Decision("reconcile_new_replica_set", "rolling.go", "web-c86c", (up,), numbers)
>>> for line in arithmetic(more):
...     print(f"{line.label:24} {line.expression:32} {line.value}")
wanted                                                    5
maxSurge                 25% of 5 = 1.25, rounds up       2
ceiling                  5 + 2                            7
total, not terminating   4 + 2                            6
may come                 7 − 6                            1
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rollviz.controller.decision import Decision, Scaling
from rollviz.controller.deployment_util import max_surge_and_unavailable, scaled_value
from rollviz.objects import DeploymentSpec

_KNOBS = {"maxSurge": ("max_surge", "up"), "maxUnavailable": ("max_unavailable", "down")}
"""Both knobs of a RollingUpdate: their key among the numbers, and which way they round."""


class Line(NamedTuple):
    """One line of the working.

    Attributes:
        label: what is counted, e.g. ``floor``.
        expression: how, e.g. ``5 − 1``; "" where the value was simply read.
        value: the outcome, in pods.
    """

    label: str
    expression: str
    value: int


def arithmetic(decision: Decision) -> list[Line]:
    """The working behind a decision, in the order in which it is read; pods throughout.

    Recreate, RollingUpdate and proportional scaling each have their own lines. A decision that
    reckoned nothing (a paused Deployment) shows how many pods are wanted.
    """
    return list(_lines(decision))


def cleaned_up(decision: Decision) -> tuple[Scaling, ...]:
    """Those of the decision's scalings that took unavailable old pods first.

    ``cleanup_unhealthy_replicas`` comes before the ordinary scaling down, so they are the
    first of the old ReplicaSets' scalings, as many as make up ``cleanup_count``.
    """
    left = _number(decision, "cleanup_count")
    cleaned = []
    for scaling in decision.scaled:
        if scaling.up or scaling.replica_set == decision.new_rs or left <= 0:
            continue
        left -= scaling.from_ - scaling.to
        cleaned.append(scaling)
    return tuple(cleaned)


def _lines(decision: Decision) -> Iterator[Line]:
    numbers = decision.numbers
    yield Line("wanted", "", _number(decision, "replicas"))
    if "allowed_size" in numbers:
        yield from _proportional(decision)
    elif "max_surge" not in numbers:
        yield from _recreate(decision)
    else:
        if "max_scaled_down" in numbers:
            yield from _old_pods(decision)
        if "current_pod_count" in numbers:
            yield from _new_pods(decision)
        yield from _too_many(decision)


def _number(decision: Decision, key: str) -> int:
    return int(decision.numbers.get(key, 0))


def _difference(label: str, value: int, less: int) -> Line:
    """``7 − 4``, never below 0: where nothing is over, ``4 < 5`` says why."""
    if value < less:
        return Line(label, f"{value} < {less}", 0)
    return Line(label, f"{value} − {less}", value - less)


def _least(label: str, *values: int) -> Line:
    return Line(label, "the least of " + " and ".join(map(str, values)), min(values))


def knob_words(decision: Decision, label: str) -> str:
    """``maxSurge`` or ``maxUnavailable`` in words, as this decision used it.

    >>> numbers = {"replicas": 5, "spec_max_surge": "25%", "max_surge": 2}
    >>> knob_words(Decision("", "rolling.go", "", (), numbers), "maxSurge")
    'maxSurge 25% of 5 rounds up to 2'
    """
    knob = _Knob(decision, label)
    words = f"{label} {knob.spec}"
    if knob.exact is not None:
        verb = "is" if knob.exact == knob.rounded else f"rounds {knob.rounds} to"
        words += f" of {knob.replicas} {verb} {knob.rounded}"
    if knob.value == knob.rounded:
        return words
    return f"{words}, but {knob.limit} {knob.value}"


def knob_line(decision: Decision, label: str) -> Line:
    """``maxSurge`` or ``maxUnavailable`` as a line of the working.

    >>> numbers = {"replicas": 5, "spec_max_surge": "25%", "max_surge": 2}
    >>> knob_line(Decision("", "rolling.go", "", (), numbers), "maxSurge")
    Line(label='maxSurge', expression='25% of 5 = 1.25, rounds up', value=2)
    """
    return _Knob(decision, label).line(label)


def knobs(spec: DeploymentSpec) -> Decision:
    """Both knobs of a Deployment, as far as any decision has come that uses them."""
    surge, unavailable = max_surge_and_unavailable(spec)
    numbers = {
        "replicas": spec.replicas,
        "spec_max_surge": spec.strategy.max_surge or 0,
        "spec_max_unavailable": spec.strategy.max_unavailable or 0,
        "max_surge": surge,
        "max_unavailable": unavailable,
    }
    return Decision("", "rolling.go", "", (), numbers)


class _Knob:
    """maxSurge or maxUnavailable: as written, rounded, and as used after the other rules."""

    def __init__(self, decision: Decision, label: str) -> None:
        key, self.rounds = _KNOBS[label]
        self.spec = decision.numbers[f"spec_{key}"]
        self.value = _number(decision, key)
        self.replicas = _number(decision, "replicas")
        self.rounded = scaled_value(self.spec, self.replicas, round_up=self.rounds == "up")
        self.exact = None
        if isinstance(self.spec, str):
            self.exact = int(self.spec.rstrip("%")) * self.replicas / 100

    @property
    def limit(self) -> str:
        """Why the value used is another than the one written."""
        return "with maxSurge 0 at least" if self.value > self.rounded else "at most"

    def line(self, label: str) -> Line:
        """The knob as a line of the working."""
        words = "" if self.rounded == self.value else str(self.spec)
        if self.exact is not None:
            words = f"{self.spec} of {self.replicas} = {self.exact:g}"
            words += "" if self.exact == self.rounded else f", rounds {self.rounds}"
        if self.rounded != self.value:
            words += f", {self.limit} {self.value}"
        return Line(label, words, self.value)


def _knob(decision: Decision, label: str) -> Iterator[Line]:
    if f"spec_{_KNOBS[label][0]}" in decision.numbers:
        yield knob_line(decision, label)


def _old_pods(decision: Decision) -> Iterator[Line]:
    """How many old pods may go: those that serve, or soon will, above the floor.

    New pods that are not available yet are not counted on. Where all old pods are available,
    what can be counted on is what is available.
    """
    replicas, floor = _number(decision, "replicas"), _number(decision, "min_available")
    old, new = _number(decision, "old_pods_count"), _number(decision, "new_rs_available")
    yield from _knob(decision, "maxUnavailable")
    yield Line("floor", f"{replicas} − {replicas - floor}", floor)
    available = _number(decision, "available_pod_count")
    if old + new == available:
        yield Line("available", f"{old} + {new}", available)
        yield from _go(decision, available, floor, old)
        return
    yield Line("old, and available new", f"{old} + {new}", old + new)
    yield _difference("may go at most" if old + new > floor else "may go", old + new, floor)
    if old + new > floor:
        cleanup = _number(decision, "cleanup_count")
        yield from _first(old + new - floor, old, available - new, cleanup)
        yield Line("available", "", available)
        yield from _go(decision, available, floor, old - cleanup)


def _first(may_go: int, old: int, old_available: int, cleanup: int) -> Iterator[Line]:
    """Old pods that serve nobody, and how many of them go before any other."""
    unavailable = old - old_available
    if cleanup != max(0, min(may_go, unavailable)):
        # A ReplicaSet's status lags behind its size; the controller reckons each by itself.
        yield Line("unavailable old, go first", "", cleanup)
        return
    yield _difference("unavailable old, go first", old, old_available)
    if unavailable > may_go:
        yield _least("go first", may_go, unavailable)


def _go(decision: Decision, available: int, floor: int, left: int) -> Iterator[Line]:
    yield _difference("may go", available, floor)
    if available - floor > left:
        yield _least("go", available - floor, left)


def _new_pods(decision: Decision) -> Iterator[Line]:
    """How many new pods may come: as many as fit under the ceiling and are still wanted."""
    replicas, ceiling = _number(decision, "replicas"), _number(decision, "max_total_pods")
    total, new = _number(decision, "current_pod_count"), _new_before(decision)
    yield from _knob(decision, "maxSurge")
    yield Line("ceiling", f"{replicas} + {ceiling - replicas}", ceiling)
    yield Line("total, not terminating", f"{total - new} + {new}", total)
    room, wanted = max(0, ceiling - total), replicas - new
    yield _difference("may come" if room <= wanted else "room", ceiling, total)
    if room > wanted:
        yield _difference("still wanted", replicas, new)
        yield _least("may come", room, wanted)


def _new_before(decision: Decision) -> int:
    """The new ReplicaSet's size before this decision."""
    for scaling in decision.scaled:
        if scaling.replica_set == decision.new_rs:
            return scaling.from_
    return _number(decision, "new_rs_replicas")


def _too_many(decision: Decision) -> Iterator[Line]:
    """The new ReplicaSet has more pods than are wanted now."""
    replicas = _number(decision, "replicas")
    shrinks = any(s.replica_set == decision.new_rs and not s.up for s in decision.scaled)
    if shrinks and _new_before(decision) > replicas:
        yield Line("new", "", _new_before(decision))
        yield _difference("go", _new_before(decision), replicas)


def _recreate(decision: Decision) -> Iterator[Line]:
    """Recreate: every old pod has to be gone before any new one may come."""
    old, left = decision.numbers.get("old_pods_count"), decision.numbers.get("old_pods_running")
    if old is None:
        return
    yield Line("old, asked for", "", int(old))
    if old:
        yield Line("go", "", int(old))
    elif left is not None:
        yield Line("old, terminating too", "", int(left))
        wanted = max(0, _number(decision, "replicas") - _new_before(decision))
        yield Line("may come", "", 0 if left else wanted)
        yield from _too_many(decision)


def _proportional(decision: Decision) -> Iterator[Line]:
    """Scaled while several ReplicaSets have pods: each gets a share as large as it is."""
    replicas, allowed = _number(decision, "replicas"), _number(decision, "allowed_size")
    to_add = _number(decision, "deployment_replicas_to_add")
    total = _number(decision, "all_rs_replicas")
    yield from _knob(decision, "maxSurge")
    yield Line("ceiling", f"{replicas} + {allowed - replicas}", allowed)
    yield Line("total, not terminating", "", total)
    yield Line("to share out", f"{allowed} − {total}", to_add)
    for key, share in decision.numbers.items():
        if key.startswith("proportion/"):
            yield _share(decision, key.removeprefix("proportion/"), int(share))
    if leftover := _number(decision, "leftover"):
        yield Line("left over, to the largest", "", leftover)


def _share(decision: Decision, replica_set: str, share: int) -> Line:
    """A ReplicaSet's share: as it would grow from all that were allowed to all that are."""
    allowed, before = (
        _number(decision, "allowed_size"),
        _number(decision, f"max_replicas/{replica_set}"),
    )
    size = next((s.from_ for s in decision.scaled if s.replica_set == replica_set), None)
    label = f"share of {replica_set.rpartition('-')[2]}"
    if size is None or not before or not allowed:
        return Line(label, "", share)
    grown = size * allowed / before - size
    how = "rounded" if abs(share - grown) <= 0.5 else "no more than is left"
    exact = f"{grown:.2f}".replace("-", "−")
    return Line(label, f"{size} × {allowed} / {before} − {size} = {exact}, {how}", share)
