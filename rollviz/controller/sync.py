"""One pass of the Deployment controller, and what every strategy needs of it.

Source: ``pkg/controller/deployment/sync.go``; the functions keep its names and order.

A :class:`Pass` holds what the controller read at its start and collects the writes that it
asks the API server for, in order. Nothing here reads a clock or a store: the same Deployment,
ReplicaSets and time always give the same writes.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from rollviz.controller import deployment_util as util
from rollviz.controller.decision import Decision, Scaling
from rollviz.controller.hash import compute_hash
from rollviz.objects import (
    DESIRED_REPLICAS,
    MAX_REPLICAS,
    POD_TEMPLATE_HASH,
    REVISION,
    REVISION_HISTORY,
    Condition,
    Deployment,
    DeploymentStatus,
    Metadata,
    OwnerReference,
    ReplicaSet,
    ReplicaSetSpec,
    make_deployment,
    make_deployment_status,
    make_metadata,
    make_replica_set,
    make_replica_set_spec,
)

MAX_REV_HISTORY_LENGTH_IN_CHARS = 2000
"""A ReplicaSet forgets the oldest of its numbers rather than remember more letters than this."""


class Write(NamedTuple):
    """One request to the API server: ``create``, ``update``, ``delete`` or ``status``."""

    verb: Literal["create", "update", "delete", "status"]
    object: Deployment | ReplicaSet
    event: str = ""
    """The message of the ``ScalingReplicaSet`` event recorded once it succeeded, or ""."""


class Conflict(Exception):
    """The pass read something that it has itself changed since: try again from the start.

    The real controller gets 409 Conflict from the API server there and is queued again.
    """


class Pass:
    """What one pass of the controller reads, writes and reckons.

    Attributes:
        deployment: the Deployment, with what this pass changed of it.
        replica_sets: all its ReplicaSets as read at the start.
        now: seconds on the timeline's clock; ``second`` the same on a whole second.
        pods: how many pods each ReplicaSet has, terminating ones included, by name.
        taken: the names that ReplicaSets have already, those of other owners too.
        max_surge, max_unavailable: the two knobs in pods; 0 for Recreate.
        min_available: the floor, in pods.
        synced: the new ReplicaSet and the old ones, once the pass has looked.
        stale: what the pass has changed since it was read: the Deployment, a ReplicaSet.
        writes: what to ask the API server for, in order.
        numbers, function, source, scaled: what becomes the :class:`Decision`.
        requeue_after: when to come back though nothing changes, in seconds, or None.
    """

    __slots__ = (
        "deployment",
        "function",
        "max_surge",
        "max_unavailable",
        "min_available",
        "new_rs",
        "now",
        "numbers",
        "pods",
        "replica_sets",
        "requeue_after",
        "scaled",
        "second",
        "source",
        "stale_deployment",
        "stale_replica_set",
        "synced",
        "taken",
        "writes",
    )

    def __init__(
        self,
        deployment: Deployment,
        replica_sets: Sequence[ReplicaSet],
        now: float,
        second: float,
        pods: Mapping[str, int],
        taken: Container[str] | None = None,
    ) -> None:
        self.deployment = deployment
        self.replica_sets = replica_sets
        self.now = now
        self.second = second
        self.pods = pods
        self.taken = {rs.name for rs in replica_sets} if taken is None else taken
        self.max_surge, self.max_unavailable = util.max_surge_and_unavailable(deployment.spec)
        self.min_available = deployment.spec.replicas - self.max_unavailable
        self.synced: tuple[ReplicaSet | None, list[ReplicaSet]] | None = None
        self.stale_deployment = False
        self.stale_replica_set = False
        self.writes: list[Write] = []
        self.numbers = _strategy_numbers(self)
        self.function = ""
        self.source = ""
        self.new_rs = ""
        self.scaled: list[Scaling] = []
        self.requeue_after: float | None = None

    def decided(self, source: str, function: str) -> None:
        """Name the rule that is at work from here on."""
        self.source = source
        self.function = function

    def decision(self) -> Decision:
        """The pass as a record of why."""
        return Decision(self.function, self.source, self.new_rs, tuple(self.scaled), self.numbers)

    def update_status(self, status: DeploymentStatus, metadata: Metadata | None = None) -> None:
        """Write the Deployment's status once; a second write in one pass would conflict."""
        if self.stale_deployment:
            raise Conflict("deployment")
        self.deployment = make_deployment(
            metadata or self.deployment.metadata, self.deployment.spec, status
        )
        self.writes.append(Write("status", self.deployment))
        self.stale_deployment = True


