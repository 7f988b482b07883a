"""Exercises of ``notebooks/07_rollback.ipynb``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rollviz import manifest as manifests
from rollviz.exercises import AnswerError, Finding, called, exercise
from rollviz.exercises.lecture import MANIFEST, UPDATE, rolling
from rollviz.metrics import metrics
from rollviz.objects import Deployment
from rollviz.scenario import simulate
from rollviz.timeline import Timeline

SECOND_UPDATE = "kubectl set image deployment/myapp-deployment nginx=nginx:1.12.2"
UNDO = "kubectl rollout undo deployment/myapp-deployment"
MOST_UNDOS = 4


@exercise
def two_versions_back(command: Any) -> Iterator[Finding]:
    """After two updates: the one command that brings the first version back."""
    if not isinstance(command, str) or not command.split():
        raise AnswerError('give a command line as text, such as "kubectl rollout undo ..."')
    timeline = simulate(MANIFEST, UPDATE, SECOND_UPDATE, command)
    run, deployment = timeline.commands[-1], _deployment(timeline)
    yield (
        run.exit_code == 0,
        "kubectl takes it" if run.exit_code == 0 else run.stderr.strip().splitlines()[-1],
        "It begins with: kubectl rollout undo deployment/myapp-deployment",
    )
    yield (
        deployment.spec.template.image == "nginx:1.7.1",
        f"the pods run {deployment.spec.template.image}",
        "Plain undo goes back by one. Which number has nginx:1.7.1 in the history?",
    )
    yield (
        deployment.spec.replicas == 5,
        f"{deployment.spec.replicas} pods are wanted",
        "The number of pods was not to change.",
    )


@exercise
def what_undos_do(function: Any) -> Iterator[Finding]:
    """A function of n: image and revision after one update and n plain undos."""
    for n in range(MOST_UNDOS + 1):
        deployment = _deployment(simulate(MANIFEST, UPDATE, *[UNDO] * n))
        right = deployment.spec.template.image, deployment.revision
        said = called(function, n)
        if not isinstance(said, tuple | list) or tuple(said) != right:
            undos = f"after {n} {'undo' if n == 1 else 'undos'}"
            yield (
                False,
                f"{function.__name__}({n}): {said!r}, and {undos} it is {right!r}",
                "The image goes to and fro. The number goes to where it has never been.",
            )
            return
    yield True, f"as on the cluster for 0 to {MOST_UNDOS} undos", ""


@exercise
def back_without_a_dip(knobs: Any) -> Iterator[Finding]:
    """An undo during which five pods are available at every moment."""
    manifest = {**MANIFEST, "spec": {**MANIFEST["spec"], "strategy": rolling(knobs)}}
    manifests.check(manifest)
    measured = metrics(simulate(manifest, UPDATE, UNDO))
    yield (
        measured.complete,
        "it is rolled back" if measured.complete else "it is never rolled back",
        "Something has to be allowed to move.",
    )
    yield (
        measured.least_available >= 5,
        f"five available: the fewest are {measured.least_available}",
        "An undo is a rolling update. Which of the two lets pods go first?",
    )


def _deployment(timeline: Timeline) -> Deployment:
    return timeline.last.deployments["myapp-deployment"]
