"""Small rules that the parts of the Deployment controller share.

Source: ``pkg/controller/deployment/util/deployment_util.go``; the functions keep its names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from rollviz.objects import (
    DESIRED_REPLICAS,
    LAST_APPLIED,
    MAX_REPLICAS,
    REVISION,
    REVISION_HISTORY,
    Condition,
    Deployment,
    DeploymentSpec,
    DeploymentStatus,
    ReplicaSet,
    make_deployment_status,
)

ANNOTATIONS_TO_SKIP = frozenset(
    (
        LAST_APPLIED,
        REVISION,
        REVISION_HISTORY,
        DESIRED_REPLICAS,
        MAX_REPLICAS,
        "deprecated.deployment.rollback.to",
    )
)
"""Annotations that a ReplicaSet does not take over from its Deployment."""

MAX_INT32 = 2**31 - 1
"""Written as a deadline or a limit, it means that there is none."""

NEW_RS_AVAILABLE = "NewReplicaSetAvailable"
TIMED_OUT = "ProgressDeadlineExceeded"
NEW_RS_CREATED = "NewReplicaSetCreated"
FOUND_NEW_RS = "FoundNewReplicaSet"
RS_UPDATED = "ReplicaSetUpdated"
PAUSED = "DeploymentPaused"
RESUMED = "DeploymentResumed"
MINIMUM_AVAILABLE = "MinimumReplicasAvailable"
MINIMUM_UNAVAILABLE = "MinimumReplicasUnavailable"


def scaled_value(value: int | str | None, total: int, *, round_up: bool) -> int:
    """Pods meant by ``3`` or ``"25%"`` of ``total`` pods (``intstr.GetScaledValue...``).

    >>> scaled_value("25%", 5, round_up=True), scaled_value("25%", 5, round_up=False)
    (2, 1)
    """
    if value is None:
        return 0
    if isinstance(value, int):
        return value
    percent = int(value.rstrip("%"))
    return -(-percent * total // 100) if round_up else percent * total // 100


@lru_cache
def resolve_fenceposts(
    max_surge: int | str | None, max_unavailable: int | str | None, desired: int
) -> tuple[int, int]:
    """The two knobs in pods: surge rounds up, unavailable rounds down.

    Both resolving to 0 would stop every rollout, so unavailable becomes 1. With 25% and 25%:
    5 replicas give 1.25 and 1.25, so (2, 1); 1 replica gives (1, 0).

    >>> resolve_fenceposts("25%", "25%", 5), resolve_fenceposts(0, "10%", 5)
    ((2, 1), (0, 1))
    """
    surge = scaled_value(max_surge, desired, round_up=True)
    unavailable = scaled_value(max_unavailable, desired, round_up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return surge, unavailable


def has_progress_deadline(deployment: Deployment) -> bool:
    """Whether it wants to hear of a rollout that is stuck (``HasProgressDeadline``)."""
    deadline = deployment.spec.progress_deadline_seconds
    return deadline is not None and deadline != MAX_INT32


def is_rolling_update(deployment: Deployment) -> bool:
    """Whether its strategy is RollingUpdate."""
    return deployment.spec.strategy.type == "RollingUpdate"


def max_surge_and_unavailable(spec: DeploymentSpec) -> tuple[int, int]:
    """Pods there may be above its replicas, and pods that may be unavailable; 0 for Recreate.

    Source: ``MaxSurge`` and ``MaxUnavailable``. Never more may be unavailable than are wanted.
    """
    strategy, replicas = spec.strategy, spec.replicas
    if strategy.type != "RollingUpdate":
        return 0, 0
    surge, unavailable = resolve_fenceposts(strategy.max_surge, strategy.max_unavailable, replicas)
    return surge, min(unavailable, replicas)


def replica_count(replica_sets: Iterable[ReplicaSet]) -> int:
    """Pods asked for: the sum of ``spec.replicas`` (``GetReplicaCountForReplicaSets``)."""
    count = 0
    for rs in replica_sets:
        count += rs.spec.replicas
    return count


def actual_replica_count(replica_sets: Iterable[ReplicaSet]) -> int:
    """Pods counted: the sum of ``status.replicas``."""
    return sum([rs.status.replicas for rs in replica_sets])


def available_replica_count(replica_sets: Iterable[ReplicaSet]) -> int:
    """Pods available: the sum of ``status.availableReplicas``."""
    return sum([rs.status.available_replicas for rs in replica_sets])


def max_revision(replica_sets: Iterable[ReplicaSet]) -> int:
    """The highest revision among them, 0 if there is none (``MaxRevision``)."""
    highest = 0
    for rs in replica_sets:
        highest = max(highest, rs.revision)
    return highest


def active(replica_sets: Iterable[ReplicaSet]) -> list[ReplicaSet]:
    """Those that ask for pods (``FilterActiveReplicaSets``)."""
    return [rs for rs in replica_sets if rs.spec.replicas > 0]


def find_new_replica_set(
    deployment: Deployment, replica_sets: Iterable[ReplicaSet]
) -> ReplicaSet | None:
    """The ReplicaSet made from the Deployment's present template, the oldest if several are."""
    key, found = deployment.spec.template.key, None
    for rs in replica_sets:
        if rs.spec.template.key == key and (not found or by_creation(rs) < by_creation(found)):
            found = rs
    return found


def by_creation(rs: ReplicaSet) -> tuple[float, str]:
    """Sort key: older first, then by name (``ReplicaSetsByCreationTimestamp``)."""
    return rs.metadata.creation_timestamp, rs.metadata.name


def by_size_newer(rs: ReplicaSet) -> tuple[int, float, str]:
    """Sort key: larger first, then newer (``ReplicaSetsBySizeNewer``)."""
    return -rs.spec.replicas, -rs.metadata.creation_timestamp, rs.metadata.name


