"""A RollingUpdate, rule by rule, with the numbers of the recorded rollouts named beside them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollviz.controller.deployment_util import resolve_fenceposts
from tests.controller.builders import NEW, OLD, replica_set, scaled, sync, web


@pytest.mark.parametrize(
    ("surge", "unavailable", "replicas", "pods"),
    [
        pytest.param("25%", "25%", 5, (2, 1), id="1.25 up is 2, 1.25 down is 1"),
        pytest.param("25%", "25%", 10, (3, 2), id="2.5 up is 3, 2.5 down is 2"),
        pytest.param("25%", "25%", 4, (1, 1), id="whole numbers stay"),
        pytest.param("25%", "25%", 1, (1, 0), id="one replica may surge and not be missed"),
        pytest.param(1, 0, 5, (1, 0), id="integers are pods"),
        pytest.param(0, "10%", 5, (0, 1), id="both resolve to 0: unavailable becomes 1"),
        pytest.param("0%", "0%", 0, (0, 1), id="even without replicas"),
        pytest.param("100%", 0, 4, (4, 0), id="all at once"),
        pytest.param("150%", "0%", 4, (6, 0), id="over 100%"),
        pytest.param(0, "100%", 3, (0, 3), id="all down at once"),
        pytest.param("1%", "1%", 100, (1, 1), id="one in a hundred"),
        pytest.param("33%", "33%", 3, (1, 0), id="0.99 up is 1, down is 0"),
    ],
)
def test_the_two_knobs_in_pods(surge, unavailable, replicas, pods):
    assert resolve_fenceposts(surge, unavailable, replicas) == pods


def old(size, available=None, *, of=5, **keywords):
    return replica_set(OLD, size, available, of=of, age=10, **keywords)


def new(size, available=0, *, of=5, **keywords):
    return replica_set(NEW, size, available, of=of, revision=2, **keywords)


@pytest.mark.parametrize(
    ("deployment", "replica_sets", "expected"),
    [
        pytest.param(
            web(5),
            [old(5)],
            [("new", 0, 2), ("web-1", 5, 4)],
            id="rolling-default-5: the surge, and one old pod in the same pass",
        ),
        pytest.param(
            web(5),
            [old(4, 5, replicas=5), new(2)],
            [("web-2", 2, 3)],
            id="rolling-default-5: room under the ceiling comes before room above the floor",
        ),
        pytest.param(
            web(5), [old(4), new(3)], [], id="rolling-default-5: nothing until one is available"
        ),
        pytest.param(
            web(5), [old(4), new(3, 1)], [("web-1", 4, 3)], id="one new available, one old goes"
        ),
        pytest.param(
            web(5), [old(4), new(3, 2)], [("web-1", 4, 2)], id="two new available, two old go"
        ),
        pytest.param(
            web(10),
            [old(10, of=10)],
            [("new", 0, 3), ("web-1", 10, 8)],
            id="rolling-default-10: 3 and 2",
        ),
        pytest.param(
            web(5, 1, 0), [old(5)], [("new", 0, 1)], id="rolling-surge1-unavail0: no old pod yet"
        ),
        pytest.param(
            web(5, 0, 1),
            [old(5)],
            [("new", 0, 0), ("web-1", 5, 4)],
            id="rolling-surge0-unavail1: the new ReplicaSet starts empty",
        ),
        pytest.param(web(1), [old(1, of=1)], [("new", 0, 1)], id="rolling-one-replica"),
        pytest.param(web(4, "100%", 0), [old(4, of=4)], [("new", 0, 4)], id="rolling-surge100"),
        pytest.param(
            web(4, "150%", 0), [old(4, of=4)], [("new", 0, 4)], id="never more new than wanted"
        ),
        pytest.param(
            web(4, "100%", 0),
            [old(4, of=4), new(4, 4, of=4)],
            [("web-1", 4, 0)],
            id="rolling-surge100: all new available, all old go",
        ),
        pytest.param(
            web(5, 0, "100%"),
            [old(5)],
            [("new", 0, 0), ("web-1", 5, 0)],
            id="all may be unavailable: all old go at once",
        ),
        pytest.param(web(0), [old(0, of=0)], [("new", 0, 0)], id="no replicas, no pods"),
        pytest.param(web(5), [old(0), new(5, 5)], [], id="done"),
    ],
)
def test_what_a_pass_scales(deployment, replica_sets, expected):
    run = sync(deployment, *replica_sets)
    made = {write.object.name for write in run.writes if write.verb == "create"}
    found = [("new" if name in made else name, *sizes) for name, *sizes in scaled(run)]
    assert found == expected


@pytest.mark.parametrize(
    ("deployment", "replica_sets", "expected"),
    [
        pytest.param(
            web(5), [old(5, 3), new(2)], [("web-1", 5, 4)], id="of 2 unready old ones 7 - 4 - 2 = 1"
        ),
        pytest.param(
            web(5),
            [old(5, 3), new(2, 2)],
            [("web-1", 5, 3), ("web-1", 3, 2)],
            id="7 - 4 - 0 = 3: both unready ones, and of 5 available 1",
        ),
        pytest.param(
            web(5),
            [replica_set(OLD, 3, 0, of=5, revision=2), replica_set(NEW, 4, of=5, revision=3)],
            [("web-1", 3, 0)],
            id="bad-image-then-undo: 7 - 4 - 0 = 3, all that never got ready",
        ),
        pytest.param(
            web(6, 2, 0),
            [
                replica_set("nginx:0", 4, of=6, age=20),
                replica_set(OLD, 4, 2, of=6, age=10, revision=2),
                replica_set(NEW, 0, of=6, revision=3),
            ],
            [("web-1", 4, 2)],
            id="rollover: 8 - 6 - 0 = 2, the unready ones, though not the oldest",
        ),
    ],
)
def test_unready_old_pods_go_first(deployment, replica_sets, expected):
    assert scaled(sync(deployment, *replica_sets)) == expected


def test_the_oldest_go_first_when_all_are_available():
    oldest = replica_set("nginx:0", 3, of=5, age=20)
    between = replica_set(OLD, 2, of=5, age=10, revision=2)
    run = sync(web(5), between, oldest, replica_set(NEW, 2, of=5, revision=3))
    assert scaled(run) == [("web-0", 3, 0)]
    assert run.numbers["total_scale_down_count"] == 3


def test_a_status_that_lags_behind_stops_all_scaling_down():
    """8 asked for and 10 counted: the two that go are no reason to take others in their place."""
    run = sync(web(10), old(8, 10, replicas=10, of=10), new(5, 2, of=10))
    assert (scaled(run), run.numbers["max_scaled_down"]) == ([], 2)


def test_never_up_and_down_in_one_pass():
    """Room under the ceiling is used first, room above the floor in a later pass."""
    assert scaled(sync(web(5), old(5), new(1, 1))) == [("web-2", 1, 2)]
    assert scaled(sync(web(5), old(5), new(2, 1))) == [("web-1", 5, 3)]


def test_too_many_new_pods_are_taken_at_once():
    assert scaled(sync(web(3), new(5, 5, of=3))) == [("web-2", 5, 3)]


@st.composite
def rollouts(draw):
    """A Deployment in the middle of a rollout, in any state that pods failing and ready bring."""
    replicas = draw(st.integers(1, 40))
    knob = st.integers(0, 40) | st.integers(0, 150).map("{}%".format)
    deployment = web(replicas, draw(knob), draw(knob))
    sizes = draw(st.lists(st.integers(0, 40), min_size=1, max_size=4))
    replica_sets = [
        replica_set(
            f"nginx:{9 - n}" if n else NEW, size, draw(st.integers(0, size)), of=replicas, age=n
        )
        for n, size in enumerate(sizes)
    ]
    return deployment, replica_sets


@given(rollouts())
def test_the_ceiling_holds(rollout):
    """No pass makes the sum of all sizes larger than the ceiling."""
    deployment, replica_sets = rollout
    run = sync(deployment, *replica_sets)
    before = sum(rs.spec.replicas for rs in replica_sets)
    after = before + sum(scaling.to - scaling.from_ for scaling in run.scaled)
    surge, _ = resolve_fenceposts(
        deployment.spec.strategy.max_surge,
        deployment.spec.strategy.max_unavailable,
        deployment.spec.replicas,
    )
    assert after <= max(before, deployment.spec.replicas + surge)


@given(rollouts())
def test_the_floor_holds(rollout):
    """What a pass takes beyond the unready pods leaves enough available ones."""
    deployment, replica_sets = rollout
    run = sync(deployment, *replica_sets)
    available = sum(rs.status.available_replicas for rs in replica_sets)
    by_name = {rs.name: rs for rs in replica_sets}
    taken = 0
    for name, from_, to in run.scaled:
        if name != "web-2" and to < from_:
            taken += max(0, by_name[name].status.available_replicas - to)
    assert taken == 0 or available - taken >= run.min_available
