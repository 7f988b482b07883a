"""Exercises of ``notebooks/03_rolling_update.ipynb``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from rollviz.controller.deployment_util import resolve_fenceposts
from rollviz.exercises import Finding, called, exercise
from rollviz.exercises.lecture import rolling, updated
from rollviz.metrics import levels, metrics, rollout
from rollviz.timeline import Timeline

PERCENTAGES = (0, 10, 25, 50, 100)


@exercise
def ten_at_all_times(knobs: Any) -> Iterator[Finding]:
    """Ten replicas: never fewer than 10 available, never more than 12 counted."""
    timeline = updated(replicas=10, strategy=rolling(knobs))
    least = metrics(timeline).least_available
    most = max(level.counts.not_terminating for level in levels(timeline))
    yield (
        least >= 10,
        f"at least 10 available: the fewest are {least}",
        "A pod that may be unavailable may go before its successor is ready.",
    )
    yield (
        most <= 12,
        f"at most 12 counted: the most are {most}",
        f"{most - 10} more than ten were allowed to come. Which way is a share of ten rounded?",
    )
    yield _completes(timeline)


@exercise
def quick_and_safe(knobs: Any) -> Iterator[Finding]:
    """Five replicas: updated in under 4 seconds, with never fewer than 4 available."""
    timeline = updated(strategy=rolling(knobs))
    measured = metrics(timeline)
    yield (
        measured.duration < 4,
        f"under 4 seconds: it took {measured.duration:.1f}",
        "Every wave of new pods takes a pod's startup. How many may come in one wave?",
    )
    yield (
        measured.least_available >= 4,
        f"at least 4 available: the fewest are {measured.least_available}",
        "Speed that comes from maxUnavailable is paid for by the users.",
    )
    yield _completes(timeline)


def _completes(timeline: Timeline) -> Finding:
    done = rollout(timeline).complete is not None
    words = "it is rolled out" if done else "it is never rolled out"
    return done, words, "Something has to be allowed to move: a pod more, or a pod less."


@exercise
def rounding(function: Any) -> Iterator[Finding]:
    """A function of replicas and two percentages: how many pods more, how many fewer."""
    cases = [(5, 25, 25), (3, 25, 25), *product(range(1, 13), PERCENTAGES, PERCENTAGES)]
    for case in cases:
        replicas, surge, unavailable = case
        said = called(function, *case)
        right = resolve_fenceposts(f"{surge}%", f"{unavailable}%", replicas)
        if said != right and said != list(right):
            yield False, f"{function.__name__}{case}: {said}, and Kubernetes says {right}", HINT
            return
    yield True, f"as Kubernetes does in {len(cases)} of {len(cases)} cases", ""


HINT = "One is rounded up, the other down. And if nothing at all could move, one pod may."
