"""%kubectl on a mirrored cluster: the real kubectl, where it goes, and what it asks before."""

import json
import os
import shutil
import sys
import sysconfig
import threading

import pytest
from nbclient import NotebookClient
from nbformat import v4

import rollviz
from rollviz import magic
from rollviz.live import Mirror, kubectl
from tests.kubeconfig import write_kubeconfig
from tests.recorded import DATA, recording
from tests.watch_server import WatchServer

pytest.importorskip("kubernetes")

NAME = "myapp-deployment"
PLACES = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
REAL = shutil.which("kubectl", path=PLACES)
TLS = DATA / "tls"
FAKE = """#!{python}
import json, os, sys, time
with open({log!r}, "a") as log:
    log.write(json.dumps([os.environ["KUBECONFIG"], *sys.argv[1:]]) + "\\n")
while os.path.exists({log!r} + ".wait"):
    time.sleep(0.01)
print("out of kubectl", flush=True)
print("a complaint", file=sys.stderr)
sys.exit(int(os.environ.get("FAKE_EXIT", 0)))
"""


@pytest.fixture
def server():
    with WatchServer() as server:
        server.play(recording("rolling-default-5"))
        yield server


@pytest.fixture
def mirror(server, tmp_path):
    kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", server.url)
    with Mirror(NAME, kubeconfig=kubeconfig, backoff=(0.02, 0.1)) as mirror:
        yield mirror.wait(timeout=60)


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """Puts a kubectl on PATH that writes down $KUBECONFIG and its arguments; gives every run's."""
    if os.name == "nt":
        pytest.skip("the script that stands in for kubectl needs a Unix")
    folder, log = tmp_path / "bin", tmp_path / "log"
    folder.mkdir()
    script = folder / "kubectl"
    script.write_text(FAKE.format(python=sys.executable, log=str(log)))
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return lambda: (
        [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    )


@pytest.fixture
def somebody(monkeypatch):
    """Somebody sits there; answers what the test says, and what was asked is kept."""
    monkeypatch.setattr(kubectl, "_attended", lambda: True)
    asked = []

    def answering(answer):
        return lambda prompt: asked.append(prompt) or answer

    answering.asked = asked
    return answering


def place(mirror):
    return [mirror.kubeconfig, "--context=class", "--namespace=shop"]


# What only reads


@pytest.mark.parametrize(
    "line",
    [
        "get pods",
        "get pods -A -o wide",
        "-n test get pods",
        "--namespace=test get pods",
        "describe deployment web",
        "logs deploy/web --tail=5",
        "rollout status deployment/web",
        "rollout history deployment/web",
        "auth can-i delete pods",
        "config current-context",
        "explain deployment.spec",
        "apply -f web.yaml --dry-run=server",
        "delete deployment web --dry-run=client",
        "scale --help",
        "delete pods --all --dry-run=client",
        "delete pod web-1 --dry_run=client",
        "create deployment web --image=nginx --dry-run=client -o yaml",
        "run web --image=nginx --dry-run=client -- sh",
        "create --help",
    ],
)
def test_these_only_read(line):
    assert kubectl.is_reading(line.split())


@pytest.mark.parametrize(
    "line",
    [
        "",
        "delete pods --all",
        "rollout undo deployment/web",
        "rollout restart deployment/web",
        "apply -f web.yaml",
        "set image deployment/web nginx=nginx:1.28",
        "auth reconcile -f rbac.yaml",
        "config use-context prod",
        "exec web-1 -- ls",
        "exec web-1 -- delete --dry-run=client",
        "cp web-1:/etc .",
        "scale deployment/web --replicas=0 --dry-run=none",
        "scale deployment/web --replicas=0 --dry-run=client --dry-run=none",
        "scale deployment/web --replicas=0 --field-manager --dry-run=client",
        "delete pod get",
        "-o wide get pods",
        "some-plugin get pods",
        "some-plugin --help",
        "create some-plugin --dry-run=client",
        "create some-plugin --help",
        "create token web",
        "delete --raw /api/v1/namespaces/shop/pods/web-1 --dry-run=client",
        "get --raw /api/v1/namespaces/shop/pods/web-1/proxy/quit",
        "delete pod web-1 --dry-run=client --dry_run=none",
        "delete pod web-1 --help --help=false",
        "delete pod web-1 --cascade -- --dry-run=client",
        "scale deployment/web --replicas=0 --dry-run=client --timeout -- --dry-run=none",
        "edit deployment web",
        "port-forward web-1 8080",
        "proxy",
        "attach web-1",
        "debug web-1 --image=busybox",
        "run web --image=nginx",
        "certificate approve web",
        "drain node-1",
        "rollout pause deployment/web",
        "config set users.me.token x",
        "get.pods",
        "GET pods",
    ],
)
def test_these_may_change_something(line):
    assert not kubectl.is_reading(line.split())


def test_what_reads_runs_at_once_where_the_mirror_looks(mirror, ran, capfd):
    assert kubectl.run("get pods -o wide", mirror, ask=None) == 0
    assert ran() == [[*place(mirror), "get", "pods", "-o", "wide"]]
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("out of kubectl\n", "a complaint\n")


def test_the_exit_code_is_kubectls(mirror, ran, monkeypatch):
    monkeypatch.setenv("FAKE_EXIT", "3")
    assert kubectl.run("get pods", mirror) == 3


def test_quotes_and_spaces_come_through(mirror, ran):
    kubectl.run("get pods -o 'jsonpath={.items[*].metadata.name} x'", mirror)
    assert ran()[0][-1] == "jsonpath={.items[*].metadata.name} x"


def test_it_goes_where_the_mirror_looks_though_the_environment_leads_elsewhere(
    server, ran, tmp_path, monkeypatch
):
    kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", server.url)
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    with Mirror(NAME) as mirror:
        mirror.wait(timeout=60)
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "another"))
        kubectl.run("get pods", mirror)
    assert ran() == [[str(kubeconfig), "--context=class", "--namespace=shop", "get", "pods"]]


