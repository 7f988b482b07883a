"""Exercises of ``notebooks/09_the_knobs.ipynb``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rollviz.exercises import AnswerError, Finding, exercise
from rollviz.exercises.lecture import MANIFEST, STARTUP_SECONDS, UPDATE, rolling, updated
from rollviz.metrics import metrics
from rollviz.objects import Pod
from rollviz.scenario import run_command, simulate, wait_for
from rollviz.simulator import Cluster

ENDPOINTS_LAG = 1.2
PER_SECOND = 100.0


@exercise
def shop(knobs: Any) -> Iterator[Finding]:
    """Eight replicas, six at least, ten pods at most, in less than 12 seconds."""
    measured = metrics(updated(replicas=8, strategy=rolling(knobs)))
    yield (
        measured.least_available >= 6,
        f"at least 6 available: the fewest are {measured.least_available}",
        "Two of eight may be missing.",
    )
    yield (
        measured.most_pods <= 10,
        f"at most 10 pods: the most are {measured.most_pods}",
        "A pod that leaves needs room as well, and nothing limits how many leave.",
    )
    yield (
        measured.complete and measured.duration < 12,
        f"less than 12 seconds: {measured.text('duration')}",
        "How many new pods start together?",
    )


@exercise
def not_one_lost(pre_stop: Any) -> Iterator[Finding]:
    """The shortest preStop sleep with which no request is lost."""
    if isinstance(pre_stop, bool) or not isinstance(pre_stop, int | float):
        raise AnswerError("give a number of seconds, such as 0.5")
    lost, with_less = _lost(pre_stop), _lost(max(0.0, pre_stop - 0.1))
    yield (
        lost == 0,
        f"{lost} requests are lost",
        "Until every node has heard of it, the pod is sent requests. How long must it listen?",
    )
    yield (
        with_less > 0,
        f"with a tenth less, {with_less} are",
        "It works, but so does less, and each leaving pod takes that long.",
    )


def _lost(pre_stop: float) -> int:
    timeline = simulate(
        MANIFEST, UPDATE, startup_seconds=STARTUP_SECONDS, termination_seconds=(3.0,)
    )
    traffic = {"pre_stop": pre_stop, "endpoints_lag": ENDPOINTS_LAG, "per_second": PER_SECOND}
    return metrics(timeline, traffic=traffic).failed_requests


@exercise
def once(commands: Any) -> Iterator[Finding]:
    """Two images and a new size in one revision."""
    if not isinstance(commands, list) or not all(isinstance(line, str) for line in commands):
        raise AnswerError("give a list of command lines")
    cluster = Cluster()
    run_command(cluster, "kubectl create -f deployment.yml", MANIFEST)
    cluster.run_for(10)
    for line in commands:
        done = run_command(cluster, line)
        if done.exit_code:
            yield False, f"{line}: {done.stderr.strip()}", ""
            return
    finished = wait_for(cluster, "complete")
    (deployment,) = cluster.snapshot.deployments.values()
    image, replicas = deployment.spec.template.image, deployment.spec.replicas
    there = "are there" if finished else "not there"
    yield (
        (finished, image, replicas) == (True, "nginx:1.12.2", 7),
        f"{replicas} pods of {image} are wanted, and {there}",
        "Is it still paused?" if deployment.spec.paused else "It should be 7 of nginx:1.12.2.",
    )
    made = {c.object.image for c in cluster.timeline.changes if isinstance(c.object, Pod)}
    yield (
        "nginx:1.9.1" not in made,
        f"pods were made of {', '.join(sorted(made))}",
        "Hold the rollout before the first edit.",
    )
    set_twice = sum("nginx:1.9.1" in line for line in commands)
    yield set_twice > 0, "by way of nginx:1.9.1", "Set nginx:1.9.1 as well, for the exercise."
    yield deployment.revision == 2, f"revision {deployment.revision}", "One rollout, for all edits."
