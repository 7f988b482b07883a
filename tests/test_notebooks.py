"""Committed notebooks hold no widget state, no pictures and no noise (`make strip` mends them)."""

import json
import re
from itertools import pairwise

import nbformat
import pytest
from nbformat import v4

from tests import strip_notebooks

NOTEBOOKS = strip_notebooks.paths()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_committed_notebook_is_stripped(path):
    text = path.read_text(encoding="utf-8")
    nbformat.validate(json.loads(text))
    assert text == strip_notebooks.stripped(path), "run: make strip"


def strip(*outputs, **cell_metadata):
    cell = v4.new_code_cell(
        "1 + 1", execution_count=7, outputs=list(outputs), metadata=cell_metadata
    )
    notebook = v4.new_notebook(
        cells=[v4.new_markdown_cell("One"), v4.new_code_cell("x = 1"), cell],
        metadata={"widgets": {"state": {}}, "language_info": {"name": "python", "version": "3.11"}},
    )
    strip_notebooks.strip(notebook)
    nbformat.validate(notebook)
    return notebook


def result(**data):
    return v4.new_output("execute_result", data=data, execution_count=7)


WARNED = v4.new_output("stream", name="stderr", text="Error from server (NotFound)\n")
PRINTED = v4.new_output("stream", name="stdout", text="5 pods\n")


def test_text_output_stays_and_is_numbered_by_place():
    cell = strip(PRINTED, result(**{"text/plain": "2"})).cells[-1]
    assert [output.output_type for output in cell.outputs] == ["stream", "execute_result"]
    assert cell.execution_count == cell.outputs[1].execution_count == 2


@pytest.mark.parametrize(
    "output",
    [
        result(**{"text/plain": "Player", "application/vnd.jupyter.widget-view+json": {}}),
        result(**{"text/plain": "Figure", "text/html": "<div>"}),
        v4.new_output("display_data", data={"image/png": "iVBORw0KGgo="}),
        v4.new_output("stream", name="stderr", text="a warning\n"),
        v4.new_output("error", ename="ValueError", evalue="no", traceback=["no"]),
    ],
    ids=["widget", "figure", "picture", "stderr", "error"],
)
def test_cell_with_any_other_output_is_as_never_run(output):
    cell = strip(PRINTED, output).cells[-1]
    assert cell.outputs == []
    assert cell.execution_count is None


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("%kubectl get pods", 1),
        ("%%kubectl\nget pods", 1),
        ("cluster.run_for(600)\nif True:\n    %kubectl get pods", 1),
        ("kubectl.run(line)", 0),
    ],
)
def test_only_kubectl_may_write_to_stderr(source, kept):
    notebook = v4.new_notebook(cells=[v4.new_code_cell(source, outputs=[WARNED])])
    strip_notebooks.strip(notebook)
    assert len(notebook.cells[0].outputs) == kept


def test_text_output_starts_folded_so_that_it_answers_no_question_above_it():
    assert strip(PRINTED).cells[-1].metadata == {"jupyter": {"outputs_hidden": True}}
    unsaved = strip(WARNED, jupyter={"outputs_hidden": True, "source_hidden": True}).cells[-1]
    assert unsaved.metadata == {"jupyter": {"source_hidden": True}}


def test_pieces_of_one_stream_become_one():
    pieces = [v4.new_output("stream", name=name, text=f"{name}\n") for name in ("stdout", "stdout")]
    (output,) = strip(*pieces).cells[-1].outputs
    assert output.text == "stdout\nstdout\n"


def test_metadata_is_the_same_for_every_notebook():
    assert strip().metadata == strip_notebooks.METADATA


def test_cell_metadata_keeps_tags_and_what_starts_collapsed():
    kept = {"tags": ["raises-exception"], "jupyter": {"source_hidden": True}}
    noise = {"editable": True, "execution": {"iopub.status.busy": "2026-01-01"}, "trusted": True}
    assert strip(**kept, **noise).cells[-1].metadata == kept


# --- the course as a whole -----------------------------------------------------------------------


