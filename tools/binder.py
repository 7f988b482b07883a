"""Write binder/requirements.txt, what Binder installs: `make binder`.

It has what rollviz needs to run at the versions of constraints.txt, and no tool of ours. Not
``rollviz[live]`` either: nobody's cluster can be reached from Binder.
"""

from pathlib import Path

from packaging.utils import canonicalize_name

from tools.closure import closure

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT / "binder" / "requirements.txt"
BINDER = {"python_version": "3.11", "python_full_version": "3.11.9", "sys_platform": "linux"}
"""Binder's Python, as binder/runtime.txt asks for it."""


def requirements() -> str:
    """What binder/requirements.txt should hold."""
    names = closure("rollviz", BINDER)
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    needed = [pin for pin in pins if canonicalize_name(pin.partition("==")[0]) in names]
    return "\n".join(["# made by: make binder", *needed, ".", ""])


if __name__ == "__main__":
    REQUIREMENTS.write_text(requirements(), encoding="utf-8")
