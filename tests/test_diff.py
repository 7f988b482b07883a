"""Recordings of a real cluster, held against simulations that are made of nothing but them."""

import json
from dataclasses import replace
from functools import cache

import pytest

import rollviz
from rollviz.diff import Difference
from rollviz.estimate import estimate
from rollviz.objects import Deployment, ReplicaSet
from rollviz.scenario import simulate
from rollviz.simulator import PodBehaviour
from rollviz.timeline import Change, Timeline, load
from tests.recorded import DATA, TRACES, recorded_scaling, watch_file

NAME = "myapp-deployment"


@cache
def recorded(name):
    return load(watch_file(name))


@cache
def compared(name):
    return rollviz.diff(recorded(name))


@pytest.mark.parametrize("name", TRACES)
def test_the_simulation_resizes_as_the_real_cluster_did(name):
    difference = compared(name)
    assert difference.equal, repr(difference)
    assert difference.apart < 0.5
    sizes = [
        (row.resized.replica_set, "deleted")
        if row.resized.to is None
        else (row.resized.replica_set, row.resized.from_, row.resized.to, row.resized.revision)
        for row in difference.changes
    ]
    assert sizes == recorded_scaling(name)


@pytest.mark.parametrize("name", TRACES)
def test_edits_become_the_commands_that_were_run(name):
    trace = json.loads((DATA / "traces" / f"{name}.json").read_text(encoding="utf-8"))
    reading = ("kubectl rollout status", "kubectl rollout history", "kubectl get")
    runs = [step["run"].split(" --")[0] for step in trace["steps"]]
    runs = [run for run in runs if not run.startswith(reading)]
    estimated = [
        edit.run.split(" --")[0].replace("'", "") for edit in estimate(recorded(name)).edits
    ]
    assert estimated == runs


def began_later(name, index):
    """A recording that begins just before one of its edits, and finds what is there; or None."""
    whole = recorded(name)
    edits = [step for step in whole.steps if step.kind == "edited"]
    step = edits[index]
    t = step.t - 0.2
    before = whole.after(step.start)
    deployment = before.deployments[NAME]
    if deployment.status.updated_replicas != deployment.spec.replicas or before.t > t:
        return None
    kinds = before.deployments, before.replica_sets, before.pods
    found = [Change(t, "ADDED", object) for objects in kinds for object in objects.values()]
    return Timeline([*found, *whole.changes[step.start :]], epoch=whole.epoch, source="live")


@pytest.mark.parametrize("name", TRACES)
@pytest.mark.parametrize("index", [1, -1], ids=["first edit", "last edit"])
def test_a_recording_that_begins_later_comes_out_as_well(name, index):
    timeline = began_later(name, index)
    if timeline is None:
        pytest.skip("it is in mid-rollout then")
    difference = rollviz.diff(timeline)
    assert difference.equal, repr(difference)
    assert difference.changes
    assert not difference.estimate.notes


def test_a_recording_that_begins_in_mid_rollout_says_so():
    whole = recorded("rollover")
    begin = next(
        n
        for n, change in enumerate(whole.changes)
        if isinstance(change.object, Deployment) and change.object.metadata.generation == 3
    )
    before = whole.after(begin - 20)
    kinds = before.deployments, before.replica_sets, before.pods
    found = [Change(before.t, "ADDED", o) for objects in kinds for o in objects.values()]
    timeline = Timeline([*found, *whole.changes[begin - 20 :]], epoch=whole.epoch)
    difference = rollviz.diff(timeline)
    assert not difference.equal
    assert "begins in mid-rollout" in difference.title


def doctored(name, wrong):
    """A recording in which ReplicaSets that were to have 3 pods are asked for another number."""

    def changed(change):
        object = change.object
        if not isinstance(object, ReplicaSet) or object.spec.replicas != 3:
            return change
        return change._replace(object=replace(object, spec=replace(object.spec, replicas=wrong)))

    whole = recorded(name)
    return Timeline([changed(c) for c in whole.changes], epoch=whole.epoch, source="recorded")


def test_what_a_cluster_did_otherwise_is_marked_on_both_sides():
    difference = rollviz.diff(doctored("rolling-default-5", 0))
    marks = {row.mark for row in difference.changes}
    assert not difference.equal
    assert marks == {"", "−", "+"}
    lines = repr(difference).splitlines()
    assert any(line.startswith("−") and line.endswith("-> 0, revision 1") for line in lines)
    assert any(line.startswith("+") and line.endswith("-> 3, revision 1") for line in lines)
    only_recorded = [row for row in difference.changes if row.mark == "−"]
    assert all(row.simulated is None and row.recorded is not None for row in only_recorded)


def test_another_simulation_may_be_held_against_it():
    slower = PodBehaviour((5.0,), (5.0,))
    manifest = estimate(recorded("rolling-default-5")).edits[0].manifest
    update = f"kubectl set image deployment/{NAME} nginx=nginx:1.28"
    simulated = simulate(manifest, update, startup_seconds=slower.startup_seconds)
    difference = rollviz.diff(recorded("rolling-default-5"), simulated)
    assert difference.estimate is None
    assert difference.apart > 5


WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: "nginx:1.27"}]}
"""


@pytest.mark.parametrize(
    "command",
    [
        "kubectl scale deployment/web --replicas=7",
        "kubectl rollout restart deployment/web",
        "kubectl set image deployment/web nginx=nginx:nope",
        "kubectl set resources deployment/web --limits=cpu=200m",
        "kubectl delete deployment web",
    ],
)
def test_whatever_was_done_is_done_again(command):
    timeline = simulate(
        WEB,
        command,
        startup_seconds=[0.5, 1.5],
        termination_seconds=[0.3, 2.0],
        images={"nginx:nope": "CrashLoopBackOff"},
    )
    difference = rollviz.diff(timeline)
    assert difference.equal, repr(difference)
    assert difference.apart < 0.2


def test_the_table_has_costs_and_marked_changes():
    difference = compared("rolling-default-5")
    head, *rows = difference.rows()
    assert head[1:] == ["recorded", "simulated"]
    assert [row[0] for row in rows][:2] == ["duration (s)", "downtime (s)"]
    assert rows[-1][0].startswith("1 (nginx:1.27): ")
    assert isinstance(difference, Difference)


def test_a_path_will_do():
    assert rollviz.diff(watch_file("recreate-5")).equal


@pytest.mark.parametrize(
    ("recorded", "words"),
    [(Timeline(), "an empty timeline"), (42, "int is no timeline, mirror or path")],
    ids=["empty", "no timeline"],
)
def test_what_cannot_be_compared_is_said(recorded, words):
    with pytest.raises(ValueError, match=words):
        rollviz.diff(recorded)


def test_a_deployment_that_is_not_in_it_is_said():
    with pytest.raises(ValueError, match="'nope'"):
        rollviz.diff(watch_file("recreate-5"), deployment="nope")
