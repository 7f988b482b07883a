"""Explanations: what is said is what was decided, in words short enough to read."""

import gzip
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rollviz.controller.decision import Decision, Scaling
from rollviz.controller.deployment import sync_deployment
from rollviz.explain import (
    Line,
    arithmetic,
    decide,
    decision,
    ledger,
    sentence,
    sentences,
    waiting_for,
)
from rollviz.explain.words import number
from rollviz.objects import (
    DESIRED_REPLICAS,
    MAX_REPLICAS,
    REVISION,
    Deployment,
    DeploymentSpec,
    DeploymentStatus,
    DeploymentStrategy,
    Metadata,
    OwnerReference,
    PodTemplate,
    ReplicaSet,
    ReplicaSetSpec,
    ReplicaSetStatus,
    from_api,
)
from rollviz.simulator import Cluster, PodBehaviour
from rollviz.timeline import Noted, Timeline, load

DATA = Path(__file__).parent / "data"
RECORDINGS = sorted(path.stem for path in (DATA / "traces").glob("*.json"))


def recording(name: str) -> Timeline:
    return load(DATA / "watch" / f"{name}.jsonl.gz")


def template(image: str) -> PodTemplate:
    return PodTemplate({"spec": {"containers": [{"name": "web", "image": image}]}})


# What is said about recordings