def text_of(path):
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def anchors(path):
    """What can follow # in a link to a notebook: its headings, as JupyterLab names them."""
    headings = re.findall(r"^#+ (.+)$", text_of(path), re.MULTILINE)
    return {heading.replace("`", "").strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("path", "next_"), [*pairwise(NOTEBOOKS)], ids=lambda path: path.stem)
def test_the_last_line_leads_to_the_next_notebook(path, next_):
    last = text_of(path).split("\n\n")[-1]
    assert last.startswith(f"Next: [{next_.name[:2]} ")
    assert f"]({next_.name})" in last


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_links_lead_to_files_and_headings_that_are_there(path):
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", text_of(path))
    assert links
    for file, anchor in links:
        target = path.parent / file if file else path
        assert target.is_file(), file
        assert not anchor or anchor in anchors(target), f"{file}#{anchor}"
        assert anchor.isascii(), "JupyterLab finds no heading by a name that it has to encode"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_says_what_it_answers_how_long_it_takes_and_where_to_go_on(path):
    number = NOTEBOOKS.index(path)
    title, question, way = text_of(path).split("\n\n")[:3]
    assert title.startswith(f"# {path.name[:2]} · ")
    assert question.startswith("**") and "?" in question
    assert re.match(r"\*\d+ minutes\*", way)
    near = NOTEBOOKS[max(number - 1, 0) : number] + NOTEBOOKS[number + 1 : number + 2]
    assert [other.name for other in near if other.name not in way] == []


def test_the_index_lists_every_notebook_with_its_own_minutes():
    rows = re.findall(r"\| \[[^\]]+\]\(([^)]+)\) \|.*\| (\d+) \|", text_of(NOTEBOOKS[0]))
    minutes = {path.name: re.search(r"\*(\d+) minutes", text_of(path))[1] for path in NOTEBOOKS[1:]}
    assert dict(rows) == minutes


def test_every_beat_of_the_lecture_leads_to_a_cell():
    beats = re.findall(r"^\| (\d+) · .*\]\([^)]*#[^)]+\) \|$", text_of(NOTEBOOKS[0]), re.MULTILINE)
    assert list(map(int, beats)) == list(range(1, 17))


def sections(path):
    """The code of each section, by its heading as links name it."""
    found, heading = {}, ""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            found[heading] += cell.source + "\n"
        for line in re.findall(r"^## (.+)$", cell.source, re.MULTILINE):
            heading = line.replace(" ", "-")
        found.setdefault(heading, "")
    return found


def beats():
    """Notebook and heading of each beat of the lecture."""
    rows = re.findall(
        r"^\| \d+ · .*\]\(([^)#]*)#([^)]+)\) \|$", text_of(NOTEBOOKS[0]), re.MULTILINE
    )
    return [(NOTEBOOKS[0].parent / (file or NOTEBOOKS[0].name), heading) for file, heading in rows]


@pytest.mark.parametrize(
    ("path", "heading"), beats(), ids=lambda value: getattr(value, "stem", value)
)
def test_a_beat_is_predicted_and_shown_with_its_commands(path, heading):
    code = sections(path)[heading]
    assert "rollviz.predict(" in code  # which is followed by the picture
    assert re.search(r"^\s*%%?kubectl", code, re.MULTILINE)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_ends_with_a_summary_exercises_and_what_is_under_the_hood(path):
    headings = re.findall(r"^## (.+)$", text_of(path), re.MULTILINE)
    lab = path.name.startswith("10")  # which is nothing but exercises
    assert headings[-1].startswith("Under the hood")
    assert headings[-3:-1] == ["Summary", "Exercises"] or (lab and headings[-2] == "Debrief")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_can_be_read_in_a_sitting(path):
    cells = nbformat.read(path, as_version=4).cells
    assert len(cells) <= 55
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    assert [source for source in code if len([*filter(str.strip, source.splitlines())]) > 12] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_solutions_start_folded_and_give_nothing_away(path):
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    solutions = [c for c in cells if c.source.startswith("# Solution")]
    assert len(solutions) >= 2
    assert all(c.metadata.jupyter.source_hidden for c in solutions)
    # JupyterLab shows the first line of a folded cell
    assert {c.source.splitlines()[0] for c in solutions} == {"# Solution"}