# What changes something


def test_a_change_shows_where_it_goes_and_runs_after_yes(mirror, ran, somebody, capsys):
    assert kubectl.run(f"scale deployment/{NAME} --replicas=7", mirror, somebody("yes")) == 0
    assert ran() == [[*place(mirror), "scale", f"deployment/{NAME}", "--replicas=7"]]
    shown = capsys.readouterr().out
    for words in ("class", mirror.host, "shop", f"kubectl scale deployment/{NAME} --replicas=7"):
        assert words in shown
    assert somebody.asked == ["Type yes to run it: "]


@pytest.mark.parametrize(
    ("line", "namespace"),
    [
        ("delete pods --all -n test", "test"),
        ("delete pods --all -ntest", "test"),
        ("delete pods --all --namespace=test", "test"),
        ("-n test delete pods --all", "test"),
        ("delete pods --all -A", "all of them"),
        ("delete pods --all -RA", "all of them"),
        ("delete pods --all -A=false", "shop"),
        ("delete pods --all --all_namespaces", "all of them"),
        ("exec -itn test web-1 -- ls", "test"),
        ("exec web-1 -it -- mkdir -n test", "shop"),
        ("exec web-1 -- mkdir -n test", "shop"),
    ],
)
def test_the_namespace_that_is_shown_is_the_commands_own(
    line, namespace, mirror, ran, somebody, capsys
):
    kubectl.run(line, mirror, somebody("no"))
    assert f"namespace  {namespace}\n" in capsys.readouterr().out


@pytest.mark.parametrize("answer", ["", "no", "yep", "delete"])
def test_anything_but_yes_does_not_run(answer, mirror, ran, somebody, capsys):
    assert kubectl.run("delete pods --all", mirror, somebody(answer)) == 1
    assert ran() == []
    assert "not confirmed: not run" in capsys.readouterr().err


def test_unattended_it_is_refused_in_a_sentence(mirror, ran, capsys):
    assert kubectl.run("delete pods --all", mirror) == 1
    assert ran() == []
    assert kubectl.UNATTENDED in capsys.readouterr().err


@pytest.mark.parametrize("error", [EOFError, OSError, NotImplementedError])
def test_a_notebook_that_cannot_ask_is_unattended(error, mirror, ran, somebody, capsys):
    def ask(_):
        raise error

    assert kubectl.run("delete pods --all", mirror, ask) == 1
    assert ran() == []
    assert kubectl.UNATTENDED in capsys.readouterr().err


@pytest.mark.parametrize(
    "flag",
    [
        "--context prod",
        "--context=prod",
        "--kubeconfig=x",
        "-s https://prod",
        "--server=x",
        "--as=me",
        "--as-group=system:masters",
        "--client_key=x",
        "--kuberc=x",
        "-shttps://prod",
        "-As https://prod",
        "--cascade -- --context=prod",
    ],
)
def test_no_flag_leads_to_another_cluster(flag, mirror, ran, somebody, capsys):
    assert kubectl.run(f"delete pods --all {flag}", mirror, somebody("yes")) == 1
    assert ran() == []
    assert "goes where the mirror looks" in capsys.readouterr().err


