"""What belongs to the mirrored Deployments, in whatever order the watches tell it."""

import copy
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollviz.live.store import MISSED, Store
from rollviz.objects import KINDS
from tests.recorded import recording

NAME = "myapp-deployment"
ROWS = recording("rolling-one-replica")


def apply(store, rows):
    """Let a store take rows in; returns the changes, as (kind, name, type, resourceVersion)."""
    return [
        id_of(update)
        for row in rows
        for update in store.apply(row["kind"], row["type"], copy.deepcopy(row["object"]))
    ]


def id_of(update):
    version = update.json and update.json["metadata"].get("resourceVersion")
    return update.object.kind, update.object.name, update.type, version


def story(changes):
    """The changes, apart by object."""
    found = defaultdict(list)
    for kind, name, type, version in changes:
        found[kind, name].append((type, version))
    return found


HAPPENED = story(
    (r["kind"], r["object"]["metadata"]["name"], r["type"],
     r["object"]["metadata"]["resourceVersion"])
    for r in ROWS
)  # fmt: skip


def interleavings():
    """The rows as four watches may deliver them: in order within a kind, in any order between."""
    kinds = [row["kind"] for row in ROWS]
    return st.permutations(kinds).map(in_order_of)


def in_order_of(kinds):
    queues = {kind: iter([row for row in ROWS if row["kind"] == kind]) for kind in kinds}
    return [next(queues[kind]) for kind in kinds]


@given(interleavings())
def test_whichever_watch_is_first_every_object_has_its_whole_story(rows):
    assert story(apply(Store(lambda name: name == NAME), rows)) == HAPPENED


@given(interleavings(), st.data())
def test_what_is_told_twice_or_late_changes_nothing(rows, data):
    again = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=20))
    repeated = list(rows)
    for index in sorted(again, reverse=True):
        later = data.draw(st.integers(index, len(rows)))
        repeated.insert(later, rows[index])
    deleted = {r["object"]["metadata"]["uid"] for r in rows if r["type"] == "DELETED"}
    repeated = [r for r in repeated if r["object"]["metadata"]["uid"] not in deleted or r in rows]
    found = story(apply(Store(lambda name: name == NAME), repeated))
    for key, changes in HAPPENED.items():
        if changes[-1][0] != "DELETED":
            assert found[key] == changes


@given(interleavings(), st.integers(0, len(ROWS)), st.integers(0, len(ROWS)))
@settings(max_examples=60)
def test_a_new_list_brings_just_what_was_missed(rows, gone, back):
    """Between two moments nothing is heard; then every kind is listed anew."""
    gone, back = sorted((gone, back))
    store = Store(lambda name: name == NAME)
    changes = apply(store, ROWS[:gone])
    state: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    for row in ROWS[:back]:
        name = row["object"]["metadata"]["name"]
        state[row["kind"]].pop(name, None)
        if row["type"] != "DELETED":
            state[row["kind"]][name] = row["object"]
    for kind, objects in state.items():
        changes += map(id_of, store.replace(kind, copy.deepcopy(list(objects.values()))))
    changes += apply(store, ROWS[back:])
    for key, steps in story(changes).items():
        kept = [step for step in steps if step[1]]
        numbers = [int(version) for _, version in kept]
        assert numbers == sorted(set(numbers)), key
        assert [type for type, _ in steps].count("ADDED") == 1
    for key, steps in HAPPENED.items():
        if steps[-1][0] != "DELETED" and key[0] != "Event":
            assert story(changes)[key][-1][1] == steps[-1][1]


def test_the_same_list_again_changes_nothing():
    store = Store(lambda name: name == NAME)
    objects = [row["object"] for row in ROWS if row["kind"] == "Deployment"][-1:]
    assert len(list(store.replace("Deployment", copy.deepcopy(objects)))) == 1
    assert list(store.replace("Deployment", copy.deepcopy(objects))) == []


def test_a_server_restored_from_a_backup_is_believed():
    """Its versions count from an earlier number, and a list is how things are."""
    store = Store(lambda name: name == NAME)
    versions = [row["object"] for row in ROWS if row["kind"] == "Deployment"]
    apply(store, [{"kind": "Deployment", "type": "ADDED", "object": versions[-1]}])
    updates = list(store.replace("Deployment", copy.deepcopy(versions[:1])))
    assert [update.type for update in updates] == ["MODIFIED"]


def pod(name, owner, version):
    reference = {"kind": "ReplicaSet", "name": "rs", "uid": owner, "controller": True}
    metadata = {"name": name, "uid": name, "resourceVersion": version}
    return {"metadata": metadata | {"ownerReferences": [reference]}}


def test_what_others_do_takes_bounded_memory():
    store = Store(lambda name: name == NAME)
    for version in range(5 * MISSED):
        list(store.apply("Pod", "MODIFIED", pod("stranger", f"rs-{version}", str(version))))
        list(store.apply("Pod", "ADDED", pod(f"p{version}", "rs", str(version))))
        list(store.apply("Pod", "DELETED", pod(f"p{version}", "rs", str(version))))
    assert sum(len(changes) for changes in store._missed.values()) <= MISSED
    assert sum(len(waiting) for waiting in store._waiting.values()) == 1


def test_one_that_waited_for_long_comes_in_as_it_is():
    store = Store(lambda name: name == NAME)
    waiting = [row for row in ROWS if row["kind"] == "Pod"][:3]
    apply(store, waiting)
    for version in range(2 * MISSED):
        list(store.apply("Pod", "MODIFIED", pod("stranger", "else", str(version))))
    changes = apply(store, [row for row in ROWS if row["kind"] in ("Deployment", "ReplicaSet")])
    name, version = (waiting[-1]["object"]["metadata"][key] for key in ("name", "resourceVersion"))
    assert story(changes)["Pod", name] == [("ADDED", version)]


@pytest.mark.parametrize(
    ("json", "words"),
    [
        ({}, r"Deployment: the field metadata\.name is missing"),
        ({"metadata": {"name": NAME}}, "Deployment: the field 'spec' is missing"),
        ({"metadata": {"name": NAME}, "spec": 3}, f"Deployment {NAME}: "),
        (
            {
                "metadata": {"name": NAME, "creationTimestamp": "noon"},
                "spec": {"selector": {}, "template": {}},
            },
            f"Deployment {NAME}: .*noon",
        ),
    ],
)  # fmt: skip
def test_an_object_that_is_not_whole(json, words):
    with pytest.raises(ValueError, match=words):
        list(Store(lambda name: True).apply("Deployment", "ADDED", json))


def test_versions_of_an_object_share_what_has_not_changed():
    store = Store(lambda name: name == NAME)
    versions = [row for row in ROWS if row["kind"] == "Deployment"][:3]
    objects: list[Any] = [
        update.object
        for row in copy.deepcopy(versions)
        for update in store.apply("Deployment", row["type"], row["object"])
    ]
    assert len({id(deployment.spec.template) for deployment in objects}) == 1
    assert len({id(deployment.metadata.labels) for deployment in objects}) == 1
