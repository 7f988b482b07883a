"""Requests through a Service: who answers, who fails, and why."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollviz.objects import (
    Deployment,
    DeploymentSpec,
    DeploymentStrategy,
    Metadata,
    OwnerReference,
    Pod,
    PodSpec,
    PodStatus,
    PodTemplate,
    ReplicaSet,
    ReplicaSetSpec,
)
from rollviz.simulator import Cluster, PodBehaviour
from rollviz.timeline import Timeline, load
from rollviz.traffic import by_version, downtime, failed, requests

DATA = Path(__file__).parent / "data"
RECORDINGS = sorted(path.stem for path in (DATA / "traces").glob("*.json"))
GRACEFUL: dict[str, Any] = {}
ABRUPT: dict[str, Any] = {"pre_stop": 0.0}
CREATING = PodStatus(reason="ContainerCreating")
READY = PodStatus("Running", ready=True)
UNREADY = PodStatus("Running")


def recording(name: str) -> Timeline:
    return load(DATA / "watch" / f"{name}.jsonl.gz")


def template(image: str) -> PodTemplate:
    return PodTemplate({"spec": {"containers": [{"name": "web", "image": image}]}})


def updated(strategy: DeploymentStrategy, replicas: int = 4, **pods) -> Timeline:
    """A Deployment brought up, updated from nginx:1 to nginx:2, and left to settle."""
    cluster = Cluster(pods=PodBehaviour(**pods))
    cluster.create(
        Deployment(Metadata("web"), DeploymentSpec(replicas, {}, template("nginx:1"), strategy))
    )
    cluster.run_for(10)
    current = cluster.snapshot.deployments["web"]
    cluster.replace(replace(current, spec=replace(current.spec, template=template("nginx:2"))))
    cluster.run_for(20)
    return cluster.timeline


ROLLING = DeploymentStrategy()
RECREATE = DeploymentStrategy("Recreate", None, None)


def outcomes(timeline: Timeline, **service) -> set[str]:
    return {request.outcome for request in requests(timeline, 50, **service)}


# What the course shows


def test_recreate_is_down_between_the_last_old_pod_and_the_first_new_one():
    timeline = updated(RECREATE)
    sent = requests(timeline, until=30.0)
    lost = [request.t for request in sent if request.failed]
    assert lost and max(lost) - min(lost) == pytest.approx(downtime(timeline), abs=0.2)
    assert by_version(sent).keys() == {"nginx:1", "nginx:2"}
    last_old = max(r.t for r in sent if r.image == "nginx:1" and not r.failed)
    assert last_old < min(r.t for r in sent if r.image == "nginx:2" and not r.failed)


def test_a_rolling_update_answers_with_both_versions_and_loses_nothing():
    timeline = updated(ROLLING)
    sent = requests(timeline)
    assert failed(sent) == 0 and downtime(timeline) == 0
    images = [request.image for request in sent]
    both = images[images.index("nginx:2") : len(images) - images[::-1].index("nginx:1")]
    assert {"nginx:1", "nginx:2"} == set(both) and len(both) > 5


@pytest.mark.parametrize(
    ("service", "lost"),
    [
        pytest.param(GRACEFUL, set(), id="graceful"),
        pytest.param({"pre_stop": 0.2}, set(), id="preStop sleeps as long as the lag"),
        pytest.param({"pre_stop": 0.1}, {"refused"}, id="preStop sleeps too short"),
        pytest.param(ABRUPT, {"refused"}, id="stops at once"),
        pytest.param({"pre_stop": 0.2, "draining": False}, {"cut"}, id="drops what it has"),
        pytest.param({**ABRUPT, "endpoints_lag": 0.0}, set(), id="stops at once, nobody lags"),
        pytest.param({"readiness": False}, {"refused"}, id="no readiness probe"),
        pytest.param({"warm_up": 0.5}, {"refused"}, id="ready before it can answer"),
    ],
)
def test_what_a_rolling_update_loses(service, lost):
    timeline = updated(ROLLING, startup_seconds=(1.0, 1.3, 1.6))
    assert outcomes(timeline, request_seconds=0.1, **service) == {"answered", *lost}


def test_one_replica_that_stops_at_once_is_down_for_the_lag():
    timeline = updated(ROLLING, replicas=1)
    assert downtime(timeline, **ABRUPT) == pytest.approx(0.2, abs=0.05)
    assert downtime(timeline, endpoints_lag=0.0, **ABRUPT) == 0


@pytest.mark.parametrize("name", RECORDINGS)
def test_recorded_rolling_updates_lose_no_request(name):
    timeline = recording(name)
    assert (failed(requests(timeline, 50)) == 0) == (name != "recreate-5")
    assert (downtime(timeline) > 0) == (name == "recreate-5")


def test_a_broken_image_costs_no_request():
    sent = requests(recording("bad-image-deadline"))
    assert failed(sent) == 0 and list(by_version(sent)) == ["nginx:1.27"]


# The parts of the model


def pod(name: str, status: PodStatus, deleted: float | None = None) -> Pod:
    owner = OwnerReference("ReplicaSet", "web-1", "uid")
    metadata = Metadata(name, deletion_timestamp=deleted, owner=owner)
    return Pod(metadata, PodSpec(template("nginx:1"), "node-1"), status)


def lives(*changes: tuple[float, str, Pod], end: float = 10.0) -> Timeline:
    timeline = Timeline()
    for t, type, object in sorted(changes, key=lambda change: change[0]):
        timeline.add(t, type, object)
    timeline.add(end, "ADDED", pod("the-end", PodStatus()))
    return timeline


def one_life(*, deleted: float, gone: float) -> list[tuple[float, str, Pod]]:
    return [
        (0.0, "ADDED", pod("a", READY)),
        (deleted, "MODIFIED", pod("a", READY, 30.0)),
        (gone, "DELETED", pod("a", READY, 30.0)),
    ]


def when(timeline: Timeline, outcome: str, **service) -> tuple[float, float]:
    times = [r.t for r in requests(timeline, 100, **service) if r.outcome == outcome]
    return round(min(times), 1), round(max(times), 1)


def test_terminating_pods_serve_on_where_no_other_is_ready():
    timeline = lives(*one_life(deleted=4.0, gone=6.0))
    service = {"endpoints_lag": 0.5, "request_seconds": 0.0}
    assert when(timeline, "answered", **service) == (0.5, 6.0)
    assert when(timeline, "refused", **service) == (6.0, 6.5)
    assert when(timeline, "no endpoint", **service) == (6.5, 10.0)
    assert downtime(timeline, endpoints_lag=0.5) == pytest.approx(4.0)


def test_terminating_pods_get_nothing_once_kube_proxy_knows_of_a_ready_one():
    timeline = lives(*one_life(deleted=4.0, gone=8.0), (2.0, "ADDED", pod("b", READY)))
    last = max(r.t for r in requests(timeline, 100) if r.pod == "a")
    assert last == pytest.approx(4.2, abs=0.03)


def test_a_terminating_pod_that_is_unready_is_no_way_out():
    timeline = lives(*one_life(deleted=4.0, gone=8.0), (5.0, "MODIFIED", pod("a", UNREADY, 30.0)))
    assert when(timeline, "no endpoint") == (5.2, 10.0)


def test_a_request_is_cut_when_its_pod_goes_first():
    timeline = lives(*one_life(deleted=4.0, gone=5.0))
    assert when(timeline, "cut", request_seconds=0.5) == (4.5, 5.0)


def test_without_readiness_requests_begin_with_the_containers():
    timeline = lives(
        (0.0, "ADDED", pod("a", READY)),
        (2.0, "ADDED", pod("b", PodStatus())),
        (3.0, "MODIFIED", pod("b", CREATING)),
        (6.0, "MODIFIED", pod("b", READY)),
    )
    assert when(timeline, "refused", readiness=False) == (3.2, 6.0)
    assert outcomes(timeline) == {"answered"}


def test_a_pod_that_waits_after_a_crash_is_no_endpoint_even_without_readiness():
    crashed = PodStatus("Running", reason="CrashLoopBackOff")
    timeline = lives((0.0, "ADDED", pod("a", READY)), (1.0, "ADDED", pod("b", crashed)))
    assert {r.pod for r in requests(timeline, readiness=False)} == {"a"}


def test_requests_go_round_the_endpoints_in_turn_at_an_even_pace():
    timeline = lives(*[(0.0, "ADDED", pod(name, READY)) for name in "abc"])
    sent = requests(timeline, 10, endpoints_lag=0.0)
    assert [request.pod for request in sent[:6]] == ["a", "b", "c", "a", "b", "c"]
    assert [round(request.t, 9) for request in sent[:3]] == [0.0, 0.1, 0.2]
    assert len(sent) == 100


def test_a_service_selects_the_pods_of_one_deployment():
    owner = OwnerReference("Deployment", "web", "uid")
    timeline = Timeline()
    timeline.add(
        0.0,
        "ADDED",
        ReplicaSet(Metadata("web-1", owner=owner), ReplicaSetSpec(1, template("nginx:1"))),
    )
    timeline.add(0.0, "ADDED", pod("a", READY))
    timeline.add(5.0, "MODIFIED", pod("a", READY))
    assert requests(timeline, deployment="web") and not requests(timeline, deployment="api")


def test_nothing_to_ask_is_no_request_and_no_downtime():
    assert requests(Timeline()) == [] and downtime(Timeline()) == 0
    assert requests(lives()) == [] and downtime(lives()) == 0


def test_time_goes_on_after_the_last_change_if_asked():
    timeline = lives((0.0, "ADDED", pod("a", READY)), end=1.0)
    assert [len(requests(timeline, 10, until=t)) for t in (None, 5.2, 0.1)] == [8, 50, 0]
    assert downtime(lives(*one_life(deleted=1.0, gone=2.0)), until=20.0) == pytest.approx(18.0)


def test_a_pace_of_nothing_is_refused():
    with pytest.raises(ValueError, match="per_second: 0 is not above 0"):
        requests(Timeline(), 0)


# Always

SERVICES = st.fixed_dictionaries(
    {
        "endpoints_lag": st.floats(0, 1),
        "pre_stop": st.floats(0, 2),
        "readiness": st.booleans(),
        "warm_up": st.floats(0, 1),
    }
)


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(RECORDINGS), service=SERVICES)
def test_downtime_is_where_all_requests_fail(name, service):
    timeline = recording(name)
    sent = requests(timeline, 200, request_seconds=0.0, **service)
    assert sent == requests(timeline, 200, request_seconds=0.0, **service)
    assert failed(sent) + sum(by_version(sent).values()) == len(sent)
    assert failed(sent) / 200 >= downtime(timeline, **service) - 0.02 * (1 + len(timeline.steps))


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(RECORDINGS), service=SERVICES, less=st.floats(0, 1))
def test_a_longer_pre_stop_never_loses_more(name, service, less):
    timeline = recording(name)
    longer = failed(requests(timeline, request_seconds=0.0, **service))
    service["pre_stop"] *= less
    assert longer <= failed(requests(timeline, request_seconds=0.0, **service))
