"""Loading a timeline: saved ones, recordings, what kubectl prints, and files that were cut off."""

import gzip
import json
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollviz.timeline import load
from tests.recorded import DATA, TRACES, recorded_scaling, recording, scaling, watch_file

NAME = "rolling-one-replica"
KUBECTL = DATA / "kubectl"


def kubectl_watches(rows, kinds=("Pod", "Event", "Deployment", "ReplicaSet"), indent=None):
    """The rows as ``kubectl get KIND -w --output-watch-events -o json`` prints them, one by one."""
    return "".join(
        json.dumps({"type": row["type"], "object": row["object"]}, indent=indent) + "\n"
        for kind in kinds
        for row in rows
        if row["kind"] == kind
    )


@pytest.mark.parametrize("name", TRACES)
def test_a_recording_replays_with_exactly_its_recorded_sizes(name):
    timeline = load(watch_file(name))
    assert timeline.source == "recorded"
    assert len(timeline) == len(recording(name))
    assert scaling(timeline) == recorded_scaling(name)


@pytest.mark.parametrize("name", TRACES)
def test_what_is_saved_loads_as_it_was(name, tmp_path):
    timeline = load(watch_file(name))
    timeline.save(tmp_path / "saved.jsonl")
    again = load(tmp_path / "saved.jsonl")
    assert (again.changes, again.epoch) == (timeline.changes, timeline.epoch)


@pytest.mark.parametrize("name", TRACES)
def test_what_kubectl_watched_has_the_same_sizes_at_nearly_the_same_times(name, tmp_path):
    """The objects' own times are whole seconds, so no change is off by more than one."""
    path = tmp_path / "all.json"
    path.write_text(kubectl_watches(recording(name), indent=4))
    timeline, timed = load(path), load(watch_file(name))
    assert scaling(timeline) == recorded_scaling(name)
    dated = {
        id_of(c): c.t + timeline.epoch for c in timeline.changes if c.object.kind == "ReplicaSet"
    }
    for change in timed.changes:
        if change.object.kind == "ReplicaSet" and change.type == "ADDED":
            assert abs(dated[id_of(change)] - change.t - timed.epoch) < 1


def id_of(change):
    return change.type, change.object.name


def test_what_kubectl_printed_itself():
    watched = load(KUBECTL / "watch.json.gz")
    assert scaling(watched) == recorded_scaling(NAME)
    assert [change.t for change in watched.changes[:7]] == [0.0] * 7
    assert {change.type for change in watched.changes[:7]} == {"ADDED"}
    assert 0 < watched.changes[7].t < watched.duration < 3
    listed = load(KUBECTL / "list.json.gz")
    assert listed.duration == 0
    assert listed.last.pods.keys() == watched.last.pods.keys()
    pods = load(KUBECTL / "pods-w.json.gz")
    assert [change.type for change in pods.changes] == ["ADDED"] * 2 + ["MODIFIED"] * 6


def test_watching_that_began_days_later_begins_when_something_moves(tmp_path):
    """What the watch finds is there from the start; a scaling has the time of what follows it."""
    rows = json.loads(json.dumps(recording("scale-mid-rollout")))
    rows = [row for row in rows if row["kind"] in ("Deployment", "ReplicaSet")][:4]
    last = json.loads(json.dumps(rows[-1]))
    metadata = last["object"]["metadata"]
    metadata |= {"resourceVersion": "999999", "generation": 99}
    new = json.loads(json.dumps(rows[0]))
    new["object"]["metadata"] |= {
        "name": "later", "uid": "later", "resourceVersion": "9999999",
        "creationTimestamp": "2026-11-27T08:00:00Z",
    }  # fmt: skip
    for row in rows:
        row["type"] = "ADDED"
    found = {(row["kind"], row["object"]["metadata"]["name"]): row for row in rows}.values()
    path = tmp_path / "watch.json"
    path.write_text(kubectl_watches([*found, last | {"type": "MODIFIED"}, new]))
    timeline = load(path)
    assert timeline.duration < 2
    assert {change.t for change in timeline.changes[: len(found)]} == {0.0}
    scaled, created = timeline.changes[-2:]
    assert 1 <= scaled.t < created.t < 2


@pytest.mark.parametrize(
    "encode",
    [str.encode, lambda t: t.encode("utf-16"), lambda t: t.encode("utf-8-sig"),
     lambda t: gzip.compress(t.encode()), lambda t: t.replace("\n", "\r\n").encode()],
    ids=["UTF-8", "UTF-16, as PowerShell writes", "with a byte order mark", "gzip", "CRLF"],
)  # fmt: skip
def test_however_it_was_written(encode, tmp_path):
    path = tmp_path / "recording"
    path.write_bytes(encode("\n".join(map(json.dumps, recording(NAME))) + "\n"))
    assert scaling(load(path)) == recorded_scaling(NAME)


