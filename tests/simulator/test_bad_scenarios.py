"""Scenarios that cannot be played, or never end: one clear message each, and no hang."""

import pytest

from rollviz.scenario import LIMIT_SECONDS, ScenarioError, load
from tests.simulator.playing import image, kubectl, play, web

BROKEN = {"nginx:unready": "NeverReady", "nginx:crash": "CrashLoopBackOff"}


@pytest.mark.parametrize(
    ("step", "field", "words"),
    [
        pytest.param(
            {"ruun": "kubectl get pods"}, "steps[1].ruun", "unknown: known are run", id="a field"
        ),
        pytest.param(
            kubectl("get pods", after="soon"), "steps[1].after", "'soon': must be", id="a time"
        ),
        pytest.param({"run": "kubctl get pods"}, "steps[1].run", "kubectl", id="a program"),
        pytest.param(
            kubectl("rolout undo deployment/web"),
            "steps[1].run",
            'unknown command "rolout" for "kubectl": known are annotate, apply,',
            id="a command",
        ),
        pytest.param(
            kubectl("rollout undoo deployment/web"),
            "steps[1].run",
            'unknown command "undoo deployment/web": known are rollout history,',
            id="a command of a group",
        ),
        pytest.param(
            kubectl("scale deployment/web --replcas=3"),
            "steps[1].run",
            "unknown flag: --replcas: did you mean --replicas?",
            id="a flag",
        ),
        pytest.param(
            kubectl('annotate deployment/web "a=b'),
            "steps[1].run",
            "a quote in it is not closed",
            id="a quote",
        ),
        pytest.param(
            kubectl("get pods", wait=1e6),
            "steps[1].wait",
            "must be a number from 0 to 3600",
            id="a wait that never ends",
        ),
        pytest.param(
            {"fail_node": "node-9", "after": "complete"},
            "steps[1].fail_node",
            "node-1",
            id="a node",
        ),
    ],
)
def test_a_step_that_is_wrong_is_named_with_its_field(step, field, words):
    with pytest.raises(ScenarioError) as caught:
        play(web(2), step)
    assert str(caught.value).startswith(f"{field}: ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("scale deployment/wbe --replicas=3", 'deployments.apps "wbe" not found'),
        ("scale deployment/web --replicas=many", 'invalid argument "many"'),
        ("delete pods --all --interactive", "rollviz has no --interactive for"),
        ("drain node-1", 'rollviz has no "kubectl drain"'),
        (
            "scale deployment/web --replicas=150001",
            'Error from server (Forbidden): deployments.apps "web" is forbidden: '
            "spec.replicas: 150001: a simulated cluster takes at most 150000\n",
        ),
    ],
    ids=[
        *("a name", "a value", "a flag that only kubectl has", "a command that only kubectl has"),
        "more than fits into memory",
    ],
)
def test_what_kubectl_refuses_is_an_answer_and_the_scenario_goes_on(command, words):
    refused, after = play(web(2), kubectl(command), image(2)).timeline.commands[-2:]
    assert (refused.exit_code, after.exit_code) == (1, 0)
    assert words in refused.stderr


def test_a_step_that_waits_for_what_never_comes_says_for_what():
    with pytest.raises(ScenarioError) as caught:
        play(web(3), image("unready"), image(2), images=BROKEN)
    assert str(caught.value) == (
        "steps[2].after: complete: can never happen: deployment web has 1 of 3 pods updated and 3 "
        "available (1 Running): use 'quiet 1' or a wait in seconds"
    )


@pytest.mark.parametrize(
    ("manifest", "steps", "waits_for"),
    [
        pytest.param(web(3), [image("unready")], "(1 Running)", id="never ready"),
        pytest.param(web(3), [image("crash")], "(1 CrashLoopBackOff)", id="crashes for ever"),
        pytest.param(web(3, paused=True), [], "and it is paused", id="paused"),
        pytest.param(web(3, cpu="99"), [], "(3 Pending)", id="too large for any node"),
    ],
)
def test_a_rollout_that_cannot_finish_ends_and_says_what_it_waits_for(manifest, steps, waits_for):
    run = play(manifest, *steps, images=BROKEN)
    assert waits_for in run.unfinished
    assert run.cluster.now <= 2 * LIMIT_SECONDS


def test_more_pods_than_any_cluster_has_are_refused_before_it_is_played():
    with pytest.raises(ScenarioError) as caught:
        play(web(1_000_000_000))
    assert str(caught.value) == (
        "manifest.spec.replicas: 1000000000: must be a number from 0 to 150000"
    )


def test_a_quota_that_lets_no_pod_in_is_named():
    assert "exceeded quota: pods, requested: pods=1" in play(web(2), quota_pods=0).unfinished


def test_in_a_file_the_line_is_named_too(tmp_path):
    path = tmp_path / "scenario.yaml"
    path.write_text("manifest: nowhere.yaml\nsteps:\n- run: kubectl get pods\n")
    with pytest.raises(
        ScenarioError, match=r"scenario\.yaml: line 1: manifest: .*nowhere\.yaml: no such"
    ):
        load(path)
