"""Build the course as a web page that needs no server: `make site`.

build/site is a JupyterLite: JupyterLab and a Python (Pyodide) that run in the browser. All it
needs is inside, rollviz's own dependencies too, as installed in .venv and so at the versions of
constraints.txt. They are repacked as wheels for Pyodide: only Python files, no compiled ones.
jupyterlite-pyodide-kernel says which Pyodide it goes with, and that which micropip.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Iterator
from email.parser import HeaderParser
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from packaging.utils import canonicalize_name

from tools.closure import closure

ROOT = Path(__file__).parents[1]
SITE = ROOT / "build" / "site"
WORK = ROOT / "build" / "lite"
STAGE = WORK / "stage"  # what JupyterLite builds from
PYODIDE = STAGE / "static" / "pyodide"
BUILDER = WORK / "venv"  # where JupyterLite itself is installed

NOTEBOOKS = ROOT / "notebooks"
START = "lab/index.html?path=notebooks/00_start_here.ipynb"
KERNEL = "@jupyterlite/pyodide-kernel-extension"
BROWSER = {"sys_platform": "emscripten", "platform_system": "Emscripten", "python_version": "3.14"}
NOT_IN_A_BROWSER = frozenset({"jupyterlab", "jupyterlab-widgets", "widgetsnbextension"})
"""The page is JupyterLab already, and has the widgets' JavaScript as extensions."""


def main() -> None:
    """Build it from nothing, but for what was downloaded before."""
    shutil.rmtree(SITE, ignore_errors=True)
    shutil.rmtree(STAGE, ignore_errors=True)
    install_builder()
    lock = unpack_pyodide()
    wheels = [*kernel_wheels(), micropip(lock), own_wheel(), *dependency_wheels()]
    write_lock(lock, wheels)
    write_settings(lock)
    shutil.copytree(NOTEBOOKS, STAGE / "files" / "notebooks")
    build()
    write_front_page()
    print(f"built {SITE.relative_to(ROOT)}: {size_of(SITE) / 1e6:.0f} MB")


def size_of(folder: Path) -> int:
    """Bytes of all its files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def run(*command: object, cwd: Path = ROOT) -> str:
    """What a command prints; its failure ends the build, and says why."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        sys.exit(f"{words[0]} is not installed: install it (Debian, Ubuntu: apt-get install npm)")
    if done.returncode:
        sys.exit(f"{' '.join(words)}: failed\n{done.stdout}{done.stderr}")
    return done.stdout


def pip(*arguments: object) -> None:
    """Run .venv's pip."""
    run(sys.executable, "-m", "pip", *arguments, "--quiet", "--disable-pip-version-check")


def install_builder() -> None:
    """JupyterLite in an environment of its own."""
    python = BUILDER / "bin" / "python"
    if not python.exists():
        run(sys.executable, "-m", "venv", "--without-pip", BUILDER)
    pip("--python", python, "install", "--constraint", "constraints.txt", "--group", "lite")


def unpack_pyodide() -> dict[str, Any]:
    """Put Pyodide's core, an npm package, into the site, and give its list of packages."""
    constants = "from jupyterlite_pyodide_kernel import constants; print(constants.PYODIDE_VERSION)"
    version = run(BUILDER / "bin" / "python", "-c", constants).strip()
    tarball = WORK / f"pyodide-{version}.tgz"
    if not tarball.exists():
        run("npm", "pack", "--silent", "--pack-destination", WORK, f"pyodide@{version}")
    PYODIDE.mkdir(parents=True)
    with tarfile.open(tarball) as package:
        for name in ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"):
            (PYODIDE / name).write_bytes(read_member(package, name))
        lock: dict[str, Any] = json.loads(read_member(package, "pyodide-lock.json"))
    return lock


def read_member(package: tarfile.TarFile, name: str) -> bytes:
    """A file of an npm package."""
    member = package.extractfile(f"package/{name}")
    assert member is not None, f"no {name} in it"
    return member.read()


def kernel_wheels() -> Iterator[Path]:
    """The kernel's own packages, which its extension for JupyterLab brings along."""
    folder = BUILDER / "share" / "jupyter" / "labextensions" / KERNEL / "static" / "pypi"
    for wheel in sorted(folder.glob("*.whl")):
        if not wheel.name.startswith("widgetsnbextension"):
            yield Path(shutil.copy(wheel, PYODIDE))


