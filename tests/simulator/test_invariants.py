"""What holds whatever is done to a Deployment: random manifests, timings, failures and commands."""

from dataclasses import asdict

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rollviz import scenario
from rollviz.controller.deployment_util import max_surge_and_unavailable
from rollviz.timeline import Snapshot, load
from tests.simulator.playing import begun, kubectl, lowest_available, web

FAILURES = {"nginx:3": "NeverReady", "nginx:4": "ImagePullBackOff", "nginx:5": "CrashLoopBackOff"}

knobs = st.integers(0, 6) | st.integers(0, 160).map("{}%".format)
seconds = st.sampled_from([0.0, 0.05, 0.3, 1.0, 2.5])
timings = st.lists(seconds, min_size=1, max_size=3)
updates = st.one_of(
    st.sampled_from([1, 2, 6, 7]).map("set image deployment/web nginx=nginx:{}".format),
    st.sampled_from(
        ["rollout undo deployment/web", "rollout restart deployment/web"],
    ),
    st.sampled_from(["rollout pause deployment/web", "rollout resume deployment/web"]),
)
breaks = st.sampled_from([3, 4, 5]).map("set image deployment/web nginx=nginx:{}".format)
scales = st.integers(0, 8).map("scale deployment/web --replicas={}".format)
deletes = st.just("delete pods -l app=web --wait=false")


@st.composite
def scenarios(draw, commands=updates, recreate=True):
    """A scenario; its steps come at random times, its Deployment is resumed at the end."""
    spec = {
        "minReadySeconds": draw(st.sampled_from([0, 0, 1])),
        "revisionHistoryLimit": draw(st.integers(0, 3)),
        "progressDeadlineSeconds": draw(st.sampled_from([2, 600])),
    }
    if recreate and draw(st.booleans()):
        spec["strategy"] = "Recreate"
    else:
        surge, unavailable = draw(knobs), draw(knobs)
        assume({str(surge).strip("%"), str(unavailable).strip("%")} != {"0"})
        assume(not str(unavailable).endswith("%") or int(unavailable[:-1]) <= 100)
        spec |= {"surge": surge, "unavailable": unavailable}
    if spec["progressDeadlineSeconds"] <= spec["minReadySeconds"]:
        spec["progressDeadlineSeconds"] += 5
    lines = draw(st.lists(commands, max_size=5))
    steps = [kubectl(line, wait=draw(seconds)) for line in lines]
    return {
        "manifest": web(draw(st.integers(0, 8)), **spec),
        "cluster": {"nodes": draw(st.integers(1, 3))},
        "pods": {
            "startup_seconds": draw(timings),
            "termination_seconds": draw(timings),
            "images": FAILURES,
        },
        "steps": [
            kubectl("apply -f deployment.yaml", wait=0),
            *steps,
            kubectl("rollout resume deployment/web", wait=draw(seconds)),
        ],
        "until": "quiet 8",
        "seed": draw(st.integers(0, 3)),
    }


def played(given):
    return scenario.run(scenario.parse(given))


def decided(timeline):
    """Each decision, with the Deployment and the ReplicaSets that it was taken on."""
    for noted in timeline.decisions:
        snapshot = timeline.after(noted.changes)
        deployment = snapshot.deployments.get("web")
        if deployment is not None:
            yield noted.decision, deployment, snapshot.replica_sets


@given(scenarios(st.one_of(updates, breaks, scales, deletes)))
def test_sizes_never_exceed_the_ceiling(given):
    for decision, deployment, replica_sets in decided(played(given).timeline):
        surge, _ = max_surge_and_unavailable(deployment.spec)
        before = sum(rs.spec.replicas for rs in replica_sets.values())
        after = before + sum(scaling.to - scaling.from_ for scaling in decision.scaled)
        assert after <= max(before, deployment.spec.replicas + surge)


@given(scenarios(st.one_of(updates, breaks, scales, deletes), recreate=False))
def test_no_rollout_takes_an_available_pod_that_the_floor_needs(given):
    """Whatever else is done to it: what it takes is unavailable, or above the floor.

    As far as it can know: a status may still count pods that were taken a moment ago, which no
    smaller size takes once more.
    """
    for decision, deployment, replica_sets in decided(played(given).timeline):
        if decision.function != "reconcile_old_replica_sets":
            continue
        _, may_be_missing = max_surge_and_unavailable(deployment.spec)
        counted = {name: rs.status.available_replicas for name, rs in replica_sets.items()}
        left = {name: min(counted[name], rs.spec.replicas) for name, rs in replica_sets.items()}
        spare = sum(counted.values()) - (deployment.spec.replicas - may_be_missing)
        taken = 0
        for scaling in decision.scaled:
            if scaling.to < scaling.from_:  # the ReplicaSet controller takes unready ones first
                taken += max(0, left[scaling.replica_set] - scaling.to)
                left[scaling.replica_set] = min(left[scaling.replica_set], scaling.to)
        assert taken <= max(0, spare)