def _strategy_numbers(run: Pass) -> dict[str, int | str]:
    """The two knobs as written and as resolved, which every sentence about a rollout needs."""
    spec = run.deployment.spec
    strategy, replicas = spec.strategy, spec.replicas
    if strategy.type != "RollingUpdate":
        return {"replicas": replicas}
    surge, unavailable = strategy.max_surge, strategy.max_unavailable
    return {
        "replicas": replicas,
        "spec_max_surge": 0 if surge is None else surge,
        "spec_max_unavailable": 0 if unavailable is None else unavailable,
        "max_surge": run.max_surge,
        "max_unavailable": run.max_unavailable,
        "min_available": run.min_available,
        "max_total_pods": replicas + run.max_surge,
    }


def sync_status_only(run: Pass) -> None:
    """A pass over a Deployment that is being deleted: its counters alone (``syncStatusOnly``)."""
    new_rs, old_rss = get_all_replica_sets_and_sync_revision(run, create_if_not_existed=False)
    sync_deployment_status(run, _all(old_rss, new_rs), new_rs)


def sync(run: Pass) -> None:
    """A pass in which the Deployment was scaled or is paused: sizes, no rollout (``sync``)."""
    new_rs, old_rss = get_all_replica_sets_and_sync_revision(run, create_if_not_existed=False)
    run.decided("sync.go", "sync")
    scale(run, new_rs, old_rss)
    if run.deployment.spec.paused:
        cleanup_deployment(run, old_rss)
    sync_deployment_status(run, _all(old_rss, new_rs), new_rs)


def check_paused_conditions(run: Pass) -> None:
    """Say in the conditions that the rollout was paused or resumed.

    Source: ``checkPausedConditions``. A deadline that has passed already is left standing, and time
    spent paused does not count towards it.
    """
    deployment = run.deployment
    if not util.has_progress_deadline(deployment):
        return
    condition = deployment.status.condition("Progressing")
    reason = condition.reason if condition else ""
    if reason == util.TIMED_OUT:
        return
    paused = deployment.spec.paused
    if paused == (reason == util.PAUSED):
        return
    reason, message = (
        (util.PAUSED, "Deployment is paused") if paused else (util.RESUMED, "Deployment is resumed")
    )
    condition = Condition("Progressing", "Unknown", reason, message, run.second, run.second)
    run.update_status(_with_condition(deployment.status, condition))


def get_all_replica_sets_and_sync_revision(
    run: Pass, *, create_if_not_existed: bool
) -> tuple[ReplicaSet | None, list[ReplicaSet]]:
    """The new ReplicaSet (or None) and all old ones, their revisions brought up to date.

    Source: ``getAllReplicaSetsAndSyncRevision``. A pass looks twice, both times at the ReplicaSets
    as they were at its start. If the first look wrote to the new one, what the second look would
    write is refused.
    """
    if run.stale_replica_set:
        raise Conflict("replica set")
    if run.synced is None:
        new_rs = util.find_new_replica_set(run.deployment, run.replica_sets)
        old_rss = [rs for rs in run.replica_sets if rs is not new_rs]
        if new_rs is not None:
            new_rs = sync_existing_replica_set(run, new_rs, old_rss)
        run.synced = new_rs, old_rss
    new_rs, old_rss = run.synced
    if new_rs is None and create_if_not_existed:
        return get_new_replica_set(run, old_rss), old_rss
    return new_rs, old_rss


