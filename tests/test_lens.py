"""The kubectl lens: what kubectl prints at every step."""

import pytest

from rollviz.kubectl import answer
from rollviz.kubectl.view import View
from rollviz.lens import LEFT_OUT, MOST_LINES, lens
from rollviz.timeline import Timeline, load
from tests.recorded import TRACES, watch_file

NAME = "myapp-deployment"


def text(found, command, step):
    index = next(i for i, line in enumerate(found["commands"]) if command in line)
    row = next(row for row in reversed(found["texts"][index]) if row[0] <= step)
    return [found["lines"][line] for line in row[1]]


@pytest.mark.parametrize("name", TRACES)
def test_it_says_what_kubectl_says_at_the_end_of_every_step(name):
    timeline = load(watch_file(name))
    found = lens(timeline, NAME)
    for step in timeline.steps:
        last = timeline.changes[step.stop - 1].t if step.stop else 0.0
        view = View(timeline.after(step.stop), last, timeline.epoch, {}, timeline)
        for command in ("kubectl rollout history", "kubectl rollout status"):
            line = next(line for line in found["commands"] if line.startswith(command))
            printed = answer(line, view)
            assert text(found, command, step.index) == (
                f"{printed.stdout}{printed.stderr}".rstrip("\n").splitlines()
            )


def test_every_line_is_kept_once():
    lines = lens(load(watch_file("rollover")), NAME)["lines"]
    assert len(lines) == len(set(lines))


def test_before_there_is_a_deployment_it_says_what_kubectl_says():
    found = lens(load(watch_file("rolling-default-5")), NAME)
    assert text(found, "history", 0) == [
        f'Error from server (NotFound): deployments.apps "{NAME}" not found'
    ]


def test_too_many_pods_at_too_many_steps_are_left_out(monkeypatch):
    timeline = load(watch_file("rolling-default-10"))
    monkeypatch.setattr("rollviz.lens.MOST_LINES", 100)
    assert text(lens(timeline, NAME), "get pods", 20) == [LEFT_OUT]
    assert MOST_LINES > 100 and text(lens(timeline, NAME), "get rs", 20) != [LEFT_OUT]


def test_names_are_quoted_for_the_command_line():
    assert "kubectl describe 'deployment/a b; c'" in lens(Timeline(), "a b; c")["commands"]


def test_of_a_very_large_timeline_everything_is_left_out(monkeypatch):
    timeline = load(watch_file("rolling-default-10"))
    monkeypatch.setattr("rollviz.lens.MOST", 100)
    assert lens(timeline, NAME)["lines"] == [LEFT_OUT]