SAID = [
    ("rolling-default-5", 0, "Nothing has happened yet."),
    (
        "rolling-default-5",
        1,
        "Deployment myapp-deployment is created: 5 pods of nginx:1.27 wanted, by RollingUpdate "
        "(maxSurge 25%, maxUnavailable 25%).",
    ),
    ("rolling-default-5", 2, "Nothing runs yet: all five pods may come at once."),
    ("rolling-default-5", 3, "One pod is ready: 1 of 5."),
    (
        "rolling-default-5",
        8,
        "Rollout complete: all five pods run nginx:1.27 and are available.",
    ),
    (
        "rolling-default-5",
        9,
        "Image nginx:1.27 becomes nginx:1.28: a new template, so a new ReplicaSet.",
    ),
    (
        "rolling-default-5",
        10,
        "5 wanted, maxSurge 25% of 5 rounds up to 2, so 7 may exist; 5 do: two new pods may come.",
    ),
    (
        "rolling-default-5",
        11,
        "5 wanted, maxUnavailable 25% of 5 rounds down to 1, so at least 4 must be available; "
        "5 are: one old pod may go.",
    ),
    (
        "rolling-default-5",
        13,
        "One old pod is gone. Waiting: 4 available, 4 needed; 7 of at most 7 exist, so nothing "
        "moves until a new pod is ready.",
    ),
    (
        "rolling-default-5",
        19,
        "5 wanted, maxSurge 25% of 5 rounds up to 2, so 7 may exist; 6 do: the last new pod may "
        "come.",
    ),
    (
        "rolling-default-5",
        20,
        "One old pod is gone, one still terminating. Waiting: 4 available, 4 needed; nothing may "
        "go until a new pod is ready.",
    ),
    ("rolling-default-5", 27, "One old pod is gone. Waiting for 1 of 5 pods to become ready."),
    (
        "rolling-one-replica",
        6,
        "1 wanted, maxSurge 25% of 1 rounds up to 1, so 2 may exist; 1 does: one new pod may come.",
    ),
    (
        "rolling-one-replica",
        9,
        "Rollout complete: the one pod runs nginx:1.28 and is available. One old pod is still "
        "terminating.",
    ),
    (
        "rolling-surge0-unavail1",
        7,
        "5 wanted, maxSurge 0, so 5 may exist; 5 do: the new ReplicaSet starts empty, until old "
        "pods go.",
    ),
    (
        "recreate-5",
        10,
        "Recreate: no new pod comes before every old one is gone, so all five pods may go.",
    ),
    ("recreate-5", 11, "Five old pods are gone."),
    ("recreate-5", 12, "Recreate: no old pod is left, so all five new pods may come at once."),
    (
        "bad-image-then-undo",
        15,
        "One new pod cannot pull its image (ImagePullBackOff). Waiting: 4 available, 4 needed; "
        "7 of at most 7 exist, so nothing moves until a new pod is ready.",
    ),
    (
        "bad-image-then-undo",
        17,
        "Image nginx:does-not-exist becomes nginx:1.27: the template of revision 1, so its "
        "ReplicaSet is used again.",
    ),
    (
        "bad-image-then-undo",
        18,
        "The ReplicaSet of nginx:1.27 was revision 1 and is now revision 3: it takes the next "
        "number, and 1 leaves the history.",
    ),
    (
        "bad-image-then-undo",
        19,
        "Unavailable old pods go first, they serve nobody: 7 pods less 4 needed leaves 3, so "
        "three go.",
    ),
    (
        "bad-image-deadline",
        8,
        "No progress for 3 s: the deadline has passed. That is only reported; nothing is rolled "
        "back, and three pods keep serving.",
    ),
    (
        "quota-refuses",
        7,
        "The ReplicaSet is refused a pod, and tries again and again: exceeded quota: pods, "
        "requested: pods=1, used: pods=4, limited: pods=4.",
    ),
    (
        "min-ready-seconds",
        8,
        "One new pod is ready: 1 of 3. Available only after 2 s of being ready (minReadySeconds).",
    ),
    ("min-ready-seconds", 9, "One new pod is available: ready for 2 s (minReadySeconds)."),
    ("pause-resume", 11, "The rollout is paused: no pod is replaced until it is resumed."),
    (
        "pause-resume",
        12,
        "One old pod is gone. Paused: no pod is replaced until the rollout is resumed.",
    ),
    ("pause-resume", 14, "The rollout is resumed: it goes on from where it is."),
    ("scale-mid-rollout", 14, "10 replicas become 15: same template, so no new revision."),
    (
        "scale-mid-rollout",
        15,
        "Scaled in mid-rollout: 18 may exist, 13 do, so five more, shared out in proportion: "
        "three here.",
    ),
    (
        "scale-mid-rollout",
        16,
        "Scaled in mid-rollout: 18 may exist, 13 do, so five more, shared out in proportion: "
        "two here.",
    ),
    (
        "apply-image-and-replicas",
        9,
        "Image nginx:1.27 becomes nginx:1.28 and 5 replicas become 7: a new template, so a new "
        "ReplicaSet.",
    ),
    (
        "apply-image-and-replicas",
        10,
        "7 wanted, and only this ReplicaSet has pods: two pods may come.",
    ),
    (
        "apply-image-and-replicas",
        12,
        "Unavailable old pods go first, they serve nobody: 9 pods less 6 needed less 2 new and "
        "not available leaves 1, so one goes.",
    ),
    (
        "history-limit-2",
        34,
        "revisionHistoryLimit is 2: the oldest empty ReplicaSet is deleted. No undo leads to "
        "revision 1 any more.",
    ),
    ("undo-to-revision", 21, "The change-cause is now “image 1.28”."),
]


@pytest.mark.parametrize(("name", "index", "words"), SAID, ids=[f"{n}-{i}" for n, i, _ in SAID])
def test_what_a_step_says(name, index, words):
    timeline = recording(name)
    assert sentence(timeline, timeline.steps[index]) == words


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_sentence_is_short_and_whole(name):
    timeline = recording(name)
    said = sentences(timeline)
    assert said == [sentence(timeline, step) for step in timeline.steps]
    for words in said:
        assert len(words.split()) <= 30
        assert words.endswith(".") and "None" not in words and "  " not in words


# Decisions on recordings


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_recorded_scaling_is_what_our_controller_decides_on_the_state_before(name):
    timeline = recording(name)
    for step in timeline.steps:
        if step.scaling:
            found = decision(timeline, step)
            assert found and step.scaling in found.scaled


@pytest.mark.parametrize("name", RECORDINGS)
def test_live_too_where_watches_overtake_each_other(name):
    timeline = Timeline(epoch=recording(name).epoch, source="live")
    with gzip.open(DATA / "watch" / f"{name}.jsonl.gz", "rt") as file:
        for row in map(json.loads, file):
            timeline.add(row["t"], row["type"], from_api(row["object"], timeline.epoch))
    assert not [words for words in sentences(timeline) if "explains" in words]


