"""Strip notebooks of what git should not hold: `make strip`.

A cell's output stays when all of it is text: readers without a kernel see it, and nbval compares
it with a fresh run. It starts folded, and running the cell unfolds it: whoever goes through the
notebook would else read there what a question above it asks. Standard error is text only in a cell
that runs kubectl; elsewhere it holds warnings, which name paths of the machine. The cell's
execution count is then its place, because nbval takes a cell without one as never run. Every other
cell keeps neither. Text that came in pieces is put together.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).parents[1]
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
KUBECTL = re.compile(r"^\s*%%?kubectl", re.MULTILINE)
KUBECTL_STREAMS = {"stdout", "stderr"}
CELL_METADATA = {"jupyter", "tags"}  # jupyter: what starts folded, a solution or an output


def paths() -> list[Path]:
    return sorted(ROOT.glob("notebooks/*.ipynb"))


def strip(notebook: Any) -> None:
    """Strip a notebook in place."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = {k: v for k, v in cell.metadata.items() if k in CELL_METADATA and v}
    for place, cell in enumerate((c for c in notebook.cells if c.cell_type == "code"), start=1):
        streams = KUBECTL_STREAMS if KUBECTL.search(cell.source) else {"stdout"}
        keep = bool(cell.outputs) and all(is_text(output, streams) for output in cell.outputs)
        cell.outputs = joined(cell.outputs) if keep else []
        cell.execution_count = place if keep else None
        folded = {**cell.metadata.get("jupyter", {}), "outputs_hidden": keep}
        cell.metadata.jupyter = {what: True for what in sorted(folded) if folded[what]}
        if not cell.metadata.jupyter:
            del cell.metadata["jupyter"]
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = place


def is_text(output: Any, streams: set[str]) -> bool:
    if output.output_type == "stream":
        return output.name in streams
    return output.output_type == "execute_result" and set(output.data) == {"text/plain"}


def joined(outputs: Iterable[Any]) -> list[Any]:
    """The outputs, with pieces of one stream that follow each other as one."""
    whole: list[Any] = []
    for output in outputs:
        before = whole[-1] if whole else output
        if whole and output.output_type == "stream" and before.get("name") == output.name:
            before.text += output.text
        else:
            whole.append(output)
    return whole


def stripped(path: Path) -> str:
    """What a notebook's file should hold."""
    notebook = nbformat.read(path, as_version=4)
    strip(notebook)
    return nbformat.writes(notebook) + "\n"


def main(arguments: Iterable[str]) -> None:
    for path in [Path(a) for a in arguments] or paths():
        text = stripped(path)
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8")
            print(f"stripped {path}")


if __name__ == "__main__":
    main(sys.argv[1:])
