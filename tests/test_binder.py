"""Binder installs the versions of constraints.txt, and with them alone the course runs."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests import strip_notebooks
from tools import binder

ROOT = Path(__file__).parents[1]


def run(*command, env=None):
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_requirements_are_in_step_with_constraints():
    text = binder.REQUIREMENTS.read_text(encoding="utf-8")
    assert text == binder.requirements(), "run: make binder"


def names():
    return {line.partition("==")[0] for line in binder.requirements().splitlines()}


def test_everything_a_notebook_needs_is_installed():
    assert names() >= {
        ".",
        "anywidget",
        "ipykernel",
        "ipywidgets",
        "jupyterlab",
        "plotly",
        "pyyaml",
    }


def test_nothing_else_is_installed():
    assert (
        names() & {"kubernetes", "mypy", "nbval", "playwright", "pytest", "ruff", "sphinx"} == set()
    )


def test_repo2docker_takes_python_and_requirements_from_the_folder():
    repo2docker = Path(sys.executable).with_name("jupyter-repo2docker")
    dockerfile = run(repo2docker, "--no-build", "--debug", ".")
    assert 'pip install --no-cache-dir -r "binder/requirements.txt"' in dockerfile
    assert "environment.py-3.11" in dockerfile.replace("-2e", ".").replace("-2d", "-")


@pytest.mark.published
def test_course_runs_where_only_the_requirements_are_installed(tmp_path):
    first, *_, last = strip_notebooks.paths()  # the last would like the kubernetes package
    environment = tmp_path / "venv"
    run(sys.executable, "-m", "venv", environment)
    python = environment / "bin" / "python"
    run(python, "-m", "pip", "install", "--requirement", "binder/requirements.txt")
    run(python, "-m", "pip", "check")
    # Nothing of this machine's: neither its programs nor its settings.
    clean = {"PATH": f"{python.parent}:{os.defpath}", "HOME": str(tmp_path)}
    execute = (python, "-m", "nbconvert", "--to", "notebook", "--execute")
    run(*execute, "--output-dir", tmp_path, first, last, env=clean)
    done = nbformat.read(tmp_path / first.name, as_version=4)
    outputs = [output for cell in done.cells for output in cell.get("outputs", ())]
    assert any("application/vnd.jupyter.widget-view+json" in o.get("data", ()) for o in outputs)
