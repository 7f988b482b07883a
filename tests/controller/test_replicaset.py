"""The ReplicaSet controller: which pods go first, and counts that are kept instead of recounted."""

from collections import Counter
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollviz.controller.replicaset import (
    ReplicaSetPods,
    calculate_status,
    deletion_rank,
    slow_start_batches,
)
from rollviz.objects import (
    POD_DELETION_COST,
    Condition,
    Metadata,
    Pod,
    PodSpec,
    PodStatus,
    PodTemplate,
    ReplicaSetStatus,
)
from tests.controller.builders import NEW, replica_set

TEMPLATE = PodTemplate({})


def pod(name="a", node="node-1", *, cost=None, deleted=None, **status):
    annotations = {} if cost is None else {POD_DELETION_COST: str(cost)}
    metadata = Metadata(name, deletion_timestamp=deleted, annotations=annotations)
    return Pod(metadata, PodSpec(TEMPLATE, node), PodStatus(**status))


def ready(name="a", node="node-1", since=0.0, **keywords):
    return pod(name, node, phase="Running", ready=True, ready_since=since, **keywords)


CROWDED = {"node-1": 2, "node-2": 1}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(pod(node=None), pod(), id="not assigned to a node"),
        pytest.param(pod(), pod(phase="Running"), id="pending"),
        pytest.param(pod(phase="Running"), ready(), id="running and not ready"),
        pytest.param(ready(cost=-1), ready(), id="of lower deletion cost"),
        pytest.param(ready(), ready(cost=5), id="of no deletion cost, which is 0"),
        pytest.param(ready(node="node-1"), ready(node="node-2"), id="doubled up on its node"),
        pytest.param(ready(since=9.0), ready(since=3.0), id="ready for less time"),
        pytest.param(ready(restart_count=2), ready(restart_count=1), id="started again more often"),
    ],
)
def test_of_two_pods_the_first_goes_first(first, second):
    def rank(pod):
        return deletion_rank(pod, CROWDED.get(pod.spec.node_name, 0))

    assert rank(first) < rank(second)


def test_earlier_rules_outweigh_later_ones():
    """A pod that is not ready goes before one that is, be it ever so dear."""
    unready, doomed = pod("dear", phase="Running", cost=100), ready("cheap", cost=-100)
    pods = ReplicaSetPods()
    pods.put(doomed)
    pods.put(unready)
    assert pods.pods_to_delete(1, CROWDED) == ["dear"]


def test_a_deletion_cost_that_is_no_number_counts_as_none():
    assert deletion_rank(ready(cost="dear"), 1) == deletion_rank(ready(), 1)


@pytest.mark.parametrize(
    ("count", "batches"),
    [(0, []), (1, [1]), (2, [1, 1]), (10, [1, 2, 4, 3]), (500, [1, 2, 4, 8, 16, 32, 64, 128, 245])],
)
def test_pods_are_made_in_batches_that_double(count, batches):
    assert slow_start_batches(count) == batches


# --- counts kept against counts made --------------------------------------------------------------

nodes = st.sampled_from(["node-1", "node-2", "node-3"])


@st.composite
def stories(draw):
    """Pods that come, change and go, in the order in which a ReplicaSet's controller may see it."""
    names, clock = count(), 0.0
    steps: list[tuple[float, str, Pod | None]] = []
    alive: dict[str, Pod] = {}
    for _ in range(draw(st.integers(1, 40))):
        clock += draw(st.sampled_from([0.0, 1.0]))
        action = draw(
            st.sampled_from(["add", "assign", "run", "ready", "unready", "delete", "gone"])
        )
        name = draw(st.sampled_from(sorted(alive))) if alive else ""
        if action == "add" or not alive:
            name = f"pod-{next(names)}"
            cost = draw(st.sampled_from([None, None, -1, 5]))
            alive[name] = pod(name, None, cost=cost)
        elif action == "gone":
            steps.append((clock, name, None))
            del alive[name]
            continue
        else:
            alive[name] = changed(alive[name], action, clock, draw(nodes))
        steps.append((clock, name, alive[name]))
    return steps


def changed(item, action, clock, node):
    metadata, status, at = item.metadata, item.status, item.spec.node_name
    if action == "assign" and at is None:
        at = node
    elif action == "run" and at:
        status = PodStatus("Running", restart_count=status.restart_count + 1)
    elif action == "ready" and at and not status.ready:
        status = PodStatus("Running", "", True, clock, status.restart_count)
    elif action == "unready" and status.ready:
        status = PodStatus("Running", "", False, clock, status.restart_count)
    elif action == "delete":
        metadata = Metadata(
            metadata.name, deletion_timestamp=clock + 30.0, annotations=metadata.annotations
        )
    return Pod(metadata, PodSpec(TEMPLATE, at), status)