def sync_existing_replica_set(
    run: Pass, new_rs: ReplicaSet, old_rss: Sequence[ReplicaSet]
) -> ReplicaSet:
    """Give the new ReplicaSet the next revision and the Deployment's annotations.

    Source: the first half of ``getNewReplicaSet``. An undo lands here: the old ReplicaSet that
    is the new one again gets the highest revision, and keeps its old number as history.
    """
    deployment = run.deployment
    run.new_rs = new_rs.metadata.name
    revision = util.max_revision(old_rss) + 1
    annotations = set_new_replica_set_annotations(deployment, new_rs, revision)
    spec, wait = new_rs.spec, deployment.spec.min_ready_seconds
    if spec.min_ready_seconds != wait:
        spec = ReplicaSetSpec(spec.replicas, spec.template, spec.selector, wait)
    if annotations is not new_rs.metadata.annotations or spec is not new_rs.spec:
        run.stale_replica_set = True
        return update_replica_set(run, new_rs, spec=spec, annotations=annotations)
    sync_deployment_revision(run, annotations[REVISION], util.FOUND_NEW_RS)
    return new_rs


def get_new_replica_set(run: Pass, old_rss: Sequence[ReplicaSet]) -> ReplicaSet:
    """Make the ReplicaSet for the Deployment's present template, at the size it may have.

    Source: the second half of ``getNewReplicaSet``. With 5 old pods, maxSurge 2: 2 pods; in the
    middle of another rollout that already fills the ceiling: 0 pods.
    """
    deployment = run.deployment
    template_hash = compute_hash(deployment.spec.template, deployment.status.collision_count)
    new_rs = _replica_set(deployment, template_hash, run.second)
    if new_rs.metadata.name in run.taken:
        # By another template that hashes alike, or by another owner: count it, and hash again
        # with the count.
        count = (deployment.status.collision_count or 0) + 1
        run.update_status(replace(deployment.status, collision_count=count))
        raise Conflict("hash collision")
    run.new_rs = new_rs.metadata.name
    size = new_rs_new_replicas(run, [*old_rss, new_rs], new_rs)
    revision = str(util.max_revision(old_rss) + 1)
    annotations = _with_replicas(run, {**_copied(deployment), REVISION: revision})
    new_rs = ReplicaSet(
        _annotated(new_rs.metadata, annotations), _sized(new_rs.spec, size), new_rs.status
    )
    event = f"Scaled up replica set {new_rs.metadata.name} from 0 to {size}" if size else ""
    run.writes.append(Write("create", new_rs, event))
    run.decided("sync.go", "get_new_replica_set")
    run.scaled.append(Scaling(new_rs.metadata.name, 0, size))
    sync_deployment_revision(run, revision, util.NEW_RS_CREATED)
    return new_rs


def sync_deployment_revision(run: Pass, revision: str, reason: str) -> None:
    """Copy the new ReplicaSet's revision to the Deployment.

    Source: ``getNewReplicaSet``. Its Progressing condition tells of the ReplicaSet: always when it
    was created just now, and when it was found only if there is no such condition yet.
    """
    deployment = run.deployment
    metadata, status = deployment.metadata, deployment.status
    if metadata.annotations.get(REVISION) != revision:
        metadata = _annotated(metadata, {**metadata.annotations, REVISION: revision})
    created = reason == util.NEW_RS_CREATED
    if util.has_progress_deadline(deployment) and (
        created or status.condition("Progressing") is None
    ):
        message = f'{"Created" if created else "Found"} new replica set "{run.new_rs}"'
        condition = Condition("Progressing", "True", reason, message, run.second, run.second)
        status = _with_condition(status, condition)
    if metadata is not deployment.metadata or status is not deployment.status:
        run.update_status(status, metadata)


