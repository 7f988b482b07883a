"""A Chromium, and a JupyterLab of its own with fresh settings, both started once."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from uuid import uuid4

import nbformat
import pytest
from nbformat import v4

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, COMMANDS)), None)
MISSING = (
    "no Chromium found: install it (Debian, Ubuntu: apt-get install chromium)"
    " or set CHROMIUM to a browser's path"
)
ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "browser"
FLAGS = (
    "--no-sandbox --headless=new --disable-gpu --disable-background-networking"
    " --disable-component-update --disable-sync --no-first-run"
)
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
QUIET = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}
PATIENCE = 60
SIZE = {"width": 1280, "height": 800}


def pytest_addoption(parser):
    parser.addoption(
        "--approve", action="store_true", help="take how the widgets look now for how they should"
    )


def pytest_runtest_setup():
    # Here and not in the fixture, so that pytest folds the skips of all tests into one line.
    if not CHROMIUM and os.environ.get("CI"):
        pytest.fail(MISSING, pytrace=False)
    if not CHROMIUM:
        pytest.skip(MISSING)


@pytest.fixture(scope="session")
def chromium():
    """Path of the Chromium to drive."""
    return CHROMIUM


@pytest.fixture(scope="session")
def browser(chromium):
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=[*FLAGS.split(), OFFLINE]
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """A page on which nothing takes time to move; anything amiss in its console fails the test."""
    context = browser.new_context(viewport=SIZE, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    complaints = listen(page)
    yield page
    context.close()
    assert complaints == []


def listen(page):
    """What the page complains of, from now on."""
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    return complaints


@dataclass
class Lab:
    """A running JupyterLab."""

    folder: Path
    settings: Path
    url: str
    token: str

    def run(self, page, *cells, dark=False):
        """Open a new notebook of these code cells, and run them all; gives its name."""
        name = f"{uuid4()}.ipynb"
        write(self.folder / name, *cells)
        theme = {"theme": "JupyterLab Dark" if dark else "JupyterLab Light"}
        (self.settings / "themes.jupyterlab-settings").write_text(json.dumps(theme), "utf-8")
        self.open(page, name)
        choose(page, "Run", "Run All Cells")
        return name

    def open(self, page, name):
        """Open a notebook that is there, and wait for its kernel."""
        page.goto(f"{self.url}/doc/tree/{name}?token={self.token}&reset")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        page.wait_for_function(
            "() => document.querySelector('.jp-Notebook-ExecutionIndicator[data-status=idle]')"
            " && document.querySelector('.jp-KernelName')?.textContent.trim() !== 'No Kernel'"
        )
        wait_until(lambda: self.kernel_is_idle(name), "an idle kernel")

    def kernel_is_idle(self, name):
        return any(
            session["path"] == name
            and session["kernel"]["execution_state"] == "idle"
            and session["kernel"]["connections"] >= 1
            for session in self.ask("/api/sessions")
        )

    def ask(self, path):
        with urllib.request.urlopen(f"{self.url}{path}?token={self.token}") as answer:
            return json.load(answer)


def write(path, *cells):
    notebook = v4.new_notebook(
        cells=[v4.new_code_cell(cell) for cell in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, path)


def choose(page, *words):
    """Choose something from the menu bar."""
    for word in words:
        page.get_by_role("menuitem", name=word, exact=True).click()


def wait_until(holds, what):
    end = monotonic() + PATIENCE
    while not holds():
        assert monotonic() < end, f"waited {PATIENCE} s for {what}"


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@contextlib.contextmanager
def running_lab(home):
    """A JupyterLab that knows nothing of this machine's settings."""
    folders = {
        f"{name}_DIR": home / name.lower()
        for name in ("JUPYTER_CONFIG", "JUPYTER_DATA", "JUPYTER_RUNTIME")
    }
    folders |= {
        f"JUPYTERLAB_{name}_DIR": home / name.lower() for name in ("SETTINGS", "WORKSPACES")
    }
    folders |= {"IPYTHONDIR": home / "ipython"}
    quiet = folders["JUPYTERLAB_SETTINGS_DIR"] / "@jupyterlab" / "apputils-extension"
    for folder in (quiet, home / "notebooks"):
        folder.mkdir(parents=True)
    settings = json.dumps(QUIET)
    (quiet / "notification.jupyterlab-settings").write_text(settings, encoding="utf-8")
    port, token = free_port(), "rollviz"
    command = [
        *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ip=127.0.0.1"),
        *(f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"),
        *("--allow-root", f"--ServerApp.root_dir={home / 'notebooks'}"),
    ]
    with (home / "log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(
            command,
            env=os.environ | {k: str(v) for k, v in folders.items()},
            stdout=log,
            stderr=log,
        )
    lab = Lab(home / "notebooks", quiet, f"http://127.0.0.1:{port}", token)
    try:
        wait_until(lambda: answers(lab), "JupyterLab")
        yield lab
    finally:
        server.terminate()
        server.wait()


def answers(lab):
    with contextlib.suppress(OSError):
        return lab.ask("/api/status")
    return False


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