def test_a_resizing_that_our_controller_would_not_have_made_is_a_finding():
    timeline = recording("rolling-default-5")
    last = timeline.last
    new = last.replica_sets[max(last.replica_sets, key=lambda n: last.replica_sets[n].revision)]
    timeline.add(60.0, "MODIFIED", replace(new, spec=replace(new.spec, replicas=9)))
    step = timeline.steps[-1]
    assert decision(timeline, step) is None
    assert sentence(timeline, step) == (
        "A ReplicaSet goes from 5 to 9. Nothing that was seen explains it: somebody else may "
        "have resized it."
    )
    assert waiting_for(timeline, step) == "Next: four new pods may go."


WAITING = [
    ("rolling-default-5", 1, "Next: five pods may come."),
    ("rolling-default-5", 2, "Waiting for 5 of 5 pods to become ready."),
    ("rolling-default-5", 8, ""),
    ("rolling-default-5", 9, "Next: two new pods may come, one old pod may go."),
    ("rolling-default-5", 10, "Next: one old pod may go."),
    (
        "rolling-default-5",
        12,
        "Waiting: 4 available, 4 needed; 7 of at most 7 exist, so nothing moves until a new pod "
        "is ready.",
    ),
    ("recreate-5", 10, "Waiting: Recreate makes no new pod until five old pods are gone."),
    ("recreate-5", 11, "Next: five new pods may come."),
    ("pause-resume", 13, "Paused: no pod is replaced until the rollout is resumed."),
    (
        "min-ready-seconds",
        17,
        "Waiting: 3 available, 3 needed; nothing may go until a new pod is available.",
    ),
    ("scale-mid-rollout", 14, "Next: three old pods may come, two new pods may come."),
    ("bad-image-then-undo", 17, "Next: three old pods may go."),
    (
        "quota-refuses",
        7,
        "Waiting: 4 available, 4 needed; 5 of at most 5 are asked for, 4 exist, so nothing moves "
        "until a new pod is ready.",
    ),
]


@pytest.mark.parametrize(
    ("name", "index", "words"), WAITING, ids=[f"{n}-{i}" for n, i, _ in WAITING]
)
def test_what_a_rollout_waits_for(name, index, words):
    timeline = recording(name)
    assert waiting_for(timeline, timeline.steps[index]) == words


# What is said about a simulated cluster

SURGE_ONLY = DeploymentStrategy(max_surge=1, max_unavailable=0)


def web(image="nginx:1", replicas=3, cpu=None, name="web", **spec) -> Deployment:
    container: dict[str, Any] = {"name": "web", "image": image}
    if cpu:
        container["resources"] = {"requests": {"cpu": cpu}}
    pods = PodTemplate({"spec": {"containers": [container]}})
    return Deployment(Metadata(name), DeploymentSpec(replicas, {}, pods, **spec))


def running(deployment: Deployment, **cluster) -> Cluster:
    started = Cluster(**cluster)
    started.create(deployment)
    started.run_for(10)
    return started


def edit(cluster: Cluster, name="web", **changes) -> None:
    current = cluster.snapshot.deployments[name]
    cluster.replace(replace(current, spec=replace(current.spec, **changes)))


def said_after(cluster: Cluster, t: float) -> list[str]:
    timeline = cluster.timeline
    return [w for s, w in zip(timeline.steps, sentences(timeline), strict=True) if s.t >= t]


def test_a_crash_loop():
    cluster = running(web(), pods=PodBehaviour(images={"bad": "CrashLoopBackOff"}))
    edit(cluster, template=template("bad"))
    cluster.run_for(20)
    waiting = (
        "Waiting: 3 available, 3 needed; 4 of at most 4 exist, so nothing moves until a new pod "
        "is ready."
    )
    assert said_after(cluster, 11) == [
        f"One new pod starts again after a crash: restart 1. {waiting}",
        f"One new pod keeps crashing (CrashLoopBackOff). {waiting}",
        f"One new pod starts again after a crash: restart 2. {waiting}",
    ]


