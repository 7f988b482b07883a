"""The simulated cluster as an API: its clock, its errors, its forks."""

import pytest

from rollviz import kubectl
from rollviz.objects import Deployment, DeploymentSpec, Metadata, PodTemplate
from rollviz.scenario import deployment_complete
from rollviz.simulator import INSTANT, ApiError, Cluster, Latency, PodBehaviour
from tests.simulator.playing import web


def rolled_out(**keywords):
    cluster = Cluster(**keywords)
    cluster.create(Deployment.from_api(web(3)))
    assert cluster.run_until(lambda c: deployment_complete(c.deployment("web")))
    return cluster


def edited(cluster, **spec):
    """The Deployment with other fields of its spec, as one would send it to the API server."""
    from dataclasses import replace

    deployment = cluster.deployment("web")
    return replace(deployment, spec=replace(deployment.spec, **spec))


# --- the clock -----------------------------------------------------------------------------------


def test_the_clock_moves_only_when_it_is_run():
    cluster = Cluster()
    cluster.create(Deployment.from_api(web(3)))
    assert (cluster.now, cluster.snapshot.pods) == (0.0, {})
    cluster.run_for(2.5)
    cluster.run_to(4.0)
    assert (cluster.now, len(cluster.snapshot.pods)) == (4.0, 3)


def test_it_never_goes_back():
    cluster = Cluster()
    cluster.run_for(5)
    cluster.run_to(3)
    assert cluster.now == 5


def test_what_is_due_at_one_moment_happens_in_the_order_in_which_it_was_asked_for():
    cluster, seen = Cluster(), []
    for word in "abc":
        cluster.call_at(1.0, lambda _, said: seen.append(said), word)
    cluster.call_at(0.5, lambda _, said: seen.append(said), "first")
    cluster.run_for(1)
    assert seen == ["first", "a", "b", "c"]


def test_run_until_stops_at_the_first_change_that_makes_it_true():
    cluster = Cluster(pods=PodBehaviour(startup_seconds=(1.0, 2.0)))
    cluster.create(Deployment.from_api(web(2)))

    def one_ready(cluster):
        return any(pod.status.ready for pod in cluster.snapshot.pods.values())

    assert cluster.run_until(one_ready)
    assert sum(pod.status.ready for pod in cluster.snapshot.pods.values()) == 1
    assert 1 < cluster.now < 1.2


def test_run_until_gives_up_at_its_limit():
    cluster = rolled_out()
    kubectl.run("rollout pause deployment/web", cluster)
    now = cluster.now
    assert not cluster.run_until(lambda _: False, limit=5.0)
    assert cluster.now <= now + 5.0


def test_run_until_stops_where_nothing_can_ever_happen():
    assert not Cluster().run_until(lambda _: False)


def test_next_event_is_what_comes_next():
    cluster = Cluster()
    assert cluster.next_event() is None
    cluster.create(Deployment.from_api(web(1)))
    assert cluster.next_event() == pytest.approx(cluster.latency.watch)


def test_times_of_the_api_are_whole_seconds_of_the_wall_clock():
    cluster = Cluster(epoch=1000.75)
    cluster.run_for(1.5)  # 1002.25 on the wall
    created = cluster.create(Deployment.from_api(web(1)))
    assert created.metadata.creation_timestamp == 1002.0 - 1000.75


def test_the_garbage_collector_is_back_after_a_run():
    import gc

    assert gc.isenabled()
    cluster = Cluster()
    cluster.call_at(1.0, lambda *_: [][0], None)
    with pytest.raises(IndexError):
        cluster.run_for(2)
    assert gc.isenabled()


# --- the API server ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "code", "reason", "message"),
    [
        pytest.param(
            lambda c: c.create(Deployment.from_api(web(1))),
            409,
            "AlreadyExists",
            'deployments.apps "web" already exists',
            id="create twice",
        ),
        *[
            pytest.param(
                call,
                403,
                "Forbidden",
                'deployments.apps "web" is forbidden: spec.replicas: 150001: a simulated cluster '
                "takes at most 150000",
                id=name,
            )
            for name, call in {
                "create too many": lambda c: c.create(Deployment.from_api(web(150_001))),
                "scale to too many": lambda c: c.replace(edited(c, replicas=150_001)),
            }.items()
        ],
        pytest.param(
            lambda c: c.deployment("nope"),
            404,
            "NotFound",
            'deployments.apps "nope" not found',
            id="get",
        ),
        pytest.param(
            lambda c: c.delete_deployment("nope"),
            404,
            "NotFound",
            'deployments.apps "nope" not found',
            id="delete",
        ),
        pytest.param(
            lambda c: c.delete_pod("nope"), 404, "NotFound", 'pods "nope" not found', id="a pod"
        ),
        pytest.param(
            lambda c: c.fail_node("nope"), 404, "NotFound", 'nodes "nope" not found', id="a node"
        ),
    ],
)
def test_errors_are_the_api_servers(call, code, reason, message):
    with pytest.raises(ApiError) as caught:
        call(rolled_out())
    error = caught.value
    assert (error.code, error.reason, error.message, str(error)) == (code, reason, message, message)


