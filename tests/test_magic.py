"""``%kubectl`` and ``%%kubectl`` in a real IPython."""

from unittest.mock import Mock

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from rollviz import magic
from rollviz.kubectl.completion import complete
from rollviz.kubectl.view import View
from rollviz.simulator import Cluster, PodBehaviour

MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: "nginx:1.27"}]}
"""


@pytest.fixture(scope="module")
def shell():
    made = InteractiveShell.instance()
    made.run_line_magic("load_ext", "rollviz")
    yield made
    InteractiveShell.clear_instance()


@pytest.fixture
def cluster(shell, tmp_path, monkeypatch) -> Cluster:
    """In use, with ``web.yaml`` beside the notebook applied and rolled out."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "web.yaml").write_text(MANIFEST)
    made = magic.use(Cluster(pods=PodBehaviour(startup_seconds=(1.0,))))
    shell.run_line_magic("kubectl", "apply -f web.yaml")
    made.run_for(10)
    return made


def test_a_command_runs_on_the_cluster_in_use_and_prints(shell, cluster, capsys):
    shell.run_line_magic("kubectl", "scale deployment/web --replicas=3")
    assert capsys.readouterr().out.endswith("deployment.apps/web scaled\n")
    assert cluster.snapshot.deployments["web"].spec.replicas == 3


def test_it_takes_as_long_as_kubectl_takes_and_is_noted(shell, cluster):
    began = cluster.now
    shell.run_line_magic("kubectl", "kubectl scale deploy web --replicas=3  # more")
    noted = cluster.timeline.commands[-1]
    assert noted.run == "kubectl scale deploy web --replicas=3"
    assert noted.t == began
    assert noted.end == cluster.now == pytest.approx(began + cluster.latency.kubectl)
    assert noted.stdout == "deployment.apps/web scaled\n"


def test_a_failure_is_shown_in_place_without_a_traceback(shell, cluster, capsys):
    result = shell.run_cell("%kubectl rollout undo deployment/nope")
    assert result.success
    shown = capsys.readouterr()
    assert shown.err == 'Error from server (NotFound): deployments.apps "nope" not found\n'
    assert "Traceback" not in shown.out + shown.err


def test_a_cell_holds_comments_blank_lines_and_prefixes(shell, cluster, capsys):
    lines = (
        "# scale it\n\nkubectl scale deploy/web \\\n  --replicas=3\nget rs --no-headers # look\n"
    )
    shell.run_cell_magic("kubectl", "", lines)
    out = capsys.readouterr().out
    assert out.startswith(
        "$ kubectl scale deploy/web --replicas=3\n"
        "deployment.apps/web scaled\n$ kubectl get rs --no-headers\nweb-"
    )


def test_braces_are_jsonpaths(shell, cluster, capsys):
    capsys.readouterr()
    shell.run_cell("%kubectl get deploy web -o jsonpath={.spec.replicas}")
    assert capsys.readouterr().out == "2"


def test_rollout_status_shows_how_far_it_is(shell, cluster, monkeypatch):
    shown = []
    monkeypatch.setattr(magic.Progress, "show", lambda self: shown.append(self.text()))
    shell.run_line_magic("kubectl", "set image deploy/web nginx=nginx:1.28")
    shell.run_line_magic("kubectl", "rollout status deploy/web")
    assert shown[0] == "[##########..........] 1 of 2 pods, 0.1 s of virtual time"
    assert shown[-1].startswith("[####################] 2 of 2 pods, ")


@pytest.mark.parametrize(("patience", "lines"), [(0.0, 1), (3600.0, 0)], ids=["long", "quick"])
def test_only_a_long_wait_has_a_progress_line(shell, cluster, monkeypatch, patience, lines):
    handle = Mock()
    monkeypatch.setattr(magic, "PATIENCE", patience)
    monkeypatch.setattr("IPython.display.display", handle)
    shell.run_line_magic("kubectl", "set image deploy/web nginx=nginx:1.28")
    shell.run_line_magic("kubectl", "rollout status deploy/web")
    assert handle.call_count == lines


