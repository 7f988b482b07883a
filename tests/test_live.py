"""The live mirror, against a server on this machine that speaks list and watch, and misbehaves."""

import ast
import json
import logging
import signal
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from rollviz.cli import main
from rollviz.explain.findings import findings
from rollviz.explain.scene import scenes
from rollviz.figures import step_words
from rollviz.live import LiveError, Mirror, record
from rollviz.live.access import RESOURCES
from rollviz.live.connect import connect
from rollviz.live.errors import Refused
from rollviz.live.reflector import Backoff
from rollviz.objects import LAST_APPLIED, from_api
from rollviz.timeline import Command, Timeline, load
from tests import watch_server
from tests.recorded import TRACES, recorded_scaling, recording, scaling
from tests.watch_server import KINDS, TOKEN, USER, WatchServer, after, status

pytest.importorskip("kubernetes")

ROOT = Path(__file__).parents[1]
TLS = ROOT / "tests" / "data" / "tls"
NAME = "myapp-deployment"
EDIT = next(
    n
    for n, row in enumerate(recording("rolling-default-5"))
    if row["kind"] == "Deployment" and row["object"]["metadata"]["generation"] == 2
)
QUICK = {"backoff": (0.02, 0.1), "patience": 0.2}
ACCOUNT, ROLE, BINDING = yaml.safe_load_all((ROOT / "deploy" / "rbac-readonly.yaml").read_text())
RBAC = ROLE["rules"]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(autouse=True)
def no_threads_left():
    yield
    assert [t.name for t in threading.enumerate() if t.name.startswith("rollviz-")] == []


@pytest.fixture
def server():
    with WatchServer() as server:
        yield server


@pytest.fixture
def kubeconfig(tmp_path):
    """Writes a kubeconfig for an address; options go into its cluster."""

    def write(url, *, token=TOKEN, user=None, namespace="shop", **cluster):
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "class",
            "contexts": [
                {
                    "name": "class",
                    "context": {
                        "cluster": "c",
                        "user": "u",
                        "namespace": namespace,
                    },
                }
            ],
            "clusters": [{"name": "c", "cluster": {"server": url, **cluster}}],
            "users": [{"name": "u", "user": user or {"token": token}}],
        }
        path = tmp_path / "kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return path

    return write


@pytest.fixture
def mirror(server, kubeconfig):
    """Makes mirrors of the server's Deployment, live unless told otherwise, and stops them."""
    made = []

    def make(what=NAME, *, live=True, **options):
        if "kubeconfig" not in options:
            options["kubeconfig"] = kubeconfig(server.url)
        options = {"keep_all": True, **QUICK, **options}
        made.append(Mirror(what, **options))
        return made[-1].wait(timeout=60) if live else made[-1]

    yield make
    for one in made:
        one.stop()


def failure(make, timeout=60):
    """The message of a mirror that is going to fail."""
    with pytest.raises(LiveError) as error:
        make.wait(timeout=timeout)
    assert make.state == "failed"
    assert make.message == str(error.value)
    assert "\n" not in make.message
    return make.message


def on_server(server, epoch, names=(NAME,)):
    """What belongs to the Deployments of these names, gone ones included, as the server has it."""
    owners = {
        o["metadata"]["uid"]
        for _, kind, type, o in server.log
        if kind == "Deployment" and type != "BOOKMARK" and o["metadata"]["name"] in names
    }
    found = {}
    for kind in KINDS:
        there = server.objects[kind].values()
        ours = [o for o in there if owner(o) in owners or kind == "Deployment"]
        ours = [o for o in ours if kind != "Deployment" or o["metadata"]["name"] in names]
        owners |= {o["metadata"]["uid"] for o in ours}
        found[kind] = {o["metadata"]["name"]: from_api(o, epoch) for o in ours}
    return found


def owner(json_object):
    references = json_object["metadata"].get("ownerReferences") or [{"uid": None}]
    return json_object.get("involvedObject", references[0])["uid"]


def in_mirror(mirror):
    """What a mirror shows, but for events that regard what is gone."""
    last = mirror.timeline.last
    found = {kind: last.of_kind(kind) for kind in KINDS}
    there = {o.metadata.uid for kind in found if kind != "Event" for o in found[kind].values()}
    there |= {
        c.object.metadata.uid for c in mirror.timeline.changes if c.object.kind == "Deployment"
    }
    events = found["Event"].items()
    return found | {"Event": {n: event for n, event in events if event.regarding.uid in there}}


def same(server, mirror, names=(NAME,)):
    """Wait until the mirror shows what the server has."""

    def holds(mirror):
        return in_mirror(mirror) == on_server(server, mirror.timeline.epoch, names)

    try:
        mirror.wait(holds, timeout=60)
    except TimeoutError:
        assert in_mirror(mirror) == on_server(server, mirror.timeline.epoch, names)


def versions(path):
    """The changes in a recording, by object: the resourceVersions that it went through."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for line in Path(path).read_text().splitlines()[1:]:
        row = json.loads(line)
        metadata = row["object"]["metadata"]
        change = row["type"], metadata.get("resourceVersion")
        found.setdefault((row["kind"], metadata["name"]), []).append(change)
    return found


def served(server):
    """The same of what the server let happen."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for number, kind, type, json_object in server.log:
        if type != "BOOKMARK":
            key = kind, json_object["metadata"]["name"]
            found.setdefault(key, []).append((type, str(number)))
    return found


# A rollout, mirrored


@pytest.mark.parametrize("name", TRACES)
def test_a_rollout_comes_through_with_exactly_its_recorded_sizes(name, server, mirror):
    names = [r["object"]["metadata"]["name"] for r in recording(name) if r["kind"] == "Deployment"]
    watched = mirror(names[0])
    server.play(recording(name))
    watched.wait(lambda m: len(m.timeline) == len(recording(name)), timeout=60)
    assert scaling(watched.timeline) == recorded_scaling(name)


def test_what_was_there_before_comes_first_owners_before_what_they_own(server, mirror):
    server.play(recording("rolling-default-5"))
    changes = mirror().timeline.changes
    assert {change.type for change in changes} == {"ADDED"}
    kinds = [change.object.kind for change in changes]
    assert kinds == sorted(kinds, key=list(KINDS).index)
    assert {change.t for change in changes if change.object.kind == "Pod"} != set()