@given(scenarios(st.one_of(updates, breaks), recreate=False))
def test_the_floor_holds_while_nobody_scales_or_deletes(given):
    """Once all pods are available, no updates and no broken images bring them below the floor.

    Not so with minReadySeconds: the ReplicaSet controller does not look at it when it chooses.
    """
    given["manifest"]["spec"]["minReadySeconds"] = 0
    given["steps"][1] |= {"after": "complete"}
    del given["steps"][1]["wait"]
    run = played(given)
    deployment = run.cluster.deployment("web")
    _, may_be_missing = max_surge_and_unavailable(deployment.spec)
    assert lowest_available(run, begun(run, 1)) >= deployment.spec.replicas - may_be_missing


@given(scenarios(st.one_of(updates, breaks, scales)), st.sampled_from([1, 2, 6, 7]))
def test_a_rollout_whose_pods_all_get_ready_completes(given, tag):
    given["steps"].append(kubectl(f"set image deployment/web nginx=nginx:{tag}", wait=0.3))
    given["until"] = "complete"
    run = played(given)
    assert not run.unfinished
    deployment = run.cluster.deployment("web")
    pods = run.cluster.snapshot.pods.values()
    assert [pod.image for pod in pods] == [f"nginx:{tag}"] * deployment.spec.replicas
    assert deployment.status.condition("Progressing").reason == "NewReplicaSetAvailable"
    old = [rs for rs in run.cluster.snapshot.replica_sets.values() if rs.spec.replicas == 0]
    limit = deployment.spec.revision_history_limit
    assert len(old) <= limit + (deployment.spec.replicas == 0)


@given(scenarios(st.one_of(updates, breaks, scales, deletes)))
def test_what_is_counted_is_what_is_there(given):
    """At rest, every status agrees with the pods."""
    snapshot = played(given).cluster.snapshot
    for rs in snapshot.replica_sets.values():
        pods = [pod for pod in snapshot.pods_of(rs.name) if pod.active]
        assert rs.status.replicas == len(pods) == rs.spec.replicas
        assert rs.status.ready_replicas == sum(pod.status.ready for pod in pods)
        assert rs.status.observed_generation == rs.metadata.generation
    (deployment,) = snapshot.deployments.values()
    assert deployment.status.replicas == len(snapshot.pods)
    assert deployment.status.observed_generation == deployment.metadata.generation


@given(scenarios(st.one_of(updates, breaks, scales, deletes)))
@settings(max_examples=30)
def test_the_same_scenario_gives_the_same_bytes(tmp_path_factory, given):
    folder = tmp_path_factory.mktemp("runs")
    for name in ("one", "two"):
        played(given).timeline.save(folder / name)
    assert (folder / "one").read_bytes() == (folder / "two").read_bytes()


@given(scenarios(st.one_of(updates, breaks, scales, deletes)))
@settings(max_examples=30)
def test_save_and_load_lose_nothing(tmp_path_factory, given):
    path = tmp_path_factory.mktemp("runs") / "saved.jsonl.gz"
    timeline = played(given).timeline
    timeline.save(path)
    again = load(path)
    assert again.changes == timeline.changes
    assert again.decisions == timeline.decisions
    assert again.commands == timeline.commands
    assert (again.epoch, again.source) == (timeline.epoch, timeline.source)


@given(scenarios(st.one_of(updates, scales)), st.lists(st.floats(0, 30), min_size=1))
@settings(max_examples=30)
def test_at_any_time_is_what_replaying_gives(given, times):
    timeline = played(given).timeline
    for t in times:
        replay = Snapshot()
        for change in timeline.changes:
            if change.t <= t:
                replay.apply(change)
        replay.t = t
        assert timeline.at(t) == replay


@given(scenarios(st.one_of(updates, breaks, scales, deletes)), st.integers(0, 6), seconds)
@settings(max_examples=30)
def test_a_fork_goes_on_as_the_original_would(given, cut, wait):
    """Forked between two commands, and a while after: the same changes, decisions, commands."""
    parsed = scenario.parse(given)
    whole = scenario.run(parsed).timeline
    first = scenario.run(
        scenario.parse({**given, "steps": given["steps"][: cut + 1], "until": "quiet 0"})
    )
    cluster = first.cluster
    twin = cluster.fork()
    scenario.carry_out(twin, [scenario.Step("kubectl get pods", wait=wait)])
    before = asdict(cluster.timeline.commands[-1]), len(cluster.timeline)
    scenario.carry_out(cluster, [scenario.Step("kubectl get pods", wait=wait)])
    scenario.wait_for(twin, "quiet 8")
    scenario.wait_for(cluster, "quiet 8")
    assert twin.timeline.changes == cluster.timeline.changes
    assert twin.timeline.decisions == cluster.timeline.decisions
    assert twin.timeline.commands == cluster.timeline.commands
    assert before[1] <= len(cluster.timeline)
    assert whole.changes[: before[1]] == cluster.timeline.changes[: before[1]]