def micropip(lock: dict[str, Any]) -> Path:
    """The installer that the kernel asks for, in the version that Pyodide lists."""
    wanted = f"micropip=={lock['packages']['micropip']['version']}"
    python = ("--no-deps", "--only-binary", ":all:", "--python-version", BROWSER["python_version"])
    pip("download", wanted, *python, "--dest", PYODIDE)
    (wheel,) = PYODIDE.glob("micropip-*.whl")
    return wheel


def own_wheel() -> Path:
    """Rollviz as it is now."""
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", PYODIDE, ".")
    (wheel,) = PYODIDE.glob("rollviz-*.whl")
    return wheel


def dependency_wheels() -> Iterator[Path]:
    """What rollviz needs in a browser; with it comes all that the kernel and micropip need."""
    for name, dist in closure("rollviz", BROWSER, NOT_IN_A_BROWSER).items():
        if name != "rollviz":
            yield repack(dist)


def repack(dist: Distribution) -> Path:
    """An installed distribution as a wheel of its Python and data files."""
    name = canonicalize_name(dist.name).replace("-", "_")
    path = PYODIDE / f"{name}-{dist.version}-py3-none-any.whl"
    with ZipFile(path, "w", ZIP_DEFLATED) as wheel:
        for file in sorted(dist.files or ()):
            if ".." not in file.parts and file.suffix not in {".pyc", ".so"}:
                wheel.writestr(zip_entry(str(file)), file.read_binary(), ZIP_DEFLATED)
    return path


def zip_entry(name: str) -> ZipInfo:
    """Always of the same time, for wheels that are the same every time."""
    return ZipInfo(name, (1980, 1, 1, 0, 0, 0))


def write_lock(lock: dict[str, Any], wheels: Iterable[Path]) -> None:
    """List our wheels in place of the packages that Pyodide would fetch from elsewhere."""
    lock["packages"] = {entry["name"]: entry for entry in map(lock_entry, wheels)}
    (PYODIDE / "pyodide-lock.json").write_text(json.dumps(lock, indent=1), encoding="utf-8")


def lock_entry(wheel: Path) -> dict[str, Any]:
    """A wheel as Pyodide's list has it; all are loaded, so none needs to say what it imports."""
    with ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = HeaderParser().parsestr(archive.read(name).decode())
    return {
        "name": canonicalize_name(metadata["Name"]),
        "version": metadata["Version"],
        "file_name": wheel.name,
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "package_type": "package",
        "install_dir": "site",
        "imports": [],
        "depends": [],
    }


def write_settings(lock: dict[str, Any]) -> None:
    """Have the kernel load every package as it starts, so that ``import rollviz`` just works."""
    kernel = {
        "disablePyPIFallback": True,
        "loadPyodideOptions": {
            "packages": list(lock["packages"]),
            "env": {"PLOTLY_RENDERER": "plotly_mimetype"},  # plotly would add itself, 5 MB
        },
    }
    config = {"appName": "rollviz", "litePluginSettings": {f"{KERNEL}:kernel": kernel}}
    write_json(
        STAGE / "jupyter-lite.json",
        {"jupyter-lite-schema-version": 0, "jupyter-config-data": config},
    )


def write_json(path: Path, data: dict[str, Any]) -> None:
    """One of JupyterLite's settings files."""
    path.write_text(json.dumps(data, indent=2), encoding="utf-8")


def build() -> None:
    """Run JupyterLite on what is staged."""
    write_json(
        STAGE / "jupyter_lite_config.json",
        {
            "LiteBuildConfig": {
                "apps": ["lab"],
                "contents": ["files"],
                "no_sourcemaps": True,
                "output_dir": str(SITE),
            }
        },
    )
    for step in ("build", "check"):
        run(BUILDER / "bin" / "jupyter-lite", step, cwd=STAGE)


def write_front_page() -> None:
    """Lead from the site's address to the first notebook; JupyterLite reads the script element."""
    (SITE / "index.html").write_text(
        f"""<!doctype html>
<meta charset="utf-8">
<title>rollviz</title>
<link rel="icon" href="lab/favicon.ico">
<meta http-equiv="refresh" content="0; url={START}">
<script id="jupyter-config-data" type="application/json" data-jupyter-lite-root=".">{{}}</script>
<p><a href="{START}">Open the course</a></p>
""",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
