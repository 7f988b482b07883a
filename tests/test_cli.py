"""The ``rollviz`` command: exit codes, and one line for everything that is wrong."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rollviz.cli import main

DATA = Path(__file__).parent / "data"
RECORDED = json.loads((DATA / "manifests.json").read_text())["manifests"]
TRACE = DATA / "traces" / "recreate-5.json"
GOOD = json.dumps(RECORDED["surge-0-only"]["manifest"])
SERVICE = json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}})


def rollviz(
    *args: str, text: str = "", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command as a shell would."""
    command = [sys.executable, "-m", "rollviz", *args]
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    return subprocess.run(
        command, input=text, capture_output=True, text=True, cwd=cwd, env=environment, timeout=60
    )


def test_the_version_is_the_packages() -> None:
    from importlib.metadata import version

    assert rollviz("--version").stdout == f"rollviz {version('rollviz')}\n"


def test_the_installed_command_is_the_same() -> None:
    installed = Path(sys.executable).with_name("rollviz")
    command = subprocess.run([installed, "--help"], capture_output=True, text=True, check=True)
    assert command.stdout == rollviz("--help").stdout


def test_asking_for_the_version_loads_nothing_large() -> None:
    code = "import sys; sys.argv = ['rollviz', '--version']; from rollviz.cli import main\n"
    code += "try: main()\nexcept SystemExit: pass\n"
    code += (
        "print({'yaml', 'plotly', 'ipywidgets', 'kubernetes', 'rollviz.manifest'} & {*sys.modules})"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "set()"


@pytest.mark.parametrize("args", [[], ["check"], ["run"], ["chek", "x"], ["check", "--nope", "x"]])
def test_a_wrong_command_line_is_2(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(args)
    assert caught.value.code == 2
    assert "usage: rollviz" in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["check"], ["run"]])
def test_help_has_examples(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])
    assert caught.value.code == 0
    assert "examples:\n  rollviz " in capsys.readouterr().out


# --- check --------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", RECORDED)
def test_check_agrees_with_kubectl(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "deployment.yaml"
    file.write_text(json.dumps(RECORDED[case]["manifest"]))
    code = main(["check", str(file)])
    out, err = capsys.readouterr()
    assert code == RECORDED[case]["kubectl"]["exit_code"]
    if not code:
        assert (out, err) == (f"{file}: deployment/web: accepted\n", "")
        return
    lines = err.splitlines()
    assert out == ""
    assert all(line.startswith(f"rollviz: {file}: ") for line in lines)
    causes = RECORDED[case]["api"].get("details", {}).get("causes", [])
    for cause, line in zip(causes, lines, strict=bool(causes)):
        assert f"{cause['field']}: {cause['message']}" in line


def test_check_looks_at_every_document(tmp_path: Path) -> None:
    bad = GOOD.replace('"replicas": 2', '"replicas": -1')
    file = tmp_path / "all.yaml"
    file.write_text("\n---\n".join([SERVICE, GOOD, bad, "kind: Deployment"]))
    ran = rollviz("check", "all.yaml", cwd=tmp_path)
    assert ran.returncode == 1
    assert ran.stdout.splitlines() == [
        "all.yaml: document 1: service/web: not a Deployment, not checked",
        "all.yaml: document 2: deployment/web: accepted",
    ]
    assert ran.stderr.splitlines() == [
        "rollviz: all.yaml: document 3: spec.replicas: Invalid value: -1: "
        "must be greater than or equal to 0",
        "rollviz: all.yaml: document 4: apiVersion: apiVersion not set: "
        'write "apiVersion: apps/v1" and "kind: Deployment"',
    ]


def test_check_goes_on_after_a_bad_file(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "latin.yaml").write_bytes("name: é".encode("latin-1"))
    (tmp_path / "folder").mkdir()
    ran = rollviz("check", "nope.yaml", "latin.yaml", "folder", "good.yaml", cwd=tmp_path)
    assert ran.returncode == 1
    assert ran.stdout == "good.yaml: deployment/web: accepted\n"
    assert ran.stderr.splitlines() == [
        "rollviz: nope.yaml: no such file: check the name",
        "rollviz: latin.yaml: not text in UTF-8 (byte 6): save it as UTF-8",
        "rollviz: folder: a directory, not a file: name the files in it",
    ]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (GOOD, 0, "-: deployment/web: accepted"),
        ("", 1, "rollviz: -: the file is empty: write a Deployment into it"),
        (SERVICE, 0, "-: service/web: not a Deployment, not checked"),
        ("word", 1, "rollviz: -: invalid object to validate: a manifest is a mapping with "),
    ],
    ids=["good", "empty", "service", "word"],
)
def test_check_reads_standard_input(text: str, code: int, words: str) -> None:
    ran = rollviz("check", "-", text=text)
    assert ran.returncode == code
    assert (ran.stderr if code else ran.stdout).startswith(words)


