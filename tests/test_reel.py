"""Stage data that grows: always what it would be if it were worked out anew."""

import json
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollviz.explain import findings
from rollviz.figures import stage_data
from rollviz.objects import ReplicaSet
from rollviz.reel import Reel
from rollviz.timeline import Change, Timeline, load
from tests.recorded import TRACES, watch_file

NAME = "myapp-deployment"
HISTORIES = {"alive", "revision", "cause", "size", "counts", "looks", "on", "spec", "band"}


@cache
def recorded(name):
    return load(watch_file(name))


def growing(name):
    """A live timeline that is empty yet, and the changes of a recording to come."""
    whole = recorded(name)
    return Timeline(epoch=whole.epoch, source="live"), whole.changes


def apply(data, patch):
    """Take a patch in, as widgets/mirror.js does."""
    for path, keep, items in json.loads(json.dumps(patch)):
        *way, last = (int(key) if key.isdigit() else key for key in path.split("."))
        home = data
        for key in way:
            home = home[key]
        if keep is None:
            home[last] = items
        else:
            home[last][keep:] = items


def told(data):
    """Data as it looks, however it came about: no rows that last for no time, words written out."""
    data = {key: _told(key, value) for key, value in json.loads(json.dumps(data)).items()}
    steps = [
        {k: v for k, v in step.items() if k not in ("next", "finding")}
        | {"working": [data["lines"][line] for line in step["working"]]}
        for step in data["steps"]
    ]
    left_out = ("slots", "exits", "events", "seconds", "lines")
    return {key: value for key, value in data.items() if key not in left_out} | {"steps": steps}


def _told(key, value):
    if key in ("lanes", "pods"):
        return [{name: _told(name, one[name]) for name in one} for one in value]
    return _lasting(value) if key in HISTORIES else value


def _lasting(history):
    rows = []
    for row in history:
        if rows and rows[-1][0] == row[0]:
            rows.pop()
        if not rows or rows[-1][1:] != row[1:]:
            rows.append(row)
    return rows


@pytest.mark.parametrize("name", TRACES)
@given(chunks=st.lists(st.integers(1, 40), min_size=1))
@settings(max_examples=3, deadline=None)
def test_it_is_what_stage_data_works_out_however_it_came_in(name, chunks):
    timeline, changes = growing(name)
    reel = Reel(timeline, NAME)
    seen = json.loads(json.dumps(reel.data))
    begin = turn = 0
    while begin < len(changes):
        size = chunks[turn % len(chunks)]
        timeline.changes.extend(changes[begin : begin + size])
        apply(seen, reel.read())
        begin, turn = begin + size, turn + 1
    assert seen == json.loads(json.dumps(reel.data))
    assert told(seen) == told(stage_data(timeline, NAME))


def test_patches_from_one_point_on_can_be_taken_again():
    """So a browser that has missed the first may be sent all of them."""
    timeline, changes = growing("rollover")
    reel, seen, sent = Reel(timeline, NAME), None, []
    for begin in range(0, len(changes), 7):
        timeline.changes.extend(changes[begin : begin + 7])
        patch = reel.read()
        if seen is None:
            seen = json.loads(json.dumps(reel.data))
        else:
            sent += patch
            apply(seen, sent)
    assert seen == json.loads(json.dumps(reel.data))


def test_nothing_new_is_an_empty_patch():
    timeline, changes = growing("recreate-5")
    reel = Reel(timeline, NAME)
    timeline.changes.extend(changes)
    assert reel.read() != []
    assert reel.read() == []


def test_a_change_costs_about_a_hundred_bytes():
    timeline, changes = growing("rolling-default-10")
    reel, size = Reel(timeline, NAME), 0
    for begin in range(0, len(changes), 10):
        timeline.changes.extend(changes[begin : begin + 10])
        size += len(json.dumps(reel.read(), separators=(",", ":")))
    assert size / len(changes) < 150


def test_the_stage_leaves_room_for_pods_to_come():
    timeline, changes = growing("rolling-default-10")
    timeline.changes.extend(changes[:3])
    reel = Reel(timeline, NAME)
    reel.read()
    assert (reel.data["slots"], reel.data["exits"]) == (10, 1)


