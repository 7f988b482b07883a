"""A timeline as plain rows: what happened, in the format of the recorded traces.

``rollviz run --json`` prints them, and tests compare them with what a real cluster did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict

from rollviz.objects import Deployment, Event, Json, Pod, ReplicaSet
from rollviz.timeline import Change, Timeline


def rows_of(timeline: Timeline) -> dict[str, list[Json]]:
    """All kinds of rows: ``commands``, ``scaling``, ``status``, ``events`` and ``pods``."""
    return {
        "commands": commands(timeline),
        "scaling": list(scaling(timeline)),
        "status": list(status(timeline)),
        "events": list(events(timeline)),
        "pods": list(pods(timeline)),
    }


def commands(timeline: Timeline) -> list[Json]:
    """Every command that was run, with what it printed."""
    rows = [asdict(command) for command in timeline.commands]
    for row in rows:
        row["t"] = _rounded(row["t"])
        del row["end"]
    return rows


def scaling(timeline: Timeline) -> Iterator[Json]:
    """Every change of a ReplicaSet's ``spec.replicas`` or revision, in order.

    ``replicaSet`` numbers the ReplicaSets by their creation, from 1.
    """
    ordinals: dict[str, int] = {}
    sizes: dict[str, tuple[int, int]] = {}
    for change in timeline.changes:
        rs = change.object
        if not isinstance(rs, ReplicaSet):
            continue
        uid = rs.metadata.uid
        if change.type == "DELETED":
            sizes.pop(uid, None)
            yield {"deleted": True, "t": _rounded(change.t), "replicaSet": ordinals[uid]}
            continue
        created = uid not in ordinals
        before = sizes.get(uid, (0, 0))
        sizes[uid] = rs.spec.replicas, rs.revision
        if created:
            ordinals[uid] = len(ordinals) + 1
        elif sizes[uid] == before:
            continue
        yield {
            "image": rs.spec.template.image,
            "revision": rs.revision,
            "from": before[0],
            "to": rs.spec.replicas,
            **({"created": True} if created else {}),
            "t": _rounded(change.t),
            "replicaSet": ordinals[uid],
        }


def status(timeline: Timeline) -> Iterator[Json]:
    """The Deployment's counters and conditions, whenever one of them changed."""
    yield from _whenever_changed(timeline, Deployment, _status_row)


def _status_row(change: Change) -> tuple[str, Json]:
    deployment = change.object
    assert isinstance(deployment, Deployment)
    counters = deployment.status
    return deployment.metadata.uid, {
        "observedGeneration": counters.observed_generation,
        "replicas": counters.replicas,
        "updatedReplicas": counters.updated_replicas,
        "readyReplicas": counters.ready_replicas,
        "availableReplicas": counters.available_replicas,
        "unavailableReplicas": counters.unavailable_replicas,
        "terminatingReplicas": counters.terminating_replicas or 0,
        "conditions": {c.type: [c.status, c.reason] for c in counters.conditions},
        "revision": deployment.revision,
        "generation": deployment.metadata.generation,
        "specReplicas": deployment.spec.replicas,
    }


def events(timeline: Timeline) -> Iterator[Json]:
    """The Deployment's events, as Kubernetes folds them."""
    for change in timeline.changes:
        event = change.object
        if isinstance(event, Event) and event.regarding.kind == "Deployment":
            yield {
                "t": _rounded(change.t),
                "reason": event.reason,
                "message": event.message,
                "count": event.count,
            }


def pods(timeline: Timeline) -> Iterator[Json]:
    """Every change of a pod's state."""
    ordinals: dict[str, int] = {}
    for change in timeline.changes:
        if isinstance(change.object, ReplicaSet):
            ordinals.setdefault(change.object.name, len(ordinals) + 1)

    def row(change: Change) -> tuple[str, Json]:
        pod = change.object
        assert isinstance(pod, Pod)
        return pod.metadata.uid, {
            "pod": pod.name,
            "replicaSet": ordinals.get(pod.replica_set, pod.replica_set),
            "state": "Gone" if change.type == "DELETED" else pod.state,
            "scheduled": pod.spec.node_name is not None,
        }

    yield from _whenever_changed(timeline, Pod, row)


def _whenever_changed(
    timeline: Timeline, kind: type, row_of: Callable[[Change], tuple[str, Json]]
) -> Iterator[Json]:
    last: dict[str, Json] = {}
    for change in timeline.changes:
        if isinstance(change.object, kind):
            uid, row = row_of(change)
            if last.get(uid) != row:
                last[uid] = row
                yield {"t": _rounded(change.t), **row}


def _rounded(t: float) -> float:
    return round(t, 3)
