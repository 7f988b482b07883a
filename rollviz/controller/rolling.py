"""How a RollingUpdate trades old pods for new ones.

Source: ``pkg/controller/deployment/rolling.go``; the functions keep its names and order, so
that both files can be read side by side.
"""

from __future__ import annotations

from collections.abc import Sequence

from rollviz.controller import deployment_util as util
from rollviz.controller.progress import sync_rollout_status
from rollviz.controller.sync import (
    Pass,
    cleanup_deployment,
    get_all_replica_sets_and_sync_revision,
    new_rs_new_replicas,
    scale_replica_set,
)
from rollviz.objects import ReplicaSet


class InvalidRequest(Exception):
    """An old ReplicaSet has more pods available than it asks for, so nothing is taken for now.

    It was scaled down a moment ago and its status still counts the pods that go. Were they
    counted as available, others would be taken in their place and the floor broken. Kubernetes
    notices only if it comes to this one before it has found enough unready pods in older ones.
    """


def rollout_rolling(run: Pass) -> None:
    """One pass of a RollingUpdate: scale the new one up or, if it may not, the old ones down.

    Source: ``rolloutRolling``. Never both in one pass, but in the pass that makes the new
    ReplicaSet.
    """
    new_rs, old_rss = get_all_replica_sets_and_sync_revision(run, create_if_not_existed=True)
    assert new_rs is not None
    all_rss = [*old_rss, new_rs]
    run.numbers["old_pods_count"] = util.replica_count(old_rss)

    if not reconcile_new_replica_set(run, all_rss, new_rs) and not reconcile_old_replica_sets(
        run, all_rss, util.active(old_rss), new_rs
    ):
        deployment = run.deployment
        if util.deployment_complete(deployment, deployment.status):
            cleanup_deployment(run, old_rss)
    # With the sizes as they were read: the next pass counts what this one changed.
    sync_rollout_status(run, all_rss, new_rs)


def reconcile_new_replica_set(run: Pass, all_rss: Sequence[ReplicaSet], new_rs: ReplicaSet) -> bool:
    """Scale the new ReplicaSet up as far as the ceiling lets it; True if it was scaled.

    Source: ``reconcileNewReplicaSet``. Trace ``rolling-default-5``: 5 replicas and surge 2, so 7
    may be. With 4 old and 2 new pods there is room for 1 more: the new one gets 3.
    """
    replicas = run.deployment.spec.replicas
    if new_rs.spec.replicas == replicas:
        return False
    created = run.function == "get_new_replica_set"
    if not created:
        run.decided("rolling.go", "reconcile_new_replica_set")
    if new_rs.spec.replicas > replicas:
        scale_replica_set(run, new_rs, replicas)
        return True
    if created:  # at the size that new_rs_new_replicas gave it a moment ago
        return False
    size = new_rs_new_replicas(run, all_rss, new_rs)
    if size == new_rs.spec.replicas:
        return False
    scale_replica_set(run, new_rs, size)
    return True