def quietly(path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return load(path), [str(warning.message) for warning in caught]


FORMS = {
    "recording": "\n".join(map(json.dumps, recording(NAME))) + "\n",
    "kubectl": kubectl_watches(recording(NAME), ("Deployment", "ReplicaSet"), indent=4),
}


@pytest.mark.parametrize("form", FORMS)
@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_file_may_be_cut_off_at_any_byte(form, tmp_path_factory, data):
    text = FORMS[form].encode()
    first = len(json.dumps(recording(NAME)[0])) * 3
    cut = data.draw(st.integers(first, len(text)))
    path = tmp_path_factory.mktemp("cut") / "recording"
    path.write_bytes(text[:cut])
    timeline, said = quietly(path)
    whole, rest = objects_in(text[:cut].decode())
    assert len(timeline) == whole
    assert len(said) == bool(rest.strip())


def objects_in(text):
    """How many whole objects a text begins with, and what is left of it."""
    decoder, count = json.JSONDecoder(), 0
    while True:
        text = text.lstrip()
        try:
            text = text[decoder.raw_decode(text)[1] :]
        except ValueError:
            return count, text
        count += 1


def test_a_line_that_was_cut_off_is_named(tmp_path):
    path = tmp_path / "recording.jsonl"
    path.write_text("\n".join(map(json.dumps, recording(NAME)))[:-100])
    with pytest.warns(UserWarning, match=r"recording.jsonl: cut off in line 43: the 42 objects"):
        assert len(load(path)) == 42


def test_a_gzip_file_may_be_cut_off_too(tmp_path):
    path = tmp_path / "recording.jsonl.gz"
    path.write_bytes(watch_file(NAME).read_bytes()[:-400])
    timeline, said = quietly(path)
    assert 10 < len(timeline) < 43
    assert "cut off" in said[0]


def test_where_the_watch_ended_is_told(tmp_path):
    status = {"kind": "Status", "code": 410, "message": "too old resource version"}
    path = tmp_path / "watch.json"
    path.write_text(FORMS["kubectl"] + json.dumps({"type": "ERROR", "object": status}) + "\n")
    with pytest.warns(UserWarning, match="the watch ended: too old resource version"):
        assert scaling(load(path)) == recorded_scaling(NAME)


def test_bookmarks_and_objects_of_other_kinds_are_left_out(tmp_path):
    bookmark = {"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {"resourceVersion": "9"}}}
    service = {"kind": "Service", "metadata": {"name": "web", "namespace": "shop"}}
    path = tmp_path / "watch.json"
    others = json.dumps(bookmark) + json.dumps({"type": "ADDED", "object": service})
    path.write_text(others + FORMS["kubectl"])
    assert scaling(load(path)) == recorded_scaling(NAME)


ROW = recording(NAME)[0]


def with_object(**fields):
    return json.dumps({**ROW, "object": {**ROW["object"], **fields}})


BAD = {
    "nothing": ("", "holds nothing"),
    "words": ("error: no such host\n", "line 1: not JSON"),
    "a broken line": (json.dumps(ROW) + "\n{]\n" + json.dumps(ROW), "line 2: not JSON"),
    "a list": ("[1, 2]\n", r"line 1: '\[1, 2\].*' is no object"),
    "an object of something else": ('{"a": 1}\n', "line 1: neither a saved timeline, a recording"),
    "a newer format": ('{"rollviz": 99}\n', "line 1: rollviz: format 99 is not 1: update rollviz"),
    "another kind": (with_object(kind="Node"), "line 1: kind: 'Node' is none of"),
    "a field missing": (with_object(spec={}), "line 1: Deployment: the field 'selector' is"),
    "time running back": (
        json.dumps(ROW) + "\n" + json.dumps({**recording(NAME)[3], "t": -9}) + "\n",
        "line 2: t: -9 lies before the last change",
    ),
    "only services": (json.dumps({"kind": "Service", "metadata": {}}), "none of its objects is a"),
    "two namespaces": (
        json.dumps(ROW["object"])
        + json.dumps({**ROW["object"], "metadata": {"name": "x", "namespace": "other"}}),
        "holds the namespaces other, .*kubectl get -n other",
    ),
    "no gzip after all": (b"\x1f\x8b broken", "not a gzip file"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_none_says_where_and_why(name, tmp_path):
    content, words = BAD[name]
    path = tmp_path / "file.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=f"file.json: .*{words}"):
        load(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.jsonl"):
        load(tmp_path / "none.jsonl")


def test_watches_that_overtook_each_other_are_put_in_the_servers_order(tmp_path):
    rows = [
        {**ROW, "t": t, "object": {**ROW["object"], "metadata": {**ROW["object"]["metadata"],
         "name": f"v{version}", "resourceVersion": version}}}
        for t, version in [(0.0, "10"), (0.2, "30"), (0.3, "20"), (5.0, "25"), (6.0, "40")]
    ]  # fmt: skip
    path = tmp_path / "recording.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    changes = [(change.t, change.object.name) for change in load(path).changes]
    assert changes == [(0.0, "v10"), (0.2, "v20"), (0.2, "v30"), (5.0, "v25"), (6.0, "v40")]


@pytest.mark.parametrize(
    "row",
    [
        {"t": 1, "kind": "Pod", "type": "ADDED", "object": 3},
        {"rollviz": 1, "epoch": None},
        {"items": [3]},
        {"kind": "Pod", "metadata": 3},
        {"kind": "Deployment", "metadata": {"name": "web"}, "spec": 3},
        {"type": "ADDED", "object": {"kind": "Pod"}},
    ],
    ids=["object", "epoch", "item", "metadata", "spec", "no metadata"],
)
def test_what_is_no_kubernetes_object_is_an_error_that_names_the_file(row, tmp_path):
    file = tmp_path / "web.jsonl"
    file.write_text(f"{json.dumps(row)}\n")
    with pytest.raises(ValueError, match=r"web\.jsonl: "):
        load(file)