def set_new_replica_set_annotations(
    deployment: Deployment, new_rs: ReplicaSet, revision: int
) -> Mapping[str, str]:
    """The annotations that the new ReplicaSet should have: its own, if it has them already.

    Source: ``SetNewReplicaSetAnnotations`` (``deployment_util.go``).
    """
    current = new_rs.metadata.annotations
    changed = {}
    for key, value in deployment.metadata.annotations.items():
        if key not in util.ANNOTATIONS_TO_SKIP and current.get(key) != value:
            changed[key] = value
    if new_rs.revision < revision:
        if REVISION in current:
            before = current.get(REVISION_HISTORY, "")
            changed[REVISION_HISTORY] = _revision_history(before, current[REVISION])
        changed[REVISION] = str(revision)
    return {**current, **changed} if changed else current


def _revision_history(before: str, revision: str) -> str:
    numbers = [*filter(None, before.split(",")), revision]
    while len(",".join(numbers)) > MAX_REV_HISTORY_LENGTH_IN_CHARS:
        del numbers[0]
    return ",".join(numbers)


def new_rs_new_replicas(run: Pass, all_rss: Sequence[ReplicaSet], new_rs: ReplicaSet) -> int:
    """How many pods the new ReplicaSet may have now (``NewRSNewReplicas``).

    RollingUpdate: as many as fit under the ceiling. With 5 wanted and maxSurge 2 the ceiling is
    7: 4 old and 2 new make 6, so 7 - 6 = 1 more, 3 in all. Terminating pods are not counted.
    Recreate: all of them at once.
    """
    deployment = run.deployment
    replicas = deployment.spec.replicas
    numbers = run.numbers
    numbers["new_rs_replicas"] = new_rs.spec.replicas
    if not util.is_rolling_update(deployment):
        return replicas
    current_pod_count = util.replica_count(all_rss)
    max_total_pods = replicas + run.max_surge
    numbers["current_pod_count"] = current_pod_count
    scale_up_count = 0
    if current_pod_count < max_total_pods:
        room = max_total_pods - current_pod_count
        scale_up_count = min(room, replicas - new_rs.spec.replicas)
    numbers["scale_up_count"] = scale_up_count
    return new_rs.spec.replicas + scale_up_count


def scale(run: Pass, new_rs: ReplicaSet | None, old_rss: Sequence[ReplicaSet]) -> None:
    """Bring the ReplicaSets to the Deployment's new size, in proportion to what they have.

    Source: ``scale``. One active ReplicaSet takes it all. When the new one is whole, the old ones
    go to 0. In the middle of a RollingUpdate everyone gets a share and the largest the leftover: 10
    to 15 with maxSurge 3 lets 18 pods be; 8 old and 5 new make 13, so 5 more: 3 for the old, 2 for
    the new.
    """
    deployment = run.deployment
    only = util.find_active_or_latest(new_rs, old_rss)
    if only is not None:
        if only.spec.replicas != deployment.spec.replicas:
            run.decided("sync.go", "scale")
            scale_replica_set(run, only, deployment.spec.replicas)
        return
    if util.is_saturated(deployment, new_rs):
        for rs in util.active(old_rss):
            run.decided("sync.go", "scale")
            scale_replica_set(run, rs, 0)
        return
    running = util.active(_all(old_rss, new_rs))
    if running and util.is_rolling_update(deployment):
        scale_in_proportion(run, running)


