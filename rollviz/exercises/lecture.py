"""What the exercises are about: the lecture's Deployment, and pods that take their time."""

from __future__ import annotations

from typing import Any

from rollviz import manifest
from rollviz.exercises import AnswerError
from rollviz.objects import Json
from rollviz.scenario import simulate
from rollviz.timeline import Timeline

MANIFEST: Json = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "myapp-deployment", "labels": {"app": "myapp"}},
    "spec": {
        "replicas": 5,
        "selector": {"matchLabels": {"app": "myapp"}},
        "template": {
            "metadata": {"labels": {"app": "myapp"}},
            "spec": {"containers": [{"name": "nginx", "image": "nginx:1.7.1"}]},
        },
    },
}
"""``notebooks/manifests/deployment-definition.yml``."""

UPDATE = "kubectl set image deployment/myapp-deployment nginx=nginx:1.9.1"
STARTUP_SECONDS = (2.0, 2.6, 3.2)
TERMINATION_SECONDS = (1.5,)


def updated(**spec: Any) -> Timeline:
    """The lecture's update, with some fields of the Deployment's spec set otherwise.

    Raises:
        ManifestError: the API server refuses such a spec.
    """
    given = {**MANIFEST, "spec": {**MANIFEST["spec"], **spec}}
    manifest.check(given)
    return simulate(
        given, UPDATE, startup_seconds=STARTUP_SECONDS, termination_seconds=TERMINATION_SECONDS
    )


def rolling(knobs: Any) -> Json:
    """The strategy that has these ``maxSurge`` and ``maxUnavailable``.

    Raises:
        AnswerError: they are no dict.
    """
    if not isinstance(knobs, dict):
        raise AnswerError('give a dict, such as {"maxSurge": 1, "maxUnavailable": 0}')
    return {"type": "RollingUpdate", "rollingUpdate": knobs}
