"""The controller's numbers, in words: why a step happened, and what the rollout waits for.

Nothing is decided here. A sentence about a scaling words the :class:`Decision` that made it;
for a timeline without decisions (a recording, a live cluster) it words what our controller
decides on the state just before. The sentences are plain text, and name things that came from
a cluster: escape them before they become HTML.

>>> from rollviz.timeline import Timeline
>>> sentences(Timeline())
['Nothing has happened yet.']
"""

from __future__ import annotations

from rollviz.controller.decision import Decision
from rollviz.explain.arithmetic import Line, arithmetic
from rollviz.explain.findings import Finding, findings
from rollviz.explain.happenings import SENTENCES
from rollviz.explain.ledger import LedgerRow, ledger
from rollviz.explain.scene import Moment, Scene, scene_of, scenes
from rollviz.explain.waiting import following, waiting
from rollviz.objects import Deployment
from rollviz.steps import Step
from rollviz.timeline import Snapshot, Timeline

__all__ = [
    "Finding",
    "LedgerRow",
    "Line",
    "arithmetic",
    "decide",
    "decision",
    "findings",
    "ledger",
    "sentence",
    "sentences",
    "waiting_for",
    "worded",
]


def sentence(timeline: Timeline, step: Step) -> str:
    """What happens at a step and why: one or two short sentences of plain text."""
    return worded(scene_of(timeline, step))


def sentences(timeline: Timeline) -> list[str]:
    """The sentence of every step, at the cost of one replay: for a player that shows them all."""
    return [worded(each) for each in scenes(timeline)]


def waiting_for(timeline: Timeline, step: Step) -> str:
    """What has to happen after a step before the controller moves a pod, or what it does next.

    "" when the rollout is complete: nothing is waited for.
    """
    if step.kind == "start":
        return ""
    seen = scene_of(timeline, step)
    return waiting(seen) or following(seen)


def decision(timeline: Timeline, step: Step) -> Decision | None:
    """The decision whose arithmetic belongs to a step.

    For ``scaled`` the one that scaled: as the simulator noted it, else what our controller
    decides on the state just before; None where ours would have done something else. For every
    other kind, what the controller decides on the state that the step shows.
    """
    return None if step.kind == "start" else scene_of(timeline, step).decision


def decide(snapshot: Snapshot, deployment: Deployment) -> Decision:
    """What the controller does in a state, by our controller functions.

    Args:
        snapshot: the objects as they are.
        deployment: one of ``snapshot.deployments``.

    Returns:
        The decision. It scales nothing where the controller has to wait, and its numbers say
        for what. A ReplicaSet that it would make has a name of ours: see ``controller/hash.py``.
    """
    return Moment(snapshot).decide(deployment)


def worded(scene: Scene) -> str:
    """The sentence of a scene: for who has one at hand."""
    text = SENTENCES[scene.step.kind](scene)
    if len(scene.after.snapshot.deployments) > 1 and scene.step.kind != "start":
        return f"{scene.deployment_name}: {text}"
    return text
