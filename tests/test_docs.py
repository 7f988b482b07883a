"""What the pages say is so: their code runs, and prints what stands below it.

A page may hold these blocks, each run in the order of the page, in a folder of its own:

- ``yaml`` that begins with ``# NAME``: that file;
- ``python``: code; a ``text`` block right after it is what it shows, or the error it ends with;
- ``console``: ``$ COMMAND`` lines and what each prints;
- ``sh``: commands that have to succeed.

Three dots in what is shown stand for anything. Blocks of no language are not run: what needs a
cluster of one's own. `make docs` checks that the links of the reference lead somewhere.
"""

import ast
import contextlib
import doctest
import io
import json
import os
import re
import subprocess
import sys
from importlib import import_module
from itertools import zip_longest
from pathlib import Path

import pytest

import rollviz
from rollviz import kubectl
from rollviz.live import LiveError, Mirror
from rollviz.live.connect import connect
from rollviz.live.errors import Refused
from rollviz.magic import NO_CLUSTER
from rollviz.predict import Score
from rollviz.simulator import Cluster
from rollviz.widgets.mirror import _running as RUNNING
from tests.browser.conftest import MISSING
from tests.kubeconfig import write_kubeconfig
from tests.recorded import recording
from tests.watch_server import WatchServer
from tools import pictures, site

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TLS = ROOT / "tests" / "data" / "tls"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$(\s*)", re.MULTILINE | re.DOTALL)
NO_PLUGIN = {
    "exec": {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "no-such-plugin",
        "interactiveMode": "Never",
    }
}
SAME = doctest.OutputChecker().check_output
TABLE = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)


def blocks(page):
    """A page's blocks, each (language, text, the ``text`` block right after it or None)."""
    found = list(BLOCK.finditer(page.read_text(encoding="utf-8")))
    for block, following in zip_longest(found, found[1:]):
        near = following and following.start() == block.end() and following[1] == "text"
        yield block[1], block[2], following[2] if near else None


def shown_by(code, names):
    """What a notebook shows of code: what it prints, its last value, or its error."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            exec(compile(tree, "<page>", "exec"), names)
            value = eval(ast.unparse(last), names) if last else None
        except Exception as error:
            return f"{printed.getvalue()}{type(error).__name__}: {error}\n", error
    return printed.getvalue() + (f"{value!r}\n" if value is not None else ""), None


def console(text):
    """``$ COMMAND`` lines, each with what is printed below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed


def shell(command):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-ec", command],
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def assert_shown(wanted, got):
    same = SAME(wanted.strip(), got.strip(), doctest.ELLIPSIS)
    assert same, f"the page has\n{wanted}\nand it is\n{got}"


def write_files(page):
    for language, text, _ in blocks(page):
        if language == "yaml" and (name := re.match(r"# (\S+)\n", text)):
            Path(name[1]).write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to be in, but for the course and the manifest that all pages use."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(import_module("rollviz.predict"), "_SCORE", Score())
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    write_files(DOCS / "your-own.md")
    return tmp_path


@pytest.fixture
def cluster(folder, monkeypatch):
    """What the page about live clusters is about: a Deployment ``web`` in the namespace shop."""
    rows = json.dumps(recording("rolling-one-replica")).replace("myapp-deployment", "web")
    with WatchServer() as server:
        server.play(json.loads(rows))
        monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(folder / "config", server.url)))
        yield server


def run(page):
    names = {}
    write_files(page)
    for language, text, wanted in blocks(page):
        if language == "python":
            got, error = shown_by(text, names)
            assert error is None or wanted is not None, got
            if wanted is not None:
                assert_shown(wanted, got)
        elif language == "console":
            for command, printed in console(text):
                assert_shown(printed, shell(command).stdout)
        elif language == "sh":
            done = shell(text)
            assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_shows_is_what_happens(page, folder, request):
    if page.stem == "live":
        request.getfixturevalue("cluster")
    try:
        run(page)
    finally:
        for mirror in RUNNING.values():
            mirror.stop()


# --- messages that a page quotes ----------------------------------------------------------------


