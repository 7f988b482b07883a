"""Exercises of ``notebooks/02_recreate.ipynb``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rollviz.exercises import AnswerError, Finding, called, exercise
from rollviz.exercises.lecture import MANIFEST, UPDATE, updated
from rollviz.metrics import metrics
from rollviz.questions import unavailable_seconds
from rollviz.scenario import simulate
from rollviz.timeline import Timeline

TIMES = [
    ((2, 2, 2, 2, 2), (1, 1, 1, 1, 1)),
    ((2, 3, 4, 5, 6), (1, 1, 1, 1, 1)),
    ((2, 2, 2, 2, 2), (1, 2, 3, 4, 20)),
    ((9, 4, 6, 5, 8), (3, 7, 2, 5, 4)),
]
"""Startup and termination seconds of five pods."""

TOLERANCE = 0.3  # seconds: what the control plane itself takes


@exercise
def never_two_versions(strategy: Any) -> Iterator[Finding]:
    """A strategy under which no pod of one version is there together with one of the other."""
    if not isinstance(strategy, dict):
        raise AnswerError('give a dict, such as {"type": "RollingUpdate"}')
    timeline = updated(strategy=strategy)
    t = _both_there(timeline)
    seen = "never both versions" if t is None else f"at {t:.1f} s there are pods of both versions"
    yield t is None, seen, "A terminating pod still runs. Which strategy waits until it is gone?"
    done = metrics(timeline).complete
    yield done, "it is rolled out" if done else "it is never rolled out", ""


def _both_there(timeline: Timeline) -> float | None:
    """When pods of two versions are there for the first time, in seconds, or None."""
    for index, change in enumerate(timeline.changes, start=1):
        created = change.type == "ADDED" and change.object.kind == "Pod"
        if created and len({pod.image for pod in timeline.after(index).pods.values()}) > 1:
            return change.t
    return None


@exercise
def silence(function: Any) -> Iterator[Finding]:
    """A function of the startup and termination seconds of five pods: seconds without any."""
    for startup, termination in TIMES:
        said, seen = called(function, startup, termination), _unavailable(startup, termination)
        right = isinstance(said, int | float) and abs(said - seen) <= TOLERANCE
        yield (
            right,
            f"start {startup}, stop {termination}: {said} s, and it was {seen:.1f} s",
            "It begins when all are told to stop. Which of the old pods ends the waiting, and "
            "which of the new ones ends the silence?",
        )


def _unavailable(startup: Sequence[float], termination: Sequence[float]) -> float:
    """Seconds for which no pod is available while five pods are recreated."""
    manifest = {**MANIFEST, "spec": {**MANIFEST["spec"], "strategy": {"type": "Recreate"}}}
    timeline = simulate(manifest, UPDATE, startup_seconds=startup, termination_seconds=termination)
    return float(unavailable_seconds(timeline))
