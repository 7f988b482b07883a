"""What is reported about pods, read off the timeline instead of being stored in it.

The scheduler and the kubelets report each pod they handle. Stored, those events would outnumber
all other changes; so whoever asks (``kubectl get events``, ``kubectl describe pod``) gets them
from here: what was reported follows from what happened. The controllers' own events are few,
because Kubernetes folds them, and are stored like any other object.
"""

from __future__ import annotations

from collections.abc import Iterator

from rollviz.objects import Event, OwnerReference, Pod
from rollviz.simulator.events import EventCorrelator, Report
from rollviz.timeline import Timeline


def reports(timeline: Timeline, now: float) -> dict[str, Event]:
    """What had been reported about pods up to ``now`` seconds, by event name.

    Only a simulated timeline has any: a real cluster's events are in its timeline.

    >>> reports(Timeline(), 10.0)
    {}
    """
    if timeline.source != "simulated":
        return {}
    correlator = EventCorrelator()
    events: dict[str, Event] = {}
    pods: dict[str, Pod] = {}
    for number, change in enumerate(timeline.changes[: timeline.index_at(now)]):
        pod = change.object
        if not isinstance(pod, Pod):
            continue
        before = pods.get(pod.name)
        if before is not None and not pod.terminating and change.type == "MODIFIED":
            second = change.t - (timeline.epoch + change.t) % 1.0
            for part, report in enumerate(_reported(before, pod)):
                event = correlator.correlate(report, change.t, second, 4 * number + part)
                if event is not None:
                    events[event.name] = event
        pods[pod.name] = pod
    return events


def _reported(before: Pod, pod: Pod) -> Iterator[Report]:
    """What the scheduler and the kubelet say of a pod's new state."""
    metadata, reason = pod.metadata, pod.status.reason
    namespace = metadata.namespace
    about = OwnerReference("Pod", metadata.name, metadata.uid)
    if pod.spec.node_name and not before.spec.node_name:
        message = f"Successfully assigned {namespace}/{metadata.name} to {pod.spec.node_name}"
        yield Report(about, namespace, "Scheduled", message, source="default-scheduler")
    if reason == before.status.reason:
        return
    if reason == "ImagePullBackOff":
        message = f'Back-off pulling image "{pod.image}"'
        yield Report(about, namespace, "BackOff", message, source="kubelet")
        message = f"Error: {reason}"
        yield Report(about, namespace, "Failed", message, "Warning", "kubelet")
    elif reason == "CrashLoopBackOff":
        container = pod.spec.template.containers[0]["name"]
        where = f"{metadata.name}_{namespace}({metadata.uid})"
        message = f"Back-off restarting failed container {container} in pod {where}"
        yield Report(about, namespace, "BackOff", message, "Warning", "kubelet")
