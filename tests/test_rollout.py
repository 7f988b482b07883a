"""What kubectl does to a Deployment: our functions against recorded Deployments, then the rest."""

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from rollviz import rollout, timeline
from rollviz.objects import (
    CHANGE_CAUSE,
    DESIRED_REPLICAS,
    LAST_APPLIED,
    RESTARTED_AT,
    REVISION,
    Deployment,
    DeploymentSpec,
    Metadata,
    PodTemplate,
    ReplicaSet,
    ReplicaSetSpec,
)
from rollviz.rollout import RolloutError

DATA = Path(__file__).parent / "data"


def template(*images: str, init: str = "", **annotations: str) -> PodTemplate:
    containers = [{"name": f"c{n}", "image": image} for n, image in enumerate(images)]
    spec = {"containers": containers}
    if init:
        spec["initContainers"] = [{"name": "init", "image": init}]
    return PodTemplate({"metadata": {"annotations": annotations}, "spec": spec})


def deployment(spec: PodTemplate | None = None, *, replicas=2, paused=False, **annotations):
    keys = {"cause": CHANGE_CAUSE, "applied": LAST_APPLIED, "revision": REVISION, "note": "note"}
    given = {keys[key]: value for key, value in annotations.items()}
    made = DeploymentSpec(replicas, {}, spec or template("nginx:1"), paused=paused)
    return Deployment(Metadata("web", annotations=given), made)


def replica_set(revision: int, image: str, cause: str = "") -> ReplicaSet:
    annotations = {REVISION: str(revision), DESIRED_REPLICAS: "2"}
    if cause:
        annotations[CHANGE_CAUSE] = cause
    hashed = template(image).with_hash(f"hash{revision}")
    return ReplicaSet(
        Metadata(f"web-{revision}", annotations=annotations), ReplicaSetSpec(0, hashed)
    )


# --- recorded: the Deployment before a command, and after it -------------------------------------


def recorded_commands():
    for path in sorted((DATA / "traces").glob("*.json")):
        for n, command in enumerate(json.loads(path.read_text())["recorded"]["commands"]):
            words = shlex.split(command["run"])[1:]
            if words[:2] == ["set", "image"] or words[0] == "scale" or words[1] in CHANGES:
                yield pytest.param(path.stem, n, command, id=f"{path.stem}-{n}-{words[0]}")


CHANGES = ("undo", "pause", "resume")


def ours(words: list[str], before: Deployment, replica_sets: list[ReplicaSet]) -> Deployment:
    flags = dict(word[2:].split("=") for word in words if word.startswith("--"))
    match words:
        case ["set", "image", _, *pairs]:
            return rollout.set_image(before, dict(pair.split("=") for pair in pairs))
        case ["scale", *_]:
            return rollout.scale(before, int(flags["replicas"]))
        case ["rollout", "pause", *_]:
            return rollout.pause(before)
        case ["rollout", "resume", *_]:
            return rollout.resume(before)
        case _:
            return rollout.undo(before, replica_sets, int(flags.get("to-revision", 0)))


@pytest.mark.parametrize(("trace", "n", "command"), [*recorded_commands()])
def test_a_recorded_command_changes_the_deployment_as_ours_does(trace, n, command):
    log = timeline.load(DATA / "watch" / f"{trace}.jsonl.gz")
    begun = log.at(command["t"])
    before, after = next(iter(begun.deployments.values())), None
    for change in log.changes[log.index_at(command["t"]) :]:
        if isinstance(change.object, Deployment):
            if change.object.spec != before.spec:
                after = change.object
                break
            before = change.object
    expected = ours(shlex.split(command["run"])[1:], before, begun.replica_sets_of(before))
    assert after is not None
    assert after.spec == expected.spec
    assert after.metadata.annotations == expected.metadata.annotations


# --- set image -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        pytest.param({"c0": "nginx:2"}, ("nginx:2", "redis:1"), id="one container"),
        pytest.param({"*": "nginx:2"}, ("nginx:2", "nginx:2"), id="every container"),
        pytest.param({"c1": "redis:2", "c0": "nginx:2"}, ("nginx:2", "redis:2"), id="two at once"),
    ],
)
def test_set_image_changes_the_named_containers(images, expected):
    web = deployment(template("nginx:1", "redis:1"))
    assert rollout.set_image(web, images).spec.template.images == expected
    assert web.spec.template.images == ("nginx:1", "redis:1")


def test_set_image_knows_init_containers():
    web = deployment(template("nginx:1", init="busybox:1"))
    changed = rollout.set_image(web, {"init": "busybox:2"}).spec.template
    assert changed.json["spec"]["initContainers"] == [{"name": "init", "image": "busybox:2"}]
    assert changed.images == ("nginx:1",)


# --- undo ----------------------------------------------------------------------------------------