def test_a_change_is_noted_with_the_edit_that_it_made(mirror, server, ran, somebody, tmp_path):
    """The edit arrives while kubectl still runs."""
    step = len(mirror.timeline.steps)
    line = f"set image deployment/{NAME} nginx=nginx:1.29"
    runs = tmp_path / "log.wait"
    runs.touch()

    def edit():
        try:
            server.wait(lambda: ran() != [])
            server.put(_edited(server))
            mirror.wait(lambda m: len(m.timeline.steps) > step, timeout=60)
        finally:
            runs.unlink()

    editing = threading.Thread(target=edit)
    editing.start()
    kubectl.run(line, mirror, somebody("yes"))
    editing.join()
    edited = mirror.timeline.steps[step]
    assert (edited.kind, edited.command.run) == ("edited", f"kubectl {line}")
    (command,) = mirror.timeline.commands
    assert (command.run, command.exit_code) == (f"kubectl {line}", 0)


def _edited(server):
    deployment = server.objects["Deployment"]["shop", NAME]
    metadata = deployment["metadata"]
    return {**deployment, "metadata": {**metadata, "generation": metadata["generation"] + 1}}


def test_what_was_run_is_saved_with_the_rollout(mirror, ran, somebody, tmp_path):
    kubectl.run("delete pod web-1", mirror, somebody("yes"))
    mirror.save(tmp_path / "saved.jsonl")
    saved = rollviz.load(tmp_path / "saved.jsonl")
    assert [command.run for command in saved.commands] == ["kubectl delete pod web-1"]


# Where it cannot run


