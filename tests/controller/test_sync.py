"""What every strategy shares: revisions, scaling in proportion, pauses, history, status."""

from dataclasses import replace

import pytest

from rollviz.controller import deployment_util as util
from rollviz.controller import sync as sync_go
from rollviz.controller.sync import Pass
from rollviz.objects import (
    CHANGE_CAUSE,
    DESIRED_REPLICAS,
    LAST_APPLIED,
    MAX_REPLICAS,
    REVISION,
    REVISION_HISTORY,
    DeploymentStatus,
)
from tests.controller.builders import (
    NEW,
    OLD,
    RECREATE,
    annotated,
    progressing,
    replica_set,
    scaled,
    sync,
    web,
)


def verbs(run):
    return [write.verb for write in run.writes]


def writes_to(run, name):
    return [write.object for write in run.writes if write.object.name == name]


# --- the new ReplicaSet ---------------------------------------------------------------------------


def test_a_first_pass_makes_the_replica_set():
    run = sync(web(5, annotations={CHANGE_CAUSE: "first", LAST_APPLIED: "{}", "team": "a"}))
    assert verbs(run) == ["create", "status"]
    made, deployment = (write.object for write in run.writes)
    assert made.metadata.annotations == {
        CHANGE_CAUSE: "first",
        "team": "a",
        REVISION: "1",
        DESIRED_REPLICAS: "5",
        MAX_REPLICAS: "7",
    }
    assert made.name == f"web-{made.pod_template_hash}"
    assert made.spec.selector == {
        "matchLabels": {"app": "web", "pod-template-hash": made.pod_template_hash}
    }
    assert made.spec.template.labels["pod-template-hash"] == made.pod_template_hash
    assert run.writes[0].event == f"Scaled up replica set {made.name} from 0 to 5"
    assert deployment.revision == 1
    condition = deployment.status.condition("Progressing")
    assert (condition.status, condition.reason) == ("True", "NewReplicaSetCreated")
    assert condition.message == f'Created new replica set "{made.name}"'


@pytest.mark.parametrize("deadline", [None, 2**31 - 1], ids=["none", "none, as a number"])
def test_without_a_deadline_nothing_is_said_of_progress(deadline):
    for replica_sets in ([], [replica_set(NEW, 3, of=3)]):
        run = sync(web(3, progress_deadline_seconds=deadline), *replica_sets)
        status = [write.object.status for write in run.writes if write.verb == "status"]
        assert status
        assert status[0].condition("Progressing") is None


def test_a_replica_set_made_empty_is_no_event():
    run = sync(web(0))
    assert (run.writes[0].verb, run.writes[0].event) == ("create", "")


def test_its_revision_is_one_more_than_the_highest():
    run = sync(web(3), replica_set(OLD, 3, of=3, revision=7), replica_set("nginx:0", 0, of=3))
    assert run.writes[0].object.revision == 8


def test_an_old_template_again_takes_the_next_revision_and_keeps_its_number_as_history():
    back = replica_set(NEW, 0, of=3, revision=1, age=10)
    run = sync(web(3), back, replica_set(OLD, 3, of=3, revision=2))
    assert verbs(run) == ["update"]
    assert (run.writes[0].object.revision, run.writes[0].object.revision_history) == (3, (1,))
    assert run.requeue_after == 0.0, "the rest of the pass conflicts with what it has just written"


def test_the_history_of_revisions_grows():
    back = annotated(replica_set(NEW, 0, of=3, revision=3, age=10), **{REVISION_HISTORY: "1"})
    run = sync(web(3), back, replica_set(OLD, 3, of=3, revision=4))
    assert run.writes[0].object.revision_history == (1, 3)


def test_the_history_of_revisions_forgets_the_oldest_at_2000_letters():
    before = ",".join(map(str, range(1000, 1400)))  # 400 numbers of 4 letters, 399 commas
    back = annotated(replica_set(NEW, 0, of=3, revision=1400, age=10), **{REVISION_HISTORY: before})
    run = sync(web(3), back, replica_set(OLD, 3, of=3, revision=1401))
    assert run.writes[0].object.revision_history == tuple(range(1001, 1401))


