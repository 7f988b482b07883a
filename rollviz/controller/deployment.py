"""One pass of the Deployment controller: what it decides on the state it reads.

Source: ``syncDeployment`` in ``pkg/controller/deployment/deployment_controller.go``.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from rollviz.controller import deployment_util as util
from rollviz.controller.recreate import rollout_recreate
from rollviz.controller.rolling import rollout_rolling
from rollviz.controller.sync import (
    Conflict,
    Pass,
    check_paused_conditions,
    is_scaling_event,
    sync,
    sync_status_only,
)
from rollviz.objects import Deployment, ReplicaSet


def sync_deployment(
    deployment: Deployment,
    replica_sets: Sequence[ReplicaSet],
    now: float,
    *,
    pods: Mapping[str, int],
    second: float | None = None,
    taken: Container[str] | None = None,
) -> Pass:
    """Decide what to do about a Deployment, given its ReplicaSets.

    Args:
        deployment: as the controller's cache holds it.
        replica_sets: all that it owns, in any order.
        now: seconds on the timeline's clock.
        pods: how many pods each ReplicaSet has, by its name, terminating ones included.
        second: ``now`` as the API writes it, on a whole wall-clock second; by default ``now``
            rounded down.
        taken: the names that ReplicaSets have already, those of other owners too; by default
            those of ``replica_sets``.

    Returns:
        The pass: its ``writes`` in order, its ``decision()``, and when to come back.

    >>> from rollviz.objects import DeploymentSpec, Metadata, PodTemplate
    >>> web = Deployment(Metadata("web"), DeploymentSpec(3, {}, PodTemplate({})))
    >>> run = sync_deployment(web, [], 0.0, pods={})
    >>> [write.verb for write in run.writes], run.decision().scaled[0].to
    (['create', 'status'], 3)
    """
    second = now // 1 if second is None else second
    run = Pass(deployment, replica_sets, now, second, pods, taken)
    try:
        _sync(run)
    except Conflict:
        # What was written stays written; the controller is queued again after its first delay.
        run.requeue_after = 0.0
    return run


def _sync(run: Pass) -> None:
    if run.deployment.metadata.deletion_timestamp is not None:
        sync_status_only(run)
        return
    check_paused_conditions(run)
    if run.deployment.spec.paused or is_scaling_event(run):
        sync(run)
    elif util.is_rolling_update(run.deployment):
        rollout_rolling(run)
    else:
        rollout_recreate(run)