def test_a_mirror_that_begins_in_the_middle_ends_at_the_same_end(server, mirror):
    rows = recording("rollback-after-success")
    server.play(rows[:120])
    watched = mirror()
    server.play(rows[120:])
    same(server, watched)


def test_time_runs_on_one_clock_and_never_back(server, mirror):
    begun = time.time()
    watched = mirror()
    server.play(recording("rolling-default-5"))
    same(server, watched)
    times = [change.t for change in watched.timeline.changes]
    assert times == sorted(times)
    assert begun - 1 <= watched.timeline.epoch + times[-1] <= time.time()


def test_the_clusters_clock_counts_where_it_differs(server, mirror):
    server.clock_ahead = 3600
    server.play(recording("rolling-default-5"))
    epoch = mirror().timeline.epoch
    assert 3590 < epoch - time.time() < 3610


def test_an_answer_that_takes_long_is_not_taken_for_another_time(server, mirror):
    def slowly(handler):
        time.sleep(2.5)
        return watch_server.GO_ON

    server.fail("deployments", "list", slowly)
    begun = time.time()
    server.play(recording("rolling-one-replica"))
    assert begun - 1 <= mirror().timeline.epoch <= time.time()


def test_objects_of_others_stay_out(server, mirror):
    server.play(recording("rolling-default-5"))
    for kind in KINDS:
        for json_object in list(server.objects[kind].values()):
            text = json.dumps(json_object).replace(NAME, "other")
            for uid in {o["metadata"]["uid"] for k in KINDS for o in server.objects[k].values()}:
                text = text.replace(uid, uid[::-1])
            server.put(json.loads(text))
    watched = mirror()
    assert set(in_mirror(watched)["Deployment"]) == {NAME}
    same(server, watched)


def test_ownership_counts_not_labels(server, mirror):
    rows = recording("rolling-default-5")
    server.play(rows)
    watched = mirror()
    pod = next(iter(server.objects["Pod"].values()))
    stray = {**pod["metadata"], "name": "stray", "uid": "stray", "ownerReferences": []}
    server.put({**pod, "metadata": stray})
    server.put({**pod, "metadata": {**pod["metadata"], "labels": {"app": "elsewhere"}}})
    same(server, watched)
    pods = watched.timeline.last.pods
    assert pods[pod["metadata"]["name"]].metadata.labels == {"app": "elsewhere"}
    assert "stray" not in pods


def test_a_pod_that_is_released_leaves_and_one_that_is_adopted_comes(server, mirror):
    server.play(recording("rolling-default-5"))
    watched = mirror()
    pod = next(iter(server.objects["Pod"].values()))
    name, owners = pod["metadata"]["name"], pod["metadata"]["ownerReferences"]
    server.put({**pod, "metadata": {**pod["metadata"], "ownerReferences": []}})
    watched.wait(lambda m: name not in m.timeline.last.pods, timeout=60)
    server.put({**pod, "metadata": {**pod["metadata"], "ownerReferences": owners}})
    watched.wait(lambda m: name in m.timeline.last.pods, timeout=60)


@pytest.mark.parametrize(
    "what",
    [["myapp-deployment", "frontend"], "app", f"deployment/{NAME}", "app=myapp"],
    ids=["several names", "a name that is none of them", "as kubectl writes it", "a selector"],
)
def test_what_to_mirror(what, server, mirror):
    server.play(recording("rolling-default-5"))
    watched = mirror(what)
    expected = set() if what == "app" else {NAME}
    assert set(watched.timeline.last.deployments) == expected


@pytest.mark.parametrize("what", ["", [], "Web", "web/x y", "svc/web", ["web", "app=web"]])
def test_what_is_neither_a_name_nor_a_selector_is_refused_at_once(what):
    with pytest.raises(ValueError, match="label selector"):
        Mirror(what)


def test_a_long_list_comes_in_pages(server, mirror, monkeypatch):
    monkeypatch.setattr("rollviz.live.access.PAGE", 3)
    server.play(recording("rolling-default-10"))
    watched = mirror()
    assert server.count("pods", "list") == 4
    same(server, watched)


# Faults

FAULTS = {
    "cut in the middle of an event": [after(5, watch_server.cut)],
    "cut twice": [after(1, watch_server.cut), after(1, watch_server.cut)],
    "ended in the middle of a line": [after(3, watch_server.end_early)],
    "a malformed line": [after(4, watch_server.garble)],
    "a malformed line again and again": [after(2, watch_server.garble)] * 3,
    "no answer": [watch_server.hang_up] * 2,
    "silence": [watch_server.silence],
    "slow chunks": [watch_server.slowly],
    "410 in the stream": [after(6, watch_server.expire)],
    "410 at once": [status(410)],
    "410 again and again": [status(410)] * 3,
    "429": [status(429, Retry_After="0")] * 2,
    "500": [status(500)] * 3,
    "503": [status(503)],
    "504 until listed anew": [status(504)] * 3,
    "not Kubernetes": [watch_server.not_kubernetes],
}


@pytest.mark.parametrize("plural", ["pods", "replicasets", "deployments"])
@pytest.mark.parametrize("name", FAULTS)
def test_nothing_is_lost_nor_doubled(name, plural, server, mirror, tmp_path):
    rows = recording("rolling-one-replica")
    server.fail(plural, "watch", *FAULTS[name])
    watched = mirror(live=False, silence=1.3, record=tmp_path / "seen.jsonl")
    server.wait(lambda: server.count(plural, "watch") >= 1)
    server.play(rows)
    server.wait(lambda: not server.faults[plural, "watch"])
    same(server, watched.wait(timeout=60))
    for key, changes in versions(tmp_path / "seen.jsonl").items():
        numbers = [int(number) for _, number in changes if number]
        assert numbers == sorted(set(numbers)), key
        types = [type for type, _ in changes]
        assert types[0] == "ADDED", key
        assert all((a == "DELETED") == (b == "ADDED") for a, b in pairwise(types))
    if server.count(plural, "list") == 1:  # nothing was skipped
        watched.wait(lambda m: m.recorded == len(rows), timeout=60)
        assert versions(tmp_path / "seen.jsonl") == served(server)