def by_size_older(rs: ReplicaSet) -> tuple[int, float, str]:
    """Sort key: larger first, then older (``ReplicaSetsBySizeOlder``)."""
    return -rs.spec.replicas, rs.metadata.creation_timestamp, rs.metadata.name


def by_revision(rs: ReplicaSet) -> tuple[int, float, str]:
    """Sort key: lower revision first, then older (``ReplicaSetsByRevision``)."""
    return rs.revision, *by_creation(rs)


def find_active_or_latest(
    new_rs: ReplicaSet | None, old_rss: Sequence[ReplicaSet]
) -> ReplicaSet | None:
    """The only active ReplicaSet, or the newest if none is; None when several are active."""
    every = [*old_rss, new_rs] if new_rs else list(old_rss)
    running = active(every)
    if len(running) > 1 or not every:
        return None
    if running:
        return running[0]
    return new_rs or max(old_rss, key=by_creation)


def is_saturated(deployment: Deployment, rs: ReplicaSet | None) -> bool:
    """Whether the new ReplicaSet is whole: as many asked for, annotated and available."""
    replicas = deployment.spec.replicas
    return (
        rs is not None
        and rs.metadata.annotations.get(DESIRED_REPLICAS) == str(replicas)
        and rs.spec.replicas == replicas
        and rs.status.available_replicas == replicas
    )


def replica_set_proportion(rs: ReplicaSet, deployment: Deployment, to_add: int, added: int) -> int:
    """This ReplicaSet's share of ``to_add`` pods (negative: to remove), ``added`` being given.

    Source: ``GetReplicaSetProportion``.
    """
    if rs.spec.replicas == 0 or to_add == 0 or to_add == added:
        return 0
    fraction = replica_set_fraction(rs, deployment)
    allowed = to_add - added
    return min(fraction, allowed) if to_add > 0 else max(fraction, allowed)


def replica_set_fraction(rs: ReplicaSet, deployment: Deployment) -> int:
    """How much this ReplicaSet would grow if all grew in proportion (``getReplicaSetFraction``).

    Scaling 10 to 15 with maxSurge 3, the old one at 8, annotated max-replicas 13:
    8 * 18 / 13 = 11.08, rounds to 11, so 3 more; the new one at 5: 6.92, rounds to 7, 2 more.
    """
    if deployment.spec.replicas == 0:
        return -rs.spec.replicas
    allowed = deployment.spec.replicas + max_surge_and_unavailable(deployment.spec)[0]
    before = max_replicas_before(rs, deployment)
    if before == 0:
        return 0
    return _round(rs.spec.replicas * allowed / before) - rs.spec.replicas


def max_replicas_before(rs: ReplicaSet, deployment: Deployment) -> int:
    """How many pods were allowed in all when this ReplicaSet was last sized."""
    return int(rs.metadata.annotations.get(MAX_REPLICAS) or 0) or deployment.status.replicas


def _round(value: float) -> int:
    """Half away from zero, as Go's ``math.Round``."""
    return int(value + 0.5)


def deployment_complete(deployment: Deployment, status: DeploymentStatus) -> bool:
    """Every pod updated, available, and nothing else left (``DeploymentComplete``)."""
    replicas = deployment.spec.replicas
    return (
        status.updated_replicas == replicas
        and status.replicas == replicas
        and status.available_replicas == replicas
        and status.observed_generation >= deployment.metadata.generation
    )


def deployment_progressing(deployment: Deployment, status: DeploymentStatus) -> bool:
    """Whether the new status is a step forward from the old (``DeploymentProgressing``)."""
    old = deployment.status
    return (
        status.updated_replicas > old.updated_replicas
        or status.replicas - status.updated_replicas < old.replicas - old.updated_replicas
        or status.ready_replicas > old.ready_replicas
        or status.available_replicas > old.available_replicas
    )


def deployment_timed_out(deployment: Deployment, status: DeploymentStatus, now: float) -> bool:
    """Whether nothing has progressed for longer than the deadline (``DeploymentTimedOut``)."""
    condition = status.condition("Progressing")
    deadline = deployment.spec.progress_deadline_seconds
    if condition is None or deadline is None or condition.reason == NEW_RS_AVAILABLE:
        return False
    if condition.reason == TIMED_OUT:
        return True
    return (condition.last_update_time or 0.0) + deadline < now


def set_condition(conditions: tuple[Condition, ...], condition: Condition) -> tuple[Condition, ...]:
    """The conditions with this one in (``SetDeploymentCondition``).

    An equal status and reason changes nothing; an equal status keeps its transition time. A
    changed condition moves to the end.
    """
    current = next((c for c in conditions if c.type == condition.type), None)
    if current and current.status == condition.status:
        if current.reason == condition.reason:
            return conditions
        condition = Condition(
            condition.type,
            condition.status,
            condition.reason,
            condition.message,
            condition.last_update_time,
            current.last_transition_time,
        )
    return (*remove_condition(conditions, condition.type), condition)


def remove_condition(conditions: tuple[Condition, ...], type: str) -> tuple[Condition, ...]:
    """The conditions without those of this type; the same ones if there is none."""
    kept = [c for c in conditions if c.type != type]
    return conditions if len(kept) == len(conditions) else tuple(kept)


def with_conditions(
    status: DeploymentStatus, conditions: tuple[Condition, ...]
) -> DeploymentStatus:
    """The status with other conditions; every pass may ask, so it is built without ``replace``."""
    return make_deployment_status(
        status.observed_generation,
        status.replicas,
        status.updated_replicas,
        status.ready_replicas,
        status.available_replicas,
        status.unavailable_replicas,
        status.terminating_replicas,
        status.collision_count,
        conditions,
    )
