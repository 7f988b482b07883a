"""Exercises of ``notebooks/06_under_the_hood.ipynb``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from random import Random
from typing import Any

from rollviz.controller.replicaset import deletion_rank
from rollviz.controller.sync import Pass, new_rs_new_replicas
from rollviz.exercises import AnswerError, Finding, called, exercise
from rollviz.exercises.lecture import UPDATE, updated
from rollviz.objects import (
    Deployment,
    DeploymentSpec,
    DeploymentStrategy,
    Metadata,
    Pod,
    PodSpec,
    PodStatus,
    PodTemplate,
    ReplicaSet,
    ReplicaSetSpec,
)

LISTS = 20
"""How many lists of pods an order is tried on."""


@exercise
def up_the_stairs(function: Any) -> Iterator[Finding]:
    """From a snapshot and a pod's name to its ReplicaSet and its Deployment."""
    timeline = updated()
    snapshot = timeline.at(timeline.duration / 2)
    for pod in snapshot.pods.values():
        said = called(function, snapshot, pod.name)
        right = (pod.replica_set, "myapp-deployment")
        if said != right and said != list(right):
            yield (
                False,
                f"{pod.name}: {said!r}",
                "A pod's owner is its ReplicaSet, and a ReplicaSet's owner its Deployment.",
            )
            return
    yield True, f"{len(snapshot.pods)} pods in the middle of {UPDATE!r}: all right", ""


@exercise
def the_way_up(function: Any) -> Iterator[Finding]:
    """The size of the new ReplicaSet, as reconcile_new_replica_set reckons it."""
    cases = [
        (wanted, added, pods, new)
        for wanted, added, pods in product(range(1, 8), range(4), range(12))
        for new in range(min(wanted, pods) + 1)
    ]
    for case in sorted(cases, key=lambda case: case != (5, 2, 6, 2)):
        said, right = called(function, *case), _new_size(*case)
        if said != right:
            names = "wanted={}, may_be_added={}, pods={}, new_pods={}".format(*case)
            yield (
                False,
                f"{names}: {said!r}, and the controller writes {right}",
                "How much room is there under the ceiling, wanted + may_be_added?",
            )
            return
    yield True, f"as the controller in {len(cases)} of {len(cases)} cases", ""


def _new_size(wanted: int, added: int, pods: int, new: int) -> int:
    """What the controller's own function says; an old ReplicaSet has the other pods."""
    strategy = DeploymentStrategy(max_surge=added, max_unavailable=1)
    spec = DeploymentSpec(wanted, {}, PodTemplate({}), strategy)
    sizes = {"old": pods - new, "new": new}
    all_rss = [
        ReplicaSet(Metadata(name), ReplicaSetSpec(size, PodTemplate({})))
        for name, size in sizes.items()
    ]
    run = Pass(Deployment(Metadata("web"), spec), all_rss, 0.0, 0.0, sizes)
    return new_rs_new_replicas(run, all_rss, all_rss[1])


@exercise
def who_goes_first(function: Any) -> Iterator[Finding]:
    """The order in which the ReplicaSet controller deletes pods."""
    random = Random(0)
    for _ in range(LISTS):
        pods = [_pod(random, n) for n in range(5)]
        said = called(function, [dict(pod) for pod in pods])
        if not isinstance(said, Sequence) or sorted(map(str, said)) != sorted(map(str, pods)):
            raise AnswerError(f"{function.__name__} must return all the pods, in another order")
        right = sorted(pods, key=_rank)
        for ours, theirs in zip(said, right, strict=True):
            if ours != theirs:
                words = f"{ours} before {theirs}, which goes first"
                yield False, words, "No node, then not ready, then the younger."
                return
    yield True, f"as the controller for {LISTS} lists of pods", ""


def _pod(random: Random, n: int) -> dict[str, Any]:
    node = random.choice([None, f"node-{n}", f"node-{n}"])
    ready = node is not None and random.random() < 0.6
    return {"node": node, "ready": ready, "age": 10 * n + random.randrange(10)}


def _rank(pod: Mapping[str, Any]) -> tuple[Any, ...]:
    """Where the ReplicaSet controller would put it."""
    age = -float(pod["age"])
    phase = "Running" if pod["node"] else "Pending"
    status = PodStatus(phase, ready=pod["ready"], ready_since=age)
    spec = PodSpec(PodTemplate({}), pod["node"])
    return deletion_rank(Pod(Metadata("web", creation_timestamp=age), spec, status), 1)