def test_a_pod_that_fits_on_no_node():
    cluster = running(web(cpu="1", strategy=SURGE_ONLY), nodes=1, cpu_per_node=3)
    edit(cluster, template=web("nginx:2", cpu="1").spec.template)
    cluster.run_for(20)
    assert said_after(cluster, 10)[-1] == (
        "One new pod fits on no node and stays Pending. Waiting: 3 available, 3 needed; 4 of at "
        "most 4 exist, so nothing moves until a new pod is ready."
    )


def test_a_pod_deleted_by_hand():
    cluster = running(web())
    cluster.delete_pod(next(iter(cluster.snapshot.pods)))
    cluster.run_for(10)
    assert said_after(cluster, 10) == [
        "One pod is deleted, and not by its ReplicaSet, which still wants 3: it makes another.",
        "One pod is gone. Waiting for 1 of 3 pods to become ready.",
        "One pod is ready: 3 of 3.",
    ]


def test_a_deployment_that_is_deleted():
    cluster = running(web(replicas=2))
    cluster.delete_deployment("web")
    cluster.run_for(10)
    assert said_after(cluster, 10) == [
        "Deployment web is deleted: its ReplicaSets go too, and with them every pod.",
        "Two pods are gone.",
    ]


def test_a_node_that_falls_silent():
    cluster = running(web(replicas=6))
    cluster.fail_node("node-2")
    cluster.run_for(400)
    assert said_after(cluster, 10)[:2] == [
        "Two pods are no longer ready, and get no requests. Waiting for 2 of 6 pods to become "
        "ready.",
        "Two pods are deleted, and not by their ReplicaSet, which still wants 6: it makes two "
        "more.",
    ]


def test_both_knobs_at_zero_count_as_one():
    cluster = running(web(strategy=DeploymentStrategy(max_surge=0, max_unavailable="10%")))
    edit(cluster, template=template("nginx:2"))
    cluster.run_for(0.05)
    assert (
        "3 wanted, maxUnavailable 10% of 3 rounds down to 0, but with maxSurge 0 at least 1, so "
        "at least 2 must be available; 3 are: one old pod may go."
    ) in said_after(cluster, 10)


def test_a_paused_deployment_takes_edits_and_waits():
    cluster = running(web(paused=True))
    edit(cluster, template=template("nginx:2"))
    assert said_after(cluster, 10) == [
        "Image nginx:1 becomes nginx:2: the rollout is paused, so nothing follows until it is "
        "resumed."
    ]


def test_where_there_are_several_deployments_each_sentence_names_its_own():
    cluster = Cluster()
    cluster.create(web())
    cluster.create(web(name="api"))
    cluster.run_for(10)
    said = said_after(cluster, 1)
    assert {words.split(":")[0] for words in said} == {"web", "api"}
    assert "api: Rollout complete: all three pods run nginx:1 and are available." in said


def test_texts_from_a_cluster_stay_text_and_short():
    cluster = running(web())
    current = cluster.snapshot.deployments["web"]
    cause = "<img src=x onerror=alert(1)>" * 10
    metadata = replace(current.metadata, annotations={"kubernetes.io/change-cause": cause})
    cluster.timeline.add(11.0, "MODIFIED", replace(current, metadata=metadata))
    words = sentences(cluster.timeline)[-1]
    assert words == f"The change-cause is now “{cause[:59]}…”."


def test_what_was_found_when_watching_began():
    cluster = running(web())
    timeline = Timeline(source="live")
    for objects in (cluster.snapshot.deployments, cluster.snapshot.replica_sets):
        for object in objects.values():
            timeline.add(60.0, "ADDED", object)
    assert sentences(timeline) == ["web: 3 of 3 pods available."]
    assert waiting_for(timeline, timeline.steps[0]) == ""


# The arithmetic