def test_a_revision_never_shrinks():
    """The old ones' history may have been cleaned up since."""
    newest = replica_set(NEW, 3, of=3, revision=9)
    deployment = annotated(web(3, status=progressing("NewReplicaSetAvailable")), **{REVISION: "9"})
    run = sync(deployment, newest, replica_set(OLD, 0, of=3, revision=4))
    assert newest not in [write.object for write in run.writes if write.verb == "update"]
    assert run.deployment.revision == 9


def test_annotations_of_the_deployment_are_copied_to_its_new_replica_set_only():
    old = replica_set(OLD, 3, of=3, age=10)
    new = replica_set(NEW, 1, 0, of=3, revision=2)
    run = sync(web(3, annotations={CHANGE_CAUSE: "second"}), old, new)
    assert [write.object.change_cause for write in run.writes] == ["second"]


def test_min_ready_seconds_is_copied_to_the_new_replica_set():
    run = sync(web(3, min_ready_seconds=5), replica_set(NEW, 3, of=3))
    assert writes_to(run, "web-2")[0].spec.min_ready_seconds == 5


def test_of_two_with_the_same_template_the_older_is_the_new_one():
    first, second = (replica_set(NEW, 0, of=3, age=age) for age in (20, 10))
    assert util.find_new_replica_set(web(3), [second, first]) is first


def test_a_name_that_is_taken_is_counted_as_a_collision():
    name = sync(web(3)).writes[0].object.name
    run = sync(web(3), taken={name})
    assert verbs(run) == ["status"]
    assert run.writes[0].object.status.collision_count == 1
    again = sync(run.writes[0].object, taken={name})
    assert again.writes[0].verb == "create"
    assert again.writes[0].object.name != name


def test_a_revision_missing_on_the_deployment_is_written_with_a_found_condition():
    run = sync(web(3), replica_set(NEW, 3, of=3))
    condition = run.writes[0].object.status.condition("Progressing")
    assert (condition.reason, condition.message) == (
        "FoundNewReplicaSet",
        'Found new replica set "web-2"',
    )


# --- scaling --------------------------------------------------------------------------------------


def proportional(replicas, surge, *sizes):
    """A Deployment scaled in mid-rollout; sizes are (old, new), as before the scaling."""
    (old, new, desired, ceiling) = sizes
    of = (desired, ceiling)
    return sync(
        web(replicas, surge, 0),
        replica_set(OLD, old, of=of, age=10),
        replica_set(NEW, new, 0, of=of, revision=2),
    )


@pytest.mark.parametrize(
    ("replicas", "surge", "sizes", "expected"),
    [
        pytest.param(
            15, 3, (8, 5, 10, 13), [("web-1", 8, 11), ("web-2", 5, 7)], id="10 to 15: 3 and 2"
        ),
        pytest.param(
            5, 3, (8, 5, 10, 13), [("web-1", 8, 5), ("web-2", 5, 3)], id="10 to 5: 3 and 2 fewer"
        ),
        pytest.param(
            20, 1, (5, 5, 9, 10), [("web-2", 5, 11), ("web-1", 5, 10)], id="leftover to the newer"
        ),
        pytest.param(
            4, 1, (5, 5, 9, 10), [("web-1", 5, 2), ("web-2", 5, 3)], id="leftover from the older"
        ),
        pytest.param(0, 3, (8, 5, 10, 13), [("web-1", 8, 0), ("web-2", 5, 0)], id="all to nothing"),
        pytest.param(11, "25%", (8, 5, 10, 13), [("web-1", 8, 9)], id="only one to add"),
    ],
)
def test_scaling_in_mid_rollout_is_proportional(replicas, surge, sizes, expected):
    run = proportional(replicas, surge, *sizes)
    assert (run.function, scaled(run)) == ("scale", expected)


