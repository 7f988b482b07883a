"""Questions about a rollout that answer themselves, and say why.

Each is a function of a timeline, and asks about its last rollout. :func:`rollviz.predict` asks
them of a learner: the answer is computed from the timeline at hand, so a question stays right
when somebody moves a slider.

>>> from rollviz.objects import Deployment, DeploymentSpec, Metadata, PodTemplate
>>> from rollviz.simulator import Cluster
>>> cluster = Cluster()
>>> _ = cluster.create(Deployment(Metadata("web"), DeploymentSpec(3, {}, PodTemplate({}))))
>>> cluster.run_for(5)
>>> most_pods(cluster.timeline)
3
>>> most_pods.answer(cluster.timeline).why
'At 0.0 s: 3 not yet available. maxSurge 25% of 3 rounds up to 1, so 4 may exist.'
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from rollviz import explain
from rollviz.controller import deployment_util as util
from rollviz.controller.decision import Decision
from rollviz.explain.arithmetic import knob_words, knobs
from rollviz.metrics import Level, Span, deployment_name, during, levels, metrics, rollout
from rollviz.objects import Deployment
from rollviz.steps import Step
from rollviz.timeline import Counts, Timeline

SCALINGS = ("new pods come", "old pods go", "nothing moves yet")
"""What a rollout can do next: the answers to :func:`next_scaling`."""


class Answer(NamedTuple):
    """The answer to a question.

    Attributes:
        value: the answer: a number, a text, True or False, or a :class:`~rollviz.steps.Step`.
        why: the reason in one or two sentences of plain text.
        step: at which of ``timeline.steps`` it is to be seen, or None where only the whole
            rollout shows it.
    """

    value: Any
    why: str
    step: int | None = None


@dataclass(frozen=True)
class Question:
    """A function of a timeline that can also say why, as :meth:`answer` does.

    Attributes:
        answer: the question with its reasons: ``Timeline -> Answer``.
        unit: what the number counts, such as ``pods``.
        choices: the possible answers, where they are few.
    """

    answer: Callable[[Timeline], Answer]
    unit: str = ""
    choices: Sequence[str] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "__doc__", self.answer.__doc__)

    def __call__(self, timeline: Timeline) -> Any:
        """The answer alone."""
        return self.answer(timeline).value


def _question(unit: str = "") -> Callable[[Callable[[Timeline], Answer]], Question]:
    return lambda answer: Question(answer, unit)


@_question("pods")
def most_pods(timeline: Timeline) -> Answer:
    """The most pods on screen at any moment: terminating ones, which nothing limits, too."""
    seen = _Rollout(timeline)
    top = max(seen.levels, key=lambda level: level.counts.everything)
    deployment = seen.deployment_at(top.t)
    limit = "Recreate makes no new pod before the last old one is gone."
    if util.is_rolling_update(deployment):
        ceiling = deployment.spec.replicas + util.max_surge_and_unavailable(deployment.spec)[0]
        limit = f"{_rule(deployment, 'maxSurge')}, so {ceiling} may exist"
        over = top.counts.everything > top.counts.not_terminating
        limit += "; terminating pods are not counted." if over else "."
    why = f"At {top.t:.1f} s: {_sum(top.counts)}. {limit}"
    return Answer(top.counts.everything, why, seen.step_at(top.t))


@_question("pods")
def least_available(timeline: Timeline) -> Answer:
    """The fewest available pods at any moment."""
    seen = _Rollout(timeline)
    low = min(seen.levels, key=lambda level: level.counts.available)
    deployment = seen.deployment_at(low.t)
    why = "Recreate: every old pod goes before a new one comes, so for a while there is none."
    if util.is_rolling_update(deployment):
        replicas = deployment.spec.replicas
        _, unavailable = util.max_surge_and_unavailable(deployment.spec)
        why = (
            f"{replicas} wanted, {_rule(deployment, 'maxUnavailable')}, so the controller keeps at "
            f"least {replicas} − {unavailable} = {replicas - unavailable} available."
        )
        if low.counts.available != replicas - unavailable:
            why += f" At {low.t:.1f} s there were {low.counts.available}."
    return Answer(low.counts.available, why, seen.step_at(low.t))


@_question("seconds")
def rollout_seconds(timeline: Timeline) -> Answer:
    """How long it takes from the edit until ``kubectl rollout status`` says it is rolled out."""
    seen = _Rollout(timeline)
    start, complete, end = seen.span
    seconds = round((end if complete is None else complete) - start, 1)
    if complete is None:
        waiting = explain.waiting_for(timeline, timeline.steps[-1])
        why = f"It began at {start:.1f} s and was not complete at {end:.1f} s. {waiting}".strip()
        return Answer(seconds, why, len(timeline.steps) - 1)
    why = f"It began at {start:.1f} s and was complete at {complete:.1f} s."
    if (new := seen.scaled_up()) and seen.recreates():
        gone = new[0].t - start
        why += f" The last old pod was gone after {gone:.1f} s, and only then did new ones come."
    elif waves := seen.waves():
        why += (
            f" New pods came in {len(waves)} {'wave' if len(waves) == 1 else 'waves'} "
            f"({' + '.join(map(str, waves))}), and every wave takes a pod's startup."
        )
    return Answer(seconds, why, seen.step_at(complete))


@_question("seconds")
def unavailable_seconds(timeline: Timeline) -> Answer:
    """For how many seconds no pod is available."""
    seen = _Rollout(timeline)
    empty = seen.empty()
    if not empty:
        return Answer(0.0, seen.never())
    since, until = empty[0][0], empty[-1][1]
    why = f"No pod was available from {since:.1f} s to {until:.1f} s."
    if not util.is_rolling_update(seen.deployment_at(since)):
        why += " Every old pod had to be gone, and then the first new one ready."
    return Answer(round(sum(b - a for a, b in empty), 1), why, seen.step_at(since))


@_question("seconds")
def downtime_seconds(timeline: Timeline) -> Answer:
    """How many seconds every request fails: no pod answers."""
    seen = _Rollout(timeline)
    seconds = round(metrics(timeline).downtime, 1)
    empty = seen.empty()
    if not seconds and not empty:
        return Answer(0.0, seen.never())
    if not empty:
        return Answer(seconds, "Some pod was available, but it did not answer.")
    why = (
        f"No pod was available from {empty[0][0]:.1f} s to {empty[-1][1]:.1f} s. A terminating pod "
        f"may still answer, and the Service hears a little late of a new one: {seconds:g} s in "
        f"which nobody answered."
    )
    return Answer(seconds, why, seen.step_at(empty[0][0]))


@_question()
def new_revision(timeline: Timeline) -> Answer:
    """The revision number that the rollout leaves on the newest ReplicaSet."""
    rows = explain.ledger(timeline, len(timeline), deployment_name(timeline))
    if not rows:
        return Answer(0, "There is no ReplicaSet, so there is no revision.")
    newest = rows[-1]
    step = _step_of(timeline, newest.t)
    if newest.revision == 1:
        return Answer(1, "The first rollout makes revision 1.", step)
    sum_ = f"{newest.revision - 1} + 1 = {newest.revision}"
    if newest.was:
        why = (
            f"The template is that of revision {newest.was[-1]}: its ReplicaSet is used again, "
            f"under the next number: {sum_}."
        )
        return Answer(newest.revision, why, step)
    why = f"The template is new, so there is a new ReplicaSet, with the next number: {sum_}."
    return Answer(newest.revision, why, step)


def next_scaling(after: int) -> Question:
    """What the controller does on the picture of step ``after``: one of :data:`SCALINGS`.

    >>> next_scaling(after=3).choices
    ('new pods come', 'old pods go', 'nothing moves yet')
    """

    def answer(timeline: Timeline) -> Answer:
        """What the controller does next."""
        if not 0 <= after < len(timeline.steps):
            last = len(timeline.steps) - 1
            raise ValueError(f"after: {after}: this timeline has the steps 0 to {last}")
        step = timeline.steps[after]
        snapshot = timeline.after(step.stop)
        deployment = snapshot.deployments.get(deployment_name(timeline))
        decision = explain.decide(snapshot, deployment) if deployment else None
        why = explain.waiting_for(timeline, step) or "Nothing is waited for: it is complete."
        return Answer(_next(decision), why, min(after + 1, len(timeline.steps) - 1))

    return Question(answer, choices=SCALINGS)


def _next(decision: Decision | None) -> str:
    for scaling in decision.scaled if decision else ():
        if scaling.to != scaling.from_:
            return SCALINGS[0 if scaling.up else 1]
    return SCALINGS[2]


# --- what they look at ----------------------------------------------------------------------


class _Rollout:
    """A timeline's last rollout: its span, and the counts while it lasted."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.name = deployment_name(timeline)
        self.span: Span = rollout(timeline)
        self.levels: list[Level] = during(levels(timeline, self.name), self.span)

    def deployment_at(self, t: float) -> Deployment:
        return self.timeline.at(t).deployments[self.name]

    def empty(self) -> list[tuple[float, float]]:
        """From when to when no pod was available, in seconds."""
        return [(a.t, b.t) for a, b in pairwise(self.levels) if not a.counts.available]

    def never(self) -> str:
        """Why there was no moment without a pod."""
        least = min(level.counts.available for level in self.levels)
        return f"Never: at least {least} {_pods(least)} available at every moment."

    def step_at(self, t: float) -> int:
        return _step_of(self.timeline, t)

    def recreates(self) -> bool:
        """Whether it waits for pods to be gone: Recreate, and there are some."""
        recreate = not util.is_rolling_update(self.deployment_at(self.span.start))
        return recreate and self.levels[0].counts.everything > 0

    def waves(self) -> list[int]:
        """How many new pods came at each time, where they came at several."""
        scalings = [step.scaling for step in self.scaled_up()]
        return [scaling.to - scaling.from_ for scaling in scalings if scaling]

    def scaled_up(self) -> list[Step]:
        """The steps at which new pods came."""
        new = self.timeline.last.new_replica_set(self.timeline.last.deployments[self.name])
        name = new.name if new else ""
        return [
            step
            for step in self.timeline.steps
            if step.scaling and step.t >= self.span.start and step.scaling.replica_set == name
            if step.scaling.up
        ]


def _step_of(timeline: Timeline, t: float) -> int:
    """The last step that had begun at ``t`` seconds."""
    return max((step.index for step in timeline.steps if step.t <= t), default=0)


def _rule(deployment: Deployment, knob: str) -> str:
    """``maxSurge 25% of 5 rounds up to 2``."""
    return knob_words(knobs(deployment.spec), knob)


def _sum(counts: Counts) -> str:
    """``4 available + 3 not yet available + 2 terminating = 9``."""
    kinds = {
        "available": counts.available,
        "not yet available": counts.not_terminating - counts.available,
        "terminating": counts.everything - counts.not_terminating,
    }
    terms = [f"{count} {kind}" for kind, count in kinds.items() if count]
    total = f" = {counts.everything}" if len(terms) > 1 else ""
    return (" + ".join(terms) or "no pods") + total


def _pods(n: int) -> str:
    return "pod was" if n == 1 else "pods were"


def named() -> Iterable[str]:
    """The names of all questions, for messages."""
    return [name for name, value in globals().items() if isinstance(value, Question)]
