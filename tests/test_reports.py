"""What is reported about pods: held against the events of a real cluster."""

import pytest

from rollviz import kubectl, timeline
from rollviz.objects import Event
from rollviz.scenario import load, run
from rollviz.simulator.reports import reports


def shapes(events, names):
    """Each event about a pod without what is random: names become their place."""
    rows = set()
    for event in events:
        if event.regarding.kind == "Pod":
            message = event.message.replace(event.regarding.name, "POD")
            message = message.replace(event.metadata.namespace, "NAMESPACE")
            for name in names:
                message = message.replace(name, "NODE")
            rows.add((event.reason, message, event.type, event.source, event.count))
    return rows


@pytest.mark.parametrize("trace", ["rolling-default-5", "recreate-5", "history-limit-2"])
def test_the_scheduler_reports_pods_as_recorded(trace):
    recorded = timeline.load(f"tests/data/watch/{trace}.jsonl.gz")
    real = [c.object for c in recorded.changes if isinstance(c.object, Event)]
    cluster = run(load(f"tests/data/traces/{trace}.json")).cluster
    ours = reports(cluster.timeline, cluster.now).values()
    nodes = ("node-1", "node-2", "node-3")
    assert shapes(ours, nodes) == shapes(real, nodes)
    count = sum(e.reason == "Scheduled" for e in real)
    assert len(ours) == count


def test_a_missing_image_shows_in_the_pods_events():
    cluster = run(load("tests/data/traces/bad-image-then-undo.json"), None).cluster
    text = kubectl.run("kubectl get events", cluster).stdout
    assert 'Back-off pulling image "nginx:does-not-exist"' in text
    assert "Error: ImagePullBackOff" in text


def test_a_recorded_timeline_has_its_own_events():
    recorded = timeline.load("tests/data/watch/recreate-5.jsonl.gz")
    assert reports(recorded, recorded.duration) == {}
