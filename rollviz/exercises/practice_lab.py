"""The tasks of ``notebooks/10_practice_lab.ipynb``, checked on the learner's own cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rollviz.controller.deployment_util import deployment_complete, resolve_fenceposts
from rollviz.exercises import AnswerError, Finding, exercise
from rollviz.metrics import metrics
from rollviz.objects import Deployment, Json
from rollviz.scenario import run_command, simulate
from rollviz.simulator import Cluster, PodBehaviour
from rollviz.traffic import Request, requests

FRONTEND: Json = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "frontend", "labels": {"app": "frontend"}},
    "spec": {
        "replicas": 4,
        "selector": {"matchLabels": {"app": "frontend"}},
        "template": {
            "metadata": {"labels": {"app": "frontend"}},
            "spec": {"containers": [{"name": "webapp", "image": "webapp-color:v1"}]},
        },
    },
}
"""``notebooks/manifests/frontend.yml``."""

COLOURS: Mapping[str, str] = {
    "webapp-color:v1": "blue",
    "webapp-color:v2": "green",
    "webapp-color:v3": "red",
}
"""What each version answers."""

V4 = "webapp-color:v4"
"""The version that nobody has built."""

REQUESTS, PER_SECOND, A_ROW = 35, 10, 7


STARTUP_SECONDS, TERMINATION_SECONDS = (2.0, 2.6, 3.2), (1.5,)
PODS = {"startup_seconds": STARTUP_SECONDS, "termination_seconds": TERMINATION_SECONDS}
"""How the lab's pods behave, for :func:`rollviz.simulate`."""


def cluster() -> Cluster:
    """A cluster whose registry has v1, v2 and v3."""
    missing = {V4: "ImagePullBackOff"}
    return Cluster(pods=PodBehaviour(STARTUP_SECONDS, TERMINATION_SECONDS, missing))


class Curl:
    """The answers to 35 requests, sent in three and a half seconds from now on.

    >>> from rollviz.scenario import run_command
    >>> lab = cluster()
    >>> _ = run_command(lab, "kubectl create -f frontend.yml", FRONTEND)
    >>> lab.run_for(10)
    >>> str(Curl(lab)).splitlines()[-1]
    '35 requests: 35 blue, 0 failed'
    """

    def __init__(self, cluster: Cluster) -> None:
        began = cluster.now
        cluster.run_for(REQUESTS / PER_SECOND)
        sent = requests(cluster.timeline, PER_SECOND, until=cluster.now)
        self.requests: list[Request] = [r for r in sent if r.t >= began][-REQUESTS:]

    @property
    def failed(self) -> int:
        """How many got no answer."""
        return self.words.count("-")

    @property
    def words(self) -> list[str]:
        """What each request got: a colour, or ``-``."""
        missing = ["-"] * (REQUESTS - len(self.requests))
        return missing + ["-" if r.failed else COLOURS[r.image] for r in self.requests]

    def __repr__(self) -> str:
        words = self.words
        rows = [words[i : i + A_ROW] for i in range(0, REQUESTS, A_ROW)]
        lines = ["".join(f"{word:7}" for word in row).rstrip() for row in rows]
        counts = [f"{words.count(c)} {c}" for c in COLOURS.values() if c in words]
        counted = ", ".join([*counts, f"{self.failed} failed"])
        return "\n".join([*lines, f"{REQUESTS} requests: {counted}"])


def failures(cluster: Cluster, command: str) -> int:
    """How many of 35 requests would fail after a command; the cluster stays as it is."""
    twin = cluster.fork()
    run_command(twin, command)
    return Curl(twin).failed


# --- the tasks ------------------------------------------------------------------------------------


@exercise
def what_is_there(answer: Any) -> Iterator[Finding]:
    """Replicas, image and strategy of the Deployment frontend."""
    (deployment,) = simulate(FRONTEND).last.deployments.values()
    spec = deployment.spec
    right = {
        "replicas": spec.replicas,
        "image": spec.template.image,
        "strategy": spec.strategy.type,
    }
    if not isinstance(answer, dict) or set(answer) != set(right):
        raise AnswerError(f"give a dict with {', '.join(right)}")
    for key, value in right.items():
        yield answer[key] == value, f"{key}: {answer[key]}", "kubectl describe deployment frontend"


@exercise
def version_2(cluster: Any) -> Iterator[Finding]:
    """Version 2 is rolled out, and no request was lost on the way."""
    yield from _runs(cluster, "webapp-color:v2")
    lost = metrics(cluster.timeline).failed_requests
    yield lost == 0, f"{lost} requests were lost in the update", "Is it a RollingUpdate?"


@exercise
def down_at_once(pods: Any) -> Iterator[Finding]:
    """How many of four pods may be down at once, by default."""
    _, unavailable = resolve_fenceposts("25%", "25%", FRONTEND["spec"]["replicas"])
    yield pods == unavailable, f"{pods} of 4", "maxUnavailable is 25%: a quarter of four."


@exercise
def another_strategy(strategy: Any) -> Iterator[Finding]:
    """A strategy under which all pods go before the first new one comes."""
    manifest = {**FRONTEND, "spec": {**FRONTEND["spec"], "strategy": strategy}}
    timeline = simulate(manifest, "kubectl set image deployment/frontend webapp=webapp-color:v2")
    refused = [line.stderr for line in timeline.commands if line.exit_code]
    if refused:
        yield False, refused[0].strip().splitlines()[0], 'It has one field: {"type": ...}.'
        return
    (deployment,) = timeline.last.deployments.values()
    words = f"the strategy is {deployment.spec.strategy.type}"
    yield deployment.spec.strategy.type == "Recreate", words, "The other one is called Recreate."


@exercise
def recreated(cluster: Any) -> Iterator[Finding]:
    """Version 3 is rolled out by Recreate."""
    yield from _runs(cluster, "webapp-color:v3")
    strategy = _frontend(cluster).spec.strategy.type
    yield strategy == "Recreate", f"the strategy is {strategy}", _RECREATE
    least = metrics(cluster.timeline).least_available
    yield least == 0, f"at the worst moment of the update {least} were available", _RECREATE


_RECREATE = "Apply manifests/frontend-recreate.yml first, then set the image."


@exercise
def healed(cluster: Any) -> Iterator[Finding]:
    """After v4: the frontend answers again, with version 3."""
    _frontend(cluster)
    edited = [c.object for c in cluster.timeline.changes if isinstance(c.object, Deployment)]
    tried = any(deployment.spec.template.image == V4 for deployment in edited)
    words = f"{V4} was tried" if tried else f"{V4} was never tried"
    yield tried, words, f"First break it: set the image {V4}, which does not exist."
    yield from _runs(cluster, "webapp-color:v3")


def _runs(cluster: Any, image: str) -> Iterator[Finding]:
    deployment = _frontend(cluster)
    has = deployment.spec.template.image
    yield has == image, f"the image is {has}", "kubectl set image, or kubectl rollout undo?"
    done = deployment_complete(deployment, deployment.status)
    yield done, "it is rolled out" if done else "it is not rolled out", _PATIENCE


_PATIENCE = "Wait for it: kubectl rollout status deployment/frontend."


def _frontend(cluster: Any) -> Deployment:
    if not isinstance(cluster, Cluster) or "frontend" not in cluster.snapshot.deployments:
        raise AnswerError("give the cluster that has the Deployment frontend")
    return cluster.snapshot.deployments["frontend"]