def test_interrupting_keeps_the_clock_where_it_is(shell, cluster, capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("rollviz.kubectl.stream", lambda *_: map(interrupted, [0]))
    commands = len(cluster.timeline.commands)
    shell.run_line_magic("kubectl", "rollout status deploy/web")
    assert capsys.readouterr().err.startswith("interrupted at 10.")
    assert len(cluster.timeline.commands) == commands


def test_without_a_cluster_it_says_what_to_do(shell, capsys, monkeypatch):
    monkeypatch.setattr(magic, "_current", None)
    shell.run_line_magic("kubectl", "get pods")
    assert capsys.readouterr().err == magic.NO_CLUSTER


def test_a_view_can_be_in_use(shell, cluster, capsys):
    magic.use(View.of(cluster))
    shell.run_line_magic("kubectl", "get deploy --no-headers")
    shell.run_line_magic("kubectl", "scale deploy/web --replicas=9")
    shown = capsys.readouterr()
    assert shown.out.splitlines()[-1].startswith("web ")
    assert "only reading commands work here" in shown.err


def test_loading_twice_completes_once(shell):
    shell.run_line_magic("reload_ext", "rollviz")
    assert shell.Completer.custom_matchers.count(magic.kubectl_matcher) == 1


# --- completion ----------------------------------------------------------------------------------


def offered(shell, text):
    with provisionalcompleter():
        return [
            (text[found.start : found.end], found.text)
            for found in shell.Completer.completions(text, len(text))
        ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%kubectl rollout un", [("un", "undo")]),
        ("%%kubectl\n# back\nrollout undo deployment/w", [("deployment/w", "deployment/web")]),
        ("%%kubectl\nkubectl set image deploy/web ng", [("ng", "nginx=")]),
        ("x = 1\n%kubectl get deploy w", [("w", "web")]),
    ],
)
def test_tab_in_a_cell(shell, cluster, text, expected):
    assert offered(shell, text) == expected


def test_python_is_left_to_python(shell, cluster):
    assert ("impo", "import") in offered(shell, "impo")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"get", "rollout", "set", "apply"}),
        ("kubectl rol", {"rollout"}),
        ("rollout ", {"status", "history", "undo", "pause", "resume", "restart"}),
        ("get ", {"pods", "po", "deployments", "rs", "nodes", "events", "svc", "all"}),
        ("scale ", {"deployment", "deploy", "deployment/web"}),
        ("describe pod/", {"pod/{pod}"}),
        ("describe pods ", {"{pod}"}),
        ("rollout undo deploy/web --to", {"--to-revision="}),
        ("rollout undo deploy web --to-revision=", {"--to-revision=1"}),
        ("get rs -o ", {"wide", "yaml", "json", "name", "jsonpath"}),
        ("rollout pause deploy/web -o ", {"yaml", "json", "name", "jsonpath"}),
        ("create deploy", {"deployment"}),
        ("get rs --output=y", {"--output=yaml"}),
        ("get rs -", {"--watch", "--show-labels", "--namespace=", "--output="}),
        ("apply -f ", {"web.yaml"}),
        ("apply -f ./", {"./web.yaml"}),
        ("explain deployment.spec.st", {"deployment.spec.strategy"}),
        ("set image deployment/web ", {"nginx="}),
    ],
)
def test_what_is_offered(text, expected, cluster):
    pod = min(cluster.snapshot.pods)
    found = set(complete(text, View.of(cluster)))
    assert {word.format(pod=pod) for word in expected} <= found


@pytest.mark.parametrize(
    "text", ["nope ", "get nope/", "get nope ", "explain pods.spec.", "rollout nope "]
)
def test_nothing_is_offered_after_what_is_not_known(text, cluster):
    assert complete(text, View.of(cluster)) == []


def test_without_a_cluster_the_commands_are_offered():
    assert complete("scale deploy/w") == []
    assert complete("rollout pa") == ["pause"]
