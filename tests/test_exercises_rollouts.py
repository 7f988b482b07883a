"""Exercises of notebook 01: what works is right, and a typical wrong answer is told why not."""

import pytest

from rollviz.exercises import rollouts

SET = "kubectl set image deployment/myapp-deployment nginx=nginx:"
RESTART = "kubectl rollout restart deployment/myapp-deployment"
UNDO = "kubectl rollout undo deployment/myapp-deployment"
SCALE = "kubectl scale deployment/myapp-deployment --replicas=7"


@pytest.mark.parametrize(
    "commands", [[f"{SET}1.9.1", f"{SET}1.27"], (f"{SET}1.9.1", RESTART)], ids=["images", "restart"]
)
def test_three_templates_are_three_revisions(commands):
    assert rollouts.three_revisions.check(commands).right


@pytest.mark.parametrize(
    ("commands", "said"),
    [
        ([f"{SET}1.9.1", SCALE], "the history lists 1, 2"),
        ([f"{SET}1.9.1", UNDO], "the history lists 2, 3 (was 1)"),
        ([f"{SET}1.9.1"], "the history lists 1, 2"),
        (["kubectl set image deployment/nope nginx=nginx:2"], "not found"),
        (["set image"], "begin it with kubectl"),
        ("kubectl get pods", "give a list"),
    ],
    ids=["scale", "undo", "too few", "refused", "no kubectl", "no list"],
)
def test_other_commands_are_told_what_they_made(commands, said):
    verdict = rollouts.three_revisions.check(commands)
    assert not verdict.right
    assert said in repr(verdict)


def test_a_restart_is_a_revision_of_the_same_image():
    assert rollouts.same_image.check(RESTART).right


@pytest.mark.parametrize("command", [SCALE, f"{SET}1.9.1", "kubectl get pods", 3])
def test_what_is_no_revision_or_another_image_is_not(command):
    assert not rollouts.same_image.check(command).right


def test_dots_are_open():
    assert repr(rollouts.three_revisions.check([...])).startswith("Open")