SHAPES = {
    "a spec that is none": lambda event: {**event, "object": {**event["object"], "spec": 3}},
    "annotations that are none": lambda event: {
        **event,
        "object": {**event["object"], "metadata": event["object"]["metadata"] | {"annotations": 3}},
    },
    "no metadata": lambda event: {**event, "object": {}},
    "an object that is none": lambda event: {**event, "object": 3},
    "an error that is none": lambda event: {"type": "ERROR", "object": 3},
    "no type of event": lambda event: {**event, "type": 3},
    "no event": lambda event: [event],
}


@pytest.mark.parametrize("keep_all", [True, False])
@pytest.mark.parametrize("name", SHAPES)
def test_a_line_of_json_that_is_no_event_is_survived(name, keep_all, server, mirror, tmp_path):
    rows = recording("rolling-one-replica")
    server.fail("replicasets", "watch", after(3, watch_server.instead(SHAPES[name])))
    watched = mirror(record=tmp_path / "seen.jsonl", keep_all=keep_all)
    server.play(rows)
    watched.wait(lambda m: m.recorded == len(rows), timeout=60)
    assert versions(tmp_path / "seen.jsonl") == served(server)


@pytest.mark.parametrize("fault", [status(410), status(429, Retry_After="0"), status(500)])
def test_a_list_that_goes_wrong_between_two_pages_is_listed_again(
    fault, server, mirror, monkeypatch
):
    monkeypatch.setattr("rollviz.live.access.PAGE", 3)
    server.play(recording("rolling-default-10"))
    server.fail("pods", "list", lambda handler: watch_server.GO_ON, fault)
    watched = mirror(patience=20)
    assert server.count("pods", "list") == 6  # two, and all four
    same(server, watched)


@pytest.mark.parametrize("name", sorted(set(FAULTS) - {"slow chunks"}))
def test_the_mirror_says_that_it_connects_again(name, server, mirror):
    watched = mirror(silence=1.3)
    states = []
    watched.subscribe(lambda m: states.append((m.state, m.message)))
    server.fail("pods", "watch", *FAULTS[name])
    server.drop_connections("pods")
    server.play(recording("rolling-one-replica"))
    server.wait(lambda: not server.faults["pods", "watch"])
    same(server, watched.wait(timeout=60))
    told = [message for state, message in states if state == "reconnecting"]
    assert told
    assert all(server.url in message for message in told if message)
    assert (watched.state, watched.message) == ("live", "")


def test_a_pod_that_comes_before_its_replica_set_has_its_whole_story(server, mirror, tmp_path):
    rows = recording("rolling-one-replica")
    watched = mirror(record=tmp_path / "seen.jsonl", backoff=(0.5, 0.5))
    server.fail("replicasets", "watch", status(503))
    server.drop_connections("replicasets")
    watched.wait(lambda m: m.state == "reconnecting", timeout=60)
    server.play(rows)
    watched.wait(lambda m: m.recorded == len(rows), timeout=60)
    assert versions(tmp_path / "seen.jsonl") == served(server)


def test_bookmarks_spare_a_new_list_when_the_server_has_forgotten(server, mirror):
    server.play(recording("rolling-one-replica"))
    watched = mirror()
    server.bookmark()
    server.compact()
    server.wait(lambda: all(server.watching(plural) == 1 for plural in KINDS.values()))
    seen = server.count("pods", "watch")
    length = len(watched.timeline)
    server.put(next(iter(server.objects["Pod"].values())))
    watched.wait(lambda m: len(m.timeline) > length, timeout=60)
    server.drop_connections()
    server.wait(lambda: server.count("pods", "watch") >= seen + 1)
    same(server, watched.wait(timeout=60))
    assert server.count("pods", "list") == 1


def test_the_server_is_given_the_time_it_asks_for(server, mirror):
    watched = mirror()
    server.fail("pods", "watch", status(429, Retry_After="1"))
    begun = time.monotonic()
    server.drop_connections("pods")
    watched.wait(lambda m: m.state == "reconnecting", timeout=60)
    server.wait(lambda: server.count("pods", "watch") >= 3)
    assert time.monotonic() - begun >= 1.0


def test_waits_grow_never_repeat_and_are_bounded():
    backoff = Backoff(1.0, 30.0)
    waits = [backoff.next() for _ in range(10)]
    for i, wait in enumerate(waits):
        assert min(30.0, 2.0**i) / 2 <= wait <= min(30.0, 2.0**i)
    assert len(set(waits)) == len(waits)
    assert backoff.next(at_least=99.0) == 99.0
    backoff.reset()
    assert backoff.next() <= 1.0


def test_deleted_and_made_again_under_the_same_name(server, mirror):
    server.play(recording("rolling-one-replica"))
    watched = mirror()
    old = server.objects["Deployment"]["shop", NAME]
    server.delete("Deployment", "shop", NAME)
    watched.wait(lambda m: not m.timeline.last.deployments, timeout=60)
    assert "waiting for it" in watched.message
    server.put({**old, "metadata": {**old["metadata"], "uid": "another"}})
    watched.wait(lambda m: m.timeline.last.deployments, timeout=60)
    assert watched.timeline.last.deployments[NAME].metadata.uid == "another"
    same(server, watched)
    assert watched.message == ""


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "Pod"])
def test_made_again_while_nobody_looked(kind, server, mirror):
    server.play(recording("rolling-one-replica"))
    watched = mirror(backoff=(0.3, 0.3))
    server.fail(KINDS[kind], "watch", status(503))
    server.drop_connections(KINDS[kind])
    watched.wait(lambda m: m.state == "reconnecting", timeout=60)
    key, old = next(iter(server.objects[kind].items()))
    server.put({**old, "metadata": {**old["metadata"], "uid": "another"}})
    server.compact()
    same(server, watched.wait(timeout=60))
    changes = [c for c in watched.timeline.changes if c.object.kind == kind]
    assert [c.type for c in changes if c.object.name == key[1]] == ["ADDED", "DELETED", "ADDED"]


def rollout_seen_in_part(server, mirror, plural, at):
    """A mirror that from the change ``at`` on could not watch one resource for a while."""
    rows = recording("rolling-default-5")
    server.play(rows[:at])
    watched = mirror(backoff=(1.5, 1.5))
    server.fail(plural, "watch", status(503))
    server.drop_connections(plural)
    watched.wait(lambda m: m.state == "reconnecting", timeout=60)
    server.play(rows[at:])
    server.compact()
    same(server, watched.wait(timeout=60))
    return watched


