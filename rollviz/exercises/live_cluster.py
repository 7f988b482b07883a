"""Exercises of ``notebooks/11_live_cluster.ipynb``: functions of any timeline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rollviz.exercises import Finding, called, exercise
from rollviz.exercises.lecture import MANIFEST, UPDATE
from rollviz.exercises.rollback import UNDO
from rollviz.scenario import simulate
from rollviz.timeline import Timeline

TYPO = "kubectl set image deployment/myapp-deployment nginx=nginx:1.91"


def _timelines() -> dict[str, Timeline]:
    broken = {"nginx:1.91": "ImagePullBackOff"}
    return {
        "created": simulate(MANIFEST),
        "updated": simulate(MANIFEST, UPDATE),
        "scaled": simulate(MANIFEST, "kubectl scale deployment/myapp-deployment --replicas=2"),
        "broken": simulate(MANIFEST, TYPO, images=broken),
        "broken and undone": simulate(MANIFEST, TYPO, f"30: {UNDO}", images=broken),
    }


@exercise
def ups_and_downs(function: Any) -> Iterator[Finding]:
    """How often the controller scaled up, and how often down."""
    for name, timeline in _timelines().items():
        scalings = [step.scaling for step in timeline.steps if step.scaling]
        ups = sum(scaling.up for scaling in scalings)
        right = (ups, len(scalings) - ups)
        said = called(function, timeline)
        yield (
            said in (right, list(right)),
            f"{name}: {said}",
            "Look at step.scaling of every step: it is None, or has an up that is True or False.",
        )


@exercise
def alarm(function: Any) -> Iterator[Finding]:
    """Whether some pod can't pull its image, at any moment."""
    for name, timeline in _timelines().items():
        moments = [timeline.after(step.stop) for step in timeline.steps]
        wrong = [moment for moment in moments if called(function, moment) != _failing(moment)]
        at = f" at {wrong[0].t:.1f} s" if wrong else ""
        yield (
            not wrong,
            f"{name}: {'a wrong answer' + at if wrong else 'right at every step'}",
            "A snapshot has pods by name, and each pod a state: one is ImagePullBackOff.",
        )


def _failing(snapshot: Any) -> bool:
    return any(pod.state == "ImagePullBackOff" for pod in snapshot.pods.values())
