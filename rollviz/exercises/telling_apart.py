"""What ``notebooks/05_telling_them_apart.ipynb`` looks at, and its exercises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rollviz.exercises import Finding, called, exercise
from rollviz.exercises.lecture import (
    MANIFEST,
    STARTUP_SECONDS,
    TERMINATION_SECONDS,
    UPDATE,
    rolling,
    updated,
)
from rollviz.objects import Event, Json
from rollviz.scenario import run_command
from rollviz.simulator import Cluster, PodBehaviour
from rollviz.timeline import Timeline

CASES = [
    (1, {"type": "Recreate"}),
    (5, {"type": "Recreate"}),
    (1, rolling({})),
    (2, rolling({})),
    (5, rolling({})),
    (5, rolling({"maxSurge": 0, "maxUnavailable": 1})),
    (5, rolling({"maxSurge": "100%", "maxUnavailable": 0})),
]
"""Replicas and strategy of the updates that an answer is tried on."""


def two_clusters() -> tuple[Cluster, Cluster]:
    """Two clusters in which the lecture's update has been made, by a strategy each."""
    return after_the_update({"type": "Recreate"}), after_the_update(rolling({}))


def look_alike() -> Cluster:
    """A third one, whose events read like those of another strategy."""
    return after_the_update(rolling({"maxSurge": 0, "maxUnavailable": "100%"}))


def after_the_update(strategy: Json) -> Cluster:
    """A cluster in which the lecture's Deployment was made with a strategy, and updated."""
    cluster = Cluster(pods=PodBehaviour(STARTUP_SECONDS, TERMINATION_SECONDS))
    manifest = {**MANIFEST, "spec": {**MANIFEST["spec"], "strategy": strategy}}
    run_command(cluster, "kubectl create -f deployment-definition.yml", manifest)
    cluster.run_for(10)
    run_command(cluster, UPDATE)
    cluster.run_for(10)
    return cluster


def events(timeline: Timeline) -> list[tuple[float, str]]:
    """The Deployment's events: when each was written, in seconds, and its message."""
    return [
        (change.t, change.object.message)
        for change in timeline.changes
        if isinstance(change.object, Event) and change.object.reason == "ScalingReplicaSet"
    ]


def lines_of_the_update(timeline: Timeline) -> list[str]:
    """The messages of the Deployment's events, without the first: that one was the creation."""
    return [message for _, message in events(timeline)][1:]


def resizing(line: str) -> tuple[str, int, int]:
    """The ReplicaSet that a line is about, its size before and after.

    >>> resizing("Scaled down replica set web-6b7f from 5 to 4")
    ('web-6b7f', 5, 4)
    """
    found = re.search(r"set (\S+) from (\d+) to (\d+)", line)
    assert found, line
    return found[1], int(found[2]), int(found[3])


@exercise
def which_strategy(function: Any) -> Iterator[Finding]:
    """A function of the events' lines: Recreate, or RollingUpdate."""
    for replicas, strategy in CASES:
        timeline = updated(replicas=replicas, strategy=strategy)
        said = called(function, lines_of_the_update(timeline))
        yield (
            said == strategy["type"],
            f"{_words(replicas, strategy)}: you say {said}",
            "With one pod there are two lines either way. Which of the two ReplicaSets is resized "
            "first, and to what?",
        )


def _words(replicas: int, strategy: Json) -> str:
    knobs = "".join(f" {name} {value}" for name, value in strategy.get("rollingUpdate", {}).items())
    return f"{replicas} {'replica' if replicas == 1 else 'replicas'}, {strategy['type']}{knobs}"


@exercise
def most_asked_for(function: Any) -> Iterator[Finding]:
    """A function of the resizings: the most pods that were asked for at any moment."""
    for replicas, strategy in CASES:
        timeline = updated(replicas=replicas, strategy=strategy)
        resized = [resizing(line) for line in lines_of_the_update(timeline)]
        said, right = called(function, resized), _most_asked_for(timeline)
        yield (
            said == right,
            f"{_words(replicas, strategy)}: you say {said}, it is {right}",
            "Keep the size of both ReplicaSets, and add them up after every resizing. What the "
            "first one of each says it had before, is what it had at the start.",
        )


def _most_asked_for(timeline: Timeline) -> int:
    """The largest sum of ``spec.replicas`` over the ReplicaSets, from the update on."""
    sizes = [
        sum(rs.spec.replicas for rs in timeline.after(step.stop).replica_sets.values())
        for step in timeline.steps
        if step.scaling
    ]
    return max(sizes)
