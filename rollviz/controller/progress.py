"""How the controller tells a rollout that moves from one that is stuck.

Source: ``pkg/controller/deployment/progress.go``; the functions keep its names and order.
Nothing is ever rolled back here: a deadline that passes becomes a condition, and that is all.
"""

from __future__ import annotations

from collections.abc import Sequence

from rollviz.controller import deployment_util as util
from rollviz.controller.sync import Pass, calculate_status
from rollviz.objects import Condition, DeploymentStatus, ReplicaSet, make_condition


def sync_rollout_status(
    run: Pass, all_rss: Sequence[ReplicaSet], new_rs: ReplicaSet | None
) -> None:
    """Write the counters and the Progressing and ReplicaFailure conditions, if any changed.

    Source: ``syncRolloutStatus``.
    """
    deployment = run.deployment
    old = deployment.status
    status = calculate_status(run, all_rss, new_rs)
    conditions = status.conditions
    current = old.condition("Progressing")
    if not util.has_progress_deadline(deployment):
        conditions = util.remove_condition(conditions, "Progressing")
    else:
        settled = (
            status.replicas == status.updated_replicas
            and current is not None
            and current.reason == util.NEW_RS_AVAILABLE
        )
        if not settled:
            conditions = estimate_progress(run, status, current, new_rs)
    failure = get_replica_failures(all_rss, new_rs)
    if failure is not None:
        conditions = util.set_condition(conditions, failure)
    elif old.condition("ReplicaFailure") is not None:
        conditions = util.remove_condition(conditions, "ReplicaFailure")
    if conditions is not status.conditions:
        status = util.with_conditions(status, conditions)
    if status == old:
        run.requeue_after = requeue_stuck_deployment(run, status)
    else:
        run.update_status(status)


def estimate_progress(
    run: Pass, status: DeploymentStatus, current: Condition | None, new_rs: ReplicaSet | None
) -> tuple[Condition, ...]:
    """The conditions with Progressing as it is now: complete, moving, timed out, or as before.

    Source: the ``switch`` in ``syncRolloutStatus``.
    """
    deployment = run.deployment
    conditions = status.conditions
    name = f'ReplicaSet "{new_rs.metadata.name}"' if new_rs else f'Deployment "{deployment.name}"'
    second = run.second
    if util.deployment_complete(deployment, status):
        message = f"{name} has successfully progressed."
        reason = util.NEW_RS_AVAILABLE
        done = Condition("Progressing", "True", reason, message, second, second)
        return util.set_condition(conditions, done)
    if util.deployment_progressing(deployment, status):
        # Each step forward moves last_update_time, from which the deadline counts.
        since = second
        if current is not None and current.status == "True":
            since = current.last_transition_time
        message = f"{name} is progressing."
        moving = make_condition("Progressing", "True", util.RS_UPDATED, message, second, since)
        return (*[c for c in conditions if c.type != "Progressing"], moving)
    if util.deployment_timed_out(deployment, status, run.now):
        message = f"{name} has timed out progressing."
        stuck = Condition("Progressing", "False", util.TIMED_OUT, message, second, second)
        return util.set_condition(conditions, stuck)
    return conditions


def get_replica_failures(
    all_rss: Sequence[ReplicaSet], new_rs: ReplicaSet | None
) -> Condition | None:
    """A ReplicaSet's failure to create or delete pods, the new one's before any other's.

    Source: ``getReplicaFailures``.
    """
    for rs in all_rss if new_rs is None else (new_rs, *all_rss):
        for condition in rs.status.conditions:
            if condition.type == "ReplicaFailure":
                return Condition(
                    condition.type,
                    condition.status,
                    condition.reason,
                    condition.message,
                    condition.last_transition_time,
                    condition.last_transition_time,
                )
    return None


def requeue_stuck_deployment(run: Pass, status: DeploymentStatus) -> float | None:
    """When to look again whether the deadline has passed, in seconds, or None.

    Source: ``requeueStuckDeployment``. Trace ``bad-image-deadline``: updated at second 2, deadline
    3 s, so look at second 5; the controller adds a second against clock skew and finds it timed out
    at second 6. With less than a second left it looks again at once (rate limited).
    """
    deployment = run.deployment
    current = deployment.status.condition("Progressing")
    deadline = deployment.spec.progress_deadline_seconds
    if deadline is None or deadline == util.MAX_INT32 or current is None:
        return None
    if current.reason == util.TIMED_OUT or util.deployment_complete(deployment, status):
        return None
    after = (current.last_update_time or 0.0) + deadline - run.now
    return after + 1.0 if after >= 1.0 else 0.0