def test_warnings_do_not_refuse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "d.yaml"
    file.write_text(GOOD.replace('"name": "web"', '"name": "web.a"'))
    assert main(["check", str(file)]) == 0
    out, err = capsys.readouterr()
    assert out == f"{file}: deployment/web.a: accepted\n"
    assert err.startswith(f"rollviz: {file}: warning: metadata.name: this is used in Pod names")


def test_what_a_file_says_cannot_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "d.yaml"
    file.write_text('apiVersion: apps/v1\nkind: "Deploy\\e[31m\\nment"\n')
    assert main(["check", str(file)]) == 1
    err = capsys.readouterr().err
    assert r"Deploy\x1b[31m\nment" in err
    assert err.count("\n") == 1


# --- run ----------------------------------------------------------------------------------------


def test_run_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(TRACE)]) == 0
    out, err = capsys.readouterr()
    head, *lines = out.splitlines()
    assert head.split() == ["seconds", "pods", "ready", "available", "ending"]
    words = [line[41:] for line in lines]
    assert words[0] == "$ kubectl apply -f deployment.yaml"
    assert "ReplicaSet 2 (revision 2, nginx:1.28): 0 -> 5" in words
    assert words[-1] == "Progressing=True: NewReplicaSetAvailable"
    assert err == ""


def test_run_prints_the_rows_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(TRACE), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    recorded = json.loads(TRACE.read_text())["recorded"]["scaling"]
    kept = ("replicaSet", "from", "to", "revision")
    assert [{k: row.get(k) for k in kept} for row in rows["scaling"]] == [
        {k: row.get(k) for k in kept} for row in recorded
    ]
    assert rows.keys() == {"commands", "scaling", "status", "events", "pods", "final"}


