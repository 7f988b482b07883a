"""Exercises of ``notebooks/08_when_it_goes_wrong.ipynb``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rollviz import manifest as manifests
from rollviz.exercises import AnswerError, Finding, called, exercise
from rollviz.exercises.lecture import MANIFEST, UPDATE, rolling
from rollviz.metrics import metrics
from rollviz.objects import Json
from rollviz.scenario import deployment_complete, run_command, what_if
from rollviz.simulator import Cluster, PodBehaviour

CAUSES: Mapping[str, Mapping[str, Any]] = {
    "missing image": {"pods": PodBehaviour(images={"nginx:1.9.1": "ImagePullBackOff"})},
    "crash": {"pods": PodBehaviour(images={"nginx:1.9.1": "CrashLoopBackOff"})},
    "never ready": {"pods": PodBehaviour(images={"nginx:1.9.1": "NeverReady"})},
    "no room": {"nodes": 1, "cpu_per_node": 5.0},
    "quota": {"quota_pods": 5},
}
"""What can keep an update, and the cluster on which it does."""

_STUCK = {"a": "never ready", "b": "quota", "c": "no room"}
_REQUEST = {"resources": {"requests": {"cpu": "1"}}}


def stuck() -> dict[str, Cluster]:
    """Three clusters, each a minute after the same update, each held up by something else."""
    return {name: _stuck(CAUSES[cause]) for name, cause in _STUCK.items()}


def _stuck(conditions: Mapping[str, Any]) -> Cluster:
    cluster = Cluster(**conditions)
    _apply(cluster, _with_requests({"maxSurge": "25%", "maxUnavailable": 0}))
    cluster.run_for(10)
    run_command(cluster, UPDATE)
    cluster.run_for(60)
    return cluster


@exercise
def diagnosis(answer: Any) -> Iterator[Finding]:
    """What holds up the update on clusters a, b and c."""
    if not isinstance(answer, dict) or set(answer) != set(_STUCK):
        raise AnswerError('give a dict with a cause for each of "a", "b" and "c"')
    for name, cause in _STUCK.items():
        said = answer[name]
        if said not in CAUSES:
            raise AnswerError(f"{said!r} is none of the causes: {', '.join(CAUSES)}")
        yield said == cause, f"{name}: {said}", _WHERE_TO_LOOK[cause]


_WHERE_TO_LOOK = {
    "never ready": "Look at cluster a: kubectl get pods. What do STATUS and READY say?",
    "quota": "Look at cluster b: kubectl get rs. Has the new one the pods that it asks for?",
    "no room": "Look at cluster c: kubectl get pods -o wide. On which node is the new pod?",
}


@exercise
def on_a_full_node(knobs: Any) -> Iterator[Finding]:
    """An update that gets through on a full node, with four pods available all the time."""
    cluster = Cluster(**CAUSES["no room"])
    _apply(cluster, _with_requests(rolling(knobs)["rollingUpdate"]))
    cluster.run_for(10)
    measured = metrics(what_if(cluster, UPDATE))
    yield (
        measured.complete,
        "it gets through" if measured.complete else "it never gets through",
        "No pod more fits on the node. So one has to be allowed to go first.",
    )
    yield (
        measured.least_available >= 4,
        f"at least four available: the fewest are {measured.least_available}",
        "That is more pods at once than may be missing.",
    )


def _with_requests(knobs: Json) -> Json:
    """The lecture's manifest with a CPU for each pod."""
    template = MANIFEST["spec"]["template"]
    containers = [{**container, **_REQUEST} for container in template["spec"]["containers"]]
    template = {**template, "spec": {**template["spec"], "containers": containers}}
    spec = {**MANIFEST["spec"], "template": template, "strategy": rolling(knobs)}
    return {**MANIFEST, "spec": spec}


def _apply(cluster: Cluster, manifest: Json) -> None:
    manifests.check(manifest)
    run_command(cluster, "kubectl apply -f deployment.yml", manifest)


@exercise
def pipeline(deploy: Any) -> Iterator[Finding]:
    """A deployment script that takes a bad version back by itself."""
    hints = {
        "good": "Undo only where rollout status has failed: where it returns no 0.",
        "missing image": "Does it wait for rollout status --timeout=60s, and look at the result?",
        "never ready": "To rollout status every failure looks alike: any number but 0.",
    }
    for version, hint in hints.items():
        cluster = Cluster(**CAUSES.get(version, {}))
        _apply(cluster, MANIFEST)
        cluster.run_for(10)
        called(deploy, _kubectl(cluster), "nginx:1.9.1")
        cluster.run_for(60)
        wanted = "nginx:1.9.1" if version == "good" else "nginx:1.7.1"
        yield _runs(cluster, version, wanted, hint)


def _kubectl(cluster: Cluster) -> Callable[[str], int]:
    return lambda line: run_command(cluster, line).exit_code


def _runs(cluster: Cluster, version: str, wanted: str, hint: str) -> Finding:
    (deployment,) = cluster.snapshot.deployments.values()
    image = deployment.spec.template.image
    state = "rolled out" if deployment_complete(deployment) else "stuck"
    right = image == wanted and state == "rolled out"
    return right, f"the version is {version}: in the end {image}, {state}", hint
