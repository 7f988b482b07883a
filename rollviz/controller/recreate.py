"""How Recreate replaces pods: every old one goes before any new one comes.

Source: ``pkg/controller/deployment/recreate.go``; the functions keep its names and order.
"""

from __future__ import annotations

from collections.abc import Sequence

from rollviz.controller import deployment_util as util
from rollviz.controller.progress import sync_rollout_status
from rollviz.controller.sync import (
    Pass,
    cleanup_deployment,
    get_all_replica_sets_and_sync_revision,
    scale_replica_set,
)
from rollviz.objects import ReplicaSet


def rollout_recreate(run: Pass) -> None:
    """One pass of a Recreate: old down to 0, wait until they are gone, then all new at once.

    Source: ``rolloutRecreate``. Trace ``recreate-5``: 5 old ones to 0, and half a second later,
    when the last of them has ended, 0 to 5 new ones.
    """
    new_rs, old_rss = get_all_replica_sets_and_sync_revision(run, create_if_not_existed=False)
    run.decided("recreate.go", "rollout_recreate")
    run.numbers["old_pods_count"] = util.replica_count(old_rss)
    all_rss = [*old_rss, new_rs] if new_rs else list(old_rss)

    if scale_down_old_replica_sets_for_recreate(run, util.active(old_rss)):
        sync_rollout_status(run, all_rss, new_rs)
        return
    if old_pods_running(run, old_rss):
        sync_rollout_status(run, all_rss, new_rs)
        return
    if new_rs is None:
        new_rs, old_rss = get_all_replica_sets_and_sync_revision(run, create_if_not_existed=True)
        assert new_rs is not None
        all_rss = [*old_rss, new_rs]
    scale_up_new_replica_set_for_recreate(run, new_rs)
    if util.deployment_complete(run.deployment, run.deployment.status):
        cleanup_deployment(run, old_rss)
    sync_rollout_status(run, all_rss, new_rs)


def scale_down_old_replica_sets_for_recreate(run: Pass, old_rss: Sequence[ReplicaSet]) -> bool:
    """Scale every old ReplicaSet to 0; True if any was not there already.

    Source: ``scaleDownOldReplicaSetsForRecreate``.
    """
    for rs in old_rss:
        run.decided("recreate.go", "scale_down_old_replica_sets_for_recreate")
        scale_replica_set(run, rs, 0)
    return bool(old_rss)


def old_pods_running(run: Pass, old_rss: Sequence[ReplicaSet]) -> bool:
    """Whether any pod of an old ReplicaSet is left, terminating ones included.

    Source: ``oldPodsRunning``. This is why Recreate waits out the grace period of the slowest pod.
    """
    left = max(
        util.actual_replica_count(old_rss),
        sum([run.pods.get(rs.metadata.name, 0) for rs in old_rss]),
    )
    run.numbers["old_pods_running"] = left
    if left:
        run.decided("recreate.go", "old_pods_running")
    return left > 0


def scale_up_new_replica_set_for_recreate(run: Pass, new_rs: ReplicaSet) -> None:
    """Scale the new ReplicaSet to all replicas, if it is not there already.

    Source: ``scaleUpNewReplicaSetForRecreate``.
    """
    replicas = run.deployment.spec.replicas
    run.numbers["new_rs_replicas"] = new_rs.spec.replicas
    if new_rs.spec.replicas != replicas:
        run.decided("recreate.go", "scale_up_new_replica_set_for_recreate")
        scale_replica_set(run, new_rs, replicas)