@pytest.mark.parametrize(("plural", "at"), [("replicasets", 90), ("deployments", EDIT)])
def test_what_happened_while_nobody_watched_is_no_finding(plural, at, server, mirror, tmp_path):
    """A new list tells of several resizings as one, and another watch of effects without causes."""
    watched = rollout_seen_in_part(server, mirror, plural, at)
    watched.save(tmp_path / "saved.jsonl")
    saved = load(tmp_path / "saved.jsonl")
    assert findings(saved) == []
    assert saved.gaps == watched.timeline.gaps
    saved.gaps.clear()
    assert plural == "deployments" or findings(saved) != []


def test_what_a_watch_tells_just_after_it_was_lost_may_come_late(server, mirror):
    """One watch catches up after another: causes may come long after effects."""
    rows = recording("rolling-default-5")
    server.play(rows[:EDIT])
    watched = mirror()
    length = len(watched.timeline)
    for plural in KINDS.values():
        server.fail(plural, "watch", status(503))
    server.drop_connections()
    watched.wait(lambda m: m.state == "reconnecting", timeout=60)
    server.wait(lambda: not any(server.faults.values()))
    server.play(rows[EDIT:])
    same(server, watched.wait(timeout=60))
    assert length in watched.timeline.gaps
    assert findings(Timeline(watched.timeline.changes, gaps=watched.timeline.gaps)) == []


def test_a_recording_says_what_was_not_watched(server, mirror, tmp_path):
    path = tmp_path / "seen.jsonl"
    rollout_seen_in_part(server, partial(mirror, record=path), "replicasets", 90)
    recorded = load(path)
    assert findings(recorded) == []
    sentences = [step_words(scene, {})["sentence"] for scene in scenes(recorded)]
    assert any("What led there was not seen" in sentence for sentence in sentences)


def test_a_deployment_that_comes_later_is_waited_for(server, mirror):
    watched = mirror()
    assert watched.state == "live"
    assert watched.message == f"no Deployment '{NAME}' in namespace 'shop': waiting for it"
    server.play(recording("rolling-one-replica"))
    same(server, watched)
    assert watched.message == ""


def test_not_found_says_where_there_is_one(server, mirror):
    rows = recording("rolling-one-replica")
    for namespace in ("team-b", "team-a"):
        for row in rows:
            if row["kind"] == "Deployment":
                metadata = {**row["object"]["metadata"], "namespace": namespace}
                server.put({**row["object"], "metadata": metadata})
    assert mirror().message.endswith(f"; there is a '{NAME}' in namespace team-a, team-b")


def test_a_selector_that_matches_nothing_says_so(server, mirror):
    assert mirror("app=nothing").message == (
        "no Deployment in namespace 'shop' matches 'app=nothing' yet"
    )


# Rights


def test_the_rights_in_the_repository_are_enough(server, mirror):
    server.rules, server.cluster_wide = RBAC, False
    server.play(recording("rolling-one-replica")[:20])
    watched = mirror()
    server.play(recording("rolling-one-replica")[20:])
    same(server, watched)
    assert mirror("nothing-here").message.endswith("waiting for it")


def test_the_rights_in_the_repository_are_no_more_than_reading():
    assert {verb for rule in RBAC for verb in rule["verbs"]} == {"get", "list", "watch"}
    granted = {(g, r) for rule in RBAC for g in rule["apiGroups"] for r in rule["resources"]}
    assert granted == {(resource.group, resource.plural) for resource in RESOURCES}


def test_the_rights_are_given_to_the_account_beside_them():
    assert BINDING["subjects"] == [{"kind": "ServiceAccount", **ACCOUNT["metadata"]}]
    assert BINDING["roleRef"]["name"] == ROLE["metadata"]["name"]
    assert BINDING["metadata"]["namespace"] == ROLE["metadata"]["namespace"]


@pytest.mark.parametrize("verb", ["list", "watch"])
@pytest.mark.parametrize("resource", RESOURCES, ids=str)
def test_a_right_that_is_missing_is_named(resource, verb, server, mirror):
    server.rules = [
        {"apiGroups": [r.group], "resources": [r.plural], "verbs": {"list", "watch"} - missing}
        for r in RESOURCES
        for missing in [{verb} if r == resource else set()]
    ]
    message = failure(mirror(live=False))
    assert (
        f"not allowed in namespace 'shop' of {server.url} (context class): {verb} {resource}."
        in message
    )
    assert f'User "{USER}" cannot {verb} resource "{resource.plural}"' in message
    assert "deploy/rbac-readonly.yaml" in message


def test_all_rights_that_are_missing_are_named_at_once(server, mirror):
    server.rules = []
    message = failure(mirror(live=False))
    assert "list deployments.apps, list replicasets.apps, list pods, list events" in message


def test_credentials_that_are_refused(server, mirror, kubeconfig):
    message = failure(mirror(live=False, kubeconfig=kubeconfig(server.url, token="old")))
    assert "does not accept your credentials (401 Unauthorized)" in message
    assert "kubectl auth whoami" in message


def test_what_is_refused_later_is_waited_for(server, mirror):
    watched = mirror()
    server.token = "rotated"
    server.drop_connections()
    watched.wait(lambda m: "does not accept your credentials" in m.message, timeout=60)
    assert watched.state == "reconnecting"
    server.token = TOKEN
    same(server, watched.wait(timeout=60))


def test_who_logs_in_again_is_let_in(server, mirror, kubeconfig):
    server.play(recording("rolling-one-replica"))
    watched = mirror()
    server.token = "another"
    server.drop_connections()
    watched.wait(lambda m: "does not accept your credentials" in m.message, timeout=60)
    kubeconfig(server.url, token="another")
    server.delete("Pod", *next(iter(server.objects["Pod"])))
    same(server, watched.wait(timeout=60))


