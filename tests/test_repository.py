"""What holds for the repository as a whole."""

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
SCRIPT = Path(sys.executable).with_name("rollviz")

# In two parts each, so that this file passes its own test.
REGISTRIES = [
    a + b
    for a, b in [
        ("pypi", ".org"),
        ("pythonhosted", ".org"),
        ("npmjs", ".org"),
        ("npmjs", ".com"),
        ("yarnpkg", ".com"),
        ("deb.", "debian.org"),
    ]
]
MACHINE_PATHS = ["/wor" + "k/", "/roo" + "t/"]


def run(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def committed_texts():
    for name in run("git", "ls-files", "-z").split("\0")[:-1]:
        path = ROOT / name
        if path.is_file() and b"\0" not in (data := path.read_bytes()):
            yield name, data.decode("utf-8")


def pins():
    return (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()


def test_constraints_are_names_and_versions_only():
    assert [pin for pin in pins() if not re.fullmatch(r"[a-z0-9-]+==[\w.+!]+", pin)] == []


def test_every_dependency_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    required = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *(r for extra in project["project"]["optional-dependencies"].values() for r in extra),
        *(r for g in project["dependency-groups"].values() for r in g if isinstance(r, str)),
    ]
    names = {re.split(r"[^\w.-]", requirement)[0].lower() for requirement in required}
    assert names - {pin.partition("==")[0] for pin in pins()} == set(), "run: make pins"


@pytest.mark.parametrize("needle", [*REGISTRIES, *MACHINE_PATHS])
def test_no_committed_file_names_a_registry_or_a_machine_path(needle):
    assert [name for name, text in committed_texts() if needle in text] == []


def test_pages_are_what_make_site_builds_with_actions_of_one_version_each():
    text = (ROOT / ".github" / "workflows" / "pages.yml").read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"]["site"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == ["make site"]
    actions = [step["uses"] for step in steps if "uses" in step]
    assert [a for a in actions if not re.fullmatch(r"actions/[a-z-]+@v\d+\.\d+\.\d+", a)] == []


def test_import_leaves_the_heavy_packages_alone():
    code = "import sys, rollviz; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = set(run(sys.executable, "-c", code).split())
    assert "rollviz" in loaded
    assert loaded & {"anywidget", "ipywidgets", "kubernetes", "plotly"} == set()


def test_a_public_name_stays_what_it_is_when_the_module_of_that_name_is_imported():
    code = (
        "import rollviz, rollviz.metrics; rollviz.most_pods; print(type(rollviz.metrics).__name__)"
    )
    assert run(sys.executable, "-c", code).strip() == "function"


def test_module_and_script_are_the_same_command():
    version = run(sys.executable, "-m", "rollviz", "--version")
    assert version == run(SCRIPT, "--version")
    assert metadata.version("rollviz") in version