def test_without_kubectl_it_says_how_to_get_it(mirror, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    assert kubectl.run("get pods", mirror) == 1
    assert "kubectl is not on PATH: install it" in capsys.readouterr().err


def test_a_line_that_is_no_command_line_is_told(mirror, ran, capsys):
    assert kubectl.run("get 'pods", mirror) == 1
    assert "No closing quotation" in capsys.readouterr().err


def test_before_a_cluster_is_found_nothing_runs(ran, capsys, tmp_path):
    with Mirror(NAME, kubeconfig=tmp_path / "nope") as mirror:
        assert kubectl.run("get pods", mirror) == 1
    assert ran() == []
    assert "has not found a cluster" in capsys.readouterr().err


# In a notebook


@pytest.fixture(autouse=True)
def nothing_in_use(monkeypatch):
    monkeypatch.setattr(magic, "_current", None)


def test_the_magic_runs_it_for_a_mirror_in_use(server, ran, tmp_path, capsys):
    kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", server.url)
    with rollviz.mirror(NAME, kubeconfig=kubeconfig) as mirror:
        magic.use(mirror.wait(timeout=60))
        magic.kubectl_magic("", "# look\nkubectl get rs\nget pods\n")
    assert [argv[-2:] for argv in ran()] == [["get", "rs"], ["get", "pods"]]
    assert capsys.readouterr().out.count("$ kubectl get") == 2


def test_the_magic_tells_why_a_mirror_has_failed(ran, capsys):
    magic.use(rollviz.mirror("Not A Name"))
    magic.kubectl_magic("get pods")
    assert "neither the name of a Deployment" in capsys.readouterr().err


# The kubectl that Kubernetes ships, which sends no token where there is no TLS


@pytest.fixture
def secure(tmp_path, monkeypatch):
    """A server with a certificate, and a mirror of it."""
    if not REAL:
        pytest.skip("kubectl is not installed")
    monkeypatch.setenv("PATH", PLACES)
    with WatchServer(certificate=(TLS / "server.pem", TLS / "server.key")) as server:
        server.play(recording("rolling-default-5"))
        authority = {"certificate-authority": str(TLS / "ca.pem")}
        kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", server.url, **authority)
        with Mirror(NAME, kubeconfig=kubeconfig) as mirror:
            yield server, mirror.wait(timeout=60)


def test_a_real_kubectl_lists_what_the_server_has(secure, capfd):
    server, mirror = secure
    assert kubectl.run("get pods -o name", mirror) == 0
    names = sorted(name for _, name in server.objects["Pod"])
    assert sorted(capfd.readouterr().out.split()) == [f"pod/{name}" for name in names]


def test_a_real_kubectl_says_how_the_rollout_stands(secure, capfd):
    _, mirror = secure
    assert kubectl.run(f"rollout status deployment/{NAME} --timeout=20s", mirror) == 0
    assert f'deployment "{NAME}" successfully rolled out' in capfd.readouterr().out


def nobody(_):
    """Asked in vain."""
    raise EOFError


SLIPS = [
    "delete --raw /api/v1/namespaces/shop/pods/{pod} --dry-run=client",
    "create --raw /api/v1/namespaces/shop/pods -f {file} --dry-run=server",
    "replace --raw /api/v1/namespaces/shop/pods/{pod} -f {file} --dry-run=server",
    "replace --force -f {file} --dry-run=server",
    "delete pod {pod} --dry-run=client --dry_run=none",
    "delete pod {pod} --help --help=false",
    "delete pod {pod} --timeout=5s --dry-run=server --force --grace-period=0",
    "delete pod {pod} --dry-run=client --cascade -- --dry-run=none",
    "label pod {pod} a=b --dry-run=server",
    "annotate pod {pod} a=b --dry-run=client --field-manager --dry-run=none",
    "patch pod {pod} -p {{}} --dry-run=server",
    "set env deployment/{name} A=B --dry-run=server",
    "set image deployment/{name} nginx=nginx:1.29 --dry-run=server",
    "rollout undo deployment/{name} --dry-run=server",
    "rollout restart deployment/{name} --dry-run=client",
    "expose deployment/{name} --port=80 --dry-run=server",
    "run web --image=nginx --dry-run=server",
    "create deployment web --image=nginx --dry-run=server",
    "create token web --dry-run=client",
    "apply -f {file} --validate=false --dry-run=server",
    "diff -f {file}",
]


@pytest.mark.parametrize("line", SLIPS)
def test_whatever_runs_unasked_has_a_real_kubectl_change_nothing(line, secure, tmp_path, capfd):
    """Each is not run, since nobody can be asked, or asks the server to change nothing."""
    server, mirror = secure
    file = tmp_path / "pod.yaml"
    file.write_text(
        "{apiVersion: v1, kind: Pod, metadata: {name: web}, "
        "spec: {containers: [{name: web, image: nginx}]}}"
    )
    pod = next(name for _, name in server.objects["Pod"])
    kubectl.run(line.format(pod=pod, file=file, name=NAME), mirror, nobody)
    sent = [(path, options["body"]) for method, _, _, path, options in server.requests
            if method != "GET"]  # fmt: skip
    assert [path for path, body in sent if "dryRun=All" not in path and b"dryRun" not in body] == []


def test_a_real_kubectl_changes_what_it_was_told_to_after_yes(secure, somebody, capfd):
    server, mirror = secure
    name = next(name for _, name in server.objects["Pod"])
    assert kubectl.run(f"delete pod {name}", mirror, somebody("yes")) == 1
    assert "this server is only read" in capfd.readouterr().err
    assert [r[3] for r in server.requests if r[0] == "DELETE"] == [
        f"/api/v1/namespaces/shop/pods/{name}"
    ]


def test_a_notebook_that_runs_by_itself_changes_nothing(secure, tmp_path):
    """As papermill, nbconvert and nbval run one: nobody is there to be asked."""
    server, mirror = secure
    pod = next(name for _, name in server.objects["Pod"])
    target = f"{NAME!r}, kubeconfig={str(mirror.kubeconfig)!r}"
    cells = [
        f"%load_ext rollviz\nimport rollviz\n"
        f"with rollviz.use(rollviz.mirror({target})).wait() as mirror:\n"
        f"    %kubectl get pod {pod} -o name\n    %kubectl delete pod {pod}",
    ]
    notebook = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=60).execute()
    printed = "".join(output["text"] for output in notebook.cells[0].outputs)
    assert f"pod/{pod}" in printed and kubectl.UNATTENDED in printed
    assert {method for method, *_ in server.requests} == {"GET"}


def test_a_watch_that_never_ends_is_streamed_and_interrupted(secure, monkeypatch):
    _, mirror = secure
    printed = []

    class Screen:
        def write(self, text):
            printed.append(text)
            if NAME in text:
                raise KeyboardInterrupt

        def flush(self):
            pass

    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", Screen())
        kubectl.run("get pods --watch -o name", mirror)
    assert NAME in "".join(printed)
    assert not [t for t in threading.enumerate() if t.name == "rollviz-kubectl"]
