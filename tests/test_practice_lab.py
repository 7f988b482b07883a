"""The tasks of the practice lab, on clusters as learners leave them."""

from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from rollviz.exercises import practice_lab as lab
from rollviz.scenario import run_command

RECREATE = {**lab.FRONTEND, "spec": {**lab.FRONTEND["spec"], "strategy": {"type": "Recreate"}}}
STATUS = "kubectl rollout status deployment/frontend"
UNDO = "kubectl rollout undo deployment/frontend"


def v(number):
    return f"kubectl set image deployment/frontend webapp=webapp-color:v{number}"


def cluster_after(*lines, manifest=lab.FRONTEND, seconds=10):
    cluster = lab.cluster()
    for line in ("kubectl create -f frontend.yml", *lines):
        run_command(cluster, line, manifest)
        cluster.run_for(seconds)
    return cluster


def test_it_is_about_the_manifest_beside_the_notebook():
    file = Path(__file__).parents[1] / "notebooks" / "manifests" / "frontend.yml"
    assert yaml.safe_load(file.read_text("utf-8")) == lab.FRONTEND


def curled(line, manifest=lab.FRONTEND):
    cluster = cluster_after(manifest=manifest)
    run_command(cluster, line)
    return lab.Curl(cluster)


def test_a_rolling_update_answers_in_both_colours_and_always():
    answers = curled(v(2))
    assert set(answers.words) == {"blue", "green"}
    assert answers.failed == 0


def test_recreate_leaves_requests_without_an_answer():
    answers = curled(v(2), RECREATE)
    assert len(answers.words) == lab.REQUESTS
    assert 10 < answers.failed < lab.REQUESTS


@pytest.mark.parametrize("manifest", [lab.FRONTEND, RECREATE], ids=["rolling", "recreate"])
def test_as_many_fail_as_were_asked_about_beforehand(manifest):
    cluster = cluster_after(manifest=manifest)
    asked = lab.failures(cluster, v(2))
    run_command(cluster, v(2))
    assert lab.Curl(cluster).failed == asked


def test_before_there_is_a_pod_nothing_answers():
    assert lab.Curl(lab.cluster()).failed == lab.REQUESTS


def with_recreate_at_last():
    """Version 3 by RollingUpdate, and only then the other strategy."""
    cluster = cluster_after(v(2), v(3))
    third = deepcopy(RECREATE)
    third["spec"]["template"]["spec"]["containers"][0]["image"] = "webapp-color:v3"
    run_command(cluster, "kubectl apply -f frontend.yml", third)
    cluster.run_for(10)
    return cluster


def undone_just_now():
    cluster = cluster_after(v(2), v(3), v(4), manifest=RECREATE)
    run_command(cluster, UNDO)
    return cluster


STATE = {"replicas": 4, "image": "webapp-color:v1", "strategy": "RollingUpdate"}
RIGHT = [
    (lab.what_is_there, lambda: STATE),
    (lab.version_2, lambda: cluster_after(v(2))),
    (lab.version_2, lambda: cluster_after(v(2), STATUS, seconds=0)),
    (lab.down_at_once, lambda: 1),
    (lab.another_strategy, lambda: {"type": "Recreate"}),
    (lab.recreated, lambda: cluster_after(v(2), v(3), manifest=RECREATE)),
    (lab.healed, lambda: cluster_after(v(2), v(3), v(4), UNDO, manifest=RECREATE)),
    (lab.healed, lambda: cluster_after(v(2), v(3), v(4), v(3), manifest=RECREATE)),
    (lab.healed, lambda: cluster_after(v(2), v(3), v(4), UNDO, UNDO, v(3), manifest=RECREATE)),
]
WRONG = [
    (lab.what_is_there, lambda: {**STATE, "replicas": 5}, "wrong  replicas: 5"),
    (lab.what_is_there, lambda: 4, "give a dict"),
    (lab.version_2, cluster_after, "the image is webapp-color:v1"),
    (lab.version_2, lambda: cluster_after(v(2), seconds=1), "it is not rolled out"),
    (lab.version_2, lambda: cluster_after(v(2), manifest=RECREATE), "Is it a RollingUpdate?"),
    (lab.version_2, lab.cluster, "give the cluster that has"),
    (lab.down_at_once, lambda: 2, "a quarter of four"),
    (lab.another_strategy, lambda: {"type": "RollingUpdate"}, "called Recreate"),
    (lab.another_strategy, lambda: {"type": "recreate"}, "Unsupported value"),
    (
        lab.another_strategy,
        lambda: {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}},
        "spec.strategy.rollingUpdate: Forbidden",
    ),
    (lab.recreated, lambda: cluster_after(v(3)), "Apply manifests/frontend-recreate.yml first"),
    (lab.recreated, with_recreate_at_last, "of the update 3 were available"),
    (lab.healed, lambda: cluster_after(v(2), v(3)), "First break it"),
    (lab.healed, undone_just_now, "Wait for it"),
    (lab.healed, lambda: cluster_after(v(2), v(3), v(4)), "the image is webapp-color:v4"),
    (lab.healed, lambda: cluster_after(v(2), v(3), v(4), UNDO, UNDO), "webapp-color:v4"),
]


@pytest.mark.parametrize(("task", "done"), RIGHT)
def test_what_was_done_is_right(task, done):
    verdict = task.check(done())
    assert verdict.right, verdict


@pytest.mark.parametrize(("task", "done", "words"), WRONG)
def test_what_is_not_done_yet_is_told(task, done, words):
    verdict = task.check(done())
    assert not verdict.right
    assert words in repr(verdict)
