"""``kubectl diff -f``: what applying a file would change, and nothing is changed by asking."""

import pytest

from rollviz import kubectl
from rollviz.kubectl.view import View
from rollviz.simulator import Cluster
from tests.test_kubectl_changes import WEB, apply, changed

IMAGE = "spec__template__spec__containers__0__image"


@pytest.fixture
def cluster():
    made = Cluster()
    apply(made, WEB)
    made.run_for(5)
    return made


def diff(target, item):
    return kubectl.run("kubectl diff -f web.yaml", target, {"web.yaml": item})


def changes(answer):
    """The lines that differ, without where they are and without the generation."""
    lines = answer.stdout.splitlines()[3:]
    return [line for line in lines if line[0] in "+-" and "  generation: " not in line]


def test_a_file_that_says_what_is_there_differs_in_nothing(cluster):
    assert diff(cluster, WEB) == kubectl.Answer(0)


@pytest.mark.parametrize(
    ("item", "lines"),
    [
        (changed(spec__replicas=3), ["-  replicas: 2", "+  replicas: 3"]),
        (
            changed(**{IMAGE: "nginx:1.28"}),
            ["-        image: nginx:1.27", "+        image: nginx:1.28"],
        ),
        (changed(spec__minReadySeconds=None), ["-  minReadySeconds: 1"]),
        (changed(metadata__labels__tier=None), ["-    tier: front"]),
    ],
    ids=["replicas", "image", "a field left out", "a label left out"],
)
def test_what_would_change_is_shown_and_it_is_exit_code_1(cluster, item, lines):
    answer = diff(cluster, item)
    assert (answer.exit_code, answer.stderr) == (1, "")
    assert changes(answer) == lines


def test_a_changed_spec_is_a_new_generation(cluster):
    shown = diff(cluster, changed(spec__replicas=3)).stdout
    assert "-  generation: 1\n+  generation: 2\n" in shown
    assert "+  generation" not in diff(cluster, changed(metadata__labels__tier=None)).stdout


def test_it_begins_with_the_command_of_diff_and_the_two_files(cluster):
    command, live, merged, place, *_ = diff(cluster, changed(spec__replicas=3)).stdout.splitlines()
    assert command.startswith("diff -u -N /tmp/LIVE-")
    assert command.endswith("/apps.v1.Deployment.default.web")
    assert live == f"--- {command.split()[3]}\t2026-01-01 00:00:05.000000000 +0000"
    assert merged == f"+++ {command.split()[4]}\t2026-01-01 00:00:05.000000000 +0000"
    assert place.startswith("@@ -")


def test_somebody_elses_edit_is_what_applying_would_undo(cluster):
    kubectl.run("kubectl set image deploy/web nginx=nginx:1.28", cluster)
    assert "-        image: nginx:1.28" in changes(diff(cluster, WEB))
    assert "+        image: nginx:1.27" in changes(diff(cluster, WEB))


def test_what_the_file_never_spoke_of_stays_out_of_it(cluster):
    kubectl.run("kubectl annotate deploy/web note=mine", cluster)
    assert diff(cluster, WEB).exit_code == 0


def test_all_of_a_new_object_is_new():
    answer = diff(Cluster(), WEB)
    assert answer.exit_code == 1
    assert {line[0] for line in changes(answer)} == {"+"}


def test_nothing_is_changed(cluster):
    count = len(cluster.timeline)
    diff(cluster, changed(spec__replicas=9))
    cluster.run_for(5)
    assert len(cluster.timeline) == count


def test_after_applying_it_nothing_differs_any_more(cluster):
    assert diff(cluster, changed(spec__replicas=3)).exit_code == 1
    apply(cluster, changed(spec__replicas=3))
    cluster.run_for(5)
    assert diff(cluster, changed(spec__replicas=3)).exit_code == 0


@pytest.mark.parametrize(
    ("line", "stderr"),
    [
        ("kubectl diff", "error: must specify one of -f and -k\n"),
        ("kubectl diff -f nope.yaml", 'error: the path "nope.yaml" does not exist\n'),
    ],
)
def test_it_says_what_is_missing(cluster, line, stderr):
    answer = kubectl.run(line, cluster)
    assert (answer.exit_code, answer.stderr) == (2, stderr)


def test_what_the_server_would_refuse_is_refused(cluster):
    answer = diff(cluster, changed(spec__selector__matchLabels={"app": "other"}))
    assert "field is immutable" in answer.stderr


def test_a_view_can_be_compared_with_a_file(cluster):
    view = View.of(cluster)
    assert diff(view, changed(spec__replicas=3)).exit_code == 1
    assert diff(view, WEB).exit_code == 0