def test_a_size_that_stays_still_gets_the_new_annotations():
    run = proportional(11, "25%", 8, 5, 10, 13)
    both = {write.object.name: write.object for write in run.writes if write.verb == "update"}
    assert {rs.metadata.annotations[DESIRED_REPLICAS] for rs in both.values()} == {"11"}
    assert {rs.metadata.annotations[MAX_REPLICAS] for rs in both.values()} == {"14"}


def test_without_a_remembered_ceiling_the_status_counts():
    of = (10, 0)
    run = sync(
        web(15, 3, 0, status=DeploymentStatus(replicas=13)),
        replica_set(OLD, 8, of=of, age=10),
        replica_set(NEW, 5, 0, of=of, revision=2),
    )
    assert scaled(run) == [("web-1", 8, 11), ("web-2", 5, 7)]


@pytest.mark.parametrize(
    ("replica_sets", "expected"),
    [
        pytest.param([replica_set(NEW, 5, of=5)], [("web-2", 5, 8)], id="the only active one"),
        pytest.param(
            [replica_set(OLD, 5, of=5, age=9), replica_set(NEW, 0, of=5, revision=2)],
            [("web-1", 5, 8)],
            id="the only active one, though it is old",
        ),
        pytest.param(
            [replica_set(OLD, 2, of=5, age=9), replica_set(NEW, 8, of=8, revision=2)],
            [("web-1", 2, 0)],
            id="the new one is whole: the old ones go",
        ),
    ],
)
def test_scaling_between_rollouts(replica_sets, expected):
    assert scaled(sync(web(8), *replica_sets)) == expected


def test_a_recreate_does_not_scale_in_proportion():
    """It waits until only one ReplicaSet has pods."""
    old, new = replica_set(OLD, 3, of=5, age=9), replica_set(NEW, 2, of=5, revision=2)
    assert scaled(sync(web(8, strategy=RECREATE), old, new)) == []


def test_no_replica_set_that_asks_for_pods_no_scaling():
    """From 0 the rollout brings it up, so far as the ceiling lets it."""
    run = sync(web(3), replica_set(NEW, 0, of=0))
    assert (run.function, scaled(run)) == ("reconcile_new_replica_set", [("web-2", 0, 3)])


# --- pauses ---------------------------------------------------------------------------------------


def test_a_paused_deployment_makes_no_replica_set():
    run = sync(web(3, paused=True), replica_set(OLD, 3, of=3))
    condition = run.writes[0].object.status.condition("Progressing")
    assert (condition.status, condition.reason) == ("Unknown", "DeploymentPaused")
    assert condition.message == "Deployment is paused"
    assert (scaled(run), "create" in verbs(run)) == ([], False)


def test_one_that_is_made_paused_has_nothing_to_scale():
    assert scaled(sync(web(3, paused=True))) == []


def test_a_paused_deployment_is_scaled_all_the_same():
    paused = progressing("DeploymentPaused", status="Unknown")
    run = sync(web(5, paused=True, status=paused), replica_set(NEW, 3, of=3))
    assert scaled(run) == [("web-2", 3, 5)]


def test_a_paused_deployment_brings_its_new_replica_set_up_to_date_and_scales_in_one_pass():
    paused = progressing("DeploymentPaused", status="Unknown")
    new = replica_set(NEW, 3, of=3, revision=1)
    older = replica_set(OLD, 0, of=3, revision=4, age=9)
    run = sync(web(5, paused=True, status=paused), new, older)
    assert [rs.revision for rs in writes_to(run, "web-2")] == [5, 5]
    assert scaled(run) == [("web-2", 3, 5)]


def test_resuming_says_so_and_goes_on():
    paused = progressing("DeploymentPaused", status="Unknown")
    run = sync(web(3, status=paused), replica_set(OLD, 3, of=3))
    condition = run.writes[0].object.status.condition("Progressing")
    assert (condition.status, condition.reason) == ("Unknown", "DeploymentResumed")
    assert "create" in verbs(run)
    assert run.requeue_after == 0.0, "its second status of one pass is refused"