def reconcile_old_replica_sets(
    run: Pass, all_rss: Sequence[ReplicaSet], old_rss: list[ReplicaSet], new_rs: ReplicaSet
) -> bool:
    """Scale the old ReplicaSets down as far as the floor lets them; True if any was scaled.

    Source: ``reconcileOldReplicaSets``. What may go is everything above the floor, less the new
    pods that are not available yet (they are no use to anybody, so they must not push out pods that
    are):

        max_scaled_down = all_pods_count - min_available - new_rs_unavailable_pod_count

    Trace ``rolling-default-5``: 5 replicas at 25% and 25%, so at least 4 available. The new
    ReplicaSet has just got its 2 pods, none available: 7 - 4 - 2 = 1, one old pod may go.
    One pass later: 6 + 1 more new - 4 - 3 = 0, so everybody waits until a new pod is available.

    Trace ``bad-image-then-undo``: undone with 4 old and 3 broken new pods, the old ReplicaSet
    is the new one now, all of it available: 7 - 4 - 0 = 3, and the 3 broken ones go at once.

    Trace ``rollover``: a second update starts with 4 of the oldest, 4 of the first update (2
    of them available) and a ceiling of 8. The newest must start with 0 pods, but then none of
    its pods is unavailable either: 8 - 6 - 0 = 2, and the 2 unready ones of the first update
    make room.
    """
    old_pods_count = util.replica_count(old_rss)
    if old_pods_count == 0:
        return False
    all_pods_count = util.replica_count(all_rss)
    min_available = run.min_available
    new_rs_unavailable_pod_count = new_rs.spec.replicas - new_rs.status.available_replicas
    max_scaled_down = all_pods_count - min_available - new_rs_unavailable_pod_count
    run.numbers |= {
        "new_rs_replicas": new_rs.spec.replicas,
        "all_pods_count": all_pods_count,
        "new_rs_available": new_rs.status.available_replicas,
        "new_rs_unavailable_pod_count": new_rs_unavailable_pod_count,
        "max_scaled_down": max_scaled_down,
    }
    if run.function != "get_new_replica_set":
        run.decided("rolling.go", "reconcile_old_replica_sets")
    if max_scaled_down <= 0:
        return False

    try:
        old_rss, cleanup_count = cleanup_unhealthy_replicas(run, old_rss, max_scaled_down)
    except InvalidRequest:
        return False
    scaled_down_count = scale_down_old_replica_sets_for_rolling_update(
        run, [*old_rss, new_rs], old_rss
    )
    if cleanup_count + scaled_down_count == 0:
        return False
    run.decided("rolling.go", "reconcile_old_replica_sets")
    return True


def cleanup_unhealthy_replicas(
    run: Pass, old_rss: list[ReplicaSet], max_cleanup_count: int
) -> tuple[list[ReplicaSet], int]:
    """Take old pods that serve nobody first: they would block the rollout, and cost nothing.

    Source: ``cleanupUnhealthyReplicas``. Returns the old ReplicaSets as they are now, and how many
    pods were taken. Which pods go is the ReplicaSet controller's choice, and it takes the unready
    ones first too. Trace ``bad-image-then-undo``: 3 asked for and 0 available, so all 3 go.
    """
    old_rss = sorted(old_rss, key=util.by_creation)
    total_scaled_down = run.numbers["cleanup_count"] = 0
    for i, rs in enumerate(old_rss):
        if total_scaled_down >= max_cleanup_count:
            break
        unhealthy = rs.spec.replicas - rs.status.available_replicas
        if rs.spec.replicas == 0 or unhealthy == 0:
            continue
        if unhealthy < 0:
            raise InvalidRequest(rs.metadata.name)
        count = min(max_cleanup_count - total_scaled_down, unhealthy)
        old_rss[i] = scale_replica_set(run, rs, rs.spec.replicas - count)
        total_scaled_down += count
        run.numbers["cleanup_count"] = total_scaled_down
    return old_rss, total_scaled_down


def scale_down_old_replica_sets_for_rolling_update(
    run: Pass, all_rss: Sequence[ReplicaSet], old_rss: list[ReplicaSet]
) -> int:
    """Take available old pods, oldest ReplicaSet first, while more than the floor are available.

    Source: ``scaleDownOldReplicaSetsForRollingUpdate``. Trace ``rolling-default-10``: 8 must be
    available and 10 are, so 2 go.
    """
    available_pod_count = util.available_replica_count(all_rss)
    run.numbers["available_pod_count"] = available_pod_count
    if available_pod_count <= run.min_available:
        return 0
    total_scale_down_count = available_pod_count - run.min_available
    total_scaled_down = 0
    for rs in sorted(old_rss, key=util.by_creation):
        if total_scaled_down >= total_scale_down_count:
            break
        if rs.spec.replicas == 0:
            continue
        count = min(rs.spec.replicas, total_scale_down_count - total_scaled_down)
        scale_replica_set(run, rs, rs.spec.replicas - count)
        total_scaled_down += count
    run.numbers["total_scale_down_count"] = total_scale_down_count
    run.numbers["scaled_down_count"] = total_scaled_down
    return total_scaled_down