def test_a_context_that_leads_elsewhere_by_then_is_not_followed(server, mirror, kubeconfig):
    watched = mirror()
    server.token = "another"
    server.drop_connections()
    watched.wait(lambda m: "does not accept your credentials" in m.message, timeout=60)
    with WatchServer() as other:
        kubeconfig(other.url)
        watched.wait(lambda m: f"no longer leads to {server.url}" in m.message, timeout=60)
        assert other.requests == []


def plugin(program):
    """A user whose credentials a program of ours gives."""
    version = "client.authentication.k8s.io/v1"
    command = {"command": sys.executable, "args": ["-c", program], "interactiveMode": "Never"}
    return {"exec": {"apiVersion": version, **command}}


CREDENTIAL = {
    "apiVersion": "client.authentication.k8s.io/v1",
    "kind": "ExecCredential",
    "status": {"token": TOKEN},
}


def test_a_credential_plugin_is_run(server, mirror, kubeconfig):
    user = plugin(f"print({json.dumps(CREDENTIAL)!r})")
    server.play(recording("rolling-one-replica"))
    same(server, mirror(kubeconfig=kubeconfig(server.url, user=user)))


@pytest.mark.parametrize(
    ("user", "words"),
    [
        (plugin("import sys; sys.exit('please log in')"), "process returned 1. please log in"),
        (plugin("print('hello')"), "failed to decode process output"),
        (plugin("print({})"), "malformed response"),
        (plugin("") | {"exec": {**plugin("")["exec"], "command": "no-such"}}, "'no-such'"),
    ],
    ids=["it fails", "no JSON", "no credential", "it is not there"],
)
def test_a_credential_plugin_that_fails_is_told(user, words, server, mirror, kubeconfig, caplog):
    message = failure(mirror(live=False, kubeconfig=kubeconfig(server.url, user=user)))
    assert "the credential plugin of context 'class' gives no credentials" in message
    assert words in message
    assert caplog.records == []


def test_nothing_but_get_is_ever_sent(server, mirror, tmp_path):
    server.play(recording("rolling-one-replica"))
    watched = mirror(record=tmp_path / "seen.jsonl")
    server.drop_connections()
    server.compact()
    same(server, watched)
    assert {method for method, *_ in server.requests} == {"GET"}


def test_the_package_calls_nothing_that_writes_to_a_cluster():
    """Whatever of the client library is called by name, or looked up by name, only lists."""
    writing = ("create_", "patch_", "replace_", "delete_", "connect_", "proxy_", "evict")
    api = set(dir(__import__("kubernetes").client.AppsV1Api))
    api |= set(dir(__import__("kubernetes").client.CoreV1Api))
    used: set[str] = set()
    for path in (ROOT / "rollviz" / "live").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            used |= {getattr(node, "attr", ""), getattr(node, "id", "")}
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                used |= set(node.value.split())
    used &= api
    assert {name for name in used if name.startswith("list_")} >= {r.method for r in RESOURCES}
    assert [name for name in used if name.startswith(writing)] == []
    assert used & {"POST", "PUT", "PATCH", "DELETE"} == set()


def test_only_the_live_mirror_knows_the_client_library():
    importing = {
        path.relative_to(ROOT).parts[1]
        for path in (ROOT / "rollviz").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None), *(alias.name for alias in node.names)]
        if name and name.partition(".")[0] == "kubernetes"
    }
    assert importing == {"live"}


# The way to the cluster


@pytest.mark.parametrize("how", ["proxy-url", "HTTP_PROXY"])
def test_through_a_proxy(how, server, mirror, kubeconfig, monkeypatch):
    """The server is asked for another's addresses, as a proxy is."""
    cluster = {"proxy-url": server.url} if how == "proxy-url" else {}
    if how == "HTTP_PROXY":
        monkeypatch.setenv("http_proxy", server.url)
        monkeypatch.setenv("no_proxy", "")
    server.play(recording("rolling-one-replica")[:20])
    watched = mirror(kubeconfig=kubeconfig("http://cluster.invalid:8001", **cluster))
    server.play(recording("rolling-one-replica")[20:])
    same(server, watched)
    assert watched.host == "http://cluster.invalid:8001"


def test_a_proxy_that_is_not_there(mirror, kubeconfig):
    cluster = {"proxy-url": f"http://127.0.0.1:{closed_port()}"}
    path = kubeconfig("https://cluster.invalid", **cluster)
    assert "is the proxy in HTTPS_PROXY or proxy-url right?" in failure(
        mirror(live=False, kubeconfig=path)
    )


def test_a_client_certificate_that_has_expired(mirror, kubeconfig):
    ours = TLS / "client-expired.pem"
    user = {"client-certificate": str(ours), "client-key": str(TLS / "server.key")}
    authority = {"certificate-authority": str(TLS / "ca.pem")}
    with WatchServer(certificate=certificate("server"), clients=ours) as server:
        path = kubeconfig(server.url, user=user, **authority)
        message = failure(mirror(live=False, kubeconfig=path, patience=20))
    assert "your client certificate has expired: get new credentials" in message


def certificate(name):
    return TLS / f"{name}.pem", TLS / "server.key"


@pytest.mark.parametrize(
    "cluster",
    [{"certificate-authority": str(TLS / "ca.pem")}, {"insecure-skip-tls-verify": True}],
    ids=["verified", "not verified, as the kubeconfig asks"],
)
def test_https(cluster, mirror, kubeconfig):
    with WatchServer(certificate=certificate("server")) as server:
        watched = mirror(kubeconfig=kubeconfig(server.url, **cluster))
        server.play(recording("rolling-one-replica"))
        same(server, watched)
        watched.stop()


@pytest.mark.parametrize(
    ("server_has", "we_trust", "words"),
    [
        ("expired", "ca", "the API server's certificate has expired"),
        (
            "server",
            "other-ca",
            "the API server's certificate is not signed by the certificate-auth",
        ),
        ("elsewhere", "ca", "the API server's certificate is for another address"),
    ],
)
def test_certificates_that_will_not_do(server_has, we_trust, words, mirror, kubeconfig):
    with WatchServer(certificate=certificate(server_has)) as server:
        path = kubeconfig(server.url, **{"certificate-authority": str(TLS / f"{we_trust}.pem")})
        message = failure(mirror(live=False, kubeconfig=path))
    assert f"{server.url} (context class): {words}" in message