WORKED = {
    "a new pod under the ceiling": (
        ("rolling-default-5", 12),
        [
            ("wanted", "", 5),
            ("maxSurge", "25% of 5 = 1.25, rounds up", 2),
            ("ceiling", "5 + 2", 7),
            ("total, not terminating", "4 + 2", 6),
            ("may come", "7 − 6", 1),
        ],
    ),
    "the last new pod, though there is room for more": (
        ("bad-image-then-undo", 20),
        [
            ("wanted", "", 5),
            ("maxSurge", "25% of 5 = 1.25, rounds up", 2),
            ("ceiling", "5 + 2", 7),
            ("total, not terminating", "0 + 4", 4),
            ("room", "7 − 4", 3),
            ("still wanted", "5 − 4", 1),
            ("may come", "the least of 3 and 1", 1),
        ],
    ),
    "an old pod above the floor": (
        ("rolling-default-5", 22),
        [
            ("wanted", "", 5),
            ("maxUnavailable", "25% of 5 = 1.25, rounds down", 1),
            ("floor", "5 − 1", 4),
            ("available", "2 + 3", 5),
            ("may go", "5 − 4", 1),
        ],
    ),
    "waiting at floor and ceiling": (
        ("rolling-default-5", 13),
        [
            ("wanted", "", 5),
            ("maxUnavailable", "25% of 5 = 1.25, rounds down", 1),
            ("floor", "5 − 1", 4),
            ("old, and available new", "4 + 0", 4),
            ("may go", "4 − 4", 0),
            ("maxSurge", "25% of 5 = 1.25, rounds up", 2),
            ("ceiling", "5 + 2", 7),
            ("total, not terminating", "4 + 3", 7),
            ("may come", "7 − 7", 0),
        ],
    ),
    "unavailable old pods first": (
        ("rollover", 15),
        [
            ("wanted", "", 6),
            ("maxUnavailable", "", 0),
            ("floor", "6 − 0", 6),
            ("old, and available new", "8 + 0", 8),
            ("may go at most", "8 − 6", 2),
            ("unavailable old, go first", "8 − 6", 2),
            ("available", "", 6),
            ("may go", "6 − 6", 0),
            ("maxSurge", "", 2),
            ("ceiling", "6 + 2", 8),
            ("total, not terminating", "8 + 0", 8),
            ("may come", "8 − 8", 0),
        ],
    ),
    "Recreate, old pods left": (
        ("recreate-5", 10),
        [("wanted", "", 5), ("old, asked for", "", 5), ("go", "", 5)],
    ),
    "Recreate, none left": (
        ("recreate-5", 12),
        [
            ("wanted", "", 5),
            ("old, asked for", "", 0),
            ("old, terminating too", "", 0),
            ("may come", "", 5),
        ],
    ),
    "in proportion": (
        ("scale-mid-rollout", 16),
        [
            ("wanted", "", 15),
            ("maxSurge", "", 3),
            ("ceiling", "15 + 3", 18),
            ("total, not terminating", "", 13),
            ("to share out", "18 − 13", 5),
            ("share of 57db9b6cfb", "8 × 18 / 13 − 8 = 3.08, rounded", 3),
            ("share of 74887fcdc7", "5 × 18 / 13 − 5 = 1.92, rounded", 2),
        ],
    ),
}


@pytest.mark.parametrize(("where", "lines"), WORKED.values(), ids=WORKED)
def test_the_working_behind_a_step(where, lines):
    timeline = recording(where[0])
    found = decision(timeline, timeline.steps[where[1]])
    assert found and arithmetic(found) == lines


# Every decision can be recomputed from what is shown

KNOBS = st.one_of(st.integers(0, 6), st.integers(0, 150).map("{}%".format))


