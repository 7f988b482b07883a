import json
from dataclasses import replace
from itertools import pairwise
from math import inf
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollviz.controller.deployment_util import resolve_fenceposts
from rollviz.metrics import levels, metrics, rollout
from rollviz.objects import Deployment, DeploymentSpec, DeploymentStrategy, Metadata, PodTemplate
from rollviz.simulator import INSTANT, Cluster, PodBehaviour
from rollviz.timeline import Timeline, load

DATA = Path(__file__).parent / "data"
RECORDINGS = sorted(path.name.removesuffix(".jsonl.gz") for path in DATA.glob("watch/*.gz"))


def recorded(name: str) -> Timeline:
    return load(DATA / "watch" / f"{name}.jsonl.gz")


def web(replicas=5, image="nginx:1", surge: int | str = "25%", unavailable: int | str = "25%"):
    template = PodTemplate({"spec": {"containers": [{"name": "nginx", "image": image}]}})
    strategy = DeploymentStrategy("RollingUpdate", surge, unavailable)
    return Deployment(Metadata("web"), DeploymentSpec(replicas, {}, template, strategy))


def with_image(deployment: Deployment, image: str) -> Deployment:
    template = deployment.spec.template.with_images({"nginx": image})
    return replace(deployment, spec=replace(deployment.spec, template=template))


def updated(deployment: Deployment, **cluster) -> Cluster:
    """A cluster in which the Deployment was rolled out, and from 10 s on updated."""
    made = Cluster(latency=INSTANT, **cluster)
    made.create(deployment)
    made.run_for(10)
    made.replace(with_image(made.deployment("web"), "nginx:2"))
    made.run_for(110)
    return made


@pytest.mark.parametrize("name", [name for name in RECORDINGS if name != "min-ready-seconds"])
def test_counts_are_those_of_the_recorded_pod_states(name):
    timeline = recorded(name)
    rows = json.loads((DATA / "traces" / f"{name}.json").read_text())["recorded"]["pods"]
    states: dict[str, str] = {}
    most, least = 0, inf
    start = rollout(timeline).start
    for row, after in pairwise([*rows, None]):
        assert row
        states[row["pod"]] = row["state"]
        if after and after["t"] <= max(start, row["t"]):
            continue
        most = max(most, sum(state != "Gone" for state in states.values()))
        least = min(least, sum(state == "Ready" for state in states.values()))

    measured = metrics(timeline)

    assert (measured.most_pods, measured.least_available) == (most, least)


def test_under_min_ready_seconds_ready_is_not_yet_available():
    assert metrics(recorded("min-ready-seconds")).least_available == 3
    slow = web(3)
    cluster = Cluster(latency=INSTANT)
    cluster.create(replace(slow, spec=replace(slow.spec, min_ready_seconds=3)))
    cluster.run_for(9)
    assert [(t, counts.available) for t, counts in levels(cluster.timeline)[1:]] == [(0, 0), (5, 3)]


@pytest.mark.parametrize(
    ("name", "command", "complete"),
    [
        ("rolling-default-5", 1, True),
        ("rollback-after-success", 2, True),  # the last of three rollouts
        ("rollover", 1, True),  # an edit in mid-rollout does not begin another one
        ("bad-image-deadline", 1, False),
        ("bad-image-then-undo", 1, True),  # neither does the undo of one that is stuck
        ("apply-image-and-replicas", 1, True),
        ("pause-resume", 1, True),  # nor do pause and resume in the middle of one
    ],
)
def test_the_last_rollout_begins_with_the_edit_that_found_it_complete(name, command, complete):
    commands = json.loads((DATA / "traces" / f"{name}.json").read_text())["recorded"]["commands"]

    span = rollout(recorded(name))

    assert 0 <= span.start - commands[command]["t"] < 0.5
    assert (span.complete is not None) is complete


def test_recreate_has_downtime_and_loses_requests():
    recreate = metrics(recorded("recreate-5"))
    rolling = metrics(recorded("rolling-default-5"))

    assert (recreate.least_available, rolling.least_available) == (0, 4)
    assert recreate.downtime > 0.5 > 0 == rolling.downtime
    assert recreate.failed_requests > 0 == rolling.failed_requests
    assert recreate.failed_requests == pytest.approx(10 * recreate.downtime, abs=1)


def test_a_known_rollout():
    cluster = updated(web(2, surge=1, unavailable=0))
    # 10 s: a new pod, ready at 12 s; an old one goes, gone at 13 s, meanwhile the second comes,
    # ready at 14 s; the last old one goes, gone at 15 s.
    assert rollout(cluster.timeline) == (10, 14, 15)
    measured = metrics(cluster.timeline)
    assert (measured.duration, measured.complete) == (4, True)
    assert (measured.least_available, measured.most_pods) == (2, 4)
    assert measured.pod_seconds == 2 * 3 + 1 * 4 + 1 * 3 + 1 * 3


def test_since_takes_another_beginning():
    timeline = updated(web(2, surge=1, unavailable=0)).timeline
    assert rollout(timeline, since=12.5) == (12.5, 14, 15)
    assert metrics(timeline, since=0).least_available == 0
    assert rollout(timeline, since=99) == (timeline.duration,) * 3


def test_traffic_is_what_the_caller_says():
    timeline = updated(web()).timeline
    assert metrics(timeline).failed_requests == 0
    abrupt = metrics(timeline, traffic={"pre_stop": 0, "endpoints_lag": 1, "per_second": 50})
    assert abrupt.requests > 3 * abrupt.failed_requests > 0


def test_one_of_several_deployments_is_measured():
    cluster = updated(web(2))
    other = Deployment(Metadata("api", labels={}), web(7).spec)
    cluster.create(other)
    cluster.run_for(10)
    assert metrics(cluster.timeline).most_pods == 4
    assert metrics(cluster.timeline, deployment="api").most_pods == 7


@pytest.mark.parametrize(
    ("timeline", "deployment", "message"),
    [
        (Timeline(), None, "the timeline holds no Deployment"),
        (recorded("recreate-5"), "nope", "there is no 'nope' in this timeline"),
    ],
    ids=["empty", "unknown"],
)
def test_what_cannot_be_measured(timeline, deployment, message):
    with pytest.raises(ValueError, match=message):
        metrics(timeline, deployment=deployment)


KNOBS = st.one_of(st.integers(0, 6), st.integers(0, 100).map("{}%".format))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), KNOBS, KNOBS, st.lists(st.floats(0, 9), min_size=1, max_size=4))
def test_a_rolling_update_keeps_its_floor_and_its_ceiling(replicas, surge, unavailable, startup):
    pods = PodBehaviour(startup_seconds=startup, termination_seconds=[0.5, 3.0])
    timeline = updated(web(replicas, surge=surge, unavailable=unavailable), pods=pods).timeline
    most_more, most_fewer = resolve_fenceposts(surge, unavailable, replicas)
    start, complete, end = rollout(timeline)

    measured = metrics(timeline)

    assert measured.least_available >= replicas - most_fewer
    assert all(
        level.counts.not_terminating <= replicas + most_more
        for level in levels(timeline)
        if level.t >= start
    )
    assert complete is not None
    assert 10 == start <= complete <= end
    assert timeline.at(end).counts() == (replicas, replicas, replicas)
    assert measured.pod_seconds >= replicas * (end - start) - measured.duration * most_fewer