def test_https_where_there_is_none(server, mirror, kubeconfig):
    path = kubeconfig(server.url.replace("http", "https"))
    assert "the server does not speak TLS" in failure(mirror(live=False, kubeconfig=path))


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_nobody_listens(mirror, kubeconfig):
    address = f"http://127.0.0.1:{closed_port()}"
    message = failure(mirror(live=False, kubeconfig=kubeconfig(address)))
    assert message.startswith(f"no cluster reachable at {address} (context class) (")
    assert "Connection refused" in message
    assert "kubectl cluster-info" in message
    assert message.endswith("rollviz.Cluster() simulates one.")


def test_a_name_that_nobody_knows(mirror, kubeconfig, monkeypatch):
    def no_such_name(*_args, **_options):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    message = failure(mirror(live=False, kubeconfig=kubeconfig("https://cluster.invalid:6443")))
    assert "no cluster reachable at https://cluster.invalid:6443" in message
    assert "Name or service not known" in message
    assert "VPN" in message


def test_a_cluster_that_is_still_starting_is_waited_for(server, mirror):
    server.fail("deployments", "list", watch_server.hang_up, status(503, "etcd is starting"))
    server.play(recording("rolling-one-replica"))
    same(server, mirror(patience=5))


def test_an_api_server_that_is_started_again(mirror, kubeconfig):
    rows = recording("rolling-default-5")
    with WatchServer() as first:
        first.play(rows[:90])
        watched = mirror(kubeconfig=kubeconfig(first.url))
    watched.wait(lambda m: "Connection refused" in m.message, timeout=60)
    assert watched.state == "reconnecting"
    with WatchServer(port=first.port) as second:
        second.restore(first)
        second.play(rows[90:])
        watched.wait(timeout=60)
        same(second, watched)
        watched.stop()


def test_an_address_that_is_no_api_server(server, mirror):
    server.fail("deployments", "list", watch_server.not_kubernetes)
    message = failure(mirror(live=False))
    assert "answers no list of deployments.apps" in message
    assert "kubectl config view --minify" in message


CONFIGS = {
    "missing": (None, "kubeconfig: there is no file"),
    "empty": ("", "not a usable kubeconfig"),
    "not YAML": ("a: [", "not a usable kubeconfig"),
    "a list": ("- a\n- b\n", "not a usable kubeconfig"),
    "a word": ("hello", "not a usable kubeconfig"),
    "no contexts": ("apiVersion: v1\nkind: Config\n", "no current-context is set; it has none"),
    "no current context": (
        "contexts: [{name: a, context: {cluster: c, user: u}}]",
        "no current-context is set; it has a: name one",
    ),
    "a cluster that is not there": (
        "{current-context: a, contexts: [{name: a, context: {cluster: c, user: u}}]}",
        "not a usable kubeconfig",
    ),
    "a certificate that is not there": (
        "{current-context: a, contexts: [{name: a, context: {cluster: c, user: u}}], users: "
        "[{name: u, user: {token: t}}], clusters: [{name: c, cluster: {server: 'https://x', "
        "certificate-authority: no.crt}}]}",
        "not a usable kubeconfig (File does not exist",
    ),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_kubeconfig_that_will_not_do(name, mirror, tmp_path):
    text, words = CONFIGS[name]
    path = tmp_path / "config"
    if text is not None:
        path.write_text(text)
    message = failure(mirror(live=False, kubeconfig=path))
    assert words in message
    assert str(path) in message


def test_an_unknown_context(server, mirror):
    message = failure(mirror(live=False, context="classs"))
    assert message.endswith("there is no context 'classs'; it has class")


def test_no_kubeconfig_anywhere(mirror, monkeypatch, tmp_path):
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    message = failure(mirror(live=False, kubeconfig=None))
    assert "no kubeconfig at ~/.kube/config" in message
    assert message.endswith("rollviz.Cluster() simulates one.")


def test_the_kubeconfig_is_where_the_environment_says(server, mirror, kubeconfig, monkeypatch):
    path = kubeconfig(server.url, namespace="elsewhere")
    monkeypatch.setenv("KUBECONFIG", f"{path}.none:{path}")
    server.namespace = "elsewhere"
    watched = mirror(kubeconfig=None)
    assert (watched.namespace, watched.context, watched.host) == ("elsewhere", "class", server.url)


def test_the_namespace_that_is_asked_for_counts(server, mirror):
    server.namespace = "team"
    assert mirror(namespace="team").namespace == "team"


@pytest.fixture
def in_a_pod(monkeypatch, tmp_path):
    """What a pod has of its service account; gives the folder."""
    from kubernetes.config import incluster_config

    for name, text in {
        "token": TOKEN,
        "ca.crt": (TLS / "ca.pem").read_text(),
        "namespace": "shop\n",
    }.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    monkeypatch.setattr("rollviz.live.connect._IN_CLUSTER", tmp_path)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    return tmp_path


def test_inside_a_cluster_the_service_account_counts(in_a_pod, mirror, monkeypatch):
    with WatchServer(certificate=certificate("server"), rules=RBAC, cluster_wide=False) as server:
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.port))
        server.play(recording("rolling-one-replica"))
        watched = mirror(kubeconfig=None)
        same(server, watched)
        assert (watched.host, watched.namespace) == (server.url, "shop")
        assert (watched.context, watched.kubeconfig) == ("", "")
        watched.stop()


@pytest.mark.parametrize("missing", ["token", "ca.crt", "namespace"])
def test_inside_a_cluster_without_a_service_account(missing, in_a_pod):
    (in_a_pod / missing).unlink()
    with pytest.raises(Refused, match="automountServiceAccountToken"):
        connect()


def test_without_the_kubernetes_package_it_says_how_to_get_it(mirror, monkeypatch):
    monkeypatch.setitem(sys.modules, "kubernetes", None)
    assert "pip install 'rollviz[live]'" in failure(mirror(live=False))


def test_in_a_browser_it_says_where_to_go(monkeypatch):
    monkeypatch.setattr(sys, "platform", "emscripten")
    with pytest.raises(Refused, match="make lab"):
        Mirror("web")


# Beginning and end