def test_undo_goes_to_the_second_latest_revision_whatever_the_order():
    sets = [replica_set(4, "nginx:4"), replica_set(1, "nginx:1"), replica_set(3, "nginx:3")]
    web = deployment(template("nginx:4"), replicas=7)
    back = rollout.undo(web, sets)
    assert back.spec.template == template("nginx:3")
    assert "pod-template-hash" not in back.spec.template.labels
    assert replace(back.spec, template=web.spec.template) == web.spec


def test_undo_brings_back_the_revisions_own_annotations_and_keeps_those_of_apply():
    web = deployment(template("nginx:2"), cause="to 2", applied="{}", revision="2", note="gone")
    back = rollout.undo(web, [replica_set(1, "nginx:1", "first"), replica_set(2, "nginx:2")])
    assert back.metadata.annotations == {CHANGE_CAUSE: "first", LAST_APPLIED: "{}", REVISION: "2"}


def test_undo_to_the_current_template_changes_nothing():
    web = deployment(template("nginx:2"), cause="kept")
    sets = [replica_set(1, "nginx:1"), replica_set(2, "nginx:2")]
    assert rollout.undo(web, sets, to_revision=2) is web


def test_history_is_by_revision():
    sets = [replica_set(3, "nginx:3", "third"), replica_set(1, "nginx:1")]
    causes = {n: rollout.change_cause(rs) for n, rs in rollout.history(sets).items()}
    assert list(causes.items()) == [(1, ""), (3, "third")]


# --- restart, annotate ---------------------------------------------------------------------------


def test_restart_is_a_template_with_the_time_in_it():
    web = deployment(template("nginx:1", kept="yes"))
    restarted = rollout.restart(web, now=90.9).spec.template
    assert restarted.annotations == {"kept": "yes", RESTARTED_AT: "1970-01-01T00:01:30Z"}
    assert restarted.images == ("nginx:1",)


def test_annotate_sets_and_removes():
    web = deployment(note="old", cause="old")
    changed = rollout.annotate(web, {CHANGE_CAUSE: "new"}, remove=["note"])
    assert changed.metadata.annotations == {CHANGE_CAUSE: "new"}
    assert (
        rollout.annotate(web, {"note": "new"}, overwrite=True).metadata.annotations["note"] == "new"
    )


# --- refusals, in kubectl's words ----------------------------------------------------------------

ONE, TWO = replica_set(1, "nginx:1"), replica_set(2, "nginx:2")
RESTARTED = rollout.restart(deployment(), now=5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(
            lambda: rollout.set_image(deployment(), {"web": "nginx:2"}),
            'unable to find container named "web"',
            id="no such container",
        ),
        pytest.param(
            lambda: rollout.scale(deployment(), -1),
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
            id="negative replicas",
        ),
        pytest.param(
            lambda: rollout.scale(deployment(), 1, current_replicas=-2),
            "The --current-replicas must specify an integer of -1 or greater",
            id="negative condition",
        ),
        pytest.param(
            lambda: rollout.scale(deployment(replicas=4), 2, current_replicas=9),
            "Expected replicas to be 9, was 4",
            id="other size",
        ),
        pytest.param(
            lambda: rollout.pause(deployment(paused=True)),
            'deployments.apps "web" is already paused',
            id="paused already",
        ),
        pytest.param(
            lambda: rollout.resume(deployment()),
            'deployments.apps "web" is not paused',
            id="not paused",
        ),
        pytest.param(
            lambda: rollout.restart(deployment(paused=True), now=0),
            'deployments.apps "web" can\'t restart paused deployment (run rollout resume first)',
            id="restart while paused",
        ),
        pytest.param(
            lambda: rollout.restart(RESTARTED, now=5.9),
            "failed to create patch for web: if restart has already been triggered within the past "
            "second, please wait before attempting to trigger another",
            id="restart twice a second",
        ),
        pytest.param(
            lambda: rollout.undo(deployment(), [ONE]),
            'no rollout history found for deployment "web"',
            id="one revision",
        ),
        pytest.param(
            lambda: rollout.undo(deployment(), [ONE, TWO], to_revision=7),
            "unable to find specified revision 7 in history",
            id="no such revision",
        ),
        pytest.param(
            lambda: rollout.undo(deployment(), [ONE, TWO], to_revision=-1),
            "unable to find specified revision -1 in history",
            id="negative revision",
        ),
        pytest.param(
            lambda: rollout.undo(deployment(paused=True), [ONE, TWO]),
            "you cannot rollback a paused deployment; resume it first with "
            "'kubectl rollout resume' and try again",
            id="undo while paused",
        ),
        pytest.param(
            lambda: rollout.annotate(deployment(note="old"), {"note": "new"}),
            "--overwrite is false but found the following declared annotation(s): "
            "'note' already has a value (old)",
            id="annotation taken",
        ),
    ],
)
def test_refusals_are_in_kubectls_words(change, words):
    with pytest.raises(RolloutError) as refused:
        change()
    assert str(refused.value) == words