@st.composite
def states(draw) -> tuple[Deployment, list[ReplicaSet], dict[str, int]]:
    """A Deployment and its ReplicaSets in any state, statuses that lag behind included."""
    replicas = draw(st.integers(0, 12))
    rolling = DeploymentStrategy("RollingUpdate", draw(KNOBS), draw(KNOBS))
    strategy = draw(st.sampled_from([rolling, rolling, DeploymentStrategy("Recreate", None, None)]))
    sizes = draw(st.lists(st.integers(0, 9), max_size=4))
    revision = str(len(sizes))
    image = draw(st.integers(0, len(sizes)))
    deployment = Deployment(
        Metadata("web", uid="uid", annotations={REVISION: revision}),
        DeploymentSpec(replicas, {}, template(f"v{image}"), strategy, paused=draw(st.booleans())),
        DeploymentStatus(replicas=sum(sizes)),
    )
    scaled = draw(st.booleans())
    sets = [draw(replica_sets(n, size, replicas, scaled)) for n, size in enumerate(sizes)]
    left = draw(st.sampled_from([0, 1]))
    return deployment, sets, {rs.name: rs.spec.replicas + left for rs in sets}


@st.composite
def replica_sets(draw, n: int, size: int, replicas: int, scaled: bool) -> ReplicaSet:
    available = draw(st.integers(0, size + draw(st.sampled_from([0, 0, 1]))))
    before = draw(st.integers(1, 15))
    annotations = {
        REVISION: str(n + 1),
        DESIRED_REPLICAS: str(replicas + scaled),
        MAX_REPLICAS: str(before),
    }
    owner = OwnerReference("Deployment", "web", "uid")
    return ReplicaSet(
        Metadata(f"web-{n}", creation_timestamp=n, annotations=annotations, owner=owner),
        ReplicaSetSpec(size, template(f"v{n}")),
        ReplicaSetStatus(replicas=size, ready_replicas=available, available_replicas=available),
    )