def test_threads_end_with_the_mirror(server, mirror):
    watched = mirror()
    names = {thread.name for thread in threading.enumerate() if "rollviz-" in thread.name}
    assert names == {"rollviz-mirror", "rollviz-replicasets", "rollviz-pods", "rollviz-events"}
    watched.stop()
    assert watched.state == "stopped"
    assert "rollviz-" not in str(threading.enumerate())
    assert watched.message == ""
    watched.stop()


@pytest.mark.parametrize("fault", [status(503, Retry_After="60"), watch_server.hang_up])
def test_it_can_be_stopped_while_it_connects(fault, server, mirror):
    server.fail("deployments", "list", *[fault] * 99)
    watched = mirror(live=False, patience=60, backoff=(60, 60))
    watched.wait(lambda m: m.message, timeout=60)
    assert watched.state == "connecting"
    watched.stop()
    with pytest.raises(LiveError, match="the mirror was stopped"):
        watched.wait()


@pytest.mark.parametrize("certified", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("verb", ["list", "watch"])
def test_it_can_be_stopped_while_it_waits_for_an_answer(verb, certified, mirror, kubeconfig):
    authority = {"certificate-authority": str(TLS / "ca.pem")}
    with WatchServer(certificate=certificate("server") if certified else None) as server:
        server.fail("pods", verb, watch_server.no_answer)
        path = kubeconfig(server.url, **(authority if certified else {}))
        watched = mirror(live=False, kubeconfig=path)
        server.wait(lambda: server.count("pods", verb) >= 1)
        watched.stop()
        assert "rollviz-" not in str(threading.enumerate())
        assert (watched.state, watched.message) == ("stopped", "")


def test_leaving_the_block_stops_it(server, kubeconfig):
    with (
        pytest.raises(RuntimeError, match="in class"),
        Mirror(NAME, kubeconfig=kubeconfig(server.url)) as watched,
    ):
        watched.wait(timeout=60)
        raise RuntimeError("in class")
    assert watched.state == "stopped"


def test_a_subscriber_hears_of_every_change_until_it_leaves(server, mirror):
    watched = mirror()
    lengths = []
    leave = watched.subscribe(lambda m: lengths.append(len(m.timeline)))
    server.play(recording("rolling-one-replica"))
    same(server, watched)
    watched.wait(lambda m: len(m.timeline) == 43, timeout=60)
    watched.wait(lambda _: lengths and lengths[-1] == 43, timeout=60)
    leave()
    leave()
    server.delete("Pod", *next(iter(server.objects["Pod"])))
    watched.wait(lambda m: len(m.timeline) == 44, timeout=60)
    assert lengths[-1] == 43


def test_a_subscriber_that_fails_is_dropped_and_the_mirror_goes_on(server, mirror, caplog):
    watched = mirror()
    watched.subscribe(lambda _: 1 / 0)
    with caplog.at_level(logging.ERROR):
        server.play(recording("rolling-one-replica"))
        same(server, watched)
    assert [record.name for record in caplog.records] == ["rollviz.live"]


def test_a_subscriber_may_stop_the_mirror(server, mirror):
    watched = mirror()
    watched.subscribe(Mirror.stop)
    server.play(recording("rolling-one-replica"))
    watched.wait(lambda m: m.state == "stopped", timeout=60)
    watched.stop()


def test_what_it_says_of_itself(server, mirror):
    watched = mirror()
    server.play(recording("rolling-one-replica"))
    same(server, watched)
    watched.wait(lambda m: len(m.timeline) == 43, timeout=60)
    assert repr(watched) == f"<Mirror of {NAME} in shop, live, 43 changes>"
    watched.stop()
    assert repr(watched) == f"<Mirror of {NAME} in shop, stopped, 43 changes>"


# Recordings


def with_secrets(rows):
    """The rows as they would be, had their pods secrets."""
    text = json.dumps(rows).replace('"trace/termination":', '"vault/token": "hunter2", "x":')
    rows = json.loads(text)
    for row in rows:
        spec, metadata = row["object"].get("spec", {}), row["object"]["metadata"]
        for pod_spec in (spec, spec.get("template", {}).get("spec", {})):
            for container in pod_spec.get("containers", ()):
                container["env"] = [{"name": "PASSWORD", "value": "hunter2"}]
        if row["kind"] == "Deployment":
            metadata["annotations"][LAST_APPLIED] = json.dumps({"spec": spec})
    return rows


def test_secrets_stay_out_of_what_is_saved(server, mirror, tmp_path):
    watched = mirror(keep_all=False, record=tmp_path / "recorded.jsonl")
    rows = with_secrets(recording("rolling-one-replica"))
    server.play(rows)
    watched.wait(lambda m: len(m.timeline) == len(rows), timeout=60)
    watched.save(tmp_path / "saved.jsonl")
    for name in ("recorded", "saved"):
        text = (tmp_path / f"{name}.jsonl").read_text()
        assert "hunter2" not in text
        assert "vault/token" not in text
        assert scaling(load(tmp_path / f"{name}.jsonl")) == recorded_scaling("rolling-one-replica")


def test_secrets_stay_in_where_everything_is_asked_for(server, mirror, tmp_path):
    watched = mirror(keep_all=True, record=tmp_path / "recorded.jsonl")
    rows = with_secrets(recording("rolling-one-replica"))
    server.play(rows)
    watched.wait(lambda m: len(m.timeline) == len(rows), timeout=60)
    assert "hunter2" in (tmp_path / "recorded.jsonl").read_text()


@pytest.mark.parametrize("name", TRACES)
def test_what_was_recorded_replays_as_it_was_seen(name, server, mirror, tmp_path):
    rows = recording(name)
    names = {row["object"]["metadata"]["name"] for row in rows if row["kind"] == "Deployment"}
    path = tmp_path / "recorded.jsonl"
    watched = mirror(names, record=path)
    server.play(rows)
    watched.wait(lambda m: m.recorded == len(rows), timeout=60)
    again = load(path)  # while it is still being written
    assert again.epoch == watched.timeline.epoch
    assert scaling(again) == recorded_scaling(name)
    assert again.last.pods == watched.timeline.last.pods
    watched.save(tmp_path / "saved.jsonl")
    assert scaling(load(tmp_path / "saved.jsonl")) == recorded_scaling(name)


def test_a_recording_ends_after_its_duration(server, kubeconfig, tmp_path):
    server.play(recording("rolling-one-replica"))
    said: list[str] = []
    path = tmp_path / "seen.jsonl"
    count = record(NAME, path, duration=0.1, kubeconfig=kubeconfig(server.url), say=said.append)
    assert count == len(path.read_text().splitlines()) - 1 > 5
    assert said == ["live"]


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("there.jsonl", FileExistsError, "is there already"),
        ("new.jsonl.gz", ValueError, "record without .gz"),
        ("no/such/new.jsonl", FileNotFoundError, "there is no folder"),
    ],
)
def test_a_file_that_will_not_do(name, error, words, tmp_path):
    (tmp_path / "there.jsonl").write_text("mine")
    with pytest.raises(error, match=words):
        record(NAME, tmp_path / name, duration=0)
    assert (tmp_path / "there.jsonl").read_text() == "mine"


