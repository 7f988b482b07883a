"""A Recreate, rule by rule; trace recreate-5."""

import pytest

from tests.controller.builders import NEW, OLD, RECREATE, replica_set, scaled, sync, web

DEPLOYMENT = web(5, strategy=RECREATE)


def old(size, available=None, **keywords):
    return replica_set(OLD, size, available, of=5, age=9, **keywords)


def test_all_old_pods_go_first():
    run = sync(DEPLOYMENT, old(5))
    assert scaled(run) == [("web-1", 5, 0)]
    assert [write.verb for write in run.writes] == ["update", "status"]


def test_those_of_every_old_replica_set():
    oldest = replica_set("nginx:0", 1, of=5, age=20)
    assert scaled(sync(DEPLOYMENT, old(4), oldest)) == [("web-1", 4, 0), ("web-0", 1, 0)]


@pytest.mark.parametrize(
    ("rs", "pods", "left"),
    [
        pytest.param(old(0, 5, replicas=5), 5, 5, id="they are still counted"),
        pytest.param(old(0, replicas=0), 2, 2, id="two are terminating"),
        pytest.param(old(0, replicas=1), 0, 1, id="gone, but its status does not say so yet"),
    ],
)
def test_no_new_pod_before_every_old_one_is_gone(rs, pods, left):
    run = sync(DEPLOYMENT, rs, pods={rs.name: pods})
    assert (scaled(run), run.function) == ([], "old_pods_running")
    assert run.numbers["old_pods_running"] == left


def test_then_all_new_ones_come_at_once():
    run = sync(DEPLOYMENT, old(0))
    assert [(scaling.from_, scaling.to) for scaling in run.scaled] == [(0, 5)]
    assert run.writes[0].verb == "create"


def test_an_old_template_again_is_scaled_up_when_the_others_are_gone():
    back = replica_set(NEW, 0, of=5, revision=3, age=20)
    between = replica_set(OLD, 0, of=5, revision=2, age=9)
    assert scaled(sync(DEPLOYMENT, back, between)) == [("web-2", 0, 5)]


def test_a_second_update_does_not_make_what_it_would_delete():
    """The update before it never got a ReplicaSet: its turn had not come."""
    run = sync(DEPLOYMENT, old(0), pods={"web-1": 3})
    assert [write.verb for write in run.writes if write.verb == "create"] == []