def worked_out(line: Line) -> int:
    """A line's value by its expression alone, as a pupil would check it."""
    words = line.expression.replace("−", "-").replace("×", "*")
    if least := re.match(r"the least of (\d+) and (\d+)$", words):
        return min(map(int, least.groups()))
    if re.match(r"\d+ < \d+$", words):
        return 0
    if limit := re.search(r"(?:at least|at most) (\d+)$", words):
        return int(limit[1])
    if share := re.match(r"(\d+) \* (\d+) / (\d+) - \1 = ([-\d.]+), (.*)$", words):
        size, allowed, before = map(int, share.groups()[:3])
        assert float(share[4]) == pytest.approx(size * allowed / before - size, abs=0.0051)
        rounded = abs(line.value - (size * allowed / before - size)) <= 0.5
        assert rounded == (share[5] == "rounded")
        return line.value
    if percent := re.match(r"(\d+)% of (\d+) = ([\d.]+)(?:, rounds (up|down))?$", words):
        exact = int(percent[1]) * int(percent[2]) / 100
        assert float(percent[3]) == exact
        assert (percent[4] is None) == exact.is_integer()
        return -int(-exact // 1) if percent[4] == "up" else int(exact)
    return eval(words) if words else line.value


def outcome(lines: list[Line]) -> tuple[int, int]:
    """How many new pods come and old pods go, by the last lines of the working."""
    value = {line.label: line.value for line in lines}
    first = value.get("go first", value.get("unavailable old, go first", 0))
    return value.get("may come", 0), first + value.get("go", value.get("may go", 0))


@settings(max_examples=600, deadline=None)
@given(states())
def test_every_decision_follows_from_the_lines_that_are_shown(state):
    deployment, sets, pods = state
    found = sync_deployment(deployment, sets, 1.0, pods=pods).decision()
    lines = arithmetic(found)
    for line in lines:
        assert worked_out(line) == line.value, line
    if "allowed_size" in found.numbers:
        check_shares(found, lines)
    elif found.function != "scale":
        come, go = outcome(lines)
        ups = [s.to - s.from_ for s in found.scaled if s.replica_set == found.new_rs]
        downs = [s.from_ - s.to for s in found.scaled if s.replica_set != found.new_rs]
        too_many = [-up for up in ups if up < 0]
        assert too_many == [go] if too_many else (sum(ups), sum(downs)) == (come, go)


def check_shares(found: Decision, lines: list[Line]) -> None:
    value = {line.label: line.value for line in lines}
    leftover = value.get("left over, to the largest", 0)
    shares = [line.value for line in lines if line.label.startswith("share of")]
    assert sum(shares) + leftover == value["to share out"]
    for scaling in found.scaled:
        share = value[f"share of {scaling.replica_set.rpartition('-')[2]}"]
        may_be = {share, share + leftover}
        assert scaling.to - scaling.from_ in may_be or scaling.to == 0


@settings(max_examples=300, deadline=None)
@given(states())
def test_every_sentence_says_how_many_pods_were_moved(state):
    deployment, sets, pods = state
    found = sync_deployment(deployment, sets, 1.0, pods=pods).decision()
    assume(found.scaled)
    timeline = carried_out(deployment, sets, found)
    steps = timeline.steps[-len(found.scaled) :]
    assert [step.scaling for step in steps] == list(found.scaled)
    for step, scaling in zip(steps, found.scaled, strict=True):
        words = sentence(timeline, step)
        moved = abs(scaling.to - scaling.from_)
        said = f"(?i)\\b({number(moved)}|both|the one|the last)\\b|starts empty|goes to 0"
        assert step.decision == found and re.search(said, words), words


def carried_out(deployment: Deployment, sets: list[ReplicaSet], found: Decision) -> Timeline:
    """A timeline in which a decision is taken and done."""
    timeline = Timeline()
    objects: list[Deployment | ReplicaSet] = [deployment, *sets]
    for object in objects:
        timeline.add(1.0, "ADDED", object)
    timeline.decisions.append(Noted(1.0, len(timeline), found))
    current = {rs.name: rs for rs in sets}
    for scaling in found.scaled:
        type = "MODIFIED" if scaling.replica_set in current else "ADDED"
        rs = current.get(scaling.replica_set) or made(deployment, scaling)
        rs = current[rs.name] = replace(rs, spec=replace(rs.spec, replicas=scaling.to))
        timeline.add(2.0, type, rs)
    return timeline


def made(deployment: Deployment, scaling: Scaling) -> ReplicaSet:
    owner = OwnerReference("Deployment", "web", "uid")
    metadata = Metadata(scaling.replica_set, creation_timestamp=2.0, owner=owner)
    return ReplicaSet(metadata, ReplicaSetSpec(0, deployment.spec.template))


@settings(max_examples=200, deadline=None)
@given(states())
def test_deciding_on_a_snapshot_is_what_the_controller_does_once_revisions_are_right(state):
    deployment, sets, _ = state
    timeline = Timeline()
    objects: list[Deployment | ReplicaSet] = [deployment, *sets]
    for object in objects:
        timeline.add(1.0, "ADDED", object)
    found = decide(timeline.last, deployment)
    direct = sync_deployment(deployment, sets, 1.0, pods={}).decision()
    assert found == direct or not direct.scaled


# The ledger


def test_after_an_undo_the_ledger_keeps_the_old_number_in_sight():
    timeline = recording("rollback-after-success")
    undo = next(step for step in timeline.steps if step.kind == "revision")
    before, after = ledger(timeline, undo.start), ledger(timeline, undo.stop)
    assert [row.title for row in before] == ["1", "2"]
    assert [(row.title, row.image) for row in after] == [
        ("2", "nginx:1.28"),
        ("3 (was 1)", "nginx:1.27"),
    ]
    assert (after[0].t, after[1].t) == (before[1].t, undo.t)


def test_the_ledger_at_every_step_is_what_rollout_history_lists():
    timeline = recording("undo-to-revision")
    rows = ledger(timeline, len(timeline))
    assert [(row.revision, row.was, row.change_cause, row.replicas) for row in rows] == [
        (2, (), "image 1.28", 0),
        (3, (), "image 1.29", 0),
        (4, (1,), None, 3),
    ]
    assert ledger(timeline, 0) == []


def test_a_ledger_of_one_deployment_among_several():
    cluster = Cluster()
    cluster.create(web())
    cluster.create(web("nginx:9", name="api"))
    cluster.run_for(5)
    rows = ledger(cluster.timeline, len(cluster.timeline), "api")
    assert [row.image for row in rows] == ["nginx:9"]
    assert len(ledger(cluster.timeline, len(cluster.timeline))) == 2
