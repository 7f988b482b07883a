"""How the Progressing condition follows a rollout, and when the controller looks again."""

import pytest

from rollviz.objects import Condition, DeploymentStatus
from tests.controller.builders import NEW, OLD, progressing, replica_set, sync, web


def counted(reason, updated=0.0, *, status="True", transition=None, **counters):
    """A status with counters and a Progressing condition."""
    transition = updated if transition is None else transition
    condition = Condition("Progressing", status, reason, "", updated, transition)
    available = Condition("Available", "True", "MinimumReplicasAvailable", "", 0.0, 0.0)
    counters = {"terminating_replicas": 0, "observed_generation": 1, **counters}
    return DeploymentStatus(conditions=(available, condition), **counters)


def rolled(deployment, *replica_sets, now):
    """The Progressing condition after a pass, and when the next pass is due."""
    run = sync(deployment, *replica_sets, now=now)
    condition = run.deployment.status.condition("Progressing")
    return condition, run.requeue_after


def mid_rollout(available, **keywords):
    return (
        replica_set(OLD, 4, of=5, age=9),
        replica_set(NEW, 3, available, of=5, revision=2, **keywords),
    )


MOVED = {"replicas": 7, "updated_replicas": 3, "ready_replicas": 4, "available_replicas": 4}


def deployment(status, **spec):
    spec = {"annotations": {"deployment.kubernetes.io/revision": "2"}, **spec}
    return web(5, status=status, **spec)


def test_each_step_forward_moves_the_update_time():
    status = counted("ReplicaSetUpdated", 3.0, transition=1.0, **MOVED)
    condition, _ = rolled(deployment(status), *mid_rollout(1), now=7.4)
    assert (condition.status, condition.reason) == ("True", "ReplicaSetUpdated")
    assert condition.message == 'ReplicaSet "web-2" is progressing.'
    assert (condition.last_update_time, condition.last_transition_time) == (7.0, 1.0)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param({"updated_replicas": 2}, id="one more updated"),
        pytest.param({"replicas": 8}, id="one old pod fewer"),
        pytest.param({"ready_replicas": 3}, id="one more ready"),
        pytest.param({"available_replicas": 3}, id="one more available"),
    ],
)
def test_what_counts_as_a_step_forward(step):
    status = counted("ReplicaSetUpdated", 3.0, **{**MOVED, **step})
    condition, _ = rolled(deployment(status), *mid_rollout(0), now=7.4)
    assert condition.last_update_time == 7.0


def test_a_pod_that_is_lost_is_none():
    status = counted("ReplicaSetUpdated", 3.0, **{**MOVED, "available_replicas": 5})
    condition, _ = rolled(deployment(status), *mid_rollout(0), now=7.4)
    assert condition.last_update_time == 3.0


def test_a_complete_rollout_says_so():
    before = {**MOVED, "replicas": 5, "updated_replicas": 5}
    condition, again = rolled(
        deployment(counted("ReplicaSetUpdated", 3.0, **before)),
        replica_set(OLD, 0, of=5, age=9),
        replica_set(NEW, 5, of=5, revision=2),
        now=7.4,
    )
    assert (condition.status, condition.reason) == ("True", "NewReplicaSetAvailable")
    assert condition.message == 'ReplicaSet "web-2" has successfully progressed.'
    assert again is None


def test_a_pod_lost_after_a_complete_rollout_changes_no_progress():
    status = counted("NewReplicaSetAvailable", 3.0, replicas=5, updated_replicas=5)
    lost = replica_set(NEW, 5, 4, of=5, revision=2)
    condition, _ = rolled(deployment(status), lost, now=5000.0)
    assert condition.reason == "NewReplicaSetAvailable"


def test_an_update_after_a_long_time_has_not_timed_out():
    """Nothing has progressed for an hour, but because there was nothing to do."""
    counters = dict.fromkeys(("replicas", "updated_replicas", "available_replicas"), 5)
    status = counted("NewReplicaSetAvailable", 3.0, ready_replicas=5, **counters)
    condition, _ = rolled(deployment(status), replica_set(OLD, 5, of=5, age=9), now=3600.0)
    assert condition.reason == "NewReplicaSetCreated"


@pytest.mark.parametrize(
    ("now", "reason", "again"),
    [
        pytest.param(2.5, "ReplicaSetUpdated", 3.5, id="2.5 s to go, and one against clock skew"),
        pytest.param(4.5, "ReplicaSetUpdated", 0.0, id="less than a second to go: at once"),
        pytest.param(5.0, "ReplicaSetUpdated", 0.0, id="on the deadline"),
        pytest.param(5.5, "ProgressDeadlineExceeded", None, id="past it"),
    ],
)
def test_the_deadline(now, reason, again):
    """bad-image-deadline: last progress at second 2, deadline 3 s."""
    status = counted("ReplicaSetUpdated", 2.0, unavailable_replicas=3, **MOVED)
    stuck = deployment(status, progress_deadline_seconds=3)
    condition, found = rolled(stuck, *mid_rollout(0), now=now)
    assert (condition.reason, found) == (reason, again)


def test_a_deadline_that_has_passed_is_a_condition_and_nothing_more():
    status = counted("ReplicaSetUpdated", 2.0, unavailable_replicas=3, **MOVED)
    run = sync(deployment(status, progress_deadline_seconds=3), *mid_rollout(0), now=6.0)
    condition = run.deployment.status.condition("Progressing")
    assert (condition.status, run.scaled) == ("False", [])
    assert condition.message == 'ReplicaSet "web-2" has timed out progressing.'


def test_progress_after_the_deadline_is_progress_again():
    status = counted("ProgressDeadlineExceeded", 6.0, status="False", **MOVED)
    late = deployment(status, progress_deadline_seconds=3)
    condition, _ = rolled(late, *mid_rollout(1), now=9.2)
    assert (condition.status, condition.reason) == ("True", "ReplicaSetUpdated")
    assert condition.last_transition_time == 9.0


@pytest.mark.parametrize("deadline", [None, 2**31 - 1], ids=["none", "none, as a number"])
def test_without_a_deadline_there_is_no_condition(deadline):
    status = counted("ReplicaSetUpdated", 2.0, **MOVED)
    endless = deployment(status, progress_deadline_seconds=deadline)
    assert rolled(endless, *mid_rollout(0), now=5000.0) == (None, None)


REFUSED = Condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota", None, 4.0)


def test_a_replica_sets_failure_is_the_deployments():
    """quota-refuses."""
    status = counted("ReplicaSetUpdated", 3.0, **MOVED)
    run = sync(deployment(status), *mid_rollout(0, conditions=(REFUSED,)), now=5.0)
    found = run.deployment.status.condition("ReplicaFailure")
    assert (found.reason, found.message, found.last_transition_time) == (
        "FailedCreate",
        "exceeded quota",
        4.0,
    )


def test_the_failure_goes_when_the_replica_sets_does():
    status = counted("ReplicaSetUpdated", 3.0, **MOVED)
    status = DeploymentStatus(5, 7, 3, 4, 4, 3, 0, None, (*status.conditions, REFUSED))
    run = sync(deployment(status), *mid_rollout(0), now=5.0)
    assert run.deployment.status.condition("ReplicaFailure") is None


def test_nothing_new_is_not_written():
    steady = sync(deployment(progressing("ReplicaSetUpdated", 3.0)), *mid_rollout(0), now=4.0)
    again = sync(steady.deployment, *mid_rollout(0), now=4.5)
    assert ([write.verb for write in steady.writes], again.writes) == (["status"], [])