def test_run_writes_a_page_and_overwrites_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "rollout.html"
    assert main(["run", str(TRACE), "--html", str(page)]) == 0
    assert page.read_text().lower().startswith("<!doctype html>")
    capsys.readouterr()
    assert main(["run", str(TRACE), "--html", str(page)]) == 1
    words = f"rollviz: {page}: --html: there is such a file already: name another, or remove it\n"
    assert capsys.readouterr().err == words
    assert main(["run", str(TRACE), "--html", str(tmp_path / "no" / "r.html")]) == 1
    assert "--html: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "scenario: must be a mapping"),
        ("a: [", "not YAML or JSON"),
        ("manifest: nope.yaml\n", "manifest: {tmp_path}/nope.yaml: no such file"),
        ("manifest: {kind: Deployment}\n", "apiVersion: apiVersion not set"),
        (f"manifest: {GOOD}\nstep: []\n", "step: unknown: known are"),
        (f"manifest: {GOOD.replace('web', 'Web')}\n", "line 1: manifest: metadata.name: Invalid"),
        (f"manifest: {GOOD}\nsteps: [{{run: ' '}}]\n", "line 2: steps[0].run: ' ': must be"),
        (f"manifest: {GOOD}\nsteps: [{{run: 'kubectl get \"a'}}]\n", "a quote in it is not closed"),
        (f"manifest: {GOOD}\nsteps: [{{fail_node: a}}]\n", 'steps[0].fail_node: nodes "a" not'),
        (f"manifest: {GOOD}\ncluster: {{nodes: 9999}}\n", "line 2: cluster.nodes: 9999: must be"),
        (f"manifest: {GOOD}\nuntil: quiet {'9' * 400}\n", "line 2: until: 'quiet 999"),
        (
            f"manifest: {GOOD}\nseed: {'9' * 5000}\n",
            "line 2: seed: '999999999999...9999999999999': must be a whole number",
        ),
        (f"manifest: {'a' * 5000}\n", "file name too long"),
        ("manifest: &m {kind: Deployment, spec: *m}\n", "anchor 'm' value contains itself"),
    ],
    ids=[
        *("empty", "syntax", "no file", "no kind", "unknown", "refused manifest", "no command"),
        *("open quote", "no such node", "nodes", "quiet", "huge number", "long name", "alias"),
    ],
)
def test_a_wrong_scenario_is_one_line(
    text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(text)
    assert main(["run", str(file)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"rollviz: {file}: ")
    assert words.replace("{tmp_path}", str(tmp_path)) in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        (
            "- {run: kubectl get pods, after: complete}\n",
            "line 6: steps[2].after: complete: can never",
        ),
        ("- fail_node: node-9\n", 'line 6: steps[2].fail_node: nodes "node-9" not found'),
        ("until: complete\n", "line 6: until: complete: not within 3600 virtual seconds"),
    ],
    ids=["a wait in vain", "no such node", "no end"],
)
def test_what_goes_wrong_while_it_is_played_is_named_with_its_line(
    rest: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(
        f"manifest: {GOOD}\n"
        "pods: {images: {'nginx:2': NeverReady}}\n"
        "steps:\n"
        "- run: kubectl apply -f web.yaml\n"
        "- {run: kubectl set image deployment/web nginx=nginx:2, after: complete}\n"
        f"{rest}"
    )
    assert main(["run", str(file)]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"rollviz: {file}: {words}")
    assert err.count("\n") == 1


def test_a_missing_scenario_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "nope.yaml"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("rollviz: nope.yaml: ")
    assert err.count("\n") == 1


def test_what_never_completes_says_what_it_waits_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "scenario.yaml"
    images = {"nginx:1.27": "ImagePullBackOff"}
    scenario = {"manifest": json.loads(GOOD), "pods": {"images": images}, "until": "complete"}
    file.write_text(json.dumps(scenario))
    assert main(["run", str(file)]) == 1
    out, err = capsys.readouterr()
    assert "Progressing=False: ProgressDeadlineExceeded" in out
    assert err.startswith(f"rollviz: {file}: line 1: until: complete: not within 3600 ")
    assert "2 ImagePullBackOff" in err


# --- signals ------------------------------------------------------------------------------------


def test_a_closed_pipe_is_quiet() -> None:
    command = [sys.executable, "-m", "rollviz", "run", str(TRACE), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full device")
@pytest.mark.parametrize("args", [("run", str(TRACE), "--json"), ("run", str(TRACE))])
def test_what_cannot_be_printed_is_one_line(args: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "rollviz", *args]
    with open("/dev/full", "w") as full:
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert ran.returncode == 1
    assert ran.stderr == (
        "rollviz: standard output: No space left on device: send it somewhere else\n"
    )


def test_standard_output_may_be_closed(tmp_path: Path) -> None:
    (tmp_path / "deployment.yaml").write_text(GOOD)
    shell = f"{sys.executable} -m rollviz check deployment.yaml >&-"
    ran = subprocess.run(["sh", "-c", shell], stderr=subprocess.PIPE, cwd=tmp_path, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_ctrl_c_is_quiet(tmp_path: Path) -> None:
    fifo = tmp_path / "deployment.yaml"
    os.mkfifo(fifo)
    command = [sys.executable, "-m", "rollviz", "check", str(fifo)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        with fifo.open("w"):  # waits until the command has opened it, too
            process.send_signal(signal.SIGINT)
            # Python hears a signal that comes just before it blocks only with the next one.
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
        assert process.stdout and process.stderr
        assert process.stdout.read() + process.stderr.read() == b""