def quoted(page, heading):
    """What the table below a heading says that it says."""
    section = (DOCS / page).read_text(encoding="utf-8").split(f"## {heading}\n")[1]
    found = TABLE.findall(section.split("\n## ")[0])
    assert found
    return found


def test_messages_of_setting_up_are_those_of_make_and_its_tools(monkeypatch):
    setup = ("make", "--always-make", "setup", "PYTHON=false")
    plain = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}
    old = subprocess.run(setup, cwd=ROOT, env=plain, capture_output=True, text=True, check=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit) as no_npm:
        site.run("npm", "pack")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    printed = f"{old.stderr} {MISSING} {no_npm.value} {makefile}"
    assert [
        words for words in quoted("troubleshooting.md", "Setting up") if words not in printed
    ] == []


def test_messages_of_the_live_mirror_are_those_it_prints(cluster, folder, monkeypatch):
    quick = {"patience": 0.05, "backoff": (0.01, 0.02)}

    def message(url=cluster.url, user=None, **options):
        config = write_kubeconfig(folder / "config", url, user=user, **options)
        with Mirror("web", kubeconfig=config, **quick) as mirror:
            with contextlib.suppress(LiveError):
                mirror.wait(lambda mirror: mirror.message, timeout=60)
            return mirror.message

    printed = [message("http://127.0.0.1:1"), message(user=NO_PLUGIN)]
    with WatchServer(certificate=(TLS / "server.pem", TLS / "server.key")) as unknown:
        other = {"certificate-authority": str(TLS / "other-ca.pem")}
        printed.append(message(unknown.url, **other))
    with WatchServer() as empty:
        printed.append(message(empty.url))
    cluster.rules = []
    printed.append(message())
    cluster.token = "another"
    printed.append(message())
    monkeypatch.delenv("KUBECONFIG")
    with pytest.raises(Refused) as nowhere:
        connect()
    printed.append(str(nowhere.value))
    monkeypatch.setitem(sys.modules, "kubernetes", None)
    printed.append(message())
    wanted = quoted("live.md", "When it does not work")
    for words in (*wanted, *quoted("troubleshooting.md", "A live cluster")):
        begins = re.escape(words).replace(re.escape("..."), ".*")
        assert any(re.match(begins, line) for line in printed), (words, printed)


def test_words_of_jupyterlab_and_of_the_magic_are_theirs():
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    widgets = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "@jupyter-widgets"
    scripts = (path.read_text(encoding="utf-8") for path in widgets.rglob("*.js"))
    for words, told in {
        "Error displaying widget: model not found": "".join(scripts),
        "no cluster is in use": NO_CLUSTER,
    }.items():
        assert f"`{words}`" in page
        assert words in told


# --- pictures, reference, badge -----------------------------------------------------------------


def test_the_film_is_what_the_player_draws_today(tmp_path):
    pictures.draw(tmp_path / "film.svg")
    assert (tmp_path / "film.svg").read_text() == pictures.FILM.read_text(), "run: make pictures"


def test_every_public_name_is_in_the_reference():
    text = (DOCS / "reference.md").read_text(encoding="utf-8")
    listed = re.findall(r"^(?: +~rollviz[\w.]*\.|\.\. autodata:: )(\w+)$", text, re.MULTILINE)
    assert sorted(listed) == sorted(set(rollviz.__all__) - {"__version__"})


def test_the_badge_opens_the_course_where_binder_has_it():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (link,) = re.findall(r"\(https://mybinder\.org/v2/gh/[\w-]+/[\w-]+/main\?urlpath=(.*?)\)", text)
    assert (ROOT / link.removeprefix("lab/tree/")).is_file()
    assert link == "lab/tree/notebooks/00_start_here.ipynb"


def test_every_command_on_the_card_runs(folder):
    card = (DOCS / "command-card.md").read_text(encoding="utf-8")
    lines = [line for line in TABLE.findall(card) if line.startswith("kubectl ")]
    manifest = "notebooks/manifests/deployment-definition.yml"
    first, *others = [line.replace("deployment-definition.yml", manifest) for line in lines]
    cluster = Cluster()
    for line in (first, *others):
        assert kubectl.run(line.removeprefix("kubectl "), cluster).exit_code == 0, line
        cluster.run_for(30)
    assert len(others) > 10