def scale_in_proportion(run: Pass, replica_sets: list[ReplicaSet]) -> None:
    """The last part of ``scale``: several ReplicaSets are active, all grow or shrink alike."""
    deployment = run.deployment
    replicas = deployment.spec.replicas
    all_rs_replicas = util.replica_count(replica_sets)
    allowed_size = replicas + run.max_surge if replicas else 0
    to_add = allowed_size - all_rs_replicas
    numbers = run.numbers
    numbers |= {
        "allowed_size": allowed_size,
        "all_rs_replicas": all_rs_replicas,
        "deployment_replicas_to_add": to_add,
    }
    # Growing favours the newer of two equals, shrinking takes from the older.
    replica_sets.sort(key=util.by_size_newer if to_add > 0 else util.by_size_older)
    added = 0
    sizes = []
    for rs in replica_sets:
        share = util.replica_set_proportion(rs, deployment, to_add, added)
        numbers[f"max_replicas/{rs.metadata.name}"] = util.max_replicas_before(rs, deployment)
        numbers[f"proportion/{rs.metadata.name}"] = share
        sizes.append(rs.spec.replicas + share)
        added += share
    if to_add:
        numbers["leftover"] = to_add - added
        sizes[0] = max(0, sizes[0] + to_add - added)
    run.decided("sync.go", "scale")
    for rs, size in zip(replica_sets, sizes, strict=True):
        scale_replica_set(run, rs, size)


def scale_replica_set(run: Pass, rs: ReplicaSet, new_scale: int) -> ReplicaSet:
    """Set a ReplicaSet's size, and the annotations with the Deployment's (``scaleReplicaSet``)."""
    annotations = _with_replicas(run, rs.metadata.annotations)
    old_scale = rs.spec.replicas
    if old_scale == new_scale:
        if annotations == rs.metadata.annotations:
            return rs
        return update_replica_set(run, rs, spec=rs.spec, annotations=annotations)
    direction = "up" if new_scale > old_scale else "down"
    name = rs.metadata.name
    run.scaled.append(Scaling(name, old_scale, new_scale))
    return update_replica_set(
        run,
        rs,
        spec=_sized(rs.spec, new_scale),
        annotations=annotations,
        event=f"Scaled {direction} replica set {name} from {old_scale} to {new_scale}",
    )


def update_replica_set(
    run: Pass,
    rs: ReplicaSet,
    *,
    spec: ReplicaSetSpec,
    annotations: Mapping[str, str],
    event: str = "",
) -> ReplicaSet:
    """Ask for a changed ReplicaSet; the API server counts another spec as a new generation."""
    metadata = rs.metadata
    metadata = make_metadata(
        metadata.name,
        metadata.namespace,
        metadata.uid,
        metadata.generation + (spec is not rs.spec),
        metadata.creation_timestamp,
        metadata.deletion_timestamp,
        metadata.labels,
        annotations,
        metadata.owner,
    )
    updated = make_replica_set(metadata, spec, rs.status)
    run.writes.append(Write("update", updated, event))
    return updated


def cleanup_deployment(run: Pass, old_rss: Sequence[ReplicaSet]) -> None:
    """Delete the oldest empty ReplicaSets beyond the history limit (``cleanupDeployment``)."""
    limit = run.deployment.spec.revision_history_limit
    if limit is None or limit == util.MAX_INT32:
        return
    excess = len(old_rss) - limit
    if excess <= 0:
        return
    for rs in sorted(old_rss, key=util.by_revision)[:excess]:
        status = rs.status
        settled = rs.metadata.generation <= status.observed_generation
        if rs.spec.replicas == 0 and status.replicas == 0 and settled:
            run.writes.append(Write("delete", rs))


def sync_deployment_status(
    run: Pass, all_rss: Sequence[ReplicaSet], new_rs: ReplicaSet | None
) -> None:
    """Write the counters, if any changed (``syncDeploymentStatus``)."""
    status = calculate_status(run, all_rss, new_rs)
    if status != run.deployment.status:
        run.update_status(status)


