"""Where a cluster did what our controller would not have done: that is a finding.

Every size that was seen to change is held against what our controller functions decide on the
state just before. They agree with Kubernetes 1.36 in all recorded rollouts, so a difference has a
cause that is worth looking for: somebody or something resized a ReplicaSet by hand, another
controller, another version of Kubernetes, or a fault in ours.

>>> from rollviz.timeline import Timeline
>>> findings(Timeline())
[]
"""

from __future__ import annotations

from typing import NamedTuple

from rollviz.controller.decision import Scaling
from rollviz.explain.scene import LOOK_AROUND, Scene, scenes
from rollviz.explain.waiting import waiting
from rollviz.explain.words import listed
from rollviz.steps import Step
from rollviz.timeline import Timeline


class Finding(NamedTuple):
    """One resizing that our controller would not have done.

    Attributes:
        step: where it happened.
        observed: what was seen.
        expected: what our controller would have done in the state just before; () for nothing.
        text: both in words, in two sentences of plain text.
    """

    step: Step
    observed: Scaling
    expected: tuple[Scaling, ...]
    text: str


def findings(timeline: Timeline) -> list[Finding]:
    """All findings of a timeline, at the cost of one replay."""
    return [found for scene in scenes(timeline) if (found := finding(scene))]


def finding(scene: Scene, now: float = 0.0) -> Finding | None:
    """What a scene's step shows that our controller would not have done; None where it agrees.

    None also while the cause of a resizing may still be on its way: a live cluster's watches
    overtake each other by fractions of a second. And None where the cluster was not wholly watched
    before it: what led there may be missing. ``now`` is the time on the timeline's clock
    where that is later than its last change.
    """
    step, observed = scene.step, scene.step.scaling
    if observed is None or scene.decision is not None or may_change(scene, now):
        return None
    if step.start in scene.timeline.gaps:
        return None
    expected = _expected(scene)
    return Finding(step, observed, expected, _text(scene, observed, expected))


def may_change(scene: Scene, now: float = 0.0) -> bool:
    """Whether what explains a live resizing may still come in, at ``now`` seconds."""
    timeline, step = scene.timeline, scene.step
    live = timeline.source == "live" and step.scaling is not None
    seen = max(timeline.duration, now)
    return live and scene.decision is None and seen < step.t + LOOK_AROUND


def _expected(scene: Scene) -> tuple[Scaling, ...]:
    deployment = scene.before.snapshot.deployments.get(scene.deployment_name)
    return scene.before.decide(deployment).scaled if deployment else ()


def _text(scene: Scene, observed: Scaling, expected: tuple[Scaling, ...]) -> str:
    seen = f"Finding: the cluster took {_words(observed)}."
    if expected:
        return f"{seen} Our controller would have taken {listed(list(map(_words, expected)))}."
    before = Scene(scene.timeline, scene.step, scene.before, scene.before)
    because = waiting(before) if scene.deployment_name in before.after.snapshot.deployments else ""
    return f"{seen} Our controller would have moved nothing. {because}".rstrip()


def _words(scaling: Scaling) -> str:
    return f"{scaling.replica_set} from {scaling.from_} to {scaling.to}"
