"""What would come of a command: a fork of the cluster answers."""

import pytest

from rollviz import kubectl
from rollviz.questions import least_available, new_revision
from rollviz.scenario import ScenarioError, simulate, what_if
from rollviz.simulator import Cluster

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: "nginx:1"}]}
"""
UPDATE = "kubectl set image deployment/web nginx=nginx:2"


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster()
    kubectl.run("create -f web.yaml", made, {"web.yaml": WEB})
    made.run_for(60)
    return made


def test_it_is_rolled_out_on_a_fork_only(cluster):
    now, changes = cluster.now, len(cluster.timeline)
    future = what_if(cluster, UPDATE)
    assert new_revision(future) == 2
    assert [command.run for command in future.commands] == [UPDATE]
    assert (cluster.now, len(cluster.timeline)) == (now, changes)


def test_the_cluster_then_does_just_that(cluster):
    future = what_if(cluster, UPDATE)
    cluster.run_for(cluster.latency.kubectl)
    kubectl.run(UPDATE, cluster)
    cluster.run_for(60)
    assert cluster.timeline.changes == future.changes


def test_a_second_command_waits_for_the_first_unless_it_is_timed(cluster):
    undo = "kubectl rollout undo deployment/web"
    calm = what_if(cluster, UPDATE, undo)
    hasty = what_if(cluster, UPDATE, f"1: {undo}")
    assert new_revision(calm) == new_revision(hasty) == 3
    assert hasty.commands[-1].t == cluster.now + 1 < calm.commands[-1].t


def test_the_first_does_not_wait_for_a_rollout_under_way(cluster):
    kubectl.run(UPDATE, cluster)
    now = cluster.now
    assert what_if(cluster, "kubectl rollout undo deployment/web").commands[-1].t == now


def test_nothing_to_do_is_the_future_as_it_stands(cluster):
    assert least_available(what_if(cluster)) == 0


def test_what_kubectl_refuses_is_in_it(cluster):
    future = what_if(cluster, "kubectl rollout undo deployment/nope")
    assert future.commands[-1].exit_code == 1
    assert 'deployments.apps "nope" not found' in future.commands[-1].stderr


@pytest.mark.parametrize(
    "wrong",
    [
        {"startup_seconds": []},
        {"startup_seconds": 3},
        {"startup_seconds": [float("nan")]},
        {"termination_seconds": [-1]},
        {"images": {"nginx:1": "Broken"}},
        {"nodes": -1},
    ],
    ids=str,
)
def test_what_a_scenario_file_may_not_hold_is_refused_in_python_too(wrong):
    with pytest.raises(ScenarioError, match=next(iter(wrong))):
        simulate(WEB, **wrong)
