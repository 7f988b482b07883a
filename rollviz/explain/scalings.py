"""Why a ReplicaSet was resized: its decision's numbers, worded."""

from __future__ import annotations

from rollviz.controller.decision import Decision, Scaling
from rollviz.explain.arithmetic import cleaned_up, knob_words
from rollviz.explain.scene import LOOK_AROUND, Scene
from rollviz.explain.words import be, every, last, number, plural, pods
from rollviz.objects import ReplicaSet


def scaled(scene: Scene) -> str:
    """A ReplicaSet was made, resized or deleted."""
    if scene.change.type == "DELETED":
        return _deleted(scene)
    scaling, decision = scene.step.scaling, scene.decision
    assert scaling is not None
    if decision is None:
        return _unexplained(scene, scaling)
    if "allowed_size" in decision.numbers:
        return _shared_out(decision, scaling)
    if decision.function == "scale":
        return _resized(decision, scaling)
    if scaling.replica_set != decision.new_rs:
        return _old_pods(decision, scaling)
    if len(scene.replica_sets) <= 1 and scaling.from_ == 0:
        return f"Nothing runs yet: {every(scaling.to)} may come at once."
    return _new_pods(decision, scaling)


def _unexplained(scene: Scene, scaling: Scaling) -> str:
    """A live cluster did what our controller would not have done, or the cause is on its way."""
    what = f"A ReplicaSet goes from {scaling.from_} to {scaling.to}"
    timeline = scene.timeline
    if timeline.source == "live" and timeline.duration < scene.step.t + LOOK_AROUND:
        return f"{what}."
    if scene.step.start in timeline.gaps:
        return f"{what}. What led there was not seen: not everything was being watched."
    return f"{what}. Nothing that was seen explains it: somebody else may have resized it."


def _deleted(scene: Scene) -> str:
    replica_set, deployment = scene.change.object, scene.deployment
    assert isinstance(replica_set, ReplicaSet) and deployment is not None
    limit = deployment.spec.revision_history_limit
    old = len(scene.before.snapshot.replica_sets_of(deployment)) - 1
    if replica_set.spec.replicas or limit is None or old <= limit:
        return f"The ReplicaSet of revision {replica_set.revision} is deleted by hand."
    return (
        f"revisionHistoryLimit is {limit}: the oldest empty ReplicaSet is deleted. No undo leads "
        f"to revision {replica_set.revision} any more."
    )


def _new_pods(decision: Decision, scaling: Scaling) -> str:
    numbers, come = decision.numbers, scaling.to - scaling.from_
    replicas = int(numbers["replicas"])
    if come < 0:
        return f"{replicas} wanted, {scaling.from_} new exist: {pods(-come, 'new')} may go."
    if decision.source == "recreate.go" or "max_total_pods" not in numbers:
        return f"Recreate: no old pod is left, so {every(come, 'new')} may come at once."
    total, ceiling = int(numbers["current_pod_count"]), int(numbers["max_total_pods"])
    head = (
        f"{replicas} wanted, {knob_words(decision, 'maxSurge')}, so {ceiling} may exist; "
        f"{total} {plural(total, 'do')}"
    )
    if come == 0:
        return f"{head}: the new ReplicaSet starts empty, until old pods go."
    completes = scaling.to == replicas and scaling.from_
    return f"{head}: {last(come, 'new') if completes else pods(come, 'new')} may come."


def _old_pods(decision: Decision, scaling: Scaling) -> str:
    numbers, go = decision.numbers, scaling.from_ - scaling.to
    if decision.source == "recreate.go":
        return f"Recreate: no new pod comes before every old one is gone, so {every(go)} may go."
    if scaling in cleaned_up(decision):
        return _unavailable(decision, go)
    available, floor = int(numbers["available_pod_count"]), int(numbers["min_available"])
    head = (
        f"{numbers['replicas']} wanted, {knob_words(decision, 'maxUnavailable')}, so at least "
        f"{floor} must be available; {available} {be(available)}"
    )
    over = available - floor
    if go == over:
        return f"{head}: {pods(go, 'old')} may go."
    if int(numbers["scaled_down_count"]) < over:
        return f"{head}: {number(over)} may go, and {every(go, 'old')} left {plural(go, 'do')}."
    return f"{head}: {pods(over, 'old')} may go, {number(go)} of them here."


def _unavailable(decision: Decision, go: int) -> str:
    numbers = decision.numbers
    waiting = int(numbers["new_rs_unavailable_pod_count"])
    less = f" less {waiting} new and not available" if waiting else ""
    return (
        f"Unavailable old pods go first, they serve nobody: {numbers['all_pods_count']} pods less "
        f"{numbers['min_available']} needed{less} leaves {numbers['max_scaled_down']}, so "
        f"{number(go)} {plural(go, 'go')}."
    )


def _shared_out(decision: Decision, scaling: Scaling) -> str:
    numbers, by = decision.numbers, scaling.to - scaling.from_
    to_add = int(numbers["deployment_replicas_to_add"])
    rounding = (
        "" if by == numbers[f"proportion/{scaling.replica_set}"] else ", the leftover included"
    )
    return (
        f"Scaled in mid-rollout: {numbers['allowed_size']} may exist, {numbers['all_rs_replicas']} "
        f"do, so {number(abs(to_add))} {'more' if to_add > 0 else 'fewer'}, shared out in "
        f"proportion: {number(abs(by))} here{rounding}."
    )


def _resized(decision: Decision, scaling: Scaling) -> str:
    replicas = int(decision.numbers["replicas"])
    if scaling.to != replicas:
        return "The new ReplicaSet is complete, so this old one goes to 0."
    by = scaling.to - scaling.from_
    does = "may come" if by > 0 else "may go"
    return f"{replicas} wanted, and only this ReplicaSet has pods: {pods(abs(by))} {does}."
