"""Steps: what a learner is shown one by one, and what is folded away."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollviz.controller.decision import Decision, Scaling
from rollviz.objects import (
    PENDING,
    Condition,
    Deployment,
    DeploymentSpec,
    DeploymentStatus,
    Metadata,
    OwnerReference,
    Pod,
    PodSpec,
    PodStatus,
    PodTemplate,
    ReplicaSet,
    ReplicaSetSpec,
)
from rollviz.simulator import Cluster
from rollviz.timeline import Command, Noted, Timeline, load

DATA = Path(__file__).parent / "data"
RECORDINGS = sorted(path.stem for path in (DATA / "traces").glob("*.json"))
TEMPLATE = PodTemplate({"spec": {"containers": [{"name": "web", "image": "nginx:1"}]}})
RUNNING = PodStatus("Running", ready_since=0.0)
READY = replace(RUNNING, ready=True)


def recording(name: str) -> Timeline:
    return load(DATA / "watch" / f"{name}.jsonl.gz")


def trace(name: str) -> Any:
    return json.loads((DATA / "traces" / f"{name}.json").read_text())["recorded"]


def pod(name="web-1-a", status=PENDING, *, of="web-1", deleted=None, node="node-1") -> Pod:
    owner = OwnerReference("ReplicaSet", of, "uid")
    return Pod(
        Metadata(name, deletion_timestamp=deleted, owner=owner), PodSpec(TEMPLATE, node), status
    )


def replica_set(replicas: int, name="web-1") -> ReplicaSet:
    owner = OwnerReference("Deployment", "web", "uid")
    return ReplicaSet(Metadata(name, owner=owner), ReplicaSetSpec(replicas, TEMPLATE))


def deployment(generation=1, *conditions: Condition, **metadata) -> Deployment:
    status = DeploymentStatus(conditions=conditions)
    return Deployment(
        Metadata("web", uid="uid", generation=generation, **metadata),
        DeploymentSpec(3, {}, TEMPLATE),
        status,
    )


def timeline_of(*changes, **kwargs) -> Timeline:
    timeline = Timeline(**kwargs)
    for t, type, object in changes:
        timeline.add(t, type, object)
    return timeline


def told(timeline: Timeline) -> list[tuple[str, tuple[str, ...]]]:
    return [(step.kind, step.objects) for step in timeline.steps[1:]]


# Recordings


@pytest.mark.parametrize("name", RECORDINGS)
def test_steps_cover_the_whole_log_in_order(name):
    timeline = recording(name)
    steps = timeline.steps
    assert [step.index for step in steps] == list(range(len(steps)))
    assert [step.start for step in steps] == [0] + [step.stop for step in steps[:-1]]
    assert steps[-1].stop == len(timeline.changes)
    assert all(step.t == timeline.changes[step.start].t for step in steps[1:])


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_recorded_scaling_is_a_step_of_its_own_in_order(name):
    rows = [row for row in trace(name)["scaling"] if "deleted" not in row]
    rows = [row for row in rows if "created" in row or row["from"] != row["to"]]
    steps = [step for step in recording(name).steps if step.scaling]
    sizes = [(step.scaling.from_, step.scaling.to) for step in steps if step.scaling]
    assert sizes == [(row["from"], row["to"]) for row in rows]
    assert all(abs(step.t - row["t"]) < 0.5 for step, row in zip(steps, rows, strict=True))


STORIES = {
    "recreate-5": "edited scaled ready ready ready ready ready condition "
    "edited scaled gone scaled ready ready ready ready ready condition",
    "rolling-one-replica": "edited scaled ready condition "
    "edited scaled ready scaled condition gone",
    "bad-image-deadline": "edited scaled ready condition edited scaled failing condition",
    "quota-refuses": "edited scaled ready condition edited scaled condition condition",
    "min-ready-seconds": "edited scaled ready available condition edited scaled ready available "
    "scaled scaled gone ready available scaled scaled gone ready available scaled condition gone",
}


@pytest.mark.parametrize("name", STORIES)
def test_the_story_that_a_recording_tells(name):
    assert [step.kind for step in recording(name).steps] == ["start", *STORIES[name].split()]


def test_an_undo_gives_the_old_replica_set_its_new_number_before_its_pods():
    steps = recording("rollback-after-success").steps
    undo = next(step for step in steps if step.kind == "revision")
    assert [step.kind for step in steps[undo.index - 1 : undo.index + 2]] == [
        "edited",
        "revision",
        "scaled",
    ]
    assert undo.objects == steps[undo.index + 1].objects


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_edit_knows_the_command_that_made_it(name):
    timeline = recording(name)
    rows = trace(name)["commands"]
    timeline.commands = [
        Command(c["t"], c["run"], c["exit_code"], c["stdout"], c["stderr"], c["t"]) for c in rows
    ]
    reading = ("kubectl rollout status", "kubectl rollout history", "kubectl get")
    changing = [c for c in timeline.commands if not c.run.startswith(reading)]
    assert [step.command for step in timeline.steps if step.kind == "edited"] == changing


def test_commands_that_only_read_or_that_failed_change_nothing():
    commands = [
        Command(1.0, "kubectl set image deployment/web web=nginx:2", end=1.1),
        Command(1.0, "kubectl rollout status deployment/web", end=9.0),
        Command(1.0, "kubectl scale deployment/web --replicas=x", 1, end=1.1),
    ]
    edit = (1.05, "MODIFIED", deployment(2))
    for run, found in ((commands, commands[0]), (commands[1:], None)):
        timeline = timeline_of((0.0, "ADDED", deployment()), edit, commands=run)
        assert timeline.steps[-1].command is found


def test_one_command_that_edits_two_deployments_is_behind_both_edits():
    command = Command(0.0, "kubectl apply -f both.yaml", end=0.1)
    other = replace(deployment(), metadata=Metadata("api"))
    changes = [(0.05, "ADDED", deployment()), (0.06, "ADDED", other)]
    timeline = timeline_of(*changes, commands=[command])
    assert [step.command for step in timeline.steps[1:]] == [command, command]


# Reading as it grows


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(RECORDINGS), cuts=st.lists(st.integers(0, 400), max_size=12))
def test_reading_now_and_then_gives_the_same_as_reading_at_the_end(name, cuts):
    whole = recording(name)
    growing = Timeline(epoch=whole.epoch)
    for index, change in enumerate(whole.changes):
        growing.add(*change)
        if index in cuts:
            assert growing.steps[-1].stop == index + 1
    assert growing.steps == whole.steps
    assert [s.objects for s in growing.steps] == [s.objects for s in whole.steps]


class CountingList(list[Any]):
    """A list that counts how often it is asked for an item."""

    asked = 0

    def __getitem__(self, index):
        self.asked += 1
        return super().__getitem__(index)


def test_reading_after_every_change_looks_at_each_change_a_few_times_only():
    changes = CountingList()
    timeline = Timeline(changes)
    timeline.add(0.0, "ADDED", replica_set(2000))
    for n in range(2000):
        timeline.add(0.0, "ADDED", pod(f"web-1-{n}", READY))
        assert timeline.steps[-1].kind == "ready"
    assert len(timeline.steps[-1].objects) == 2000
    assert changes.asked < 5 * len(changes)


# What begins a step


def test_pods_of_one_replica_set_that_become_ready_at_one_moment_are_one_step():
    timeline = timeline_of(
        (1.0, "ADDED", pod("web-1-a", READY)),
        (1.01, "ADDED", pod("web-1-b", READY)),
        (1.02, "ADDED", pod("web-2-a", READY, of="web-2")),
        (1.03, "ADDED", pod("web-1-c", READY)),
        (1.5, "ADDED", pod("web-1-d", READY)),
    )
    assert told(timeline) == [
        ("ready", ("web-1-a", "web-1-b")),
        ("ready", ("web-2-a",)),
        ("ready", ("web-1-c",)),
        ("ready", ("web-1-d",)),
    ]


BACK_OFF = replace(RUNNING, reason="CrashLoopBackOff")
AGAIN = replace(RUNNING, restart_count=1)
STUCK = PodStatus(reason="Unschedulable")
PULLING = PodStatus(reason="ErrImagePull")
LIVES = {
    "created, scheduled, started": ([PodStatus(), PodStatus(reason="ContainerCreating")], []),
    "becomes ready": ([PodStatus(), READY], ["ready"]),
    "runs and never gets ready": ([PodStatus(), RUNNING], []),
    "fails to pull, one way and the other": (
        [PULLING, PodStatus(reason="ImagePullBackOff"), PULLING],
        ["failing"],
    ),
    "crashes, restarts, crashes": (
        [RUNNING, BACK_OFF, AGAIN, replace(BACK_OFF, restart_count=1)],
        ["failing", "restarted"],
    ),
    "recovers and fails again": ([BACK_OFF, READY, BACK_OFF], ["failing", "ready", "failing"]),
    "fits on no node, then starts": ([STUCK, STUCK, READY], ["unschedulable", "ready"]),
    "stops being ready": ([READY, RUNNING, READY], ["ready", "unready", "ready"]),
    "is evicted by its kubelet": ([READY, PodStatus("Failed")], ["ready", "failing"]),
}


@pytest.mark.parametrize(("statuses", "kinds"), LIVES.values(), ids=LIVES)
def test_a_pods_life_as_steps(statuses, kinds):
    changes = [(float(n), "ADDED" if n == 0 else "MODIFIED", s) for n, s in enumerate(statuses)]
    timeline = timeline_of(*[(t, type, pod(status=status)) for t, type, status in changes])
    assert [step.kind for step in timeline.steps[1:]] == kinds


def test_a_terminating_pod_that_stops_being_ready_is_no_news_until_it_is_gone():
    timeline = timeline_of(
        (0.0, "ADDED", replica_set(0)),
        (1.0, "ADDED", pod(status=READY)),
        (2.0, "MODIFIED", pod(status=READY, deleted=32.0)),
        (3.0, "MODIFIED", pod(status=RUNNING, deleted=32.0)),
        (4.0, "DELETED", pod(status=RUNNING, deleted=32.0)),
    )
    assert [step.kind for step in timeline.steps] == ["start", "scaled", "ready", "gone"]


@pytest.mark.parametrize(
    ("wanted", "source", "kinds"),
    [
        pytest.param(1, "simulated", ["deleted", "gone"], id="its ReplicaSet wants it"),
        pytest.param(0, "simulated", ["gone"], id="its ReplicaSet takes it"),
        pytest.param(1, "live", ["gone"], id="live, where the order of kinds is not known"),
    ],
)
def test_a_pod_deleted_though_it_is_wanted_is_a_step(wanted, source, kinds):
    timeline = timeline_of(
        (0.0, "ADDED", replica_set(wanted)),
        (1.0, "ADDED", pod(status=READY)),
        (2.0, "MODIFIED", pod(status=READY, deleted=32.0)),
        (3.0, "DELETED", pod(status=READY, deleted=32.0)),
        source=source,
    )
    assert [step.kind for step in timeline.steps[3:]] == kinds


def progressing(reason: str) -> Condition:
    return Condition("Progressing", "True", reason)


FAILURE = Condition("ReplicaFailure", "True", "FailedCreate")
CONDITIONS = {
    "complete": ([progressing("ReplicaSetUpdated"), progressing("NewReplicaSetAvailable")], 1),
    "too late": ([progressing("ReplicaSetUpdated"), progressing("ProgressDeadlineExceeded")], 1),
    "begins again": ([progressing("NewReplicaSetAvailable"), progressing("ReplicaSetUpdated")], 0),
    "paused: the edit says so": (
        [progressing("ReplicaSetUpdated"), progressing("DeploymentPaused")],
        0,
    ),
    "refused": ([progressing("ReplicaSetUpdated"), FAILURE], 1),
    "refused no more": ([FAILURE, progressing("ReplicaSetUpdated")], 1),
}


@pytest.mark.parametrize(("conditions", "steps"), CONDITIONS.values(), ids=CONDITIONS)
def test_conditions_that_are_news(conditions, steps):
    before, after = conditions
    timeline = timeline_of(
        (0.0, "ADDED", deployment(1, before)), (1.0, "MODIFIED", deployment(1, after))
    )
    assert [step.kind for step in timeline.steps[2:]] == ["condition"] * steps


@pytest.mark.parametrize(
    ("after", "edited"),
    [
        pytest.param(deployment(2), True, id="its spec"),
        pytest.param(
            deployment(annotations={"kubernetes.io/change-cause": "v2"}),
            True,
            id="its change-cause",
        ),
        pytest.param(
            deployment(annotations={"deployment.kubernetes.io/revision": "1"}),
            False,
            id="what the controller writes on it",
        ),
    ],
)
def test_edits_of_a_deployment(after, edited):
    timeline = timeline_of((0.0, "ADDED", deployment()), (1.0, "MODIFIED", after))
    assert [step.kind for step in timeline.steps[2:]] == ["edited"] * edited


def test_what_was_there_before_anybody_watched_is_the_start():
    timeline = timeline_of(
        (100.0, "ADDED", deployment()),
        (100.0, "ADDED", replica_set(1)),
        (100.0, "ADDED", pod(status=READY)),
        (100.3, "MODIFIED", pod(status=RUNNING)),
    )
    assert [(step.kind, step.stop) for step in timeline.steps] == [("start", 3), ("unready", 4)]


def test_replica_sets_that_die_with_their_deployment_are_no_news():
    timeline = timeline_of(
        (0.0, "ADDED", deployment()),
        (0.0, "ADDED", replica_set(1)),
        (0.0, "ADDED", replica_set(0, "web-0")),
        (1.0, "DELETED", replica_set(0, "web-0")),
        (2.0, "DELETED", deployment()),
        (2.0, "DELETED", replica_set(1)),
    )
    assert told(timeline)[3:] == [("scaled", ("web-0",)), ("edited", ("web",))]
    assert timeline.steps[4].scaling is None


def test_an_empty_timeline_has_one_step():
    assert [(step.kind, step.t, step.stop) for step in Timeline().steps] == [("start", 0.0, 0)]


# Decisions


def rolled_out() -> Timeline:
    cluster = Cluster()
    cluster.create(Deployment(Metadata("web"), DeploymentSpec(5, {}, TEMPLATE)))
    cluster.run_for(10)
    current = cluster.snapshot.deployments["web"]
    spec = replace(current.spec, template=TEMPLATE.with_images({"web": "nginx:2"}))
    cluster.replace(replace(current, spec=spec))
    cluster.run_for(20)
    return cluster.timeline


def test_every_simulated_scaling_carries_the_decision_that_made_it():
    scaled = [step for step in rolled_out().steps if step.kind == "scaled"]
    assert len(scaled) > 5
    for step in scaled:
        assert step.decision and step.scaling
        assert step.scaling in step.decision.scaled
        if step.scaling.from_ and step.scaling.up:
            by = step.scaling.to - step.scaling.from_
            assert step.decision.numbers["scale_up_count"] == by


def test_of_two_decisions_alike_the_nearer_one_is_meant():
    again = Scaling("web-1", 5, 4)
    decisions = [Decision("f", "rolling.go", "web-2", (again,), {"replicas": n}) for n in (1, 2)]
    timeline = timeline_of(
        (0.0, "ADDED", replica_set(5)),
        (1.0, "MODIFIED", replica_set(4)),
        (2.0, "MODIFIED", replica_set(5)),
        (3.0, "MODIFIED", replica_set(4)),
        decisions=[Noted(1.0, 1, decisions[0]), Noted(3.0, 3, decisions[1])],
    )
    first, _, second = timeline.steps[2:]
    assert (first.decision, second.decision) == tuple(decisions)