def test_a_deadline_that_has_passed_stays_though_paused():
    timed_out = progressing("ProgressDeadlineExceeded", status="False")
    run = sync(web(3, paused=True, status=timed_out), replica_set(NEW, 3, of=3))
    assert run.deployment.status.condition("Progressing").reason == "ProgressDeadlineExceeded"


# --- history --------------------------------------------------------------------------------------


def complete(replicas, **spec):
    counters = dict.fromkeys(
        ("replicas", "updated_replicas", "ready_replicas", "available_replicas"), replicas
    )
    status = DeploymentStatus(
        observed_generation=1,
        conditions=progressing("NewReplicaSetAvailable").conditions,
        **counters,
    )
    return annotated(web(replicas, status=status, **spec), **{REVISION: "9"})


def deleted(deployment, *old):
    run = sync(deployment, replica_set(NEW, 3, of=3, revision=9), *old)
    return [write.object.revision for write in run.writes if write.verb == "delete"]


def empty(revision, **keywords):
    return replica_set(f"nginx:{revision}0", 0, of=3, revision=revision, age=99, **keywords)


@pytest.mark.parametrize(
    ("limit", "gone"),
    [
        pytest.param(2, [3, 4], id="history-limit-2: the lowest revisions of four old ones"),
        pytest.param(0, [3, 4, 5, 6], id="none is kept"),
        pytest.param(4, [], id="all may stay"),
        pytest.param(None, [], id="no limit"),
        pytest.param(2**31 - 1, [], id="no limit, written as a number"),
    ],
)
def test_old_replica_sets_beyond_the_limit_are_deleted(limit, gone):
    old = [empty(revision) for revision in (5, 3, 6, 4)]
    assert deleted(complete(3, revision_history_limit=limit), *old) == gone


@pytest.mark.parametrize(
    "busy",
    [
        pytest.param(empty(3, replicas=1), id="a pod of it is left"),
        pytest.param(empty(3, observed_generation=0), id="its controller has not seen it yet"),
    ],
)
def test_one_that_is_not_settled_is_kept(busy):
    """And no other is deleted in its stead."""
    assert deleted(complete(3, revision_history_limit=1), busy, empty(4)) == []


def test_nothing_is_deleted_before_the_rollout_is_complete():
    assert deleted(web(3, revision_history_limit=0), empty(4)) == []


# --- status ---------------------------------------------------------------------------------------


def test_the_counters_are_sums():
    old = replica_set(OLD, 4, 5, of=5, age=9, replicas=5, terminating_replicas=1)
    new = replica_set(NEW, 2, 0, of=5, revision=2, replicas=1)
    status = sync_go.calculate_status(Pass(web(5), [], 0.0, 0.0, {}), [old, new], new)
    assert (status.replicas, status.updated_replicas) == (6, 1)
    assert (status.ready_replicas, status.available_replicas) == (5, 5)
    assert (status.unavailable_replicas, status.terminating_replicas) == (1, 1)


@pytest.mark.parametrize(
    ("available", "condition"),
    [
        pytest.param(4, ("True", "MinimumReplicasAvailable"), id="4 of 5 are enough"),
        pytest.param(3, ("False", "MinimumReplicasUnavailable"), id="3 of 5 are not"),
    ],
)
def test_available_says_whether_the_floor_is_kept(available, condition):
    new = replica_set(NEW, 5, available, of=5)
    status = sync_go.calculate_status(Pass(web(5), [], 0.0, 0.0, {}), [new], new)
    assert [(c.status, c.reason) for c in status.conditions] == [condition]


def test_unavailable_is_never_negative():
    stale = replica_set(NEW, 2, 5, of=5)
    status = sync_go.calculate_status(Pass(web(2), [], 0.0, 0.0, {}), [stale], stale)
    assert status.unavailable_replicas == 0


def test_of_a_deployment_that_is_being_deleted_only_the_status_is_kept():
    going = web(3)
    going = replace(going, metadata=replace(going.metadata, deletion_timestamp=1.0))
    run = sync(going, replica_set(OLD, 3, of=3))
    assert (verbs(run), run.writes[0].object.status.replicas) == (["status"], 3)