def calculate_status(
    run: Pass, all_rss: Sequence[ReplicaSet], new_rs: ReplicaSet | None
) -> DeploymentStatus:
    """The Deployment's counters, summed over its ReplicaSets' counters.

    Source: ``calculateStatus``. Unavailable is what is asked for less what is available, and may
    count pods that do not exist yet: 4 old and 2 new asked for, 5 available, so 1 unavailable.
    """
    deployment = run.deployment
    replicas = available = ready = terminating = total = 0
    for rs in all_rss:
        status = rs.status
        total += rs.spec.replicas
        replicas += status.replicas
        ready += status.ready_replicas
        available += status.available_replicas
        terminating += status.terminating_replicas or 0
    return make_deployment_status(
        deployment.metadata.generation,
        replicas,
        new_rs.status.replicas if new_rs else 0,
        ready,
        available,
        max(0, total - available),
        terminating,
        deployment.status.collision_count,
        _with_availability(run, available >= run.min_available),
    )


def is_scaling_event(run: Pass) -> bool:
    """Whether ``spec.replicas`` changed since they were last sized for it (``isScalingEvent``)."""
    new_rs, old_rss = get_all_replica_sets_and_sync_revision(run, create_if_not_existed=False)
    wanted = str(run.deployment.spec.replicas)
    for rs in _all(old_rss, new_rs):
        if rs.spec.replicas and rs.metadata.annotations.get(DESIRED_REPLICAS, wanted) != wanted:
            return True
    return False


def _all(old_rss: Sequence[ReplicaSet], new_rs: ReplicaSet | None) -> list[ReplicaSet]:
    return [*old_rss, new_rs] if new_rs is not None else list(old_rss)


def _with_availability(run: Pass, enough: bool) -> tuple[Condition, ...]:
    status, reason, does = (
        ("True", util.MINIMUM_AVAILABLE, "has")
        if enough
        else ("False", util.MINIMUM_UNAVAILABLE, "does not have")
    )
    current = run.deployment.status.condition("Available")
    if current is not None and current.status == status:
        return run.deployment.status.conditions
    message = f"Deployment {does} minimum availability."
    condition = Condition("Available", status, reason, message, run.second, run.second)
    return util.set_condition(run.deployment.status.conditions, condition)


def _with_condition(status: DeploymentStatus, condition: Condition) -> DeploymentStatus:
    conditions = util.set_condition(status.conditions, condition)
    return status if conditions is status.conditions else util.with_conditions(status, conditions)


def _replica_set(deployment: Deployment, template_hash: str, second: float) -> ReplicaSet:
    metadata, spec = deployment.metadata, deployment.spec
    template = spec.template.with_hash(template_hash)
    match_labels = {**spec.selector.get("matchLabels", {}), POD_TEMPLATE_HASH: template_hash}
    return ReplicaSet(
        Metadata(
            name=f"{metadata.name}-{template_hash}",
            namespace=metadata.namespace,
            creation_timestamp=second,
            labels=template.labels,
            owner=OwnerReference("Deployment", metadata.name, metadata.uid),
        ),
        ReplicaSetSpec(
            0, template, {**spec.selector, "matchLabels": match_labels}, spec.min_ready_seconds
        ),
    )


def _sized(spec: ReplicaSetSpec, replicas: int) -> ReplicaSetSpec:
    return make_replica_set_spec(replicas, spec.template, spec.selector, spec.min_ready_seconds)


def _annotated(metadata: Metadata, annotations: Mapping[str, str]) -> Metadata:
    return make_metadata(
        metadata.name,
        metadata.namespace,
        metadata.uid,
        metadata.generation,
        metadata.creation_timestamp,
        metadata.deletion_timestamp,
        metadata.labels,
        annotations,
        metadata.owner,
    )


def _copied(deployment: Deployment) -> dict[str, str]:
    annotations = deployment.metadata.annotations
    return {k: v for k, v in annotations.items() if k not in util.ANNOTATIONS_TO_SKIP}


def _with_replicas(run: Pass, annotations: Mapping[str, str]) -> dict[str, str]:
    """The annotations with those that say for which size of the Deployment it was sized."""
    replicas = run.deployment.spec.replicas
    return {
        **annotations,
        DESIRED_REPLICAS: str(replicas),
        MAX_REPLICAS: str(replicas + run.max_surge),
    }
