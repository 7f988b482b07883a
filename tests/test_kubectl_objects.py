"""What ``kubectl get -o yaml`` shows of pods and events, against the objects of the recordings."""

import json
import re

import pytest

from rollviz import scenario
from rollviz.kubectl import View
from rollviz.kubectl.resources import EVENT, POD
from tests.recorded import DATA, TRACES, recording

VARYING = [
    (r"t\d{9}\b|\bdefault(?=[/\"])", "NAMESPACE"),
    (r"\w{8}-\w{4}-\w{4}-\w{4}-\w{12}", "UID"),
    (r"(myapp-deployment)(-\w{6,10})?(-\w{5})?(\.\w{16})?(?=[\s\"\-\\])", r"\1"),
    (r'(pod-template-hash": )"\w+"', r"\1"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"),
    (r"10\.244\.\d+\.\d+", "IP"),
    (r"node-\d", "node-N"),
    (r'"resourceVersion": "\d+"(, )?', ""),
    (r'"default-scheduler-\w+"', '"default-scheduler-HOST"'),
    (r'"count": \d+', '"count": N'),
    (r"(, )?}", "}"),
]


def shape(item):
    """An object without what no two clusters share, as text."""
    text = json.dumps(item, sort_keys=True)
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text)
    return text


def shown(name):
    """Every state of every pod of a replayed trace, and its events at the end."""
    trace = json.loads((DATA / "traces" / f"{name}.json").read_text(encoding="utf-8"))
    timeline = scenario.run(scenario.parse(trace)).timeline
    pods = [c for c in timeline.changes if c.object.kind == "Pod" and c.type != "DELETED"]
    for t in sorted({change.t for change in pods}):
        view = View.at(timeline, t)
        changed = {change.object.name for change in pods if change.t == t}
        yield from (view.get(POD, pod) for pod in changed if pod in view.snapshot.pods)
    yield from View.at(timeline, timeline.duration).items(EVENT)


@pytest.mark.parametrize("name", TRACES)
def test_pods_and_events_have_the_fields_that_were_recorded(name):
    recorded = {shape(row["object"]) for row in recording(name)}
    ours = {shape(item): item for item in shown(name)}
    kubelets = {s for s, o in ours.items() if o.get("reportingComponent") == "kubelet"}
    assert not ours.keys() - recorded - kubelets  # the recording's kubelets report nothing