def test_a_changed_spec_is_a_new_generation():
    cluster = rolled_out()
    assert cluster.replace(edited(cluster, replicas=5)).metadata.generation == 2


def test_the_same_again_is_no_change():
    cluster = rolled_out()
    before = len(cluster.timeline)
    assert cluster.replace(edited(cluster)) is cluster.deployment("web")
    assert len(cluster.timeline) == before


def test_the_status_is_the_controllers():
    from dataclasses import replace

    cluster = rolled_out()
    status = replace(cluster.deployment("web").status, replicas=99)
    cluster.replace(replace(edited(cluster, replicas=4), status=status))
    assert cluster.deployment("web").status.replicas == 3


def test_deleting_a_deployment_takes_everything_with_it():
    cluster = rolled_out()
    cluster.delete_deployment("web")
    cluster.run_for(30)
    assert (cluster.snapshot.replica_sets, cluster.snapshot.pods) == ({}, {})
    assert cluster.next_event() is None, "nothing goes on in vain"


def test_a_pod_that_is_deleted_twice_ends_once():
    cluster = rolled_out()
    name = next(iter(cluster.snapshot.pods))
    cluster.delete_pod(name)
    cluster.delete_pod(name)
    cluster.run_for(10)
    assert sum(c.type == "DELETED" for c in cluster.timeline.changes) == 1


def test_two_deployments_keep_their_pods_apart():
    cluster = rolled_out()
    other = web(2)
    other["metadata"]["name"] = "other"
    cluster.create(Deployment.from_api(other))
    cluster.run_for(10)
    kubectl.run("scale deployment/web --replicas=1", cluster)
    cluster.run_for(10)
    by_owner = [pod.replica_set.partition("-")[0] for pod in cluster.snapshot.pods.values()]
    assert sorted(by_owner) == ["other", "other", "web"]


def test_a_control_plane_that_takes_no_time():
    cluster = Cluster(latency=INSTANT, pods=PodBehaviour((0.0,), (0.0,)))
    cluster.create(Deployment.from_api(web(100)))
    assert cluster.run_until(lambda c: deployment_complete(c.deployment("web")))
    cluster.replace(
        edited(cluster, template=PodTemplate(web(1, image="nginx:2")["spec"]["template"]))
    )
    assert cluster.run_until(lambda c: deployment_complete(c.deployment("web")))
    assert cluster.now == 0.0


def test_a_slow_one_takes_longer():
    def takes(**latency):
        return rolled_out(latency=Latency(**latency)).now

    assert takes(write=1.0) > takes() + 1


def test_a_deployment_without_selector_or_containers_is_still_rolled_out():
    """The manifest's rules are the API server's; the simulator itself does not choke."""
    cluster = Cluster()
    cluster.create(Deployment(Metadata("web"), DeploymentSpec(1, {}, PodTemplate({}))))
    assert cluster.run_until(lambda c: deployment_complete(c.deployment("web")))


def test_a_failed_node_that_fails_again_is_still_one():
    cluster = rolled_out()
    cluster.fail_node("node-1")
    cluster.fail_node("node-1")
    cluster.run_for(60)
    assert [node.ready for node in cluster.nodes.values()] == [False, True, True]


def test_a_pod_that_was_ending_when_its_node_failed_stays():
    cluster = rolled_out(pods=PodBehaviour((0.5,), (20.0,)))
    name, pod = next(iter(cluster.snapshot.pods.items()))
    cluster.delete_pod(name)
    cluster.fail_node(pod.spec.node_name)
    cluster.run_for(100)
    assert cluster.snapshot.pods[name].terminating


# --- forks ---------------------------------------------------------------------------------------


def test_a_fork_has_its_own_future():
    cluster = rolled_out()
    twin = cluster.fork()
    kubectl.run("scale deployment/web --replicas=7", twin)
    twin.run_for(10)
    assert (len(twin.snapshot.pods), len(cluster.snapshot.pods)) == (7, 3)
    cluster.run_for(10)
    assert len(cluster.snapshot.pods) == 3


@pytest.mark.parametrize("front", ["", "kubectl "], ids=["bare", "in full"])
def test_kubectl_runs_on_it_and_is_noted(front):
    cluster = Cluster()
    made = cluster.kubectl(f"{front}create -f web.yaml", web(2))
    assert (made.exit_code, made.stdout) == (0, "deployment.apps/web created\n")
    assert cluster.timeline.commands == [made]
    assert made.run == "kubectl create -f web.yaml"


def test_what_kubectl_refuses_is_an_answer():
    refused = Cluster().kubectl("scale deployment/nope --replicas=2")
    assert refused.exit_code == 1
    assert '"nope" not found' in refused.stderr


def test_what_it_says_of_itself():
    assert repr(Cluster()) == "<Cluster at 0.0 s: nothing in it, 0 pods>"
    assert repr(rolled_out()).endswith("s: web, 3 pods>")