def test_a_cluster_that_is_not_well_for_long_is_told(server, kubeconfig, tmp_path, monkeypatch):
    monkeypatch.setattr("rollviz.live.session.PATIENCE", 0.0)
    server.play(recording("rolling-one-replica"))
    server.fail("deployments", "list", status(503, "etcd is ill"))
    said: list[str] = []
    path = tmp_path / "seen.jsonl"
    record(NAME, path, duration=0.1, kubeconfig=kubeconfig(server.url), say=said.append)
    assert said[0].startswith("connecting: ") and "etcd is ill" in said[0]
    assert said[-1] == "live"


def test_nothing_to_record_leaves_no_file(server, kubeconfig, tmp_path):
    path = tmp_path / "seen.jsonl"
    with pytest.raises(LiveError, match="nothing was recorded: no Deployment 'web' in namespace"):
        record("web", path, duration=0.1, kubeconfig=kubeconfig(server.url), say=str)
    assert not path.exists()


def test_a_recording_that_can_not_be_written_fails_and_says_so(server, mirror, tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    watched = mirror(record=folder / "seen.jsonl")
    folder.rmdir()
    server.play(recording("rolling-one-replica"))
    watched.wait(lambda m: m.state == "failed", timeout=60)
    assert "seen.jsonl" in watched.message


# rollviz record


def command(path, kubeconfig, *options):
    return ["record", NAME, "-o", str(path), "--kubeconfig", str(kubeconfig), *options]


def test_the_command_records_for_as_long_as_it_is_told(server, kubeconfig, tmp_path, capsys):
    server.play(recording("rolling-one-replica"))
    path = tmp_path / "web.jsonl"
    options = ["--duration", "0.1", "-n", "shop", "--context", "class", "--keep-all"]
    assert main(command(path, kubeconfig(server.url), *options)) == 0
    assert capsys.readouterr() == (f"{path}: {len(load(path))} changes\n", "rollviz: live\n")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--context", "none"], "there is no context 'none'; it has class"),
        (["-n", "elsewhere"], "not allowed in namespace 'elsewhere'"),
        (["-o", "web.jsonl.gz"], "record without .gz"),
        (["--kubeconfig", "none"], "kubeconfig: there is no file none"),
    ],
)
def test_what_is_wrong_is_one_line_and_1(options, words, server, kubeconfig, tmp_path, capsys):
    server.cluster_wide = False
    assert main(command(tmp_path / "x.jsonl", kubeconfig(server.url), *options)) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert words in err


@pytest.mark.parametrize("seconds", ["-1", "soon", "inf"])
def test_a_duration_that_is_none_is_a_wrong_command_line(seconds, tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(command(tmp_path / "x", "config", "--duration", seconds))
    assert "is no number of seconds" in capsys.readouterr().err


@pytest.mark.parametrize(("kill", "code"), [(signal.SIGINT, 0), (signal.SIGKILL, -9)])
def test_however_the_command_ends_what_was_seen_is_there(kill, code, server, kubeconfig, tmp_path):
    path = tmp_path / "web.jsonl"
    running = subprocess.Popen(
        [sys.executable, "-m", "rollviz", *command(path, kubeconfig(server.url))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with running:
        try:
            said = iter(running.stderr or ())
            assert "waiting for it" in next(said)
            server.play(recording("rolling-one-replica"))
            assert next(said) == "rollviz: live\n"
            server.wait(lambda: path.exists() and len(path.read_bytes().splitlines()) == 44)
            running.send_signal(kill)
            out, _ = running.communicate(timeout=60)
        finally:
            running.kill()  # leaving the block waits for its end
    assert (running.returncode, out) == (code, "" if code else f"{path}: 43 changes\n")
    assert scaling(load(path)) == recorded_scaling("rolling-one-replica")


# Size


def test_an_hour_of_churn_in_bounded_memory(server, mirror):
    """Every second of an hour a rollout moves on: some 12,000 changes, a mirror that keeps 500."""
    rows = recording("rolling-default-5")
    watched = mirror(history=500)
    tracemalloc.start()
    try:
        peaks = []
        for _ in range(2):
            for _ in range(36):
                server.log.clear()
                server.play(rows)
            same(server, watched)
            tracemalloc.reset_peak()
            peaks.append(tracemalloc.get_traced_memory()[0])
            assert len(watched.timeline) <= 500 + 4 * 60
    finally:
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.2


def test_commands_stay_when_a_timeline_begins_later(server, mirror):
    watched = mirror(history=100)
    first = watched.timeline
    first.commands.append(Command(1.0, "kubectl get pods"))
    server.play(recording("rolling-default-5"))
    watched.wait(lambda m: m.timeline is not first, timeout=60)
    assert watched.timeline.commands == [Command(1.0, "kubectl get pods")]


def test_reading_while_it_grows(server, mirror):
    watched = mirror(history=200)
    read = threading.Semaphore(0)

    def reader():
        for _ in range(100):
            timeline = watched.timeline
            middle = timeline.after(len(timeline) // 2)
            steps = timeline.steps
            assert timeline.last.t >= middle.t
            assert all(before.stop <= after.start for before, after in pairwise(steps[:-1]))
            read.release()

    readers = [threading.Thread(target=reader) for _ in range(2)]
    for thread in readers:
        thread.start()
    for _ in range(5):
        server.play(recording("rolling-default-5"))
    for thread in readers:
        thread.join()
    same(server, watched)
    assert all(read.acquire(blocking=False) for _ in range(200))