@pytest.mark.parametrize("name", TRACES)
def test_what_comes_next_is_said_until_the_rollout_is_complete(name):
    timeline, changes = growing(name)
    timeline.changes.extend(changes)
    reel = Reel(timeline, NAME)
    reel.read()
    steps = reel.data["steps"]
    scaled = [step for step in steps if step["kind"] == "scaled"]
    assert any(step["next"].startswith(("Waiting", "Next", "Paused")) for step in scaled)
    if "Rollout complete" in steps[-1]["sentence"]:
        assert steps[-1]["next"] == ""


# Findings: where the cluster does what our controller would not have done


@pytest.mark.parametrize("name", TRACES)
@pytest.mark.parametrize("source", ["live", "recorded"])
def test_a_real_controller_gives_no_finding(name, source):
    changes = recorded(name).changes
    assert findings(Timeline(list(changes), source=source)) == []


def doctored(change, replicas):
    """A change of a ReplicaSet, to another size."""
    replica_set = change.object
    spec = replace(replica_set.spec, replicas=replicas)
    return change._replace(object=replace(replica_set, spec=spec))


def is_new(change):
    """Whether it is a change of the ReplicaSet that has the pods in the end."""
    return isinstance(change.object, ReplicaSet) and change.object.spec.replicas == 5


def resized(changes):
    """The index of the first change that takes an old ReplicaSet down."""
    sizes = {}
    for index, change in enumerate(changes):
        if isinstance(change.object, ReplicaSet):
            size = change.object.spec.replicas
            if size < sizes.get(change.object.name, 0):
                return index
            sizes[change.object.name] = size
    raise AssertionError("nothing was taken down")


def test_a_doctored_stream_gives_a_finding_with_both_sizes():
    timeline, changes = growing("rolling-default-5")
    index = resized(changes)
    name = changes[index].object.name
    timeline.changes.extend(
        [
            *changes[:index],
            doctored(changes[index], 1),
            Change(changes[index].t + 1, *changes[0][1:]),
        ]
    )
    reel = Reel(timeline, NAME)
    reel.read()
    (found,) = reel.findings
    assert (found.observed.from_, found.observed.to) == (5, 1)
    assert {(s.replica_set, s.from_, s.to) for s in found.expected} == {(name, 5, 4)}
    assert found.text == (
        f"Finding: the cluster took {name} from 5 to 1. Our controller would have taken {name} "
        "from 5 to 4."
    )
    assert reel.data["steps"][found.step.index]["finding"] == found.text


def test_a_resizing_out_of_the_blue_is_one_too():
    timeline, changes = growing("rolling-default-5")
    replica_set = next(c for c in reversed(changes) if is_new(c))
    end = changes[-1].t
    timeline.changes.extend([*changes, doctored(replica_set, 9)._replace(t=end + 5)])
    timeline.changes.append(changes[-1]._replace(t=end + 6))
    (found,) = findings(timeline)
    assert found.expected == ()
    assert found.text.endswith("from 5 to 9. Our controller would have moved nothing.")


def test_a_cause_that_comes_just_after_is_waited_for():
    """The ReplicaSets' watch may overtake the Deployment's."""
    timeline, changes = growing("rolling-default-5")
    index = next(
        n
        for n, c in enumerate(changes)
        if c.object.kind == "Deployment" and c.object.metadata.generation == 2
    )
    later = next(n for n in range(index, len(changes)) if changes[n].object.kind == "ReplicaSet")
    edit, made = changes[index], changes[later]
    reel = Reel(timeline, NAME)
    timeline.changes.extend([*changes[:index], made._replace(t=edit.t)])
    reel.read()
    assert reel.findings == []
    timeline.changes.extend([edit, *changes[index + 1 : later], *changes[later + 1 :]])
    reel.read()
    assert reel.findings == []


def test_a_finding_needs_no_later_change_only_time():
    timeline, changes = growing("rolling-default-5")
    index = resized(changes)
    timeline.changes.extend([*changes[:index], doctored(changes[index], 1)])
    reel = Reel(timeline, NAME)
    assert reel.in_doubt and reel.findings == []
    reel.read(now=changes[index].t + 1)
    assert not reel.in_doubt
    assert [found.observed.to for found in reel.findings] == [1]
