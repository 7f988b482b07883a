"""What a rollout waits for, or does next: the controller's decision on the state at hand."""

from __future__ import annotations

from rollviz.controller.decision import Decision
from rollviz.explain.scene import Scene
from rollviz.explain.words import be, pods


def waiting(scene: Scene) -> str:
    """What has to happen before the controller moves a pod; "" if it need not wait."""
    deployment, decision = scene.deployment, scene.next
    if deployment is None or decision is None or decision.scaled:
        return ""
    if deployment.spec.paused:
        return "Paused: no pod is replaced until the rollout is resumed."
    left = int(decision.numbers.get("old_pods_running", 0))
    if left:
        return f"Waiting: Recreate makes no new pod until {pods(left, 'old')} {be(left)} gone."
    if decision.numbers.get("max_scaled_down") is None:
        return _for_new_pods(scene)
    return _for_the_floor(scene, decision)


def following(scene: Scene) -> str:
    """What the controller does at once in the state at hand; "" if nothing."""
    decision = scene.next
    if decision is None or not decision.scaled:
        return ""
    others = any(rs.name != decision.new_rs for rs in scene.replica_sets)
    moves = []
    for scaling in decision.scaled:
        kind = "old" if scaling.replica_set != decision.new_rs else "new" if others else ""
        by = scaling.to - scaling.from_
        if by:
            moves.append(f"{pods(abs(by), kind)} may {'come' if by > 0 else 'go'}")
    return f"Next: {', '.join(moves) or 'a new ReplicaSet, still empty'}."


def _for_new_pods(scene: Scene) -> str:
    deployment = scene.deployment
    replica_set = scene.replica_set(scene.new)
    if deployment is None or replica_set is None:
        return ""
    missing = deployment.spec.replicas - replica_set.status.available_replicas
    if missing <= 0:
        return ""
    replicas = deployment.spec.replicas
    which = "the pod" if replicas == 1 else f"{missing} of {replicas} pods"
    return f"Waiting for {which} to become {_good(scene)}."


def _for_the_floor(scene: Scene, decision: Decision) -> str:
    """Nothing may go, for the floor; and often nothing may come, for the ceiling."""
    numbers = decision.numbers
    available = sum(rs.status.available_replicas for rs in scene.replica_sets)
    counted = int(numbers["old_pods_count"]) + int(numbers["new_rs_available"])
    available, floor = min(available, counted), int(numbers["min_available"])
    nothing = "nothing may go"
    if numbers.get("scale_up_count") == 0:
        total, ceiling = int(numbers["current_pod_count"]), numbers["max_total_pods"]
        exist = sum(rs.status.replicas for rs in scene.replica_sets)
        refused = any(rs.status.conditions for rs in scene.replica_sets)  # it has no others
        held = f"are asked for, {exist} exist" if refused and exist < total else "exist"
        nothing = f"{total} of at most {ceiling} {held}, so nothing moves"
    until = f"until a new pod is {_good(scene)}"
    return f"Waiting: {available} available, {floor} needed; {nothing} {until}."


def _good(scene: Scene) -> str:
    deployment = scene.deployment
    return "available" if deployment and deployment.spec.min_ready_seconds else "ready"