def told(steps, min_ready_seconds=0):
    """The pods as kept, and as they are; and the time."""
    kept = ReplicaSetPods(min_ready_seconds)
    pods: dict[str, Pod] = {}
    for _, name, item in steps:
        if item is None:
            kept.remove(pods.pop(name))
        else:
            kept.put(item, pods.get(name))
            pods[name] = item
    return kept, pods, steps[-1][0]


@given(stories(), st.integers(0, 3))
def test_counts_are_what_counting_would_give(steps, min_ready_seconds):
    kept, pods, now = told(steps, min_ready_seconds)
    active = [pod for pod in pods.values() if pod.active]
    assert kept.counts(now) == (
        len(active),
        sum(pod.status.ready for pod in active),
        sum(pod.available(min_ready_seconds, now) for pod in active),
        len(pods) - len(active),
    )
    assert (kept.existing, kept.active) == (len(pods), len(active))
    assert kept.created == len({name for _, name, _ in steps})
    by_node: dict[str, int] = {}
    kept.count_by_node(by_node)
    assert +Counter(by_node) == Counter(pod.spec.node_name or "" for pod in active)


@given(stories(), st.integers(0, 40), st.data())
def test_pods_to_delete_are_those_that_sorting_would_give(steps, number, data):
    kept, pods, _ = told(steps)
    on_node = {node: data.draw(st.integers(0, 3)) for node in ("node-1", "node-2", "node-3")}

    def rank(pod):
        return deletion_rank(pod, on_node.get(pod.spec.node_name, 0))

    active = [pod for pod in pods.values() if pod.active]
    chosen = kept.pods_to_delete(number, on_node)
    assert [rank(pods[name]) for name in chosen] == sorted(map(rank, active))[:number]
    assert len(set(chosen)) == len(chosen) == min(number, len(active))


@given(stories(), stories())
def test_a_copy_goes_its_own_way(steps, more):
    kept, _, now = told(steps)
    twin = kept.copy()
    before = kept.counts(now), kept.pods_to_delete(99, {})
    others: dict[str, Pod] = {}
    for _, name, item in more:
        if item is None:
            twin.remove(others.pop(name))
        else:
            deleted = item.metadata.deletion_timestamp
            metadata = Metadata(f"other-{name}", deletion_timestamp=deleted)
            other = Pod(metadata, item.spec, item.status)
            twin.put(other, others.get(name))
            others[name] = other
    assert (kept.counts(now), kept.pods_to_delete(99, {})) == before


@given(stories(), st.integers(0, 3), st.integers(0, 3))
def test_min_ready_seconds_may_change(steps, first, second):
    kept, pods, now = told(steps, first)
    kept.wait_for(second)
    active = [pod for pod in pods.values() if pod.active]
    assert kept.available(now) == sum(pod.available(second, now) for pod in active)


def test_when_the_next_pod_counts_as_available():
    pods = ReplicaSetPods(5)
    for name, since in (("a", 2.0), ("b", 4.0)):
        pods.put(ready(name, since=since))
    assert (pods.available(4.0), pods.next_available()) == (0, 7.0)
    assert (pods.available(7.0), pods.next_available()) == (1, 9.0)
    assert (pods.available(9.0), pods.next_available()) == (2, None)


# --- status ---------------------------------------------------------------------------------------


def test_the_status_has_the_counts():
    pods = ReplicaSetPods()
    pods.put(ready("a"))
    pods.put(pod("b"))
    pods.put(pod("c", deleted=9.0))
    rs = replica_set(NEW, 2, of=2)
    status = calculate_status(rs, pods.counts(0.0), "", 0.0)
    assert status == ReplicaSetStatus(2, 2, 1, 1, 1, rs.metadata.generation)


@pytest.mark.parametrize(
    ("size", "reason"), [(3, "FailedCreate"), (0, "FailedDelete")], ids=["too few", "too many"]
)
def test_a_failure_is_a_condition_while_it_lasts(size, reason):
    pods = ReplicaSetPods()
    pods.put(pod())
    failing = calculate_status(replica_set(NEW, size, of=3), pods.counts(0.0), "no quota", 4.0)
    assert failing.conditions == (
        Condition("ReplicaFailure", "True", reason, "no quota", None, 4.0),
    )
    rs = replica_set(NEW, size, of=3, conditions=failing.conditions)
    later = calculate_status(rs, pods.counts(0.0), "no quota at all", 9.0)
    assert later.conditions == failing.conditions, "it keeps its first words and time"
    assert calculate_status(rs, pods.counts(0.0), "", 9.0).conditions == ()
